"""Whether 70 % means seven times in ten (Guo et al., ICML 2017)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

BINS = 15
_GRID = np.logspace(-1, 1, 200)


def calibration_curve(probability: Floats, labels: Labels) -> list[tuple[float, float, int]]:
    """For each of `BINS` equal bins of the winning class's probability: (mean probability, share right, clips).

    Empty bins are left out.
    """
    sure, right = probability.max(1), probability.argmax(1) == labels
    which = np.minimum((sure * BINS).astype(int), BINS - 1)
    there = [which == b for b in range(BINS) if (which == b).any()]
    return [(float(sure[rows].mean()), float(right[rows].mean()), int(rows.sum())) for rows in there]


def expected_calibration_error(probability: Floats, labels: Labels) -> float:
    """The mean distance between probability and share right, weighted by the bins' clips."""
    curve = calibration_curve(probability, labels)
    return sum(count * abs(sure - right) for sure, right, count in curve) / len(labels)


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """The temperature (0.1 … 10) with the least cross-entropy; to be fitted on validation clips, never on test."""
    return float(min(_GRID, key=lambda t: _cross_entropy(logits / t, labels)))


def _cross_entropy(logits: Floats, labels: Labels) -> float:
    shifted = logits - logits.max(1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(labels)), labels]).mean())
