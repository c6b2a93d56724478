"""One 3D frame from three: the body in metres around the hips, hands and face in the image with relative depth.

x and y of every point are its place in the image (weak perspective), so what meets in the image meets in x and y;
`to_metres` scales them by a measure of the body. z of the body is the pose's own, in metres. Face and hands bring
depth of their own shape only: the face is anchored to the pose's nose and ears, each hand to its wrist, and a hand that
covers the face is brought to lie on it.

What is not seen stays missing: body points outside the image or below a visibility of 0.5 (hips: 0.97), hands and
faces that were not found, and those of their points that lie clearly outside the image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinesics.perception.engine import Landmarks
from kinesics.perception.hands import Hand, assign_hands
from kinesics.skeleton.layouts import HOLISTIC, UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

POSE, FACE, HAND = 33, 468, 21
SEEN = np.full(33, 0.5, np.float32)  # visibility below which MediaPipe's body points are guesses
SEEN[[23, 24]] = 0.97  # hips that a table hides still have 0.9
MARGIN = 0.03  # heights of the image outside it beyond which points of hands and faces are guesses

_NOSE, _EARS, _SHOULDERS, _WRISTS = 0, (7, 8), (11, 12), (15, 16)
_TRUNK = (*_EARS, *_SHOULDERS, 13, 14, 23, 24)  # with elbows and hips; the pose's nose, eyes and mouth are a child's
_EDGE_ON = 0.15  # metres between the shoulders across the image below which they measure nothing
_MESH_ANCHORS = (1, 454, 234)  # nose tip and before the ears, in the face mesh
_HEAD_WIDTH = 0.14  # metres between the mesh's outermost points, a grown person's bizygomatic breadth
_FINGER = 0.007  # metres from a finger's middle, where its landmarks are, to its skin
_TOUCH = 0.012  # metres in the image within which a hand point covers a face point
_NEAR = 0.08  # metres in the image over which a coming hand is brought to the face's depth
_STEADY = 0.3  # seconds over which a hand keeps its depth
# metres before the face from which an arm in view tells that its hand does not touch; the pose bends raised arms up to
# 20 cm too far forward
_CLEAR = (0.25, 0.40)


@dataclass(frozen=True, eq=False)
class Parts:
    """What an engine sees of one person in one frame: (33, 3) and (468, 3) in pixels, world (33, 3) in metres.

    hands: those found, of which it is not known whose they are, or the person's own left and right one.
    """

    pose: FloatArray
    visibility: FloatArray
    world: FloatArray
    face: FloatArray | None
    hands: list[Hand] | tuple[Hand | None, Hand | None]
    size: tuple[int, int]


def fuse(parts: Parts, actions: FloatArray | None = None) -> Landmarks:
    """Fuse the parts into one person in the layout `HOLISTIC`; points that are not seen are missing.

    Parameters
    ----------
    parts : what an engine found of the person
    actions : (52,) facial actions, 0..1, or None where none are read

    Returns
    -------
    the person's landmarks: x, y in pixels, z in metres
    """
    seen = _seen(parts)
    scales = np.array([_body_scale(parts, seen), _head_scale(parts.face)], np.float32)
    scale = float(np.nanmean(scales)) if np.isfinite(scales).any() else _guessed_scale(parts)
    points = np.zeros((len(HOLISTIC), 3), np.float32)
    score = np.zeros(len(HOLISTIC), np.float32)
    points[:POSE, :2], points[:POSE, 2] = parts.pose[:, :2], parts.world[:, 2]
    score[:POSE] = np.where(seen, parts.visibility, 0)
    face = _anchored_face(parts, scale)
    if face is not None:
        points[POSE : POSE + FACE], score[POSE : POSE + FACE] = face, 1
    surface = _sparse_face(parts) if face is None else face
    for side, hand in enumerate(_own_hands(parts, seen, scale)):
        if hand is None:
            continue
        first, wrist = POSE + FACE + HAND * side, _WRISTS[side]
        points[first : first + HAND] = _anchored_hand(hand, wrist, parts, surface, scale)
        # the hand knows its wrist better than the pose does, and without the pose's lag
        points[wrist] = points[first]
        score[[*range(first, first + HAND), wrist]] = hand.score
        score[[wrist + 2, wrist + 4, wrist + 6]] = 0  # the pose's own fingers
    points[score == 0] = 0
    return Landmarks(points, score, scales, actions)


def _own_hands(parts: Parts, seen: NDArray[np.bool_], scale: float) -> tuple[Hand | None, Hand | None]:
    if isinstance(parts.hands, tuple):
        return parts.hands
    left, right = (parts.pose[wrist, :2] if seen[wrist] else None for wrist in _WRISTS)
    return assign_hands(parts.hands, (left, right), scale)


def _seen(parts: Parts) -> NDArray[np.bool_]:
    where = parts.pose[:, :2] / np.array(parts.size, np.float32)
    inside = ((where >= 0) & (where <= 1)).all(1)  # outside the image every point is a guess
    seen: NDArray[np.bool_] = inside & (parts.visibility >= SEEN)
    return seen


def _body_scale(parts: Parts, seen: NDArray[np.bool_]) -> float:
    """Metres a pixel: the world's x, y fitted on the image's by least squares; NaN without both shoulders."""
    if not seen[list(_SHOULDERS)].all() or np.ptp(parts.world[list(_SHOULDERS), 0]) < _EDGE_ON:
        return float("nan")
    rows = [row for row in _TRUNK if seen[row]]
    return _fit(parts.pose[rows, :2], parts.world[rows, :2])


def _guessed_scale(parts: Parts) -> float:
    """As a last resort, with shoulders that are not seen."""
    rows = [*_EARS, *_SHOULDERS]
    return _fit(parts.pose[rows, :2], parts.world[rows, :2])


def _fit(pixels: FloatArray, metres: FloatArray) -> float:
    a, b = pixels - pixels.mean(0), metres - metres.mean(0)
    scale = float((a * b).sum() / np.maximum((a * a).sum(), 1e-6))
    return scale if scale > 0 else float("nan")


def _head_scale(face: FloatArray | None) -> float:
    if face is None:
        return float("nan")
    return _HEAD_WIDTH / max(float(np.linalg.norm(face[454] - face[234])), 1.0)


def _anchored_face(parts: Parts, scale: float) -> FloatArray | None:
    """The mesh with z in metres, so that its nose and ears lie on average as deep as the pose's."""
    if parts.face is None:
        return None
    face = parts.face.copy()
    face[:, 2] *= scale
    face[:, 2] += parts.world[[_NOSE, *_EARS], 2].mean() - face[list(_MESH_ANCHORS), 2].mean()
    return face


