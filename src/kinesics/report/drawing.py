"""How a skeleton is drawn, in the report and in the overlay video: strokes through joints, and dots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton import UPPER_BODY, SkeletonSequence, to_upper_body

Side = Literal["left", "right", "middle"]
Points = NDArray[np.float32]


@dataclass(frozen=True)
class Stroke:
    """A line through joints of `UPPER_BODY`; a closed one is a ring, drawn round. `width` is relative to an arm's."""

    joints: tuple[int, ...]
    side: Side
    width: float = 1.0
    closed: bool = False


def _stroke(names: str, side: Side, width: float = 1.0, closed: bool = False) -> Stroke:
    return Stroke(tuple(UPPER_BODY.indices(*names.split())), side, width, closed)


def _sided(names: str, width: float) -> tuple[Stroke, Stroke]:
    """The same stroke on both sides: `@` stands for the side."""
    return (
        _stroke(names.replace("@", "left_"), "left", width),
        _stroke(names.replace("@", "right_"), "right", width),
    )


STROKES: tuple[Stroke, ...] = (
    _stroke("neck pelvis", "middle", 0.7),
    _stroke("left_hip pelvis right_hip", "middle", 0.7),
    _stroke("neck chin", "middle", 0.7),
    _stroke("left_ear forehead right_ear chin", "middle", 0.6, closed=True),
    _stroke("left_mouth_corner upper_lip right_mouth_corner lower_lip", "middle", 0.45, closed=True),
    *_sided("neck @shoulder @elbow @wrist", 1.0),
    *_sided("@wrist @thumb_tip", 0.5),
    *_sided("@wrist @index_knuckle @index_tip", 0.5),
    *_sided("@wrist @middle_tip", 0.5),
    *_sided("@wrist @ring_tip", 0.5),
    *_sided("@wrist @pinky_knuckle @pinky_tip", 0.5),
)
_DOTS = {"left_eye": 1.0, "right_eye": 1.0, "left_brow": 0.6, "right_brow": 0.6, "nose": 0.7}
DOTS: dict[int, float] = {UPPER_BODY.index(joint): size for joint, size in _DOTS.items()}  # relative to an eye's


def in_the_plane(people: tuple[SkeletonSequence, ...]) -> tuple[list[Points], float | None]:
    """Each person's joints as (T, 42, 2) positions across the picture, 0..1, NaN where missing.

    The second value is None where the sequences know their place in the image. Where they do not, x and y are fitted
    into a picture of their own with some room around, and it is that picture's width over its height.
    """
    bodies = [to_upper_body(person) for person in people]
    if all(body.image_xy is not None for body in bodies):
        return [_seen(body, body.image_xy) for body in bodies if body.image_xy is not None], None
    flat = [_seen(body, body.xyz[..., :2]) for body in bodies]
    every = np.concatenate([points.reshape(-1, 2) for points in flat])
    every = every[~np.isnan(every[:, 0])]
    if len(every) == 0:
        return flat, 1.0
    low, high = np.percentile(every, [0.5, 99.5], axis=0)  # one wild frame must not make the others tiny
    size = np.maximum(high - low, 1e-6) * 1.2
    low = (low + high - size) / 2
    return [((points - low) / size).astype(np.float32) for points in flat], float(size[0] / size[1])


def _seen(body: SkeletonSequence, points: Points) -> Points:
    return np.where(body.score[..., None] > 0, points, np.nan).astype(np.float32)


def frames_at(person: SkeletonSequence, times: NDArray[np.float64]) -> NDArray[np.int64]:
    """The frame nearest to each time (seconds), -1 where the sequence does not reach."""
    frames: NDArray[np.int64] = np.round((times - person.start) * person.fps).astype(np.int64)
    frames[(frames < 0) | (frames >= len(person))] = -1
    return frames


def points_at(points: Points, frames: NDArray[np.int64]) -> Points:
    """(N, 42, 2) the chosen frames, NaN for frame -1."""
    chosen: Points = np.where((frames >= 0)[:, None, None], points[np.maximum(frames, 0)], np.float32(np.nan))
    return chosen
