"""A recording → windows → scores → timeline."""

from kinesics.pipeline.analyze import Ranked, analyze, classify
from kinesics.pipeline.results import Analysis, Expressions, Recording
from kinesics.tasks.windows import Scores

__all__ = ["Analysis", "Expressions", "Ranked", "Recording", "Scores", "analyze", "classify"]
