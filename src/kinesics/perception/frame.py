"""One 3D frame out of three: pose, hands and face, which the models deliver each in its own.

The pose has world coordinates in metres around the hips (from a statistical body) and pixels; hands and face have
pixels, and a depth relative to the wrist or the head. Here x and y of everything are pixels times one scale,
so that what meets in the picture meets in x and y (weak perspective). The scale, in metres a pixel, is measured on
the body: on the trunk, whose metres the pose knows, and on the face, which is 14 cm wide in grown people. Depth comes from the
pose's metres; the face is hung on the pose's nose and ears, the hand on its arm's wrist.

Arms are good to some centimetres in depth, and to nothing where the wrist is out of the picture. One more thing is
seen, though: a hand that covers a part of the face is not in the head but before it, and where the arm does not
tell otherwise, on it. `settle` sees to that over time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinesics.perception.hands import SIDES, Hand, assign_hands
from kinesics.skeleton.layouts import FINGERS, LAYOUTS, UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

HOLISTIC = LAYOUTS["holistic"]

VISIBLE = 0.5  # below this visibility the pose guesses where a joint might be
MARGIN = 0.03  # image heights by which a joint may lie outside: landmarks of what is cut by the border
FACE_WIDTH = 0.14  # metres between mesh points 234 and 454, before the ears: grown people's bizygomatic breadth

_FACE, _MESH = HOLISTIC.index("mesh_0"), 468
_HAND = [HOLISTIC.index(f"{side}_hand_wrist") for side in SIDES]
_WRIST = HOLISTIC.indices("left_wrist", "right_wrist")
_SHOULDERS = HOLISTIC.indices("left_shoulder", "right_shoulder")
_TRUNK = HOLISTIC.indices(
    *("left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_hip", "right_hip")
)
_ANCHOR = HOLISTIC.indices("nose", "left_ear", "right_ear"), [1, 454, 234]  # the same places in pose and mesh
_TURNED = 0.15  # metres between the shoulders across the picture below which they measure nothing

_TOUCH = 0.010  # metres across the picture from a mesh point to what lies on the face
_FINGER = 0.007  # metres from a finger's middle, where its landmarks are, to its skin
_NEAR, _AWAY = 0.10, 0.20  # metres before the face: up to where it is the arm's error, from where it is the truth
_HOLD = 1.0  # seconds for which a hand's depth is remembered
_SMOOTH = {"scale": 1.0, "depth": 0.2}  # seconds


@dataclass(frozen=True, eq=False)
class Landmarks:
    """One person in one picture, as the models see it.

    size: (width, height) of the picture; pose: (33, 3) pixels and visibility; world: (33, 3) metres around the
    hips; face: (468, 3) pixels, z away from the camera, or None; hands: those found, at most a few.
    """

    size: tuple[int, int]
    pose: FloatArray
    world: FloatArray
    face: FloatArray | None
    hands: tuple[Hand, ...]


@dataclass(frozen=True, eq=False)
class Fused:
    """One picture's joints in one frame, in the layout of Holistic's 543 points.

    xyz: (543, 3) metres, the origin in the middle of the picture at the depth of the hips; hands are still at the
        depth of their wrist. score: (543,), image_xy: (543, 2) as in `SkeletonSequence`.
    scale: (2,) metres a pixel as measured on the face and on the trunk, NaN where not seen.
    hands: (2,) whether the left and the right hand were seen; depth: (2, 2) the depth of each one's wrist
        (metres) by its arm and by its contact with the face, NaN where these do not tell.
    """

    xyz: FloatArray
    score: FloatArray
    image_xy: FloatArray
    scale: FloatArray
    hands: NDArray[np.bool_]
    depth: FloatArray


def fuse(landmarks: Landmarks) -> Fused | None:
    """Bring one picture's landmarks into one frame; None if neither face nor shoulders give it a scale."""
    size = np.array(landmarks.size, np.float32)
    pose, world = landmarks.pose, landmarks.world
    seen = (pose[:, 2] >= VISIBLE) & _inside(pose[:, :2], size)
    scale = np.array([_face_scale(landmarks.face), _trunk_scale(pose, world, seen)], np.float32)
    if np.isnan(scale).all():
        return None
    metres = float(np.exp(np.nanmean(np.log(scale))))

    pixels = np.zeros((len(HOLISTIC), 3), np.float32)  # z: metres, unlike x and y
    score = np.zeros(len(HOLISTIC), np.float32)
    depth = np.full((2, 2), np.nan, np.float32)
    pixels[: len(pose)] = np.column_stack([pose[:, :2], world[:, 2]])
    score[: len(pose)] = pose[:, 2] * seen
    face = None
    if landmarks.face is not None:
        of_pose, of_mesh = _ANCHOR
        face = landmarks.face * [1, 1, metres]
        face[:, 2] += world[of_pose, 2].mean() - face[of_mesh, 2].mean()
        pixels[_FACE : _FACE + _MESH], score[_FACE : _FACE + _MESH] = face, 1
    wrists = tuple(pose[row, :2] if seen[row] else None for row in _WRIST)
    hands = assign_hands(landmarks.hands, (wrists[0], wrists[1]), metres)
    for side, hand in enumerate(hands):
        if hand is None:
            continue
        points = hand.points * [1, 1, metres]
        pixels[_HAND[side] : _HAND[side] + len(points)] = points
        score[_HAND[side] : _HAND[side] + len(points)] = hand.score
        pixels[_WRIST[side]], score[_WRIST[side]] = points[0], hand.score  # finer than the pose's, and it fits the hand
        arm = world[_WRIST[side], 2] if seen[_WRIST[side]] else np.nan
        depth[side] = arm, _contact(points, face, metres)
    score *= _inside(pixels[:, :2], size)
    xyz = pixels * [metres, metres, 1] - [*size / 2 * metres, 0]
    return Fused(
        xyz.astype(np.float32),
        score,
        pixels[:, :2] / size,
        scale,
        np.array([hand is not None for hand in hands]),
        depth,
    )


