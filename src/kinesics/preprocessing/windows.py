"""Windows of joints as the skeleton networks take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinesics.preprocessing.normalise import normalise
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

_PRESENT = 0.3  # share of a window's frames in which head or neck must be seen
_ANCHORS = UPPER_BODY.indices("neck", "head", "nose")


def as_trained(xyz: FloatArray, score: FloatArray) -> FloatArray:
    """Normalise windows of `UPPER_BODY` as the networks take them.

    Parameters
    ----------
    xyz : (N, T, V, 3) in any unit.
    score : (N, T, V), 0 for a missing joint.

    Returns
    -------
    (N, 4, T, V, 1).
    """
    windows = np.stack([normalise(*window) for window in zip(xyz, score, strict=True)])
    return np.ascontiguousarray(windows.transpose(0, 3, 1, 2)[..., None])


def is_seen(score: FloatArray) -> NDArray[np.bool_]:
    """Tell in which windows somebody is found.

    Parameters
    ----------
    score : (N, T, V), 0 for a missing joint.

    Returns
    -------
    (N,) bool.
    """
    seen: NDArray[np.bool_] = (score[..., _ANCHORS].max(2) > 0).mean(1) >= _PRESENT
    return seen


def nearest_seen(score: FloatArray) -> NDArray[np.int64]:
    """Find the frame that stands for each frame: itself, or the nearest in which somebody is found.

    Who comes or goes is held still, as at a recording's ends: half a window of nobody looks like a sudden movement.

    Parameters
    ----------
    score : (T, V), 0 for a missing joint.

    Returns
    -------
    (T,) frames; all themselves where nobody is ever found.
    """
    frames = np.arange(len(score))
    seen = np.flatnonzero(score[:, _ANCHORS].max(1) > 0)
    if not len(seen):
        return frames
    after = np.clip(np.searchsorted(seen, frames), 0, len(seen) - 1)
    before = np.clip(after - 1, 0, None)
    nearer = np.abs(seen[before] - frames) <= np.abs(seen[after] - frames)
    nearest: NDArray[np.int64] = np.where(nearer, seen[before], seen[after])
    return nearest
