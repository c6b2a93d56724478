"""Training windows of skeletons, cut from clips."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from kinesics.preprocessing.normalise import normalise
from kinesics.skeleton import SkeletonLayout, rows_around
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.inputs.augment import DEFAULT_AUGMENTATION, Augmentation, augment, warp

_SLOW = 6.0, 12.5  # frames a second of a slow camera, whose frames are held


class Clips(Protocol):
    """Clips that windows can be cut from: simulated (`ClipArrays`), or cached (`SkeletonCache`)."""

    @property
    def layout(self) -> SkeletonLayout:
        """The layout of all their skeletons."""

    def __len__(self) -> int: ...

    def rate(self, i: int) -> float:
        """Give the frames a second of clip i."""

    def length(self, i: int) -> int:
        """Count the frames of clip i."""

    def core(self, i: int) -> tuple[float, float]:
        """Give the seconds from clip i's first frame between which lies what it is labelled with."""

    def read(self, i: int, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Read some frames of clip i.

        Parameters
        ----------
        i : the clip.
        rows : (T,) the frames.

        Returns
        -------
        xyz (T, V, 3) and score (T, V) in 0..1.
        """

    def target(self, i: int, score: FloatArray) -> int:
        """Give the class of a window of clip i, -1 where it is hidden.

        Parameters
        ----------
        i : the clip.
        score : (T, V) of the window.

        Returns
        -------
        The class.
        """


class ClipWindows(Dataset[tuple[Tensor, Tensor]]):
    """Windows cut from clips in any layout: ((4, frames, V, 1) float32, label).

    Without augmentation a window with `fps` sits on the middle of the clip's core, and one without spans it. Augmented,
    it sits anywhere around the core or spans a random part of it, runs faster or slower, and is turned, mirrored and
    partly hidden. Each draw depends on (seed, epoch, index) alone: a resumed training sees what an unbroken one sees.

    Parameters
    ----------
    clips : what windows are cut from.
    frames : of a window.
    fps : the rate of a window, in frames a second; None to span the core, whatever its length.
    augment : how far a window may stray from its clip; True for the defaults, False for not at all.
    seed : of the draws.
    """

    def __init__(
        self, clips: Clips, *, frames: int, fps: float | None, augment: bool | Augmentation, seed: int = 0
    ) -> None:
        self.clips, self.frames, self.fps, self.seed, self.epoch = clips, frames, fps, seed, 0
        self.augment = (DEFAULT_AUGMENTATION if augment else None) if isinstance(augment, bool) else augment

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
        """Make the generator that decides on the augmentation of window i in this epoch, beginning with its rows."""
        return np.random.default_rng((self.seed, self.epoch, i))

    def rows(self, i: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Choose clip i's rows that make the window: warped in time when augmenting, held at the clip's ends."""
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
