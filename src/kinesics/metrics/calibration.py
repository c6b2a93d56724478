"""Whether 70 % means seven times in ten (Guo et al., ICML 2017)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

BINS = 15
_GRID = np.logspace(-1, 1, 200)


def calibration_curve(probability: Floats, labels: Labels) -> list[tuple[float, float, int]]:
    """Compare confidence and accuracy in `BINS` equal bins of the winning class's probability.

    Parameters
    ----------
    probability : (N, C).
    labels : (N,).

    Returns
    -------
    Of each bin (mean probability, share correct, clips); empty bins are left out.
    """
    confidence, correct = probability.max(1), probability.argmax(1) == labels
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    there = [which == b for b in range(BINS) if (which == b).any()]
    return [(float(confidence[rows].mean()), float(correct[rows].mean()), int(rows.sum())) for rows in there]


def expected_calibration_error(probability: Floats, labels: Labels) -> float:
    """Compute the mean distance between probability and share correct, weighted by the bins' clips.

    Parameters
    ----------
    probability : (N, C).
    labels : (N,).

    Returns
    -------
    The error, 0..1 (Naeini et al., AAAI 2015).
    """
    curve = calibration_curve(probability, labels)
    return sum(count * abs(confidence - correct) for confidence, correct, count in curve) / len(labels)


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """Find the temperature with the least cross-entropy; to be fitted on validation clips, never on test.

    Parameters
    ----------
    logits : (N, C).
    labels : (N,).

    Returns
    -------
    The temperature, 0.1 … 10, which divides the logits.
    """
    return float(min(_GRID, key=lambda t: _cross_entropy(logits / t, labels)))


def _cross_entropy(logits: Floats, labels: Labels) -> float:
    shifted = logits - logits.max(1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(labels)), labels]).mean())
