"""`GestureData`: any data set that Kinesics can open, as batches for training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, DistributedSampler, Sampler

from kinesics.data.augment import Augmentation
from kinesics.data.cache import cache_skeletons
from kinesics.data.dataset import ClipInfo, GestureDataset, Split
from kinesics.data.registry import open_dataset
from kinesics.data.samplers import ClassSampler
from kinesics.data.windows import ClipWindows
from kinesics.errors import KinesicsError
from kinesics.progress import progress_bar
from kinesics.skeleton import SkeletonLayout

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Facts:
    """What a network must know of the data: counts (C,) are the training clips of each class."""

    classes: tuple[str, ...]
    layout: SkeletonLayout
    counts: tuple[int, ...]


class GestureWindows(L.LightningDataModule):
    """Batches of windows; `make_windows` says of what."""

    def __init__(self, batch: int, seed: int, workers: int = 0, balance: float = 0.0) -> None:
        super().__init__()
        self.batch, self.seed, self.workers, self.balance = batch, seed, workers, balance
        self._windows: dict[Split, ClipWindows] = {}

    @property
    def facts(self) -> Facts:
        raise NotImplementedError

    @property
    def labels(self) -> list[int]:
        """Of the training clips, in their order."""
        raise NotImplementedError

    def make_windows(self, split: Split) -> ClipWindows:
        raise NotImplementedError

    def windows(self, split: Split) -> ClipWindows:
        """The split's windows, made once."""
        if split not in self._windows:
            self._windows[split] = self.make_windows(split)
        return self._windows[split]

    def train_dataloader(self) -> DataLoader[Any]:
        windows = self.windows("train")
        # both depend on seed and epoch alone
        sampler: Sampler[int] = DistributedSampler(windows, 1, 0, seed=self.seed)
        if self.balance > 0:
            sampler = ClassSampler(self.labels, self.balance, self.seed)
        return self._loader(windows, self.batch, sampler=sampler, drop_last=len(windows) > self.batch)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        windows = self.windows("val")
        return self._loader(windows, 4 * self.batch) if len(windows) else []

    def test_dataloader(self) -> DataLoader[Any]:
        return self._loader(self.windows("test"), 4 * self.batch)

    def _loader(self, windows: Dataset[Any], batch: int, **options: Any) -> DataLoader[Any]:
        return DataLoader(windows, batch, num_workers=self.workers, collate_fn=collate, **options)


class GestureData(GestureWindows):
    """Windows of skeletons from the clips of a data set, each of its splits as it gives them.

    root: the data set's folder or file. frames: of a window. fps: their rate, or None to span the whole clip, however
    long it is. augment: how far training windows are turned, hidden and warped; None: not at all. balance: 0 draws
    training clips as they come, 1 every class equally often, 0.5 in between.
    """

    def __init__(
        self,
        root: Path,
        frames: int = 32,
        fps: float | None = None,
        batch: int = 32,
        augment: Augmentation | None = None,
        balance: float = 0.0,
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__(batch, seed, workers, balance)
        self.dataset: GestureDataset = open_dataset(root)
        self.frames, self.fps, self.augment = frames, fps, augment

    @property
    def facts(self) -> Facts:
        counts = np.bincount(self.labels, minlength=len(self.dataset.classes))
        return Facts(self.dataset.classes, self.dataset.layout, tuple(counts.tolist()))

    @property
    def labels(self) -> list[int]:
        return [clip.label for clip in self.clips("train") if clip.label is not None]

    def clips(self, split: Split) -> tuple[ClipInfo, ...]:
        """The clips that can be used: with a skeleton, and, but for the test split, with a label."""
        there = self.dataset.split(split)
        return tuple(c for c in there if c.skeleton is not None and (c.label is not None or split == "test"))

    def prepare_data(self) -> None:
        """Reads every skeleton into the cache, once; interrupted, it goes on where it stopped."""
        with progress_bar("Reading skeletons") as progress:
            cache_skeletons(self.dataset, progress=progress)

    def make_windows(self, split: Split) -> ClipWindows:
        clips = cache_skeletons(self.dataset, clips=self.clips(split))
        augment = (self.augment or False) if split == "train" else False
        return ClipWindows(clips, frames=self.frames, fps=self.fps, augment=augment, seed=self.seed)

    def setup(self, stage: str | None = None) -> None:
        if not self.clips("train"):
            raise KinesicsError(f"{self.dataset.folder}: expected training clips with skeletons and labels, found none")


def collate(items: list[tuple[Tensor, Tensor]]) -> Batch:
    """Windows to one batch: skeleton (N, 4, T, V, 1), label (N,)."""
    skeletons, labels = zip(*items, strict=True)
    return {"skeleton": torch.stack(skeletons), "label": torch.stack(labels)}
