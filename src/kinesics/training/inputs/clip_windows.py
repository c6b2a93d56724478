"""Training windows cut from clips."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.preprocessing.normalise import normalise
from kinesics.skeleton import UPPER_BODY, SkeletonLayout, rows_around
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.inputs.augment import DEFAULT, Augmentation, augment, parts, warp

_ARMS = UPPER_BODY.indices("left_wrist", "right_wrist") + [
    i for part in ("left_hand", "right_hand") for i in parts(UPPER_BODY)[part]
]
_LIPS = UPPER_BODY.indices("lower_lip", "lower_lip_inner")
_SLOW = 6.0, 12.5  # frames a second of a slow camera, whose frames are held

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
    def open(cls, folder: Path) -> ClipArrays:
        """Map the arrays that the simulator wrote to `folder`."""

        def read(name: str) -> Any:
            return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

        fps = json.loads((folder / "recipe.json").read_text())["fps"]
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


class JoinedClips:
    """Clips of one layout from several sources as one collection, those of each source so many times."""

    def __init__(self, sources: Sequence[tuple[Clips, int]]) -> None:
        self.layout = sources[0][0].layout
        self._at = [(clips, i) for clips, times in sources for _ in range(times) for i in range(len(clips))]

    def __len__(self) -> int:
        return len(self._at)

    def rate(self, i: int) -> float:
        clips, at = self._at[i]
        return clips.rate(at)

    def length(self, i: int) -> int:
        clips, at = self._at[i]
        return clips.length(at)

    def core(self, i: int) -> tuple[float, float]:
        clips, at = self._at[i]
        return clips.core(at)

    def read(self, i: int, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        clips, at = self._at[i]
        return clips.read(at, rows)

    def target(self, i: int, score: FloatArray) -> int:
        clips, at = self._at[i]
        return clips.target(at, score)


class ClipWindows(Dataset[tuple[Tensor, Tensor]]):
    """Windows of `frames` from clips in any layout: ((4, frames, V, 1) float32, label).

    With `fps` a window runs at that rate; it sits on the middle of the clip's core or, with `augment`, anywhere around
    it. Without `fps` it spans the core, whatever its length, or with `augment` a random part of it. Augmented windows
    run faster or slower and are turned, mirrored and partly hidden as an `Augmentation` says. Each draw depends on
    (seed, epoch, index) alone, so a resumed training sees what an unbroken one sees.
    """

    def __init__(
        self, clips: Clips, *, frames: int, fps: float | None, augment: bool | Augmentation, seed: int = 0
    ) -> None:
        self.clips, self.frames, self.fps, self.seed, self.epoch = clips, frames, fps, seed, 0
        self.augment = (DEFAULT if augment else None) if isinstance(augment, bool) else augment

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        rng = self.draws(i)
        xyz, score = self.clips.read(i, self.rows(i, rng))
        if self.augment:
            xyz, score = augment(xyz, score, rng, self.clips.layout, self.augment)
        label = self.clips.target(i, score)
        x = normalise(xyz, score, self.clips.layout)  # (T, V, 4)
        return torch.from_numpy(x).permute(2, 0, 1)[..., None].contiguous(), torch.tensor(label)

    def draws(self, i: int) -> np.random.Generator:
        """What decides on the augmentation of window i in this epoch, beginning with its rows."""
        return np.random.default_rng((self.seed, self.epoch, i))

    def rows(self, i: int, rng: np.random.Generator) -> NDArray[np.int64]:
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
        places = warp(self.frames, rng, self.augment.tempo if self.augment else 0)
        rows = rows_around(middle * rate, step, places, self.clips.length(i))
        if self.fps is not None and self.augment and self.augment.slow and rng.random() < self.augment.slow:
            held = max(1.0, rate / rng.uniform(*_SLOW))
            rows = (np.round(np.round(rows / held) * held)).astype(np.int64)
            rows = np.clip(rows, 0, self.clips.length(i) - 1)
        return rows
