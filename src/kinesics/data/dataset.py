"""What every data set offers: its clips as plain facts, and the skeleton of each."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from kinesics.errors import KinesicsError
from kinesics.skeleton import UPPER_BODY, SkeletonLayout, SkeletonSequence

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


class DatasetNotFoundError(KinesicsError):
    """A folder does not hold what the data set needs; names the folder, what was looked for, and where to ask."""


@dataclass(frozen=True)
class ClipInfo:
    """One labelled stretch of a recording.

    id: unique in its data set. label: index into the data set's classes, None where it is hidden. start, end:
    seconds in `video` and in `skeleton` alike, end exclusive. video, skeleton: the files, or None where there is
    none. subject: "" where it is not known.
    """

    id: str
    label: int | None
    split: Split
    subject: str
    start: float
    end: float
    video: Path | None = None
    skeleton: Path | None = None


@dataclass(frozen=True)
class LabelledVideo:
    """One whole recording with its emotion: 1 positive (won), 0 negative (lost), None where it is hidden.

    skeleton: the file of its landmarks, None where there is none.
    """

    id: str
    label: int | None
    split: Split
    subject: str
    video: Path
    skeleton: Path | None = None


class GestureDataset(ABC):
    """A data set on disk. Facts about the set are class attributes; opening one reads no large file."""

    name: ClassVar[str]
    access: ClassVar[str]  # where one asks for it
    layout: SkeletonLayout = UPPER_BODY  # of what `read_skeleton` gives

    def __init__(self, folder: Path) -> None:
        """Raises DatasetNotFoundError where `folder` does not hold this data set."""
        self.folder = folder

    @classmethod
    @abstractmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether this looks like the data set's folder; cheap, and never raises."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""

    @property
    @abstractmethod
    def clips(self) -> tuple[ClipInfo, ...]:
        """All clips in a steady order."""

    @property
    def source(self) -> str:
        """What tells skeletons in the cache from those of other data sets."""
        return self.name

    @property
    def emotions(self) -> tuple[LabelledVideo, ...]:
        """Whole recordings with an emotion; most data sets have none."""
        return ()

    @abstractmethod
    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """The skeleton of the clip's time span, in `layout`; raises KinesicsError for a broken file."""

    def recording_of(self, clip: ClipInfo) -> str:
        """Name the recording that a clip is a stretch of; by default those of one skeleton file are of one."""
        return "" if clip.skeleton is None else clip.skeleton.name.split(".")[0]

    def read_whole(self, clip: ClipInfo) -> SkeletonSequence:
        """The skeleton of the whole recording that a clip is a stretch of; raises KinesicsError for a broken file."""
        return self.read_skeleton(replace(clip, start=0.0, end=math.inf))

    def read_recording(self, video: LabelledVideo) -> SkeletonSequence:
        """The skeleton of a whole recording of `emotions` that has one; raises KinesicsError for a broken file."""
        raise NotImplementedError(f"{self.name} has no emotions")

    @property
    def published(self) -> Mapping[Split, int]:
        """How many clips of each split its authors count; empty where they do not say."""
        return {}

    def split(self, name: Split) -> tuple[ClipInfo, ...]:
        """The clips of one split."""
        return tuple(clip for clip in self.clips if clip.split == name)
