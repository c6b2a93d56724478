"""From a window of `UPPER_BODY` joints to what the skeleton networks see."""

from __future__ import annotations

import numpy as np

from kinesics.skeleton.layouts import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

# a grown person's usual widths in metres; the ratio of each to what is seen gives the scale
_RULERS = (("left_shoulder", "right_shoulder", 0.36), ("left_ear", "right_ear", 0.145))
_ENOUGH = 0.3  # share of the window's frames that must show a ruler: at the picture's border few, poor ones do
_NECK, _HEAD = UPPER_BODY.indices("neck", "head")


def normalise(xyz: FloatArray, score: FloatArray) -> FloatArray:
    """(T, 42, 3) and (T, 42) to (T, 42, 4): x, y, z in shoulder widths around the window's neck, and the score.

    One origin and one scale serve the whole window, so that movement of the trunk stays movement; both are
    medians over the frames in which they are seen. Missing joints are zero in all four channels.
    """
    seen = score > 0
    centred = (xyz - _origin(xyz, seen)) / (_RULERS[0][2] * _scale(xyz, seen))
    joined: FloatArray = np.concatenate([centred * seen[..., None], score[..., None]], -1).astype(np.float32)
    return joined


def _origin(xyz: FloatArray, seen: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> FloatArray:
    for joint in (_NECK, _HEAD):
        if seen[:, joint].any():
            middle: FloatArray = np.median(xyz[seen[:, joint], joint], axis=0)
            return middle
    return np.zeros(3, np.float32)


def _scale(xyz: FloatArray, seen: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> float:
    """Apparent size of the body against a grown person's, 1 where nothing can be measured."""
    for left, right, metres in _RULERS:
        a, b = UPPER_BODY.indices(left, right)
        both = seen[:, a] & seen[:, b]
        if both.mean() >= _ENOUGH:
            width = float(np.median(np.linalg.norm(xyz[both, a] - xyz[both, b], axis=-1)))
            if width > 0.05 * metres:
                return width / metres
    return 1.0
