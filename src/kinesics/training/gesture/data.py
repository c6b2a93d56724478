"""`GestureData`: any data set that Kinesics can open, as batches for training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, DistributedSampler, Sampler, default_collate

from kinesics.data.cache.frames import FrameCache, cache_frames
from kinesics.data.cache.skeletons import SkeletonCache, cache_skeletons
from kinesics.data.dataset import ClipInfo, GestureDataset, Split
from kinesics.data.registry import open_dataset
from kinesics.data.sets.imigue.dataset import IMiGUE
from kinesics.errors import KinesicsError
from kinesics.models.video.encoder import ClipEncoder, prepare_clip
from kinesics.preprocessing.person_crop import joint_places
from kinesics.progress import Progress, progress_bar
from kinesics.skeleton import SkeletonLayout
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.inputs.augment import Augmentation
from kinesics.training.inputs.clip_windows import ClipWindows
from kinesics.training.inputs.lifted_dataset import Lifted
from kinesics.training.inputs.samplers import ClassSampler
from kinesics.training.inputs.video_augment import VideoAugmentation, View, random_view
from kinesics.training.inputs.video_tokens import TokenCache, cache_tokens
from kinesics.weights.encoders import is_untrained
from kinesics.weights.pretrained import video_encoder

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class DataSpec:
    """What a network must know of the data: counts (C,) are the training clips of each class.

    encoder: the video encoder whose tokens, or whose input, are in the batches, or None. fps, frames: of the
    windows; where they span clips of any length, the rate at which they span the mean one. training_data: in words.
    """

    classes: tuple[str, ...]
    layout: SkeletonLayout
    counts: tuple[int, ...]
    encoder: ClipEncoder | None = None
    fps: float = 0.0
    frames: int = 0
    training_data: str = ""


class VideoWindows(Dataset[Batch]):
    """Windows of skeletons with the video of their clips, and each joint's place in what the video encoder saw.

    video: tokens of a frozen encoder, computed once and never augmented; or pictures, cut, mirrored and recoloured as
    `view` says, in all frames alike and the skeleton with them. Either is of the whole clip; so the windows are too.
    """

    def __init__(
        self,
        windows: ClipWindows,
        skeletons: SkeletonCache,
        video: TokenCache | FrameCache,
        encoder: ClipEncoder,
        view: VideoAugmentation | None,
    ) -> None:
        self.windows, self.skeletons, self.video, self.encoder, self.view = windows, skeletons, video, encoder, view

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, i: int) -> Batch:
        skeleton, label = self.windows[i]
        draws = self.windows.draws(i)
        places = torch.from_numpy(self._places(i)[self.windows.rows(i, draws)])
        if isinstance(self.video, TokenCache):
            video = self.video.read(i)
            seen = {"tokens": video.tokens, "pooled": video.pooled}
        else:
            frames = self.video.read(i)
            assert frames is not None
            frames = frames.copy()  # the file's own pages cannot be written to
            if self.view is not None:
                view = random_view(draws, self.view)
                frames = view.frames(frames)
                skeleton, places = view_joints(view, skeleton, places, self.skeletons.layout)
            seen = {"video": prepare_clip(frames, self.encoder)}
        return {"skeleton": skeleton, "label": label, "places": places, **seen}

    def _places(self, i: int) -> FloatArray:
        image_xy = self.skeletons.read_image_xy(i)
        if image_xy is None:  # nobody knows where: the middle
            return np.full((self.skeletons.length(i), len(self.skeletons.layout), 2), 0.5, np.float32)
        _, score = self.skeletons.read(i, np.arange(self.skeletons.length(i)))
        return joint_places(self.video.positions_in_crop(i, image_xy), score, self.skeletons.layout)


def view_joints(view: View, skeleton: Tensor, places: Tensor, layout: SkeletonLayout) -> tuple[Tensor, Tensor]:
    """A window (4, T, V, 1) and its joints' places (T, V, 2) as a view of the video shows them."""
    left, top, side = view.crop
    places = (places - torch.tensor([left, top])) / side
    if not view.mirrored:
        return skeleton, places.float()
    order = list(layout.mirror)
    mirrored = skeleton[:, :, order] * torch.tensor([-1.0, 1, 1, 1])[:, None, None, None]
    return mirrored, (torch.tensor([1.0, 0]) + places[:, order] * torch.tensor([-1.0, 1])).float()


class RankSampler(Sampler[int]):
    """One process's share of a sampler's draws: every n-th of them, as many as every other process has."""

    def __init__(self, sampler: ClassSampler | DistributedSampler[Any], processes: int, rank: int) -> None:
        self.sampler, self.processes, self.rank = sampler, processes, rank

    def set_epoch(self, epoch: int) -> None:
        self.sampler.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.sampler) // self.processes

    def __iter__(self) -> Iterator[int]:
        return islice(self.sampler, self.rank, len(self) * self.processes, self.processes)


