"""How a skeleton is drawn: which joints are joined by a line, and where they lie in the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesics.pipeline.results import Analysis
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.layouts import FINGERS
from kinesics.skeleton.sequence import FloatArray

SEEN = 0.2  # joints below this score are not drawn
Line = tuple[int, int]


def _lines(*chains: Sequence[str]) -> tuple[Line, ...]:
    pairs = (pair for chain in chains for pair in zip(chain, chain[1:], strict=False))
    return tuple((UPPER_BODY.index(a), UPPER_BODY.index(b)) for a, b in pairs)


def _arm(side: str) -> tuple[Line, ...]:
    wrist, index, pinky = f"{side}_wrist", f"{side}_index_knuckle", f"{side}_pinky_knuckle"
    roots = {"thumb": wrist, "index": index, "middle": index, "ring": pinky, "pinky": pinky}
    fingers = [(roots[finger], f"{side}_{finger}_tip") for finger in FINGERS]
    return _lines((f"{side}_shoulder", f"{side}_elbow", wrist), (wrist, index, pinky, wrist), *fingers)


# the tree of UPPER_BODY is made for a network; these lines are made for the eye
LINES: dict[str, tuple[Line, ...]] = {
    "middle": _lines(
        ("left_shoulder", "neck", "right_shoulder", "right_hip", "left_hip", "left_shoulder"),
        ("neck", "head"),
        ("forehead", "left_ear", "chin", "right_ear", "forehead"),
        ("left_mouth_corner", "upper_lip", "right_mouth_corner", "lower_lip", "left_mouth_corner"),
        ("left_brow", "left_eye"),
        ("right_brow", "right_eye"),
        ("left_eye", "nose", "right_eye"),
    ),
    "left": _arm("left"),
    "right": _arm("right"),
}


def in_picture(analysis: Analysis) -> tuple[list[FloatArray], float]:
    """Each person's joints in the picture, (T, V, 2) in 0..1, NaN where not seen, and width / height of the picture.

    Landmarks without a picture are seen from the front, all people in one frame that holds them.
    """
    recording, people = analysis.recording, analysis.people
    if recording.width and recording.height and all(one.image_xy is not None for one in people):
        flat = [np.asarray(one.image_xy, np.float32) for one in people]
        aspect = recording.width / recording.height
    else:
        flat, aspect = _framed([one.xyz[..., :2] for one in people], [one.score for one in people])
    hidden = np.float32(np.nan)
    return [np.where(one.score[..., None] >= SEEN, xy, hidden) for one, xy in zip(people, flat, strict=True)], aspect


def _framed(flat: list[FloatArray], score: list[FloatArray]) -> tuple[list[FloatArray], float]:
    seen = [xy[s >= SEEN] for xy, s in zip(flat, score, strict=True)]
    points = np.concatenate([*seen, np.zeros((0, 2), np.float32)])
    if len(points) == 0:
        return flat, 4 / 3
    low, high = np.percentile(points, (0.5, 99.5), axis=0)  # one wild frame must not make all others tiny
    size = np.maximum(high - low, 1e-6) * 1.25
    aspect = float(np.clip(size[0] / size[1], 0.75, 16 / 9))
    size = np.array([max(size[0], size[1] * aspect), max(size[1], size[0] / aspect)])
    corner = (low + high) / 2 - size / 2
    return [((xy - corner) / size).astype(np.float32) for xy in flat], aspect
