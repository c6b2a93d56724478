"""Recordings as tokens of a frozen network, kept in a folder, and windows of them to train a spotter on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from kinesics.data.dataset import SPLITS, ClipInfo, Split
from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.metrics.detection import Instance
from kinesics.reading import check_arrays, reading
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.inputs.batches import BatchData
from kinesics.training.spotting.augment import Stretch, paste, sample
from kinesics.training.spotting.data import SpottingSpec, collate_windows

_MULTIPLE = 16
_NOISE = 0.05  # of a channel's spread


@dataclass(frozen=True, eq=False)
class TokenRecording:
    """tokens: (L, C) at `fps` a second. events: (class, start, end) in seconds."""

    tokens: FloatArray
    events: Sequence[Instance]
    fps: float


def save_tokens(path: Path, recording: TokenRecording) -> None:
    """Write a recording's tokens, in half precision, as .npz."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        events = np.array(recording.events, float).reshape(-1, 3)
        np.savez(file, tokens=recording.tokens.astype(np.float16), events=events, fps=np.array(recording.fps))


def load_tokens(path: Path) -> TokenRecording:
    """Read a recording's tokens; raises KinesicsError for a file that holds something else."""
    with reading(path, "tokens of a recording (.npz)", "make them again"):
        check_arrays(path)
        with np.load(path, allow_pickle=False) as file:
            tokens, events, fps = file["tokens"], file["events"], float(file["fps"])
        if tokens.ndim != 2 or events.shape[1:] != (3,):
            raise ValueError("arrays of other shapes")
        found = tuple((int(label), start, end) for label, start, end in events.tolist())
        return TokenRecording(tokens.astype(np.float32), found, fps)