def _inside(points: FloatArray, size: FloatArray) -> NDArray[np.bool_]:
    margin = MARGIN * size[1]
    inside: NDArray[np.bool_] = ((points >= -margin) & (points <= size + margin)).all(-1)
    return inside


def _face_scale(face: FloatArray | None) -> float:
    return np.nan if face is None else FACE_WIDTH / max(float(np.linalg.norm(face[454] - face[234])), 1.0)


def _trunk_scale(pose: FloatArray, world: FloatArray, seen: NDArray[np.bool_]) -> float:
    """Least squares between the pose's metres and its pixels."""
    if not seen[_SHOULDERS].all() or np.ptp(world[_SHOULDERS, 0]) < _TURNED:
        return np.nan
    rows = [row for row in _TRUNK if seen[row]]
    pixels = pose[rows, :2] - pose[rows, :2].mean(0)
    metres = world[rows, :2] - world[rows, :2].mean(0)
    scale = float((pixels * metres).sum() / (pixels**2).sum())
    return scale if scale > 0 else np.nan


def _contact(hand: FloatArray, face: FloatArray | None, metres: float) -> float:
    """The depth of the wrist with which the hand touches the face and no part of it is inside; NaN if none covers it.

    hand: (21, 3) and face: (468, 3), x and y in pixels, z in metres.
    """
    if face is None:
        return np.nan
    across = np.linalg.norm(hand[:, None, :2] - face[None, :, :2], axis=-1) * metres
    nearest = across.argmin(1)
    over = across.min(1) < _TOUCH
    surface = face[nearest, 2] - hand[:, 2] - _FINGER
    return float(surface[over].min()) if over.any() else np.nan


