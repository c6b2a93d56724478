"""What is wrong with the files of a data set: the checks that every data set passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kinesics.data.dataset import SPLITS, GestureDataset, Split
from kinesics.errors import KinesicsError
from kinesics.progress import Progress
from kinesics.video import probe


@dataclass(frozen=True)
class Problem:
    """A file or folder of a data set, and what is wrong with it, in one line."""

    file: Path
    fault: str

    @classmethod
    def of(cls, file: Path, error: KinesicsError) -> Problem:
        """Make one of the error that reading `file` raised, without the name that it begins with."""
        return cls(file, str(error).removeprefix(f"{file}: "))


def subject_leaks(file: Path, videos: Iterable[tuple[str, Split]]) -> Iterator[Problem]:
    """Find subjects of (subject, split) pairs in more than one split; "" is nobody. `file` says who is who."""
    splits: dict[str, set[Split]] = {}
    for subject, split in videos:
        splits.setdefault(subject, set()).add(split)
    for subject, found in splits.items():
        if subject and len(found) > 1:
            yield Problem(file, f"subject {subject} is in several splits: {', '.join(s for s in SPLITS if s in found)}")


def clip_problems(dataset: GestureDataset, progress: Progress) -> Iterator[Problem]:
    """Read every skeleton and every video's header, and find subjects in two splits.

    A broken file is named once, not with each of its clips.
    """
    yield from subject_leaks(dataset.folder, ((clip.subject, clip.split) for clip in dataset.clips))
    videos: set[Path] = set()
    found: set[Problem] = set()
    for i, clip in enumerate(dataset.clips):
        try:
            if clip.video is not None and clip.video not in videos:
                videos.add(clip.video)
                probe(clip.video)
            if clip.skeleton is not None:
                dataset.read_skeleton(clip)
        except KinesicsError as error:
            file = next((f for f in (clip.video, clip.skeleton) if f and str(error).startswith(f"{f}: ")), None)
            problem = Problem.of(file or dataset.folder, error)
            if problem not in found:
                found.add(problem)
                yield problem
        progress((i + 1) / len(dataset.clips))
