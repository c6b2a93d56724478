"""`SpottingData`: the whole recordings of any data set that Kinesics can open, as windows of minutes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from kinesics.data.cache.skeletons import SkeletonCache, cache_skeletons
from kinesics.data.dataset import ClipInfo, Split
from kinesics.data.registry import open_dataset
from kinesics.data.sets.shrec21 import SHREC21, Truth
from kinesics.data.untrimmed import UntrimmedRecordings
from kinesics.errors import KinesicsError
from kinesics.metrics.detection import Instance
from kinesics.progress import progress_bar
from kinesics.skeleton import SkeletonLayout
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.inputs.batches import Batch, BatchData, describe_training_data
from kinesics.training.spotting.augment import SpottingAugmentation, Stretch, paste, sample, vary, window_places


@dataclass(frozen=True)
class SpottingSpec:
    """What a network must know of the recordings.

    classes: in the order of the logits.
    layout: of the skeletons.
    fps: frames a second of the windows.
    training_data: in words.
    channels: of a token, where the recordings are given as tokens; 0 where they are joints.
    """

    classes: tuple[str, ...]
    layout: SkeletonLayout
    fps: float
    training_data: str = ""
    channels: int = 0


def collate_windows(items: list[tuple[Tensor, Tensor, Tensor]]) -> Batch:
    """Collate windows.

    Parameters
    ----------
    items : frames (T, V, 4) or tokens (T, C), which are real (T,), and events (E, 3) in frames.

    Returns
    -------
    frames (N, T, …), real (N, T), events (N, E, 3) with −1 where there is none.
    """
    frames, real, events = zip(*items, strict=True)
    most = max(len(one) for one in events)
    held = [torch.cat([one, one.new_full((most - len(one), 3), -1)]) for one in events]
    return {"frames": torch.stack(frames), "real": torch.stack(real), "events": torch.stack(held)}


class SpottingWindows(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Windows of recordings: of a minute's length or so in training, else each recording as a whole.

    Parameters
    ----------
    recordings : with their joints at hand.
    events : of each recording, in seconds.
    fps : of the windows.
    frames : of a training window; 0 for whole recordings, padded to `multiple`.
    augment : how far training windows stray; None: not at all.
    seed : of all draws.
    multiple : what the length of a whole recording is brought to a multiple of.
    """

    def __init__(
        self,
        recordings: SkeletonCache,
        events: Mapping[str, tuple[Instance, ...]],
        fps: float,
        frames: int = 0,
        augment: SpottingAugmentation | None = None,
        seed: int = 0,
        multiple: int = 16,
    ) -> None:
        self.layout, self.fps, self.frames = recordings.layout, fps, frames
        self.source_fps = recordings.rate(0) if len(recordings) else fps
        self.augment, self.seed, self.multiple, self.epoch = augment, seed, multiple, 0
        self.root = self.layout.parents.index(-1)
        self._wholes = [self._whole(recordings, i, events[clip.id]) for i, clip in enumerate(recordings.clips)]
        self._of = [i for i, one in enumerate(self._wholes) for _ in range(self._count(one))]
        self._gestures: dict[int, list[tuple[int, int]]] = {}
        for i, one in enumerate(self._wholes):
            for k, event in enumerate(one.events):
                self._gestures.setdefault(event[0], []).append((i, k))

    def _count(self, whole: Stretch) -> int:
        return max(1, math.ceil(len(whole.xyz) / self.frames)) if self.frames else 1

    def _whole(self, recordings: SkeletonCache, i: int, events: tuple[Instance, ...]) -> Stretch:
        """A recording on the windows' clock, in units of its own bones."""
        rate, length = recordings.rate(i), recordings.length(i)
        count = max(1, math.floor(length * self.fps / rate))
        rows = (np.arange(count, dtype=np.float64) + 0.5) * rate / self.fps - 0.5
        xyz, score = recordings.read(i, np.arange(length))
        inside = tuple((label, start * self.fps - 0.5, end * self.fps - 0.5) for label, start, end in events)
        on_clock, _ = sample(Stretch(xyz, score, ()), rows)
        return Stretch(on_clock.xyz / bone_length(on_clock.xyz, on_clock.score, self.layout), on_clock.score, inside)

    def __len__(self) -> int:
        return len(self._of)

    def seconds(self, i: int) -> float:
        """Give the length of recording i."""
        return len(self._wholes[i].xyz) / self.fps

    def __getitem__(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = np.random.default_rng((self.seed, self.epoch, n))
        whole = self._wholes[self._of[n]]
        if self.augment is not None:
            for _ in range(rng.poisson(self.augment.copies * len(whole.xyz) / self.fps / 60)):
                whole = paste(whole, self._gesture(rng), rng, self.fps, self.root)
        if self.frames:
            places = window_places(self.frames, len(whole.xyz), rng, self.augment, float(rng.random()))
        else:
            places = np.arange(-(-len(whole.xyz) // self.multiple) * self.multiple, dtype=float)
        window, real = sample(whole, places)
        if self.augment is not None:
            xyz, score = vary(window, rng, self.layout, self.augment)
        else:
            xyz, score = window.xyz, window.score
        frames = np.concatenate([xyz, score[..., None]], -1).astype(np.float32)
        events = np.array(window.events, np.float32).reshape(-1, 3)
        return torch.from_numpy(frames), torch.from_numpy(real), torch.from_numpy(events)

    def _gesture(self, rng: np.random.Generator) -> Stretch:
        """One to copy, of any class alike, with a fifth of a second around it."""
        label = list(self._gestures)[rng.integers(len(self._gestures))]
        i, k = self._gestures[label][rng.integers(len(self._gestures[label]))]
        whole = self._wholes[i]
        _, start, end = whole.events[k]
        first = max(0, math.floor(start - 0.2 * self.fps))
        last = min(len(whole.xyz), math.ceil(end + 0.2 * self.fps) + 1)
        return Stretch(whole.xyz[first:last], whole.score[first:last], ((label, start - first, end - first),))


def bone_length(xyz: FloatArray, score: FloatArray, layout: SkeletonLayout) -> float:
    """Measure the median over the frames of the mean length of the bones that are seen; 1 without any.

    Parameters
    ----------
    xyz : (T, V, 3).
    score : (T, V).
    layout : of the joints.

    Returns
    -------
    It, in the unit of `xyz`.
    """
    child, parent = np.array(layout.links).T
    seen = (score[:, child] > 0) & (score[:, parent] > 0)
    lengths = np.linalg.norm(xyz[:, child] - xyz[:, parent], axis=-1) * seen
    frames = seen.any(1)
    if not frames.any():
        return 1.0
    return max(float(np.median(lengths[frames].sum(1) / seen[frames].sum(1))), 1e-9)


class SpottingData(BatchData):
    """Windows of the recordings of a data set, each of its splits as it gives them.

    Parameters
    ----------
    root
        The data set's folder or file.
    fps
        Frames a second of a window.
    seconds
        Length of a training window.
    batch
        Windows of a batch, of each process.
    augment
        How far training windows stray; null: not at all.
    truth
        Of SHREC'21: repaired, or 2021 for the contest's annotation.
    workers
        Processes that read batches; 0 reads in the trainer's own.
    seed
        The seed of all draws.
    """

    collate = staticmethod(collate_windows)

    def __init__(
        self,
        root: Path,
        fps: float = 25.0,
        seconds: float = 20.48,
        batch: int = 8,
        augment: SpottingAugmentation | None = None,
        truth: Truth = "repaired",
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__(batch, seed, workers)
        opened = open_dataset(root)
        if truth != "repaired":
            if not isinstance(opened, SHREC21):
                raise KinesicsError(f"data.truth {truth}: expected SHREC'21, found {opened.name}; leave it away")
            opened = SHREC21(root, truth)
        self.dataset = UntrimmedRecordings(opened)
        self.fps, self.seconds, self.augment = fps, seconds, augment

    @property
    def spec(self) -> SpottingSpec:
        """What a network must know of these data."""
        described = describe_training_data(len(self.clips("train")), "recordings", self.dataset.dataset)
        return SpottingSpec(self.dataset.classes, self.dataset.layout, self.fps, described)

    @property
    def events(self) -> Mapping[str, tuple[Instance, ...]]:
        """The true events of each recording, in seconds."""
        return self.dataset.events

    def clips(self, split: Split) -> tuple[ClipInfo, ...]:
        """Give the recordings of a split; in training and validation those whose labels are known."""
        there = self.dataset.split(split)
        return tuple(clip for clip in there if split == "test" or clip.id not in self.dataset.hidden)

    def prepare_data(self) -> None:
        """Read every skeleton into the cache; an interrupted pass resumes."""
        with progress_bar("Reading skeletons") as progress:
            cache_skeletons(self.dataset, progress=progress)

    def setup(self, stage: str | None = None) -> None:
        """Check that there is something to train on; raises KinesicsError where there is not."""
        if not self.clips("train"):
            raise KinesicsError(f"{self.dataset.folder}: expected training recordings with labels, found none")

    def make_windows(self, split: Split) -> SpottingWindows:
        """Make a split's windows, augmented in training alone."""
        recordings = cache_skeletons(self.dataset, clips=self.clips(split))
        if split != "train":
            return SpottingWindows(recordings, self.dataset.events, self.fps)
        frames = round(self.seconds * self.fps) // 16 * 16
        return SpottingWindows(recordings, self.dataset.events, self.fps, frames, self.augment, self.seed)

    def _loader(self, split: Split, batch: int, **options: Any) -> Any:
        return super()._loader(split, batch if split == "train" else 1, **options)  # recordings differ in length