def settle(
    xyz: FloatArray, score: FloatArray, scale: FloatArray, hands: NDArray[np.bool_], depth: FloatArray, fps: float
) -> None:
    """Steady the scale of a whole recording's frames, and put the hands to their depth; changes `xyz` in place.

    xyz: (T, 42, 3) and score: (T, 42) in `UPPER_BODY`; scale (T, 2), hands (T, 2) and depth (T, 2, 2) as in `Fused`,
    NaN and False in frames without anybody.
    """
    if not len(xyz) or np.isnan(scale).all():
        return
    change = _steady_scale(scale, fps).astype(np.float32)
    xyz *= change[:, None, None]
    nose = UPPER_BODY.index("nose")
    head = _filled(np.where(score[:, nose] > 0, xyz[:, nose, 2], np.nan), np.inf)
    for side, name in enumerate(SIDES):
        at = np.flatnonzero(hands[:, side])
        if len(at) == 0:
            continue
        arm, contact = (depth[:, side] * change[:, None]).T - head
        wrist = head + _hand_depth(arm, contact, hands[:, side], fps)
        rows = UPPER_BODY.indices(
            f"{name}_wrist", f"{name}_index_knuckle", f"{name}_pinky_knuckle", *(f"{name}_{f}_tip" for f in FINGERS)
        )
        for row in rows:
            xyz[at, row, 2] += wrist[at] * (score[at, row] > 0)


def _steady_scale(scale: FloatArray, fps: float) -> FloatArray:
    """(T,) factors from each frame's own scale to the steady one.

    Face and trunk measure a little apart (a lean towards the camera, a long face); their usual ratio is taken out
    before they are averaged, so that the scale does not jump when one of them goes out of sight.
    """
    logs = np.log(scale.astype(np.float64))
    both = ~np.isnan(logs).any(1)
    apart = np.median(logs[both, 0] - logs[both, 1]) / 2 if both.any() else 0.0
    seen = ~np.isnan(logs).all(1)
    own = np.full(len(logs), np.nan)
    level = own.copy()
    own[seen] = np.nanmean(logs[seen], 1)
    level[seen] = np.nanmean((logs - [apart, -apart])[seen], 1)
    width = _window(_SMOOTH["scale"], fps)
    steady = _average(_running_median(_filled(level, np.inf), width), width)
    factors: FloatArray = np.exp(np.where(seen, steady - own, 0.0))
    return factors


def _hand_depth(arm: FloatArray, contact: FloatArray, hand: NDArray[np.bool_], fps: float) -> FloatArray:
    """(T,) the wrist's depth against the head (metres) from what arm and contact say, all (T,).

    A hand before the face touches it unless the arm says that it is well away; a hand of which nothing is known
    keeps its depth for `_HOLD`, and after that is as deep as the head.
    """
    before = contact - arm
    away = np.clip((before - _NEAR) / (_AWAY - _NEAR), 0, 1)
    told = np.where(np.isnan(contact), arm, np.where(np.isnan(arm), contact, contact + away * (arm - contact)))
    told = _filled(np.where(hand, told, np.nan), _HOLD * fps)
    told = np.where(np.isnan(told), 0.0, told)
    return _average(_running_median(told, _window(_SMOOTH["depth"], fps)), _window(_SMOOTH["depth"], fps))


def _window(seconds: float, fps: float) -> int:
    """An odd number of frames."""
    return 2 * round(seconds * fps / 2) + 1


def _filled(values: FloatArray, reach: float) -> FloatArray:
    """NaN replaced by what lies between, or at the ends the nearest; only within `reach` frames of a value."""
    known = np.flatnonzero(~np.isnan(values))
    if len(known) == 0:
        return values if np.isfinite(reach) else np.zeros_like(values)
    at = np.arange(len(values))
    after = np.searchsorted(known, at).clip(0, len(known) - 1)
    gap = np.minimum(np.abs(at - known[after]), np.abs(at - known[np.maximum(after - 1, 0)]))
    return np.where(gap <= reach, np.interp(at, known, values[known]), np.nan)


def _running_median(values: FloatArray, width: int) -> FloatArray:
    padded = np.pad(values, width // 2, mode="edge")
    median: FloatArray = np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=-1)
    return median


def _average(values: FloatArray, width: int) -> FloatArray:
    padded = np.pad(values, width // 2, mode="edge")
    mean: FloatArray = np.convolve(padded, np.full(width, 1 / width), "valid")
    return mean
