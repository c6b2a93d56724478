"""`GestureData`: any data set that Kinesics can open, as batches for training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DistributedSampler, default_collate

from kinesics.data.cache.frames import FrameCache, cache_frames
from kinesics.data.cache.skeletons import SkeletonCache, cache_skeletons
from kinesics.data.dataset import ClipInfo, GestureDataset, Split
from kinesics.data.registry import open_dataset
from kinesics.errors import KinesicsError
from kinesics.models.video.encoder import ClipEncoder
from kinesics.progress import Progress, progress_bar
from kinesics.skeleton import SkeletonLayout
from kinesics.training.inputs.augment import Augmentation
from kinesics.training.inputs.batches import Batch, BatchData, describe_training_data
from kinesics.training.inputs.clip_windows import ClipWindows
from kinesics.training.inputs.lifted_dataset import Lifted
from kinesics.training.inputs.samplers import ClassSampler
from kinesics.training.inputs.video_augment import VideoAugmentation
from kinesics.training.inputs.video_tokens import TokenCache, cache_tokens, weights_digest
from kinesics.training.inputs.video_windows import VideoWindows
from kinesics.weights.encoders import is_untrained
from kinesics.weights.pretrained import video_encoder


@dataclass(frozen=True)
class GestureDataSpec:
    """What a network must know of the data.

    classes: in the order of the logits.
    layout: of the skeletons.
    counts: (C,) training clips of each class.
    encoder: the video encoder whose tokens, or whose input, are in the batches, or None.
    fps: of the windows; where they span clips of any length, the rate at which they span the mean one.
    frames: of a window.
    training_data: in words.
    """

    classes: tuple[str, ...]
    layout: SkeletonLayout
    counts: tuple[int, ...]
    encoder: ClipEncoder | None = None
    fps: float = 0.0
    frames: int = 0
    training_data: str = ""


def collate_clips(items: list[Any]) -> Batch:
    """Collate windows, with or without video: skeleton (N, 4, T, V, 1), label (N,) and the rest likewise."""
    if isinstance(items[0], dict):
        batch: Batch = default_collate(items)
        return batch
    skeletons, labels = zip(*items, strict=True)
    return {"skeleton": torch.stack(skeletons), "label": torch.stack(labels)}


class GestureData(BatchData):
    """Windows of skeletons from the clips of a data set, each of its splits as it gives them.

    Parameters
    ----------
    root
        The data set's folder or file.
    frames
        Frames of a window.
    fps
        Frames a second of a window; null to span the whole clip, however long it is.
    batch
        Clips of a batch, of each process.
    augment
        How far training windows are turned, hidden and warped; null: not at all.
    balance
        0 draws training clips as they come, 1 every class equally often, 0.5 in between.
    video
        A video encoder whose input goes with the skeletons: a name (i3d, mvit, paper, small, tiny), a run's folder or a
        weights file. Clips without a video are then left out.
    frozen
        true: the encoder's tokens, computed once. false: frames, decoded once, for an encoder that is trained too.
    video_augment
        How far frames stray in training; null: not at all.
    lift
        Whether flat skeletons get the third dimension that the shipped lifter estimates.
    workers
        Processes that read batches; 0 reads in the trainer's own.
    seed
        The seed of all draws.
    """

    collate = staticmethod(collate_clips)

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
        video_augment: VideoAugmentation | None = None,
        lift: bool = False,
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__(batch, seed, workers, judged=4)
        self.dataset: GestureDataset = open_dataset(root)
        self.skeletons: GestureDataset = Lifted(self.dataset) if lift else self.dataset
        self.frames, self.fps, self.augment, self.balance = frames, fps, augment, balance
        self.frozen, self.video_augment = frozen, video_augment
        self.encoder: ClipEncoder | None = None if video is None else video_encoder(video)
        if self.encoder is not None and (fps is not None or (augment is not None and augment.mirror > 0)):
            raise KinesicsError(
                "data.video: videos are of whole clips as recorded; set data.fps to null and data.augment.mirror to 0"
            )
        if frozen and is_untrained(video):
            raise KinesicsError(f"data.video {video}: has learned nothing yet; set data.frozen to false and train it")
        if not frozen and isinstance(self.encoder, nn.Module):
            self.encoder.train().requires_grad_(True)
        self._skeleton_caches: dict[Split, SkeletonCache] = {}
        self._video_caches: dict[Split, TokenCache | FrameCache] = {}

    @property
    def spec(self) -> GestureDataSpec:
        """What a network must know of these data."""
        counts = np.bincount(self.labels, minlength=len(self.dataset.classes))
        clips = self.clips("train")
        seconds = float(np.mean([self._seconds(clip) for clip in clips])) if clips else 0.0
        return GestureDataSpec(
            classes=self.dataset.classes,
            layout=self.dataset.layout,
            counts=tuple(counts.tolist()),
            encoder=self.encoder,
            fps=self.fps or (self.frames / seconds if seconds else 0.0),
            frames=self.frames,
            training_data=describe_training_data(len(clips), "clips", self.dataset),
        )

    def _seconds(self, clip: ClipInfo) -> float:
        """The length of a clip; one without an end lasts as long as its skeleton."""
        return clip.end - clip.start if math.isfinite(clip.end) else self.dataset.read_skeleton(clip).duration

    @property
    def labels(self) -> list[int]:
        """The classes of the training clips, in their order."""
        return [clip.label for clip in self.clips("train") if clip.label is not None]

    def clips(self, split: Split) -> tuple[ClipInfo, ...]:
        """Give the clips that can be used: with a skeleton, and, but for the test split, with a label."""
        there = self.dataset.split(split)
        return tuple(
            clip
            for clip in there
            if clip.skeleton is not None
            and (clip.label is not None or split == "test")
            and (clip.video is not None or self.encoder is None)
        )

    def prepare_data(self) -> None:
        """Read every skeleton, and every video if there are any, into the cache; an interrupted pass resumes."""
        with progress_bar("Reading skeletons") as progress:
            cache_skeletons(self.skeletons, progress=progress)
        if self.encoder is not None:
            with progress_bar("Encoding videos" if self.frozen else "Decoding videos") as progress:
                self._open_videos((), progress)

    def setup(self, stage: str | None = None) -> None:
        """Check that there is something to train on; raises KinesicsError where there is not."""
        if not self.clips("train"):
            raise KinesicsError(f"{self.dataset.folder}: expected training clips with skeletons and labels, found none")

    def make_windows(self, split: Split) -> ClipWindows:
        """Make a split's windows of skeletons, augmented in training alone."""
        augment = (self.augment or False) if split == "train" else False
        return ClipWindows(
            self._skeleton_cache(split), frames=self.frames, fps=self.fps, augment=augment, seed=self.seed
        )

    def items(self, split: Split) -> Dataset[Any]:
        """Give a split's windows, with the video if an encoder is named."""
        windows: ClipWindows = self.windows(split)
        if self.encoder is None:
            return windows
        if split not in self._video_caches:
            self._video_caches[split] = self._open_videos(self.clips(split))
        augment = self.video_augment if split == "train" else None
        skeletons, video = self._skeleton_cache(split), self._video_caches[split]
        return VideoWindows(windows, skeletons, video, self.encoder, augment)

    def sampler(self) -> ClassSampler | DistributedSampler[Any]:
        """Make what draws the training clips, balanced by class if `balance` says so."""
        return ClassSampler(self.labels, self.balance, self.seed) if self.balance > 0 else super().sampler()

    def _skeleton_cache(self, split: Split) -> SkeletonCache:
        """The split's skeletons, opened once."""
        if split not in self._skeleton_caches:
            self._skeleton_caches[split] = cache_skeletons(self.skeletons, clips=self.clips(split))
        return self._skeleton_caches[split]

    def _open_videos(self, clips: tuple[ClipInfo, ...], progress: Progress | None = None) -> TokenCache | FrameCache:
        """The cached tokens or frames of these clips; made, where they are missing, for the whole data set."""
        assert self.encoder is not None
        if self.frozen:
            return cache_tokens(self.dataset, self.encoder, clips, digest=self._encoder_digest, progress=progress)
        frames, size = self.encoder.frames, self.encoder.size
        return cache_frames(self.dataset, frames=frames, size=size, clips=clips, progress=progress)

    @cached_property
    def _encoder_digest(self) -> str:
        """That of the frozen encoder, computed once."""
        return weights_digest(self.encoder)