def _sparse_face(parts: Parts) -> FloatArray:
    """(66, 3) as the mesh: the pose's own points of the face and all the middles between two of them.

    It stands in for a face of which too little is seen for the mesh: under both palms, for one.
    """
    face = np.column_stack([parts.pose[:11, :2], parts.world[:11, 2]])
    a, b = np.triu_indices(len(face))
    middles: FloatArray = ((face[a] + face[b]) / 2).astype(np.float32)
    return middles


def _anchored_hand(hand: Hand, wrist: int, parts: Parts, face: FloatArray, scale: float) -> FloatArray:
    """The hand with z in metres.

    The pose's wrist gives the depth as far as it is seen; an arm out of view tells nothing, and then the hand is
    taken to be as deep as the face's front. A hand that covers the face in the image lies before it, since it hides
    it, and touches it, unless an arm in view holds it clear; coming near the face it is brought there gradually.
    """
    points = hand.points.copy()
    points[:, 2] *= scale
    points[:, 2] -= points[0, 2]
    trust = float(np.clip((parts.visibility[wrist] - SEEN[wrist]) / (0.9 - SEEN[wrist]), 0, 1))
    depth = trust * parts.world[wrist, 2] + (1 - trust) * parts.world[_NOSE, 2]
    contact, away = _contact(points, face, scale)
    clear = np.interp(contact - depth, _CLEAR, (0, 1)) * trust
    weight = max(0.0, 1 - away / _NEAR) * (1 - clear)
    depth = weight * contact + (1 - weight) * depth
    points[:, 2] += depth
    return points