class GestureWindows(L.LightningDataModule):
    """Batches of windows; `make_windows` says of what."""

    def __init__(self, batch: int, seed: int, workers: int = 0, balance: float = 0.0) -> None:
        super().__init__()
        self.batch, self.seed, self.workers, self.balance = batch, seed, workers, balance
        self._windows: dict[Split, ClipWindows] = {}

    @property
    def facts(self) -> DataSpec:
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
        sampler: ClassSampler | DistributedSampler[Any] = DistributedSampler(windows, 1, 0, seed=self.seed)
        if self.balance > 0:
            sampler = ClassSampler(self.labels, self.balance, self.seed)
        processes, rank = (1, 0) if self.trainer is None else (self.trainer.world_size, self.trainer.global_rank)
        share = RankSampler(sampler, processes, rank)
        return self._loader("train", self.batch, sampler=share, drop_last=len(share) > self.batch)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        return self._loader("val", 4 * self.batch) if len(self.windows("val")) else []

    def test_dataloader(self) -> DataLoader[Any]:
        return self._loader("test", 4 * self.batch)

    def _loader(self, split: Split, batch: int, **options: Any) -> DataLoader[Any]:
        return DataLoader(self.items(split), batch, num_workers=self.workers, collate_fn=collate, **options)


class GestureData(GestureWindows):
    """Windows of skeletons from the clips of a data set, each of its splits as it gives them.

    root: the data set's folder or file. frames: of a window. fps: their rate, or None to span the whole clip, however
    long it is. batch: of each process. augment: how far training windows are turned, hidden and warped; None: not at
    all. balance: 0 draws training clips as they come, 1 every class equally often, 0.5 in between. video: the name of
    an encoder (see `video_encoder`) whose view of the clips goes with the skeletons; clips without a video are then
    left out. frozen: its tokens, computed once; else pictures, decoded once, for an encoder that learns too, in
    training as `view` varies them. lift: give flat skeletons the third dimension that the shipped lifter guesses.
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
        frozen: bool = True,
        view: VideoAugmentation | None = None,
        lift: bool = False,
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__(batch, seed, workers, balance)
        self.dataset: GestureDataset = open_dataset(root)
        self.skeletons: GestureDataset = Lifted(self.dataset) if lift else self.dataset
        self.frames, self.fps, self.augment, self.frozen, self.view = frames, fps, augment, frozen, view
        self.encoder: ClipEncoder | None = None if video is None else video_encoder(video)
        if self.encoder is not None and (fps is not None or (augment is not None and augment.mirror > 0)):
            raise KinesicsError(
                "data.video: videos are of whole clips as filmed; set data.fps to null and data.augment.mirror to 0"
            )
        if frozen and is_untrained(video):
            raise KinesicsError(f"data.video {video}: has learned nothing yet; set data.frozen to false and train it")
        if not frozen and isinstance(self.encoder, nn.Module):
            self.encoder.train().requires_grad_(True)

    @property
    def facts(self) -> DataSpec:
        counts = np.bincount(self.labels, minlength=len(self.dataset.classes))
        clips = self.clips("train")
        seconds = float(np.mean([self._seconds(clip) for clip in clips])) if clips else 0.0
        fps = self.fps or (self.frames / seconds if seconds else 0.0)
        words = f"{len(clips)} clips of {'simulated ' if self._simulated else ''}{self.dataset.name}"
        return DataSpec(
            self.dataset.classes, self.dataset.layout, tuple(counts.tolist()), self.encoder, fps, self.frames, words
        )

    def _seconds(self, clip: ClipInfo) -> float:
        """The length of a clip; one without an end lasts as long as its skeleton."""
        return clip.end - clip.start if math.isfinite(clip.end) else self.dataset.read_skeleton(clip).duration

    @property
    def _simulated(self) -> bool:
        return isinstance(self.dataset, IMiGUE) and self.dataset.simulated

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
        with progress_bar("EmotionPrediction skeletons") as progress:
            cache_skeletons(self.skeletons, progress=progress)
        if self.encoder is not None:
            with progress_bar("Encoding videos" if self.frozen else "Decoding videos") as progress:
                self._video((), progress)

    def items(self, split: Split) -> Dataset[Any]:
        windows = self.windows(split)
        if self.encoder is None:
            return windows
        clips = self.clips(split)
        skeletons = cache_skeletons(self.skeletons, clips=clips)
        view = self.view if split == "train" else None
        return VideoWindows(windows, skeletons, self._video(clips), self.encoder, view)

    def _video(self, clips: tuple[ClipInfo, ...], progress: Progress | None = None) -> TokenCache | FrameCache:
        """What is kept of the videos; made, where it is not there yet, for the whole data set."""
        assert self.encoder is not None
        if self.frozen:
            return cache_tokens(self.dataset, self.encoder, clips, progress=progress)
        frames, size = self.encoder.frames, self.encoder.size
        return cache_frames(self.dataset, frames=frames, size=size, clips=clips, progress=progress)

    def make_windows(self, split: Split) -> ClipWindows:
        clips = cache_skeletons(self.skeletons, clips=self.clips(split))
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
