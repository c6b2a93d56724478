"""A recording → windows → scores → timeline."""

from kinesics.inference.analyze import Ranked, analyze, classify
from kinesics.inference.results import Analysis, Expressions, Recording
from kinesics.inference.scores import Scores

__all__ = ["Analysis", "Expressions", "Ranked", "Recording", "Scores", "analyze", "classify"]
