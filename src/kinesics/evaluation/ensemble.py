"""Scores of several runs combined: weights chosen on validation, the gain measured on test with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.evaluation.predictions import Predictions
from kinesics.metrics import Interval, bootstrap, fit_temperature

Floats = NDArray[np.float32]
Score = Callable[[Floats, NDArray[np.int64]], float]  # logits, labels → the larger, the better

_STEPS = np.linspace(0, 1, 21)
_ROUNDS = 5


@dataclass(frozen=True)
class Ensemble:
    """What each run's probabilities, calibrated by its temperature, weigh; the weights sum to 1."""

    weights: tuple[float, ...]
    temperatures: tuple[float, ...]

    def __call__(self, runs: Sequence[Predictions]) -> Predictions:
        """The combined predictions of the same clips; logits are the logarithm of the mixed probabilities."""
        aligned = align(runs)
        if len(aligned) != len(self.weights):
            raise KinesicsError(f"expected the predictions of {len(self.weights)} runs, found {len(aligned)}")
        return replace(aligned[0], logits=_mixed(self._calibrated(aligned), self.weights))

    def _calibrated(self, runs: Sequence[Predictions]) -> list[Floats]:
        return [replace(run, logits=run.logits / t).probability for run, t in zip(runs, self.temperatures, strict=True)]


def align(runs: Sequence[Predictions]) -> list[Predictions]:
    """The runs' rows in the first one's order; raises KinesicsError where clips, labels or classes differ."""
    first, aligned = runs[0], []
    for number, run in enumerate(runs, 1):
        row = {name: i for i, name in enumerate(run.ids)}
        if run.classes != first.classes or row.keys() != set(first.ids):
            raise KinesicsError(
                f"run {number}: expected the clips and classes of the first run ({len(first.ids)} clips, "
                f"{len(first.classes)} classes), found others ({len(run.ids)}, {len(run.classes)}); "
                "combine runs that were evaluated on the same split"
            )
        order = np.array([row[name] for name in first.ids])
        if not np.array_equal(run.labels[order], first.labels):
            raise KinesicsError(f"run {number}: has other labels for the same clips than the first run")
        aligned.append(replace(first, logits=run.logits[order]))
    return aligned


def fit_ensemble(validation: Sequence[Predictions], score: Score) -> Ensemble:
    """Weights that do best on validation, by going round the runs and trying shares of each; ties go to equality.

    The search starts from equal weights and moves only for a true gain, so that few clips do not upset it.
    """
    runs = align(validation)
    labels = runs[0].labels
    temperatures = tuple(fit_temperature(run.logits, labels) for run in runs)
    calibrated = Ensemble((), temperatures)._calibrated(runs)
    weights = np.full(len(runs), 1 / len(runs))
    best = score(_mixed(calibrated, weights), labels)
    for _ in range(_ROUNDS):
        before = best
        for one in range(len(runs)):
            for share in _STEPS:
                tried = _with_share(weights, one, share)
                value = score(_mixed(calibrated, tried), labels)
                if value > best + 1e-9:
                    best, weights = value, tried
        if best == before:
            break
    return Ensemble(tuple(map(float, weights)), temperatures)


def _with_share(weights: NDArray[np.float64], one: int, share: float) -> NDArray[np.float64]:
    """`one` gets `share`, the others keep their proportions."""
    others = weights.copy()
    others[one] = 0
    if others.sum() == 0:
        others[:] = 1
        others[one] = 0
    total = max(float(others.sum()), 1e-12)
    mixed: NDArray[np.float64] = others / total * (1 - share)
    mixed[one] = share if len(weights) > 1 else 1.0
    return mixed


def _mixed(probabilities: Sequence[Floats], weights: Sequence[float] | NDArray[np.float64]) -> Floats:
    total = np.tensordot(np.asarray(weights), np.stack(probabilities), axes=1)
    return np.asarray(np.log(np.maximum(total, 1e-12)), np.float32)


def combine(validation: Sequence[Predictions], test: Sequence[Predictions], score: Score) -> tuple[Ensemble, Interval]:
    """Fit an ensemble on validation, and measure on test its gain over the run that is best on validation.

    Parameters
    ----------
    validation : the predictions of each run; all that is chosen is chosen on them.
    test : those of the same runs, in the same order.
    score : of logits and labels, the larger, the better.

    Returns
    -------
    The ensemble, and its gain with a 95 % interval over subjects.

    Raises
    ------
    KinesicsError : where the runs are of other clips, labels or classes.
    """
    ensemble = fit_ensemble(validation, score)
    single = int(np.argmax([score(run.logits, run.labels) for run in align(validation)]))
    runs = align(test)
    mixed, alone, labels = ensemble(runs).logits, runs[single].logits, runs[0].labels

    def gain(rows: NDArray[np.int64]) -> float:
        return score(mixed[rows], labels[rows]) - score(alone[rows], labels[rows])

    return ensemble, bootstrap(gain, runs[0].groups)
