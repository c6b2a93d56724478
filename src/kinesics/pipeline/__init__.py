"""A recording → windows → scores → timeline."""

from kinesics.pipeline.analyze import Ranked, analyze, classify
from kinesics.pipeline.results import Analysis, Recording, Scores

__all__ = ["Analysis", "Ranked", "Recording", "Scores", "analyze", "classify"]
