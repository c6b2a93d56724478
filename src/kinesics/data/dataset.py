"""What every data set offers: its clips as plain facts, and the skeleton of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from kinesics.errors import KinesicsError
from kinesics.progress import Progress
from kinesics.skeleton import UPPER_BODY, SkeletonLayout, SkeletonSequence
from kinesics.video import probe

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


@dataclass(frozen=True)
class Problem:
    """A file or folder of a data set, and what is wrong with it, in one line."""

    file: Path
    fault: str

    @classmethod
    def of(cls, file: Path, error: KinesicsError) -> Problem:
        """The error that reading `file` raised, without the name that it begins with."""
        return cls(file, str(error).removeprefix(f"{file}: "))


def subject_leaks(file: Path, videos: Iterable[tuple[str, Split]]) -> Iterator[Problem]:
    """The subjects of (subject, split) pairs that are in more than one split; "" is nobody. `file` says who is who."""
    splits: dict[str, set[Split]] = {}
    for subject, split in videos:
        splits.setdefault(subject, set()).add(split)
    for subject, found in splits.items():
        if subject and len(found) > 1:
            yield Problem(file, f"subject {subject} is in several splits: {', '.join(s for s in SPLITS if s in found)}")


class GestureDataset(ABC):
    """A data set on disk. DataSpec about the set are class attributes; opening one reads no large file."""

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
    def classes(self) -> tuple[str, ...]: ...

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

    def read_recording(self, video: LabelledVideo) -> SkeletonSequence:
        """The skeleton of a whole recording of `emotions` that has one; raises KinesicsError for a broken file."""
        raise NotImplementedError(f"{self.name} has no emotions")

    @property
    def published(self) -> Mapping[Split, int]:
        """How many clips of each split its authors count; empty where they do not say."""
        return {}

    def problems(self, progress: Progress) -> Iterator[Problem]:
        """What is wrong with the files, one after the other; `progress` is told the share that is done.

        By default every skeleton is read and every video's header, and no subject may be in two splits.
        """
        yield from subject_leaks(self.folder, ((clip.subject, clip.split) for clip in self.clips))
        videos: set[Path] = set()
        told: set[Problem] = set()
        for i, clip in enumerate(self.clips):
            try:
                if clip.video is not None and clip.video not in videos:
                    videos.add(clip.video)
                    probe(clip.video)
                if clip.skeleton is not None:
                    self.read_skeleton(clip)
            except KinesicsError as error:
                file = next((f for f in (clip.video, clip.skeleton) if f and str(error).startswith(f"{f}: ")), None)
                problem = Problem.of(file or self.folder, error)
                if problem not in told:  # a broken file is told once, not with each of its clips
                    told.add(problem)
                    yield problem
            progress((i + 1) / len(self.clips))

    def split(self, name: Split) -> tuple[ClipInfo, ...]:
        """The clips of one split."""
        return tuple(clip for clip in self.clips if clip.split == name)
