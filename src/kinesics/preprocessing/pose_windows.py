"""Windows of a person's joints as tokens: the clips that networks of poses take."""

from __future__ import annotations

import itertools

import numpy as np

from kinesics.preprocessing.normalise import normalise
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray

FRAMES = 52  # of a clip, as the published hypergraph network has them
# of iMiGUE's 22 joints, in the order of `kinesics.models.emotion.joint_groups`
_TIPS = ("thumb", "index", "middle", "ring", "pinky")
POSE_JOINTS = (
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
    *(f"{side}_{finger}_tip" for side in ("left", "right") for finger in _TIPS),
)


def pose_tokens(skeleton: SkeletonSequence, window: float) -> tuple[FloatArray, FloatArray]:
    """Cut a recording's joints into windows of `FRAMES` frames each, in shoulder widths from the neck.

    A shorter window repeats frames, a longer one skips some. One origin and one scale serve the whole recording, so
    that a change of bearing shows.

    Parameters
    ----------
    skeleton : of the whole recording.
    window : about how many seconds one lasts; all are equally long.

    Returns
    -------
    Tokens (L, 3 · FRAMES · 22), of x, y and score: coordinates first, then frames, then joints; and the middles of the
    windows (L,) in seconds.
    """
    if not len(skeleton):
        return np.zeros((0, 3 * FRAMES * len(POSE_JOINTS)), np.float32), np.zeros(0, np.float32)
    joints = skeleton.layout.indices(*POSE_JOINTS)
    seen = normalise(skeleton.xyz, skeleton.score, skeleton.layout)[:, joints][..., [0, 1, 3]]
    ends = np.linspace(0, len(seen), max(1, round(skeleton.duration / window)) + 1).astype(int)
    rows = np.stack([np.linspace(a, b - 1, FRAMES).astype(int) for a, b in itertools.pairwise(ends)])
    tokens = seen[rows].transpose(0, 3, 1, 2).reshape(len(rows), -1).astype(np.float32)
    middles = skeleton.start + (ends[:-1] + ends[1:]) / 2 / skeleton.fps
    return tokens, middles.astype(np.float32)
