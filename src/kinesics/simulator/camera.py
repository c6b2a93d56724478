"""A pinhole camera in the simulator's world, and the cameras that one meets.

World: metres, z up, the person faces −y, the person's left is +x. Camera: x to the image's right, y down,
z away from the camera.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from kinesics.skeleton.layouts import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

_HEAD, _NECK, _PELVIS = UPPER_BODY.indices("head", "neck", "pelvis")
_TREMOR = 4.0  # frames over which a hand-held camera forgets where it pointed


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera.

    rotation: (3, 3) turns world into camera axes. position: (3,) in world metres. focal: in image heights. aspect:
    width over height.
    """

    rotation: NDArray[np.float64]
    position: NDArray[np.float64]
    focal: float
    aspect: float = 16 / 9

    def to_camera(self, points: FloatArray) -> FloatArray:
        """Turn world coordinates into the camera's.

        Parameters
        ----------
        points : (..., 3) world metres

        Returns
        -------
        (..., 3) camera metres
        """
        moved: FloatArray = ((points - self.position) @ self.rotation.T).astype(np.float32)
        return moved

    def project(self, points: FloatArray) -> FloatArray:
        """Project points into the image; they must lie in front of the camera.

        Parameters
        ----------
        points : (..., 3) world metres

        Returns
        -------
        (..., 2) in 0..1 across the image
        """
        x, y, z = np.moveaxis(self.to_camera(points), -1, 0)
        image: FloatArray = np.stack([0.5 + self.focal * x / z / self.aspect, 0.5 + self.focal * y / z], -1)
        return image


def look_at(
    target: FloatArray,
    *,
    distance: float,
    height: float,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    aspect: float = 16 / 9,
) -> Camera:
    """Place a camera before the person, pointing at a target.

    Parameters
    ----------
    target : (3,) world metres
    distance : from the target, metres
    height : of the image at the target, metres
    yaw : radians; a positive one shows more of the person's left side
    pitch : radians; a positive one looks down on them
    roll : radians
    aspect : width over height

    Returns
    -------
    the camera
    """
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    forward = np.array([-sy * cp, cy * cp, -sp])
    right = np.array([cy, sy, 0.0])
    down = np.cross(forward, right)
    right, down = np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right
    position = np.asarray(target, np.float64) - distance * forward
    return Camera(np.stack([right, down, forward]), position, distance / height, aspect)


def shaken(
    camera: Camera, degrees: float, frames: int, seed: int, *, zoom: float = 1.0, pan: float = 0.0
) -> list[Camera]:
    """Let a camera tremble about its own place, zoom slowly and turn slowly aside.

    Parameters
    ----------
    camera : at rest
    degrees : standard deviation of the tremor
    frames : how many
    seed : another seed is another tremor
    zoom : how much larger everything is at the end
    pan : degrees by which it has turned in the end, to its right

    Returns
    -------
    the camera in each frame
    """
    if degrees == pan == 0 and zoom == 1:
        return [camera] * frames
    tremor = np.random.default_rng((seed, 2)).normal(size=(frames + 64, 3))
    smooth = gaussian_filter1d(tremor, _TREMOR, axis=0)[32 : 32 + frames]
    smooth *= np.sqrt(2 * _TREMOR * np.sqrt(np.pi))  # what the filter takes away
    through = np.linspace(0, 1, frames) if frames > 1 else np.zeros(frames)
    turns = Rotation.from_rotvec(np.radians(degrees * smooth - through[:, None] * (0, pan, 0))).as_matrix()
    return [
        replace(camera, rotation=turn @ camera.rotation, focal=camera.focal * zoom**share)
        for turn, share in zip(turns, through, strict=True)
    ]


def random_camera(rng: np.random.Generator, joints: FloatArray, turned: float = 0.0, *, table: bool = False) -> Camera:
    """Draw a camera as in interviews and on television, for one performance.

    Framing runs from the face alone to the whole seated body; the head stays inside the image. Most cameras are level,
    some look down from above or up from below.

    Parameters
    ----------
    rng : draws it
    joints : (T, 42, 3) world metres
    turned : radians from straight before the trunk to where the camera is, to the person's left; 0 for anywhere
    table : whether there is one before the person, which a low camera would look at from below

    Returns
    -------
    the camera
    """
    head, neck, pelvis = np.median(joints[:, [_HEAD, _NECK, _PELVIS]], axis=0)
    crown = head[2] + 0.14
    heights = rng.uniform((0.38, 0.5, 0.8, 1.2), (0.5, 0.8, 1.2, 1.9))  # face, chest, waist, knees
    height = rng.choice(heights, p=[0.06, 0.3, 0.4, 0.24])
    aspect = rng.choice([16 / 9, 4 / 3, 1.0, 3 / 4, 9 / 16], p=[0.5, 0.2, 0.1, 0.08, 0.12])
    headroom = rng.uniform(0.04, 0.22) * height
    aside = rng.normal(0, 0.07) * height * aspect
    target = np.array([neck[0] + aside, (neck[1] + pelvis[1]) / 2, crown + headroom - height / 2])
    # mostly before the person, now and then well aside
    yaw = rng.normal(0, 16) if rng.random() < 0.85 else rng.uniform(-60, 60)
    yaw = np.degrees(turned) + rng.normal(0, 8) if turned else yaw
    pitch = rng.normal(3, 6) if rng.random() < 0.85 else rng.choice((rng.uniform(12, 35), rng.uniform(-14, -8)))
    return look_at(
        target,
        distance=max(rng.uniform(0.9, 4.0), 0.9 * height),
        height=height,
        yaw=np.radians(np.clip(yaw, -70, 70)),
        pitch=np.radians(np.clip(pitch, -2 if table else -15, 35)),
        roll=np.radians(np.clip(rng.normal(0, 1.2), -3, 3)),
        aspect=aspect,
    )
