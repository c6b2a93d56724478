"""`GestureData`: any data set that Kinesics can open, as batches for training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, DistributedSampler, Sampler, default_collate

from kinesics.data.augment import Augmentation
from kinesics.data.cache import SkeletonCache, cache_skeletons
from kinesics.data.clips import joint_places
from kinesics.data.dataset import ClipInfo, GestureDataset, Split
from kinesics.data.registry import open_dataset
from kinesics.data.samplers import ClassSampler
from kinesics.data.windows import ClipWindows
from kinesics.errors import KinesicsError
from kinesics.models.encoder import ClipEncoder
from kinesics.progress import progress_bar
from kinesics.skeleton import SkeletonLayout
from kinesics.skeleton.sequence import FloatArray
from kinesics.tasks.tokens import TokenCache, cache_tokens, video_encoder

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Facts:
    """What a network must know of the data: counts (C,) are the training clips of each class.

    encoder: the frozen video encoder whose tokens are in the batches, or None.
    """

    classes: tuple[str, ...]
    layout: SkeletonLayout
    counts: tuple[int, ...]
    encoder: ClipEncoder | None = None


class FusedWindows(Dataset[Batch]):
    """Windows of skeletons with the video tokens of their clips, and each joint's place in what the encoder saw.

    The tokens are of the whole clip, and never augmented; so the windows span the clip and are not mirrored.
    """

    def __init__(self, windows: ClipWindows, skeletons: SkeletonCache, tokens: TokenCache) -> None:
        self.windows, self.skeletons, self.tokens = windows, skeletons, tokens

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, i: int) -> Batch:
        skeleton, label = self.windows[i]
        rows = self.windows.rows(i, self.windows.draws(i))
        video = self.tokens.read(i)
        return {
            "skeleton": skeleton,
            "label": label,
            "places": torch.from_numpy(self._places(i)[rows]),
            "tokens": video.tokens,
            "pooled": video.pooled,
        }

    def _places(self, i: int) -> FloatArray:
        image_xy = self.skeletons.read_image_xy(i)
        if image_xy is None:  # nobody knows where: the middle
            return np.full((self.skeletons.length(i), len(self.skeletons.layout), 2), 0.5, np.float32)
        _, score = self.skeletons.read(i, np.arange(self.skeletons.length(i)))
        return joint_places(self.tokens.places(i, image_xy), score, self.skeletons.layout)


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

    def items(self, split: Split) -> Dataset[Any]:
        """What batches are made of."""
        return self.windows(split)

    def train_dataloader(self) -> DataLoader[Any]:
        windows = self.windows("train")
        # both depend on seed and epoch alone
        sampler: Sampler[int] = DistributedSampler(windows, 1, 0, seed=self.seed)
        if self.balance > 0:
            sampler = ClassSampler(self.labels, self.balance, self.seed)
        return self._loader("train", self.batch, sampler=sampler, drop_last=len(windows) > self.batch)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        return self._loader("val", 4 * self.batch) if len(self.windows("val")) else []

    def test_dataloader(self) -> DataLoader[Any]:
        return self._loader("test", 4 * self.batch)

    def _loader(self, split: Split, batch: int, **options: Any) -> DataLoader[Any]:
        return DataLoader(self.items(split), batch, num_workers=self.workers, collate_fn=collate, **options)


class GestureData(GestureWindows):
    """Windows of skeletons from the clips of a data set, each of its splits as it gives them.

    root: the data set's folder or file. frames: of a window. fps: their rate, or None to span the whole clip, however
    long it is. augment: how far training windows are turned, hidden and warped; None: not at all. balance: 0 draws
    training clips as they come, 1 every class equally often, 0.5 in between. video: the name of a frozen encoder (see
    `video_encoder`) whose tokens go with the skeletons; clips without a video are then left out.
    """

    def __init__(
        self,
        root: Path,
        frames: int = 32,
        fps: float | None = None,
        batch: int = 32,
        augment: Augmentation | None = None,
        balance: float = 0.0,
        video: str | None = None,
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__(batch, seed, workers, balance)
        self.dataset: GestureDataset = open_dataset(root)
        self.frames, self.fps, self.augment = frames, fps, augment
        self.encoder: ClipEncoder | None = None if video is None else video_encoder(video)
        if self.encoder is not None and (fps is not None or (augment is not None and augment.mirror > 0)):
            raise KinesicsError(
                "data.video: tokens are of whole clips as filmed; set data.fps to null and data.augment.mirror to 0"
            )

    @property
    def facts(self) -> Facts:
        counts = np.bincount(self.labels, minlength=len(self.dataset.classes))
        return Facts(self.dataset.classes, self.dataset.layout, tuple(counts.tolist()), self.encoder)

    @property
    def labels(self) -> list[int]:
        return [clip.label for clip in self.clips("train") if clip.label is not None]

    def clips(self, split: Split) -> tuple[ClipInfo, ...]:
        """The clips that can be used: with a skeleton, and, but for the test split, with a label."""
        there = self.dataset.split(split)
        return tuple(
            clip
            for clip in there
            if clip.skeleton is not None
            and (clip.label is not None or split == "test")
            and (clip.video is not None or self.encoder is None)
        )

    def prepare_data(self) -> None:
        """Reads every skeleton into the cache, once; interrupted, it goes on where it stopped."""
        with progress_bar("Reading skeletons") as progress:
            cache_skeletons(self.dataset, progress=progress)
        if self.encoder is not None:
            with progress_bar("Encoding videos") as progress:
                cache_tokens(self.dataset, self.encoder, (), progress=progress)

    def items(self, split: Split) -> Dataset[Any]:
        windows = self.windows(split)
        if self.encoder is None:
            return windows
        clips = self.clips(split)
        return FusedWindows(
            windows, cache_skeletons(self.dataset, clips=clips), cache_tokens(self.dataset, self.encoder, clips)
        )

    def make_windows(self, split: Split) -> ClipWindows:
        clips = cache_skeletons(self.dataset, clips=self.clips(split))
        augment = (self.augment or False) if split == "train" else False
        return ClipWindows(clips, frames=self.frames, fps=self.fps, augment=augment, seed=self.seed)

    def setup(self, stage: str | None = None) -> None:
        if not self.clips("train"):
            raise KinesicsError(f"{self.dataset.folder}: expected training clips with skeletons and labels, found none")


def collate(items: list[Any]) -> Batch:
    """Windows, with or without video, to one batch: skeleton (N, 4, T, V, 1), label (N,) and the rest likewise."""
    if isinstance(items[0], dict):
        batch: Batch = default_collate(items)
        return batch
    skeletons, labels = zip(*items, strict=True)
    return {"skeleton": torch.stack(skeletons), "label": torch.stack(labels)}
