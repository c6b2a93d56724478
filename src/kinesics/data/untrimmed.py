"""`UntrimmedRecordings`: the whole recordings of a data set, each with all of its gestures, to find them in time."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.errors import KinesicsError
from kinesics.metrics.detection import Instance
from kinesics.skeleton import SkeletonSequence


class UntrimmedRecordings(GestureDataset):
    """A data set's recordings in the place of its clips, each endless and with the clips as its events.

    `events[id]` are (class, start, end) in seconds, by start. Clips without a skeleton are left out, and of a recording
    whose labels are hidden all events.

    Parameters
    ----------
    dataset : whose clips are stretches of recordings.

    Raises
    ------
    KinesicsError : where not one recording has more than its clip.
    """

    name: ClassVar[str] = "untrimmed recordings"
    access: ClassVar[str] = ""

    def __init__(self, dataset: GestureDataset) -> None:
        super().__init__(dataset.folder)
        self.dataset, self.layout = dataset, dataset.layout
        groups: dict[str, list[ClipInfo]] = defaultdict(list)
        for clip in dataset.clips:
            if clip.skeleton is not None:
                groups[dataset.recording_of(clip)].append(clip)
        if not any(len(clips) > 1 for clips in groups.values()):
            raise KinesicsError(
                f"{dataset.folder}: expected recordings with several gestures each, to find them in time, found "
                f"{len(groups)} clips that are cut already; train a gesture network on them instead"
            )
        self._clips = tuple(
            replace(clips[0], id=name, label=None, start=0.0, end=math.inf) for name, clips in groups.items()
        )
        self.events: dict[str, tuple[Instance, ...]] = {name: _events(clips) for name, clips in groups.items()}
        self.hidden = frozenset(name for name, clips in groups.items() if all(clip.label is None for clip in clips))

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say no: it is made of another data set, not opened."""
        return False

    @property
    def source(self) -> str:
        """What tells the skeletons in the cache from those of the data set's clips."""
        return f"{self.dataset.source}, whole"

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return self.dataset.classes

    @property
    def clips(self) -> tuple[ClipInfo, ...]:
        """List the recordings, each as a clip without an end."""
        return self._clips

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Read the skeleton of a whole recording."""
        first = next(one for one in self.dataset.clips if self.dataset.recording_of(one) == clip.id and one.skeleton)
        return self.dataset.read_whole(first)


def _events(clips: list[ClipInfo]) -> tuple[Instance, ...]:
    known = ((clip.label, clip.start, clip.end) for clip in clips if clip.label is not None)
    return tuple(sorted(known, key=lambda event: event[1:]))
