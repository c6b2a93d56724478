"""Read the folder of `*_keypoints.json` files that OpenPose writes with `--write_json`, one file a frame.

BODY_25, and where they are there face 70 and hands 21, as its output documentation describes; several people a frame.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinesics.errors import KinesicsError
from kinesics.skeleton.layouts import OPENPOSE_137
from kinesics.skeleton.sequence import FloatArray, SkeletonSequence

DEFAULT_FPS = 25.0
_PARTS = (
    ("pose_keypoints_2d", 25),
    ("face_keypoints_2d", 70),
    ("hand_left_keypoints_2d", 21),
    ("hand_right_keypoints_2d", 21),
)
_PATIENCE = 2.0  # seconds for which a person may be away and still be the same
_JUMP = 1.0  # shoulder widths that a person may move between two frames
_SHARE = 0.05  # of the frames that a person must be in
# (from, to, metres): a grown person's usual lengths, of which the first that is seen gives the scale
_RULERS = (("left_shoulder", "right_shoulder", 0.36), ("neck", "pelvis", 0.50), ("left_ear", "right_ear", 0.15))


@dataclass(eq=False)
class _Person:
    frames: list[int] = field(default_factory=list)
    points: list[FloatArray] = field(default_factory=list)


def read_openpose(
    folder: Path, *, fps: float = DEFAULT_FPS, size: tuple[int, int] | None = None
) -> list[SkeletonSequence]:
    """The people of a folder in the layout `OPENPOSE_137`, numbered from 1, largest first.

    x and y are pixels scaled by the body (each person's median shoulder width taken as 0.36 m), so roughly metres;
    z is 0 and `is_3d` False. The files do not tell the picture's size: `image_xy` is there only if `size` (width,
    height in pixels) is given. People are told apart by the nearest place from frame to frame. Raises KinesicsError
    for a folder without such files, a file that is broken, or if nobody is in any.
    """
    files = sorted(folder.glob("*_keypoints.json"), key=_frame_number)
    if not files:
        raise KinesicsError(
            f"{folder}: expected a video, or a folder of OpenPose's *_keypoints.json files, found none of them in it"
        )
    people: list[_Person] = []
    for frame, path in enumerate(files):
        _extend(people, frame, _read(path), fps)
    lasting = [person for person in people if len(person.frames) >= max(1, _SHARE * len(files))]
    if not lasting:
        raise KinesicsError(f"{folder}: expected keypoints of a person, found nobody in {len(files)} files")
    lasting.sort(key=lambda person: -_height(person))
    return [_sequence(person, number, len(files), fps, size) for number, person in enumerate(lasting, 1)]


def _frame_number(path: Path) -> tuple[int, str]:
    numbers = re.findall(r"\d+", path.name)
    return (int(numbers[-1]) if numbers else 0, path.name)


def _read(path: Path) -> list[FloatArray]:
    """(137, 3) x, y, confidence of everybody in one file."""
    try:
        people = json.loads(path.read_bytes())["people"]
        found = [np.concatenate([_part(person, key, count) for key, count in _PARTS]) for person in people]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KinesicsError(
            f"{path}: expected OpenPose key points (BODY_25), found a broken or other file ({error}); write it again"
        ) from error
    return [points for points in found if (points[:, 2] > 0).any()]


def _part(person: dict[str, list[float]], key: str, count: int) -> FloatArray:
    flat = person.get(key) or []
    if key == "pose_keypoints_2d" or flat:
        points = np.array(flat, np.float32).reshape(-1, 3)
        if len(points) != count:
            raise ValueError(f"{key} has {len(points)} points, not {count}")
        return points
    return np.zeros((count, 3), np.float32)


def _extend(people: list[_Person], frame: int, found: list[FloatArray], fps: float) -> None:
    pairs = [
        (distance, i, j)
        for i, person in enumerate(people)
        for j, points in enumerate(found)
        if frame - person.frames[-1] <= _PATIENCE * fps and (distance := _distance(person.points[-1], points)) < _JUMP
    ]
    grown: set[int] = set()
    taken: set[int] = set()
    for _, i, j in sorted(pairs):
        if i not in grown and j not in taken:
            people[i].frames.append(frame)
            people[i].points.append(found[j])
            grown.add(i)
            taken.add(j)
    people.extend(_Person([frame], [points]) for j, points in enumerate(found) if j not in taken)


def _distance(a: FloatArray, b: FloatArray) -> float:
    """Median way of the body's points that both have, in shoulder widths."""
    both = (a[:25, 2] > 0) & (b[:25, 2] > 0)
    if not both.any():
        return float("inf")
    pixels = float(np.median(np.linalg.norm(a[:25][both, :2] - b[:25][both, :2], axis=1)))
    return pixels * metres_per_pixel(a[None]) / 0.36


def _height(person: _Person) -> float:
    return 1 / metres_per_pixel(np.stack(person.points))


def metres_per_pixel(points: FloatArray) -> float:
    """The scale of (N, points, 3), BODY_25 first, in pixels and score.

    The median of the first ruler that is seen; the width of all points as a last resort.
    """
    for start, end, metres in _RULERS:
        a, b = points[:, OPENPOSE_137.index(start)], points[:, OPENPOSE_137.index(end)]
        both = (a[:, 2] > 0) & (b[:, 2] > 0)
        if both.any():
            return float(metres / max(np.median(np.linalg.norm(a[both, :2] - b[both, :2], axis=1)), 1e-3))
    seen = points[points[..., 2] > 0]
    return float(0.5 / max(np.ptp(seen[:, :2], axis=0).max(), 1e-3))


def _sequence(person: _Person, number: int, count: int, fps: float, size: tuple[int, int] | None) -> SkeletonSequence:
    points = np.zeros((count, len(OPENPOSE_137), 3), np.float32)
    points[person.frames] = np.stack(person.points)
    score = np.clip(points[..., 2], 0, 1)
    xyz = np.zeros_like(points)
    xyz[..., :2] = points[..., :2] * metres_per_pixel(np.stack(person.points))
    xyz[score == 0] = 0
    image_xy = None if size is None else (points[..., :2] / np.array(size, np.float32)).astype(np.float32)
    return SkeletonSequence(xyz, score, fps, OPENPOSE_137, image_xy, is_3d=False, person=number)