def _contact(hand: FloatArray, face: FloatArray, scale: float) -> tuple[float, float]:
    """The wrist's z at which the hand touches the face from the front, and how far it is from covering it (metres)."""
    apart = np.linalg.norm(hand[:, None, :2] - face[None, :, :2], axis=-1) * scale
    nearest, away = apart.argmin(1), apart.min(1)
    over = away <= max(_TOUCH, float(away.min()))
    surface = face[nearest[over], 2] - _FINGER
    # not the least: by their noise, some points of a hand that lies on the face are inside it
    return float(np.quantile(surface - hand[over, 2], 0.25)), max(0.0, float(away.min()) - _TOUCH)


def to_metres(
    xyz: FloatArray, score: FloatArray, metres_per_pixel: FloatArray, size: tuple[int, int], fps: float
) -> None:
    """Scale joints in `UPPER_BODY` from pixels to metres around the image's middle, in place.

    The hands' depths are steadied as well, and points outside the image become missing.

    Parameters
    ----------
    xyz : (T, 42, 3), of which x and y are pixels, z metres; changed
    score : (T, 42) in 0..1; changed
    metres_per_pixel : (T, 2), each frame's measures on body and head, NaN where there is none
    size : width and height of the frames in pixels
    fps : frames a second
    """
    _steady_hands(xyz, score, fps)
    margin = MARGIN * size[1]
    for place, seen in zip(xyz[..., :2].swapaxes(0, 1), score.T, strict=True):  # by joint: long recordings are large
        seen[((place < -margin) | (place > np.array(size) + margin)).any(-1)] = 0
    xyz[..., :2] -= np.array(size, np.float32) / 2
    xyz[..., :2] *= steady_scale(metres_per_pixel, fps)[:, None, None]
    xyz[score == 0] = 0


def steady_scale(metres_per_pixel: FloatArray, fps: float) -> FloatArray:
    """Steady the measures of how many metres a pixel is.

    A body keeps its size and its distance changes slowly. The head is the steadier measure, the body serves where no
    face is seen; both are shifted to their common middle, since a long face or a lean towards the camera sets them
    apart for good. Gaps are filled from the nearest measures, and a running median over two seconds is taken.

    Parameters
    ----------
    metres_per_pixel : (T, 2), noisy measures on body and head with gaps (NaN)
    fps : frames a second

    Returns
    -------
    (T,) metres a pixel; all ones if there is no measure at all
    """
    body, head = np.log(metres_per_pixel).T.astype(np.float64)
    apart = body - head
    shift = float(np.median(apart[np.isfinite(apart)])) / 2 if np.isfinite(apart).any() else 0.0
    logs = np.where(np.isfinite(head), head + shift, body - shift)
    known = np.isfinite(logs)
    if not known.any():
        return np.ones(len(logs), np.float32)
    frames = np.arange(len(logs))
    filled = np.interp(frames, frames[known], logs[known])
    return np.exp(_running_median(filled, _odd(2 * fps)))


def _steady_hands(xyz: FloatArray, score: FloatArray, fps: float) -> None:
    """Each hand's common depth, in frames in which it is seen, without its leaps; the hand moves as a whole."""
    frames, width = np.arange(len(xyz)), _odd(_STEADY * fps)
    for side in ("left", "right"):
        rows = [
            row for row, joint in enumerate(UPPER_BODY.joints) if re.match(rf"{side}_(wrist|.*_tip|.*_knuckle)", joint)
        ]
        seen = frames[score[:, rows].all(1)]
        if len(seen) == 0:
            continue
        depth = xyz[seen, rows[0], 2]
        filled = _running_median(np.interp(frames, seen, depth), width)
        steady = np.convolve(np.pad(filled, width // 2, mode="edge"), np.full(width, 1 / width), "valid")
        xyz[np.ix_(seen, np.array(rows), np.array([2]))] += (steady[seen] - depth)[:, None, None]


def _odd(width: float) -> int:
    return 2 * round(width / 2) + 1


def _running_median(values: NDArray[np.float64], width: int) -> FloatArray:
    padded = np.pad(values, width // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    # in parts: the median copies all its windows
    medians: FloatArray = np.concatenate([np.median(windows[i : i + 512], 1) for i in range(0, len(values), 512)])
    return medians.astype(np.float32)
