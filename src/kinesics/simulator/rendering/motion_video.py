"""A motion as a video: where the camera stands, what the person wears and holds, and the furniture around."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.simulator.camera import Camera, look_at
from kinesics.simulator.motion.programs import Motion
from kinesics.simulator.person.appearance import Appearance
from kinesics.simulator.person.body import Body
from kinesics.simulator.rendering.render import Cuboid, NoGraphicsError, render, render_skeleton
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image

_IN_THE_FACE = ("bulging face or deep breath", "pressing lips")
_CHAIR = (0.20, 0.21, 0.23)
_MICROPHONE = (0.08, 0.08, 0.09)
_BOTTLE = (0.55, 0.68, 0.76)


def render_motion(
    motion: Motion,
    camera: Camera,
    appearance: Appearance,
    size: tuple[int, int],
    *,
    rows: slice = slice(None),
    skeleton: bool = True,
) -> Iterator[Image]:
    """Render frames of a motion.

    Parameters
    ----------
    motion : the movement, and the seat and table that belong to it
    camera : where it is rendered from
    appearance : of the person and the place
    size : width and height, pixels
    rows : the frames of the motion to render
    skeleton : where no OpenGL can be had, draw the joints as a skeleton

    Yields
    ------
    (H, W, 3) uint8

    Raises
    ------
    NoGraphicsError : where no OpenGL can be had, without `skeleton`
    """
    body, width, height = Body(motion.shape), *size
    pose = motion.pose[rows]
    thing = _thing(motion, body.joints(motion.pose))
    try:
        yield from render(
            body,
            pose,
            camera,
            appearance=appearance,
            furniture=furniture(motion, appearance),
            thing=None if thing is None else thing[rows],
            width=width,
            height=height,
        )
    except NoGraphicsError as error:
        if not skeleton:
            raise
        logging.getLogger(__name__).warning("No OpenGL here (%s): drawing a skeleton instead of a person", error)
        yield from render_skeleton(camera.project(body.joints(pose)), width=width, height=height)


def portrait_camera(motion: Motion, rng: np.random.Generator, aspect: float) -> Camera:
    """Place an interviewer's camera: almost in front, or aside of who is turned, the upper body filling the image.

    Parameters
    ----------
    motion : one of the face alone is rendered from closer by
    rng : draws from how far aside
    aspect : width over height of the image

    Returns
    -------
    the camera
    """
    joints = Body(motion.shape).joints(motion.pose)
    head, pelvis = np.median(joints[:, UPPER_BODY.indices("head", "pelvis")], axis=0)
    crown = max(head[2] + 0.2, joints[..., 2].max() + 0.06)  # a raised hand is in the image as well
    bottom = pelvis[2] - 0.05
    if motion.label is not None and CLASSES[motion.label] in _IN_THE_FACE:
        bottom = head[2] - 0.42
    elif motion.table is not None:
        bottom = max(motion.table - 0.12, bottom)
    target = np.array([pelvis[0], pelvis[1] - 0.1, (crown + bottom) / 2])
    yaw = motion.turned + np.radians(rng.uniform(-12, 12))
    return look_at(target, distance=2.4, height=crown - bottom, yaw=yaw, pitch=np.radians(4), aspect=aspect)


def dressed_for(motion: Motion, appearance: Appearance) -> Appearance:
    """Give the appearance what the motion's gestures need: a cap or none, a tie, sleeves."""
    for label, _, _ in motion.events:
        appearance = _dressed_for(CLASSES[label], appearance)
    return appearance


def _dressed_for(name: str, appearance: Appearance) -> Appearance:
    match name:
        case "touching hat":
            return replace(appearance, cap=appearance.cap or (0.13, 0.20, 0.42))
        case "touching or scratching head" | "playing or adjusting hair" | "touching or scratching forehead":
            return replace(appearance, cap=None)
        case "adjusting collar or tie":
            tie = appearance.tie or ((0.45, 0.08, 0.12) if appearance.seed % 2 else None)
            return replace(appearance, tie=tie, short_sleeves=False)
        case "dusting off clothes":
            return replace(appearance, short_sleeves=False)
    return appearance


def furniture(motion: Motion, appearance: Appearance) -> tuple[Cuboid, ...]:
    """Build the chair and the table of this motion, with what stands on it."""
    boxes = []
    x, y, _ = np.median(motion.pose.root, axis=0)
    if motion.seat != "standing":
        z = motion.seat_height
        boxes += [
            Cuboid((x - 0.23, y - 0.24, z - 0.06), (x + 0.23, y + 0.2, z), _CHAIR),
            Cuboid((x - 0.22, y + 0.21, z + 0.12), (x + 0.22, y + 0.25, z + 0.52), _CHAIR),
        ]
    if motion.table is not None:
        edge, z = motion.table_edge, motion.table
        boxes += [
            Cuboid((x - 0.9, edge - 0.75, z - 0.035), (x + 0.9, edge, z)),
            Cuboid((x - 0.88, edge - 0.72, 0), (x + 0.88, edge - 0.7, z - 0.035)),
        ]
        boxes += _standing_on(appearance, x, edge, z)
    return tuple(boxes)


def _standing_on(appearance: Appearance, x: float, edge: float, top: float) -> list[Cuboid]:
    """A microphone before the person, and a bottle beside it, as the appearance says."""
    boxes = []
    if appearance.microphone is not None:
        at, near, high = x + appearance.microphone, edge - 0.3, top + 0.24
        boxes += [
            Cuboid((at - 0.06, near - 0.06, top), (at + 0.06, near + 0.06, top + 0.02), _MICROPHONE),
            Cuboid((at - 0.006, near - 0.006, top + 0.02), (at + 0.006, near + 0.006, high), _MICROPHONE),
            Cuboid((at - 0.02, near - 0.02, high), (at + 0.02, near + 0.05, high + 0.045), _MICROPHONE),
        ]
    if appearance.bottle is not None:
        at, near = x + appearance.bottle, edge - 0.35
        boxes += [
            Cuboid((at - 0.032, near - 0.032, top), (at + 0.032, near + 0.032, top + 0.17), _BOTTLE),
            Cuboid((at - 0.014, near - 0.014, top + 0.17), (at + 0.014, near + 0.014, top + 0.23), _BOTTLE),
        ]
    return boxes


def _thing(motion: Motion, joints: FloatArray) -> FloatArray | None:
    """(T, 3) where the thing to play with is: between the fingers meanwhile, else on the table, if there is one."""
    events = [
        (start, end) for label, start, end in motion.events if CLASSES[label] == "playing or manipulating objects"
    ]
    if not events:
        return None
    left, right = (
        joints[:, UPPER_BODY.indices(f"{side}_thumb_tip", f"{side}_index_tip")].mean(1) for side in ("left", "right")
    )
    time = np.arange(len(joints)) / motion.fps
    middle = np.argmin(np.abs(time - (events[0][0] + events[0][1]) / 2))
    apart = np.linalg.norm(left - right, axis=-1)
    if apart[middle] > 0.2:  # in the hand that is higher
        held: FloatArray = left if left[middle, 2] > right[middle, 2] else right
    else:  # in both, and in the left when they part
        share = np.interp(apart, (0.12, 0.25), (0.5, 0.0))[:, None]
        held = (left + share * (right - left)).astype(np.float32)
    if motion.table is None:
        return held
    lying = np.ones(len(time), bool)
    for start, end in events:
        lying &= (time < start) | (time > end)
    first, last = np.flatnonzero(~lying)[[0, -1]]
    held[:first], held[last + 1 :] = held[first], held[last]
    held[lying, 2] = motion.table + 0.006
    return held
