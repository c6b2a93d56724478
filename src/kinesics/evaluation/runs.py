"""The figures of a finished run, whatever it answers with: classes of clips, or events of recordings."""

from __future__ import annotations

from pathlib import Path

from kinesics.evaluation.evaluate import evaluate
from kinesics.evaluation.predictions import Predictions
from kinesics.evaluation.spots import SpottedRecordings, evaluate_spots
from kinesics.weights.run_folder import RunFolder


def answers_of(folder: Path, split: str) -> Path:
    """The file in which a run says something of a split: events where there are any, else predictions of clips."""
    events = RunFolder(folder).events(split)
    return events if events.exists() else RunFolder(folder).predictions(split)


def figures_of(folder: Path, split: str) -> dict[str, float]:
    """Judge a split of a finished run.

    Parameters
    ----------
    folder : of the run.
    split : whose answers are judged; the threshold of events is chosen on validation.

    Returns
    -------
    All figures of `kinesics evaluate`, by name.

    Raises
    ------
    KinesicsError : where there are no answers, or nothing is known to be true.
    """
    path = answers_of(folder, split)
    if path == RunFolder(folder).predictions(split):
        return {name: figure.value for name, figure in evaluate(Predictions.load(path)).figures.items()}
    held = RunFolder(folder).events("val")
    validation = SpottedRecordings.load(held) if held.exists() else None
    evaluation = evaluate_spots(SpottedRecordings.load(path), validation, draws=1)
    return {name: figure.value for name, figure in evaluation.figures.items()}
