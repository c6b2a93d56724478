"""What the real landmark engine finds in a video, as OpenPose's 137 points."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinesics.perception.engine import follow_all
from kinesics.perception.engines import DEFAULT_ENGINE, open_engine
from kinesics.skeleton.layouts import HOLISTIC, OPENPOSE_137
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import read_frames

# points of MediaPipe's face mesh at the 68 places of the iBUG scheme, the person's right first
_FACE_MESH = (
    127, 234, 93, 132, 172, 136, 149, 148, 152, 377, 378, 365, 397, 361, 323, 454, 356,  # jaw
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows
    168, 197, 5, 4, 98, 97, 2, 326, 327,  # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # lips, outside
    78, 82, 13, 312, 308, 317, 14, 87,  # lips, inside
)  # fmt: skip
_SAME = {name: name for name in OPENPOSE_137.joints if name in HOLISTIC.joints}
_FROM = (
    _SAME
    | {f"{side}_big_toe": f"{side}_foot_index" for side in ("left", "right")}
    | {f"face_{i}": f"mesh_{point}" for i, point in enumerate(_FACE_MESH)}
)
_MIDDLES = {"neck": ("left_shoulder", "right_shoulder"), "pelvis": ("left_hip", "right_hip")}
_TO, _AT = OPENPOSE_137.indices(*_FROM), HOLISTIC.indices(*_FROM.values())


def track_openpose(path: Path, engine: str = DEFAULT_ENGINE) -> FloatArray:
    """(T, 137, 3) x and y in pixels and a confidence of the one person in a video, as a landmark engine finds them.

    A point that it does not find is zero in all three, and so are those that it does not know: small toes and pupils.
    Neck and pelvis are the middles of shoulders and hips. Raises KinesicsError for a video that cannot be read.
    """
    found = []
    with open_engine(engine).follower() as follower:
        for landmarks in follow_all(follower, (frame.image for frame in read_frames(path))):
            points = np.zeros((len(OPENPOSE_137), 3), np.float32)
            if landmarks is not None:
                points[_TO, :2], points[_TO, 2] = landmarks.points[_AT, :2], landmarks.score[_AT]
                for middle, pair in _MIDDLES.items():
                    ends = points[OPENPOSE_137.indices(*pair)]
                    if ends[:, 2].all():
                        points[OPENPOSE_137.index(middle)] = *ends[:, :2].mean(0), ends[:, 2].min()
            found.append(points)
    return np.stack(found)
