"""Training windows cut from clips, with the augmentation that keeps a skeleton network honest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from kinesics.data.imigue import CLASSES
from kinesics.skeleton import UPPER_BODY, SkeletonLayout
from kinesics.skeleton.normalise import normalise
from kinesics.skeleton.sequence import FloatArray


def _hand(layout: SkeletonLayout, side: str) -> list[int]:
    """The points that a lost hand loses; the wrist belongs to the body."""
    return _named(layout, lambda joint: joint.startswith(side) and joint.endswith(("tip", "knuckle")))


def _named(layout: SkeletonLayout, wanted: Callable[[str], bool]) -> list[int]:
    return [i for i, joint in enumerate(layout.joints) if wanted(joint)]


_FACE = frozenset(UPPER_BODY.joints[UPPER_BODY.index("nose") :])
_HIPS = frozenset(("pelvis", "left_hip", "right_hip"))
_ARMS = [UPPER_BODY.index(f"{side}_wrist") for side in ("left", "right")] + [
    i for side in ("left", "right") for i in _hand(UPPER_BODY, side)
]
_LIPS = UPPER_BODY.indices("lower_lip", "lower_lip_inner")


# gestures without hands, and of those the ones that only the face shows; all others are made by hands
_TRUNK = {CLASSES.index(label) for label in ("turtle neck", "move torso", "sit straight", "head up", "shake shoulders")}
_FACIAL = {CLASSES.index(label) for label in ("deep breath (puff cheeks)", "bite lip")}


def visible_label(label: int, score: FloatArray) -> int:
    """The label of a window (T, 42) of scores, or "none" where what makes the gesture is hardly ever seen.

    A network that must name what it cannot see learns to guess; so a gesture of the hands without a wrist or a hand
    in a fifth of the frames, and one of the face without its lips, is nothing to see.
    """
    if label >= len(CLASSES) or label in _TRUNK:
        return label
    joints = _LIPS if label in _FACIAL else _ARMS
    seen = (score[:, joints] > 0).any(1).mean() >= 0.2
    return label if seen else len(CLASSES)


class Clips(Protocol):
    """Clips that windows can be cut from: simulated (`ClipArrays`), or read once and kept (`SkeletonCache`)."""

    @property
    def layout(self) -> SkeletonLayout: ...

    def __len__(self) -> int: ...

    def rate(self, i: int) -> float:
        """Frames a second."""

    def length(self, i: int) -> int:
        """Frames."""

    def core(self, i: int) -> tuple[float, float]:
        """Seconds from the clip's first frame between which what it is labelled with lies."""

    def read(self, i: int, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """xyz (T, V, 3) and score (T, V) in 0..1 of these frames."""

    def target(self, i: int, score: FloatArray) -> int:
        """The class of a window with these scores, -1 where it is hidden."""


@dataclass(frozen=True)
class ClipArrays:
    """Memory-mapped clips of a simulated set: xyz (N, T, 42, 3), score (N, T, 42) in 0..255, label (N,).

    `onset` and `offset` (N,) give in seconds where the gesture of each clip lies; `fps` is their rate.
    """

    xyz: NDArray[np.float16]
    score: NDArray[np.uint8]
    label: NDArray[np.int64]
    onset: FloatArray
    offset: FloatArray
    fps: float
    layout: SkeletonLayout = UPPER_BODY

    @classmethod
    def open(cls, folder: Path, fps: float = 25.0) -> ClipArrays:
        """Map the arrays that the simulator wrote to `folder`."""

        def read(name: str) -> Any:
            return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

        return cls(read("xyz"), read("score"), read("label"), read("onset"), read("offset"), fps)

    def __len__(self) -> int:
        return len(self.label)

    def rate(self, i: int) -> float:
        return self.fps

    def length(self, i: int) -> int:
        return self.xyz.shape[1]

    def core(self, i: int) -> tuple[float, float]:
        return float(self.onset[i]), float(self.offset[i])

    def read(self, i: int, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        return self.xyz[i][rows].astype(np.float32), self.score[i][rows].astype(np.float32) / 255

    def target(self, i: int, score: FloatArray) -> int:
        return visible_label(int(self.label[i]), score)


class ClipWindows(Dataset[tuple[Tensor, Tensor]]):
    """Windows of `frames` from clips in any layout: ((4, frames, V, 1) float32, label).

    With `fps` a window runs at that rate; it sits on the middle of the clip's core or, with `augment`, anywhere around
    it. Without `fps` it spans the core, whatever its length, or with `augment` a random part of it. Augmented windows
    are warped, turned, mirrored and partly hidden. Each draw depends on (seed, epoch, index) alone, so a resumed
    training sees what an unbroken one sees.
    """

    def __init__(self, clips: Clips, *, frames: int, fps: float | None, augment: bool, seed: int = 0) -> None:
        self.clips, self.frames, self.fps, self.augment, self.seed = clips, frames, fps, augment, seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng((self.seed, self.epoch, i))
        xyz, score = self.clips.read(i, self._rows(i, rng))
        if self.augment:
            xyz, score = augment(xyz, score, rng, self.clips.layout)
        label = self.clips.target(i, score)
        x = normalise(xyz, score, self.clips.layout)  # (T, V, 4)
        return torch.from_numpy(x).permute(2, 0, 1)[..., None].contiguous(), torch.tensor(label)

    def _rows(self, i: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """The clip's rows that make the window, warped in time when augmenting, held at the clip's ends."""
        onset, offset = self.clips.core(i)
        rate = self.clips.rate(i)
        middle = (onset + offset) / 2
        if self.fps is None:
            step = (offset - onset) * rate / self.frames
            if self.augment:
                share = rng.uniform(0.75, 1)
                middle += rng.uniform(-0.5, 0.5) * (1 - share) * (offset - onset)
                step *= share
        else:
            step = rate / self.fps
            if self.augment:
                middle = rng.uniform(onset, offset)
                step *= rng.uniform(0.8, 1.25)
        rows = middle * rate + (np.arange(self.frames) - (self.frames - 1) / 2) * step
        held: NDArray[np.int64] = np.clip(np.round(rows), 0, self.clips.length(i) - 1).astype(np.int64)
        return held


def augment(
    xyz: FloatArray, score: FloatArray, rng: np.random.Generator, layout: SkeletonLayout = UPPER_BODY
) -> tuple[FloatArray, FloatArray]:
    """One random view of the same movement: xyz (T, V, 3), score (T, V)."""
    xyz = xyz @ _turn(rng).T
    if rng.random() < 0.5:
        order = layout.mirror
        xyz, score = xyz[:, order] * np.array([-1, 1, 1], np.float32), score[:, order]
    if rng.random() < 0.15:
        xyz = xyz * np.array([1, 1, 0], np.float32)  # a source without depth
    score = _hide(score.copy(), rng, layout)
    return xyz.astype(np.float32), score


def _turn(rng: np.random.Generator) -> FloatArray:
    """A small rotation (yaw ±20°, pitch ±10°, roll ±5°) with a stretch of up to a tenth along each axis."""
    yaw, pitch, roll = rng.uniform(-1, 1, 3) * np.radians([20, 10, 5])
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    turned: FloatArray = (about_z @ about_x @ about_y * rng.uniform(0.9, 1.1, (3, 1))).astype(np.float32)
    return turned


def _hide(score: FloatArray, rng: np.random.Generator, layout: SkeletonLayout) -> FloatArray:
    """Lose a hand, the face or the hips for a stretch or for good, and single joints here and there."""
    parts = (
        (_hand(layout, "left"), 0.15),
        (_hand(layout, "right"), 0.15),
        (_named(layout, _FACE.__contains__), 0.05),
        (_named(layout, _HIPS.__contains__), 0.3),
    )
    for joints, chance in parts:
        if rng.random() < chance:
            first, last = sorted(rng.integers(0, len(score) + 1, 2)) if rng.random() < 0.6 else (0, len(score))
            score[first:last, joints] = 0
    if rng.random() < 0.3:
        score[:, rng.integers(0, score.shape[1], rng.integers(1, 4))] = 0
    return score