class TokenWindows(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Windows of tokens: of `length` tokens in training, with others' events copied in, else whole recordings.

    Parameters
    ----------
    recordings : to cut from.
    length : tokens of a training window; 0 for whole recordings.
    copies : events of other recordings that are copied into a minute, every class as often as any other.
    seed : of all draws.
    """

    def __init__(
        self, recordings: Sequence[TokenRecording], length: int = 0, copies: float = 0.0, seed: int = 0
    ) -> None:
        self.length, self.copies, self.seed, self.epoch = length, copies, seed, 0
        self.source_fps = recordings[0].fps if recordings else 12.5
        self._wholes = [_stretch(one) for one in recordings]
        counts = (max(1, math.ceil(len(one.xyz) / length)) if length else 1 for one in self._wholes)
        self._of = [i for i, count in enumerate(counts) for _ in range(count)]
        self._events: dict[int, list[tuple[int, int]]] = {}
        for i, one in enumerate(self._wholes):
            for k, event in enumerate(one.events):
                self._events.setdefault(event[0], []).append((i, k))
        self._spread = np.concatenate([one.xyz[::16, 0] for one in self._wholes] or [np.zeros((1, 1), np.float32)]).std(
            0
        )

    def __len__(self) -> int:
        return len(self._of)

    def seconds(self, i: int) -> float:
        """Give the length of recording i."""
        return len(self._wholes[i].xyz) / self.source_fps

    def __getitem__(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = np.random.default_rng((self.seed, self.epoch, n))
        whole = self._wholes[self._of[n]]
        count = self.length or -(-len(whole.xyz) // _MULTIPLE) * _MULTIPLE
        first = int(rng.integers(0, max(0, len(whole.xyz) - count) + 1)) if self.length else 0
        window, real = sample(whole, np.arange(first, first + count, dtype=float))
        if self.length:
            for _ in range(rng.poisson(self.copies * count / self.source_fps / 60) if self._events else 0):
                window = paste(window, self._event(rng), rng, self.source_fps, None)
        tokens = window.xyz[:, 0]
        if self.length:
            tokens = tokens + rng.normal(0, _NOISE, tokens.shape) * self._spread
        events = np.array(window.events, np.float32).reshape(-1, 3)
        return torch.from_numpy(tokens.astype(np.float32)), torch.from_numpy(real), torch.from_numpy(events)

    def _event(self, rng: np.random.Generator) -> Stretch:
        label = list(self._events)[rng.integers(len(self._events))]
        i, k = self._events[label][rng.integers(len(self._events[label]))]
        whole = self._wholes[i]
        _, start, end = whole.events[k]
        first, last = max(0, math.floor(start) - 2), min(len(whole.xyz), math.ceil(end) + 3)
        return Stretch(whole.xyz[first:last], whole.score[first:last], ((label, start - first, end - first),))


def _stretch(recording: TokenRecording) -> Stretch:
    """The tokens as if they were one joint with many coordinates."""
    events = tuple((c, s * recording.fps - 0.5, e * recording.fps - 0.5) for c, s, e in recording.events)
    return Stretch(recording.tokens[:, None], np.ones((len(recording.tokens), 1), np.float32), events)


class TokenData(BatchData):
    """Recordings as tokens, in `root/{train,val,test}/*.npz` as `save_tokens` writes them.

    Parameters
    ----------
    root
        The folder.
    seconds
        Length of a training window.
    batch
        Windows of a batch, of each process.
    copies
        Events of other recordings that are copied into a minute.
    classes
        Names of the classes, one a line, in a file; null for those of iMiGUE.
    workers
        Processes that read batches; 0 reads in the trainer's own.
    seed
        The seed of all draws.
    """

    collate = staticmethod(collate_windows)

    def __init__(
        self,
        root: Path,
        seconds: float = 20.48,
        batch: int = 8,
        copies: float = 4.0,
        classes: Path | None = None,
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__(batch, seed, workers)
        self.root, self.length_seconds, self.copies = root, seconds, copies
        self.names = _class_names(classes)
        self._recordings = {split: [load_tokens(path) for path in _files(root, split)] for split in SPLITS}
        if not self._recordings["train"]:
            raise KinesicsError(f"{root}: expected recordings as tokens in train/*.npz, found none; make them first")
        paths = {split: _files(root, split) for split in SPLITS}
        self._clips = {split: tuple(_clip(path, split) for path in found) for split, found in paths.items()}
        self.events = {
            clip.id: one.events
            for split in SPLITS
            for clip, one in zip(self._clips[split], self._recordings[split], strict=True)
        }

    @property
    def spec(self) -> SpottingSpec:
        """What a network must know of these data."""
        first = self._recordings["train"][0]
        described = f"{len(self._recordings['train'])} recordings as tokens"
        return SpottingSpec(self.names, UPPER_BODY, first.fps, described, first.tokens.shape[1])

    def clips(self, split: Split) -> tuple[ClipInfo, ...]:
        """Give the recordings of a split."""
        return self._clips[split]

    def make_windows(self, split: Split) -> TokenWindows:
        """Make a split's windows, varied in training alone."""
        recordings = self._recordings[split]
        if split != "train":
            return TokenWindows(recordings)
        length = round(self.length_seconds * recordings[0].fps) // _MULTIPLE * _MULTIPLE
        return TokenWindows(recordings, length, self.copies, self.seed)

    def _loader(self, split: Split, batch: int, **options: Any) -> Any:
        return super()._loader(split, batch if split == "train" else 1, **options)


def _files(root: Path, split: Split) -> list[Path]:
    return sorted((root / split).glob("*.npz"))


def _clip(path: Path, split: Split) -> ClipInfo:
    return ClipInfo(f"{split}_{path.stem}", None, split, "", 0.0, math.inf, skeleton=path)


def _class_names(path: Path | None) -> tuple[str, ...]:
    from kinesics.data.sets.clip_folder import read_classes
    from kinesics.data.sets.imigue.classes import CLASSES

    return tuple(CLASSES) if path is None else read_classes(path)
