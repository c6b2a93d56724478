"""`InterviewData`: simulated interviews whose streams of tokens stand in one file, as batches for training."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinesics.data.dataset import ClipInfo, Split
from kinesics.data.sets.archive import read_arrays
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.preprocessing.pose_windows import POSE_JOINTS
from kinesics.training.emotion.data import (
    EmotionDataSpec,
    EmotionVideos,
    TokenAugmentation,
    chosen_streams,
    collate_recordings,
    fold_parts,
    permute_labels,
)
from kinesics.training.emotion.streams import StreamCache
from kinesics.training.inputs.batches import BatchData

INTERVIEW_STREAMS = (
    "context",
    "gestures",
    "face_actions",
    "face_motion",
    "poses",
)  # those that `simulate_streams` writes


class InterviewData(BatchData):
    """Interviews from a file of `kinesics simulate --streams`, dealt into folds with nobody in two.

    Parameters
    ----------
    root
        The file.
    streams
        Which streams there are, some of context, gestures, face_actions, face_motion, poses.
    augment
        What training takes away; null: nothing.
    batch
        Recordings of a batch, of each process.
    folds
        2 and more; fold k tests on a k-th of the recordings and validates on half as many.
    fold
        One fold alone; null: one run after the other.
    permuted
        Deals the labels out anew by this seed, to see what is found by chance; null: no.
    workers
        Processes that read batches; 0 reads in the trainer's own.
    seed
        The seed of all draws.
    """

    collate = staticmethod(collate_recordings)

    def __init__(
        self,
        root: Path,
        streams: list[str] = ["gestures", "face_motion", "poses"],  # noqa: B006 (the parser shows it; never changed)
        augment: TokenAugmentation | None = None,
        batch: int = 32,
        folds: int = 5,
        fold: int | None = None,
        permuted: int | None = None,
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__(batch, seed, workers, judged=4)
        if folds < 2:
            raise KinesicsError(f"data.folds: expected 2 and more, found {folds}")
        self.root, self.streams = root, chosen_streams(streams, INTERVIEW_STREAMS)
        self.augment, self.folds, self.fold = augment, folds, fold
        label, subject, duration = read_arrays(root, "label", "subject", "duration")
        clips = tuple(
            ClipInfo(f"{number:04d}", int(emotion), "train", str(person), 0.0, float(end))
            for number, (emotion, person, end) in enumerate(zip(label, subject, duration, strict=True), 1)
        )
        self._row = {clip.id: row for row, clip in enumerate(clips)}
        self.labelled = clips if permuted is None else permute_labels(clips, permuted)
        self.opened = {name: _read_stream(root, name) for name in self.streams}

    @property
    def spec(self) -> EmotionDataSpec:
        """What a network must know of these data."""
        widths = {name: self.opened[name].tokens.shape[1] for name in self.streams}
        widths |= {"poses": len(POSE_JOINTS)} if "poses" in widths else {}
        gestures = widths.pop("gestures", 0)
        return EmotionDataSpec(
            streams=self.streams,
            face=None,
            face_name=None,
            video=None,
            gestures=len(CLASSES) if gestures else 0,
            from_frames=False,
            training_data=f"{len(self.clips('train'))} simulated interviews, read by a model of perception",
            widths={"face_width": 0, "context_width": widths.pop("context", 0), **widths},
        )

    def clips(self, split: Split) -> tuple[ClipInfo, ...]:
        """Give the interviews of a split of this fold."""
        return fold_parts(self.labelled, self.folds, self.fold or 0)[split]

    def make_windows(self, split: Split) -> EmotionVideos:
        """Make a split's interviews, with something taken away in training alone."""
        clips = self.clips(split)
        rows = np.array([self._row[clip.id] for clip in clips], np.int64)
        streams = {
            name: StreamCache(cache.first[rows], cache.count[rows], cache.tokens, cache.seconds)
            for name, cache in self.opened.items()
        }
        return EmotionVideos(clips, streams, self.augment if split == "train" else None, self.seed)


def _read_stream(path: Path, name: str) -> StreamCache:
    tokens, seconds, count = read_arrays(path, f"{name}_tokens", f"{name}_seconds", f"{name}_count")
    return StreamCache(np.cumsum(count) - count, count, tokens, seconds)
