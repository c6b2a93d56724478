"""The judgement of a run's predictions, each figure with its interval by subject."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.evaluation.predictions import Predictions
from kinesics.metrics.calibration import calibration_curve, expected_calibration_error, fit_temperature
from kinesics.metrics.classification import Classification, classify_report, mean_class_accuracy, top_k
from kinesics.metrics.emotion import emotion_report
from kinesics.metrics.intervals import Interval, bootstrap

EMOTION = ("negative", "positive")  # the classes of a run of the emotion track
Curve = list[tuple[float, float, int]]


@dataclass(frozen=True)
class Error:
    """A clip that was classified wrongly, with the probability (0..1) of the class that was predicted."""

    id: str
    truth: str
    predicted: str
    probability: float


@dataclass(frozen=True)
class VideoPrediction:
    """The prediction for a whole video: its truth, and the probability of "positive" (0..1)."""

    id: str
    truth: str
    positive: float


@dataclass(frozen=True)
class Evaluation:
    """All that is known of a run's predictions.

    figures: by name, with 95 % intervals.
    classification: by class.
    temperature: as fitted on validation; None where there was none.
    calibration_error, calibration_curves: before and after temperature scaling; "after" needs a temperature.
    errors: the most confident first.
    subjects: how many groups the intervals are drawn from.
    videos: of the emotion track, all of them; else empty.
    """

    figures: dict[str, Interval]
    classification: Classification
    temperature: float | None
    calibration_error: dict[str, float]
    calibration_curves: dict[str, Curve]
    errors: list[Error]
    subjects: int
    videos: list[VideoPrediction]

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, for JSON."""
        return asdict(self) | {"figures": {name: interval._asdict() for name, interval in self.figures.items()}}


def evaluate(test: Predictions, validation: Predictions | None = None) -> Evaluation:
    """Judge `test`; the temperature is fitted on `validation`, never on test.

    Clips whose truth is hidden are left out; raises KinesicsError where none is left.
    """
    test = _labelled(test)
    logits, labels = test.logits, test.labels
    figures = {
        name: bootstrap(lambda rows, of=of: of(logits[rows], labels[rows]), test.groups)  # type: ignore[misc]
        for name, of in _statistics(test.classes).items()
    }
    report = classify_report(logits, labels, test.classes)
    temperature = None
    if validation is not None:
        held = _labelled(validation)
        temperature = fit_temperature(held.logits, held.labels)
    scaled = {"before": test.probability}
    if temperature is not None:
        scaled["after"] = Predictions(
            test.ids, logits / np.float32(temperature), labels, test.subjects, test.classes
        ).probability
    return Evaluation(
        figures=figures,
        classification=report,
        temperature=temperature,
        calibration_error={name: expected_calibration_error(p, labels) for name, p in scaled.items()},
        calibration_curves={name: calibration_curve(p, labels) for name, p in scaled.items()},
        errors=_errors(test, scaled.get("after", scaled["before"])),
        subjects=len(set(test.groups)),
        videos=_video_predictions(test, scaled.get("after", scaled["before"])),
    )


def _statistics(classes: tuple[str, ...]) -> dict[str, Any]:
    if classes == EMOTION:
        return {name: _emotion_figure(name) for name in ("accuracy", "balanced_accuracy", "auc", "f1", "weighted_f1")}
    return {
        "top1": lambda x, y: top_k(x, y, 1),
        "top5": lambda x, y: top_k(x, y, 5),
        "mean_class": mean_class_accuracy,
        "macro_f1": lambda x, y: classify_report(x, y, classes).macro_f1,
    }


def _emotion_figure(name: str) -> Any:
    return lambda x, y: emotion_report(x[:, 1] - x[:, 0], y)[name]


def _labelled(predictions: Predictions) -> Predictions:
    rows = np.flatnonzero(predictions.labels >= 0)
    if not len(rows):
        raise KinesicsError(
            "expected clips with a known label to judge by, found none; the labels of this split are hidden"
        )
    return Predictions(
        tuple(predictions.ids[i] for i in rows),
        predictions.logits[rows],
        predictions.labels[rows],
        tuple(predictions.subjects[i] for i in rows),
        predictions.classes,
    )


def _errors(test: Predictions, probability: NDArray[np.float32]) -> list[Error]:
    predicted, confidence = probability.argmax(1), probability.max(1)
    wrong = np.flatnonzero(predicted != test.labels)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")]
    names = test.classes
    return [Error(test.ids[i], names[test.labels[i]], names[predicted[i]], float(confidence[i])) for i in order]


def _video_predictions(test: Predictions, probability: NDArray[np.float32]) -> list[VideoPrediction]:
    if test.classes != EMOTION:
        return []
    rows = zip(test.ids, test.labels, probability[:, 1].tolist(), strict=True)
    return [VideoPrediction(name, EMOTION[label], positive) for name, label, positive in rows]
