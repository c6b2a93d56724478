"""What the lifter is trained on: true movement through random cameras, as pairs of flat and deep joints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from kinesics.data.sets.utd_mhad import KINECT_20, UTDMHAD
from kinesics.models.skeleton.lifter import FPS, image_plane
from kinesics.simulator.camera import Camera, look_at, random_camera
from kinesics.simulator.detector.model import DetectorModel, detect, wander
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

_FLAT = DetectorModel(openpose=0.6, light_hand=0.4)  # engines without depth alone
_NECK = UPPER_BODY.index("neck")
_PAIRS = [(f"{side}_{joint}",) * 2 for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist", "hip")]
_KINECT = [*_PAIRS, ("head", "head")]


class ProjectedMovement(NamedTuple):
    """A movement through one camera.

    xy: (T, 42, 2) where a detector places the joints, in image heights.
    score: (T, 42) in 0..1, 0 for a joint that it misses.
    truth: (T, 42, 3) metres from the neck, in the camera's axes.
    known: (42,) for which joints there is a truth.
    """

    xy: FloatArray
    score: FloatArray
    truth: FloatArray
    known: NDArray[np.bool_]


class Movements(Protocol):
    """Movements that can be projected through a random camera."""

    def __len__(self) -> int: ...

    def project(self, i: int, rng: np.random.Generator) -> ProjectedMovement:
        """Project movement i through a camera that `rng` draws."""
        ...


@dataclass(frozen=True)
class SimulatedMovements:
    """The true joints of a simulated set, as an OpenPose-like engine would detect them.

    joints: (N, T, 42, 3) metres.
    table: (N,) height of a table top, NaN without one.
    """

    joints: NDArray[np.float16]
    table: FloatArray

    @classmethod
    def open(cls, folder: Path) -> SimulatedMovements:
        """Map the arrays that the simulator wrote to a folder."""
        joints, table = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("joints", "table"))
        return cls(joints, table)

    def __len__(self) -> int:
        return len(self.joints)

    def project(self, i: int, rng: np.random.Generator) -> ProjectedMovement:
        """Project movement i through a camera that `rng` draws."""
        joints = self.joints[i].astype(np.float32)
        table = float(self.table[i])
        camera = random_camera(rng, joints)
        detected = detect(joints, camera, rng, fps=FPS, table=None if np.isnan(table) else table, model=_FLAT)
        everything = np.ones(len(UPPER_BODY), bool)
        return ProjectedMovement(detected.xyz[..., :2], detected.score, _from_neck(joints, camera), everything)


class KinectMovements:
    """UTD-MHAD's people: shoulders, arms, head and hips of a Kinect, detected with plain noise."""

    def __init__(self, dataset: UTDMHAD | None, subjects: Sequence[str]) -> None:
        names, sources = zip(*_KINECT, strict=True)
        self._to, self._from = UPPER_BODY.indices(*names), KINECT_20.indices(*sources)
        clips = dataset.clips if dataset else ()
        sequences = (dataset.read_skeleton(clip) for clip in clips if dataset and clip.subject in subjects)
        self._worlds = [self._world(one.xyz) for one in sequences]

    def __len__(self) -> int:
        return len(self._worlds)

    def _world(self, xyz: FloatArray) -> FloatArray:
        """In the simulator's world: the person faces −y, z is up."""
        joints = np.zeros((len(xyz), len(UPPER_BODY), 3), np.float32)
        joints[:, self._to] = xyz[:, self._from][..., [0, 2, 1]] * np.array([1, 1, -1], np.float32)
        for middle, part in (("neck", "shoulder"), ("pelvis", "hip")):
            pair = UPPER_BODY.indices(f"left_{part}", f"right_{part}")
            joints[:, UPPER_BODY.index(middle)] = joints[:, pair].mean(1)
        return joints

    def project(self, i: int, rng: np.random.Generator) -> ProjectedMovement:
        """Project movement i through a camera that `rng` draws."""
        joints = self._worlds[i]
        known: NDArray[np.bool_] = np.any(joints, axis=(0, 2))
        camera = look_at(
            np.median(joints[:, _NECK], axis=0),
            distance=rng.uniform(1.5, 4),
            height=1.5,
            yaw=np.radians(np.clip(rng.normal(0, 20), -50, 50)),
            pitch=np.radians(np.clip(rng.normal(3, 6), -15, 15)),
            roll=np.radians(np.clip(rng.normal(0, 1.2), -3, 3)),
            aspect=1.0,
        )
        metres = 1.5  # of an image height at the person
        frames = len(joints)
        slow = wander(rng, frames, 2 * len(known), _FLAT.wander_seconds, FPS).reshape(frames, -1, 2)
        noise = _FLAT.elbow_wander[0] * slow + _FLAT.flat_noise * rng.normal(size=slow.shape)
        score = np.clip(rng.normal(_FLAT.flat_score, 0.1, slow.shape[:2]), 0.1, 1) * known
        score[rng.random(score.shape) < 0.02] = 0
        if rng.random() < 0.3:
            score[:, UPPER_BODY.indices("pelvis", "left_hip", "right_hip")] = 0
        xy = (camera.project(joints) + noise / metres) * (score > 0)[..., None]
        return ProjectedMovement(xy.astype(np.float32), score.astype(np.float32), _from_neck(joints, camera), known)


def _from_neck(joints: FloatArray, camera: Camera) -> FloatArray:
    away: FloatArray = ((joints - joints[:, [_NECK]]) @ camera.rotation.T).astype(np.float32)
    return away


class LiftingWindows(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Windows of movements: `image_plane` (T, 42, 3), the truth (T, 42, 3), and the weight of each joint (T, 42).

    There are as many as the first source has movements; all sources are drawn equally often. A joint that the detector
    misses weighs a fifth, one whose truth is unknown nothing. Windows run at half to twice the movement's rate. Each
    draw depends on (seed, epoch, index) alone.

    Parameters
    ----------
    sources : of movements; empty ones are left out.
    frames : of a window.
    seed : of the draws.
    """

    def __init__(self, sources: Sequence[Movements], frames: int, seed: int) -> None:
        self.frames, self.seed, self.epoch = frames, seed, 0
        self._sources = [one for one in sources if len(one)]

    def __len__(self) -> int:
        return len(self._sources[0])

    def __getitem__(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = np.random.default_rng((self.seed, self.epoch, n))
        source = self._sources[rng.integers(len(self._sources))]
        i = n if source is self._sources[0] else int(rng.integers(len(source)))
        xy, score, truth, known = source.project(i, rng)
        step = np.exp(rng.uniform(-np.log(2), np.log(2)))
        first = rng.uniform(0, max(len(xy) - self.frames * step, 0))
        rows = np.clip(np.round(first + np.arange(self.frames) * step), 0, len(xy) - 1).astype(int)
        weight = (0.2 + 0.8 * (score[rows] > 0)) * known
        weight[:, _NECK] = 0  # it is the origin
        flat = image_plane(xy[rows], score[rows])
        return torch.from_numpy(flat), torch.from_numpy(truth[rows]), torch.from_numpy(weight.astype(np.float32))
