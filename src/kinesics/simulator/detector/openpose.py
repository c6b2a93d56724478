"""OpenPose's 137 points of a simulated body, and what OpenPose would have found of them in its video."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinesics.simulator.camera import Camera
from kinesics.simulator.detector.model import CameraView, DetectorModel, face_found, hand_lost, wander
from kinesics.simulator.person.body import BONE, TIP_VERTICES, Body, Pose
from kinesics.skeleton.layouts import FINGERS, OPENPOSE_137, UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

# mesh vertices at the 68 places of the iBUG scheme, the person's right first, then the pupils
_FACE_VERTICES = (
    5738, 5561, 738, 5224, 915, 5279, 5206, 5276, 5280, 11866, 11800, 11869, 7601, 11817, 7442, 12142, 12319,  # jaw
    189, 178, 176, 180, 167, 6928, 6940, 6936, 6938, 6949,  # brows
    134, 5047, 201, 5038, 333, 314, 343, 7061, 7079,  # nose
    36, 1, 57, 4872, 79, 4870, 11474, 6825, 6769, 6804, 11472, 6847,  # eyes
    424, 5335, 450, 455, 7194, 11921, 7168, 7223, 7225, 492, 486, 484,  # lips, outside
    498, 470, 474, 7210, 7231, 7221, 493, 482,  # lips, inside
    13655, 13583,
)  # fmt: skip
_FEET = {"left_big_toe": 11519, "right_big_toe": 4917, "left_heel": 12421, "right_heel": 5840}
_BONES = {
    f"{side}_{joint}": f"{bone}.{side[0].upper()}"
    for side in ("left", "right")
    for joint, bone in (
        ("knee", "lowerleg01"),
        ("ankle", "foot"),
        ("small_toe", "toe5-3"),
        *(
            (f"{name}_{joint}", f"finger{finger}-{number}")
            for finger, name in enumerate(FINGERS, 1)
            for number, joint in enumerate(("knuckle", "middle_joint", "last_joint"), 1)
        ),
    )
}
_VERTICES = (
    {
        f"{side}_{finger}_tip": tip
        for side, tips in TIP_VERTICES.items()
        for finger, tip in zip(FINGERS, tips, strict=True)
    }
    | _FEET
    | dict(zip(OPENPOSE_137.joints[25:95], _FACE_VERTICES, strict=True))
)
_SHARED = [name for name in OPENPOSE_137.joints[:25] if name in UPPER_BODY.joints]
_FACE = slice(25, 95)
_HANDS = {"left": slice(95, 116), "right": slice(116, 137)}
_TIPS = [hand.start + tip for hand in _HANDS.values() for tip in (4, 8, 12, 16, 20)]
LIGHT_HAND_COLUMNS = [*range(25), *_TIPS]
"""Of the 137 points, those of `<VID>_light_hand.csv`."""


def openpose_points(body: Body, pose: Pose) -> FloatArray:
    """Give the true points in the world, (T, 137, 3) metres, in the order of `OPENPOSE_137`."""
    turns, heads = body.forward(pose)
    points = np.empty((len(pose), len(OPENPOSE_137), 3), np.float32)
    joints = body.joints(pose)
    points[:, OPENPOSE_137.indices(*_SHARED)] = joints[:, UPPER_BODY.indices(*_SHARED)]
    for side in _HANDS:
        points[:, OPENPOSE_137.index(f"{side}_hand_wrist")] = joints[:, UPPER_BODY.index(f"{side}_wrist")]
    points[:, OPENPOSE_137.indices(*_BONES)] = heads[:, [BONE[bone] for bone in _BONES.values()]]
    skinning = body.skinning(list(_VERTICES.values()))
    points[:, OPENPOSE_137.indices(*_VERTICES)] = skinning(turns, heads, pose.face)
    return points


def detect_openpose(
    joints: FloatArray,
    points: FloatArray,
    cameras: Sequence[Camera],
    size: tuple[int, int],
    rng: np.random.Generator,
    *,
    fps: float,
    table: float | None = None,
) -> FloatArray:
    """Turn true points into what OpenPose would find of them.

    Noise, lost hands and lost faces are those of `DetectorModel`.

    Parameters
    ----------
    joints : (T, 42, 3) of `UPPER_BODY`, world metres
    points : (T, 137, 3), world metres
    cameras : one a frame
    size : width and height, pixels
    rng : draws the errors
    fps : frames a second
    table : height of a table top before the person, which hides what is below it

    Returns
    -------
    (T, 137, 3) x and y in pixels and a confidence; a lost point is zero in all three
    """
    model = DetectorModel()
    view = CameraView(joints, cameras[0], fps, table)
    width, height = size
    pixels = np.stack([camera.project(at) for camera, at in zip(cameras, points, strict=True)]) * (width, height)
    found = np.empty((*points.shape[:2], 3), np.float32)
    found[..., :2] = pixels + _error(pixels, view, height, model, rng)
    found[..., 2] = _confidence(len(points), fps, model, rng)
    lost: NDArray[np.bool_] = np.any((found[..., :2] < 0) | (found[..., :2] >= size), axis=-1)
    if table is not None:
        lost |= points[..., 2] < table
    lost[:, _FACE] |= ~face_found(view, model, rng)[:, None]
    for side, hand in _HANDS.items():
        lost[:, hand] |= hand_lost(view, side, model, rng)[:, None]
    found[lost] = 0
    return found


def _error(
    pixels: FloatArray, view: CameraView, height: int, model: DetectorModel, rng: np.random.Generator
) -> FloatArray:
    """(T, 137, 2) pixels: every point trembles, fast ones more, and parts of the body wander as one."""
    frames, points = pixels.shape[:2]
    metre = height / view.size  # in pixels
    speed = np.linalg.norm(np.diff(pixels, axis=0, prepend=pixels[:1]), axis=-1) / metre * view.fps
    level = model.flat_noise * np.exp(rng.normal(0, model.footage)) + model.blur * speed
    error = level[..., None] * rng.normal(size=(frames, points, 2))
    slow = wander(rng, frames, 2 * points, model.wander_seconds, view.fps).reshape(frames, points, 2)
    error[:, :25] += model.body_wander[0] * slow[:, :25]
    error[:, _FACE] += model.face_wander[0] * slow[:, 25:26]
    for hand in _HANDS.values():
        error[:, hand] += model.hand_wander[0] * slow[:, hand.start, None] + model.tip_wander[0] * slow[:, hand]
    pixels_off: FloatArray = (error * metre).astype(np.float32)
    return pixels_off


def _confidence(frames: int, fps: float, model: DetectorModel, rng: np.random.Generator) -> FloatArray:
    """(T, 137) of points that are found: usual for the point in this video, and a little up and down."""
    points = len(OPENPOSE_137)
    sure = model.flat_score + 0.08 * rng.normal(size=points) + 0.08 * wander(rng, frames, points, 0.3, fps)
    confidence: FloatArray = np.clip(sure, 0.12, 0.98).astype(np.float32)
    return confidence
