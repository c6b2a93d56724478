"""The face's movement: facial actions, and how far they are from the person's own neutral face.

After MoExt (arXiv 2407.07345), which encodes an expression as motion against the neutral face. What is at rest differs
from face to face, so the neutral is the person's own; it is a running one, so that a recording can be read while it
goes on.
"""

from __future__ import annotations

import numpy as np

from kinesics.skeleton.sequence import FloatArray

NEUTRAL_SECONDS = 60.0  # that a neutral face is read from


def against_neutral(actions: FloatArray, seconds: FloatArray) -> FloatArray:
    """Put beside each face how far it is from the neutral one: the median of the person's faces until then.

    Parameters
    ----------
    actions : (N, C) strengths of facial actions.
    seconds : (N,) when, rising.

    Returns
    -------
    (N, 2C) float32: the actions, and their difference from the neutral face of the last `NEUTRAL_SECONDS`.
    """
    first = np.searchsorted(seconds, seconds - NEUTRAL_SECONDS)
    neutral = np.array([np.median(actions[first[i] : i + 1], axis=0) for i in range(len(actions))], np.float32)
    neutral = neutral.reshape(actions.shape)  # of none too
    return np.concatenate([actions, actions - neutral], -1).astype(np.float32)
