"""Smoothing without lag: the mean of the 1 € filter (Casiez et al., CHI 2012) forward and backward in time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

BODY = UPPER_BODY.indices(
    "neck", "pelvis", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip",
)  # fmt: skip
_LEAST = 0.1  # hertz that pass when nothing moves
_PER_SPEED = 40.0  # hertz more for each metre a second
_SPEED_CUTOFF = 1.0  # hertz


def smooth(metres: FloatArray, score: FloatArray, fps: float) -> FloatArray:
    """Take the trembling out of points; a movement keeps its time, and gaps stay gaps.

    What is on one side of a gap does not change what is on the other.

    Parameters
    ----------
    metres : (T, V, 3) points
    score : (T, V), 0 for what is missing
    fps : frames a second

    Returns
    -------
    (T, V, 3) points.
    """
    seen = score > 0
    forward = _filtered(metres, seen, fps)
    backward = _filtered(metres[::-1], seen[::-1], fps)[::-1]
    both: FloatArray = np.where(seen[..., None], (forward + backward) / 2, metres).astype(np.float32)
    return both


def _filtered(values: FloatArray, seen: NDArray[np.bool_], fps: float) -> NDArray[np.float64]:
    filtered = values.astype(np.float64)
    if not len(values):
        return filtered
    before, state, speed = filtered[0], filtered[0].copy(), np.zeros_like(filtered[0])
    share = _share(np.array(_SPEED_CUTOFF), fps)
    for t in range(1, len(values)):
        begins = ~(seen[t] & seen[t - 1])[:, None]
        speed = np.where(begins, 0, speed + share * ((values[t] - before) * fps - speed))
        moved = state + _share(_LEAST + _PER_SPEED * np.abs(speed), fps) * (values[t] - state)
        state = np.where(begins, values[t], moved)
        before, filtered[t] = values[t], state
    return filtered


def _share(cutoff: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """How much of a new value a low-pass filter of this cut-off frequency takes."""
    return 1 / (1 + fps / (2 * np.pi * cutoff))
