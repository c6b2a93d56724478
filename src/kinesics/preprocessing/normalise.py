"""From a window of joints to what the skeleton networks see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton.layout import SkeletonLayout
from kinesics.skeleton.layouts import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

# a grown person's usual widths in metres; the ratio of each to what is found gives the scale
REFERENCE_LENGTHS = (("left_shoulder", "right_shoulder", 0.36), ("left_ear", "right_ear", 0.145))
ENOUGH = 0.3  # share of the window's frames that must show such a length: at the image's border few, poor ones do


def normalise(xyz: FloatArray, score: FloatArray, layout: SkeletonLayout = UPPER_BODY) -> FloatArray:
    """Scale a window of joints to shoulder widths around its neck.

    One origin and one scale serve the whole window, so that movement of the trunk stays movement; both are medians over
    the frames in which they are known. A layout without neck and head is centred on the median of its joints, one
        without
    shoulders and ears is measured by the mean distance from there.

    Parameters
    ----------
    xyz : (T, V, 3) in any unit.
    score : (T, V), 0 for a missing joint.
    layout : of the joints.

    Returns
    -------
    (T, V, 4): x, y, z and the score; missing joints are zero in all four.
    """
    seen = score > 0
    centred = xyz - _origin(xyz, seen, layout)
    joined: FloatArray = np.concatenate(
        [centred / _unit(centred, seen, layout) * seen[..., None], score[..., None]], -1
    ).astype(np.float32)
    return joined


def _origin(xyz: FloatArray, seen: NDArray[np.bool_], layout: SkeletonLayout) -> FloatArray:
    known = [layout.index(joint) for joint in ("neck", "head") if joint in layout.joints]
    for joint in known:
        if seen[:, joint].any():
            middle: FloatArray = np.median(xyz[seen[:, joint], joint], axis=0)
            return middle
    if not known and seen.any():
        middle = np.median(xyz[seen], axis=0)
        return middle
    return np.zeros(3, np.float32)


def _unit(centred: FloatArray, seen: NDArray[np.bool_], layout: SkeletonLayout) -> float:
    """Shoulder width; a grown person's in metres where nothing can be measured."""
    usual = REFERENCE_LENGTHS[0][2]
    known = [one for one in REFERENCE_LENGTHS if one[0] in layout.joints and one[1] in layout.joints]
    for left, right, metres in known:
        a, b = layout.indices(left, right)
        both = seen[:, a] & seen[:, b]
        if both.mean() >= ENOUGH:
            width = float(np.median(np.linalg.norm(centred[both, a] - centred[both, b], axis=-1)))
            if width > 0.05 * metres:
                return width / metres * usual
    if not known and seen.any():
        return max(float(np.linalg.norm(centred[seen], axis=-1).mean()), 1e-6)
    return usual
