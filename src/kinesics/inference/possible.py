"""Gestures that cannot be seen in a window, since what makes them is out of view: no shrug without shoulders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES, GROUPS
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray
from kinesics.weights.specification import NONE

_HAND_GROUPS = ("hand", "body and hand", "head and hand", "illustrative")
# what must be seen of a person, once in a window at least, and the gestures that are not there without
NEEDED: dict[str, tuple[list[int], frozenset[str]]] = {
    "a shoulder": (
        [i for i, joint in enumerate(UPPER_BODY.joints) if joint.endswith("_shoulder")],
        frozenset({"turtle neck", "moving torso", "sitting straightly", "shaking shoulders"}),
    ),
    "an arm or a hand": (
        [i for i, joint in enumerate(UPPER_BODY.joints) if joint.endswith(("_elbow", "_wrist", "_knuckle", "_tip"))],
        frozenset(CLASSES[i] for group in _HAND_GROUPS for i in GROUPS[group]),
    ),
    "a face": (
        list(UPPER_BODY.indices("nose", "left_eye", "right_eye", "upper_lip", "lower_lip")),
        frozenset({"head up", "pressing lips"}),
    ),
}


def without_impossible(probability: FloatArray, score: FloatArray, classes: Sequence[str]) -> FloatArray:
    """Take the gestures whose joints are nowhere in a window out of its probabilities.

    Parameters
    ----------
    probability : (N, C) of N windows, rows summing to 1 where the person is there.
    score : (N, T, V) of their joints in the layout `UPPER_BODY`, 0 where one is not seen.
    classes : names of the columns; only iMiGUE's are known to need anything.

    Returns
    -------
    (N, C), rows summing to what they did; what was taken goes to "none", or to the gestures that are left.
    """
    kept = probability
    for joints, gestures in NEEDED.values():
        needing = np.array([name in gestures for name in classes])
        missing = score[:, :, joints].max((1, 2)) <= 0
        kept = np.where(missing[:, None] & needing, 0, kept)
    taken = (probability - kept).sum(1, keepdims=True)
    nobody = np.array([name == NONE for name in classes], np.float32)
    left = kept.sum(1, keepdims=True)
    shared: FloatArray = kept + taken * (nobody if nobody.any() else kept / np.maximum(left, 1e-9))
    return shared
