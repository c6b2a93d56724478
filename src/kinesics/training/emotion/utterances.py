"""`UtteranceData`: utterances of real people, each with its neighbours, as batches for the emotion heads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from kinesics.data.dataset import ClipInfo, Split
from kinesics.data.sets.mosi import FEATURES, Utterances, read_mosi
from kinesics.errors import KinesicsError
from kinesics.training.emotion.data import EmotionDataSpec, Item, chosen_streams, collate_recordings
from kinesics.training.inputs.batches import BatchData

SECONDS = 4.0  # from one utterance to the next, about


class UtteranceWindows(Dataset[tuple[Item, int]]):
    """Utterances of one split, each a token at 0 s in every stream, and its neighbours before and after it.

    Each draw depends on (seed, epoch, index) alone.

    Parameters
    ----------
    utterances : of all splits.
    rows : those of the split.
    streams : which streams there are.
    reach : neighbours on either side.
    swap : by stream, how often the features of an utterance are those of another one; empty outside training.
    seed : of the draws.
    """

    def __init__(
        self,
        utterances: Utterances,
        rows: NDArray[np.int64],
        streams: tuple[str, ...],
        reach: int,
        swap: Mapping[str, float],
        seed: int,
    ) -> None:
        self.utterances, self.rows, self.streams, self.reach = utterances, rows, streams, reach
        self.swap, self.seed, self.epoch = swap, seed, 0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> tuple[Item, int]:
        row = int(self.rows[i])
        near = self.utterances.neighbours(row, self.reach)
        seconds = torch.from_numpy(((near - row) * SECONDS).astype(np.float32))
        rng = np.random.default_rng((self.seed, self.epoch, i)) if self.swap else None
        item: Item = {}
        for name in self.streams:
            taken = near if rng is None else self._swapped(near, self.swap.get(name, 0.0), rng)
            item[name] = torch.from_numpy(self.utterances.features[name][taken]), seconds
        label = self.utterances.clips[row].label
        assert label is not None
        return item, label

    def _swapped(self, near: NDArray[np.int64], chance: float, rng: np.random.Generator) -> NDArray[np.int64]:
        others = rng.choice(self.rows, len(near))
        return np.where(rng.random(len(near)) < chance, others, near)


class UtteranceData(BatchData):
    """Utterances of real people (CMU-MOSI), positive or negative, as streams of context (video), audio and text.

    Parameters
    ----------
    root
        The file `mosi.npz`.
    streams
        Which streams there are, some of context, audio, text.
    reach
        Neighbours of an utterance on either side, of the same recording.
    swap
        By stream, how often training gives an utterance the features of another one. These features were made with the
        labels of the training split, where they are right far more often than on people they have not seen; swapped so
        often, they are right as often as there.
    batch
        Utterances of a batch, of each process.
    workers
        Processes that read batches; 0 reads in the trainer's own.
    seed
        The seed of all draws.
    """

    collate = staticmethod(collate_recordings)

    def __init__(
        self,
        root: Path,
        streams: list[str] = list(FEATURES),  # noqa: B006 (the parser shows it; never changed)
        reach: int = 4,
        swap: dict[str, float] = {},  # noqa: B006 (likewise)
        batch: int = 128,
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__(batch, seed, workers, judged=4)
        self.streams = chosen_streams(streams, tuple(FEATURES))
        if set(swap) - set(FEATURES):
            raise KinesicsError(f"data.swap: expected some of {', '.join(FEATURES)}, found {', '.join(swap)}")
        self.utterances, self.reach, self.swap = read_mosi(root), reach, swap

    @property
    def spec(self) -> EmotionDataSpec:
        """What a network must know of these data."""
        widths = {name: self.utterances.features[name].shape[1] for name in self.streams}
        train = len(self.clips("train"))
        return EmotionDataSpec(
            streams=self.streams,
            face=None,
            face_name=None,
            video=None,
            gestures=0,
            from_frames=False,
            training_data=f"{train} utterances of {self.utterances.name}, real people in videos of their opinions",
            widths={
                "face_width": 0,
                "context_width": widths.get("context", 0),
                "audio": widths.get("audio", 0),
                "text": widths.get("text", 0),
            },
        )

    def clips(self, split: Split) -> tuple[ClipInfo, ...]:
        """Give the utterances of a split; none of validation, which would tell nothing (see `swap`)."""
        return tuple(clip for clip in self.utterances.clips if clip.split == split)

    def make_windows(self, split: Split) -> UtteranceWindows:
        """Make a split's utterances, with swapped features in training alone."""
        rows = np.array([i for i, clip in enumerate(self.utterances.clips) if clip.split == split], np.int64)
        swap = self.swap if split == "train" else {}
        return UtteranceWindows(self.utterances, rows, self.streams, self.reach, swap, self.seed)
