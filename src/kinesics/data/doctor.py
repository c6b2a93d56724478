"""Examine a data set: what is in it, and what is wrong with its files."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinesics.data.dataset import SPLITS, DatasetNotFoundError, GestureDataset, Split
from kinesics.data.problems import Problem, clip_problems
from kinesics.data.registry import find_dataset
from kinesics.data.sets.clip_folder import ClipFolder, manifest_problems
from kinesics.data.sets.imigue.checks import imigue_problems
from kinesics.data.sets.imigue.dataset import IMiGUE
from kinesics.data.sets.shards import Shards, shard_problems
from kinesics.errors import KinesicsError
from kinesics.progress import Progress

# data sets with checks of their own; all others have their clips read
CHECKS: Mapping[type[GestureDataset], Callable[[Any, Progress], Iterator[Problem]]] = {
    IMiGUE: imigue_problems,
    ClipFolder: manifest_problems,
    Shards: shard_problems,
}


@dataclass(frozen=True)
class SplitFacts:
    """One split: clips, what its authors count (None where they do not say), videos, subjects that are known.

    seconds: of all clips, infinite where only the videos know. classes: clips of each class; hidden ones are left out.
    """

    clips: int
    published: int | None
    videos: int
    subjects: int
    seconds: float
    classes: Counter[int]


@dataclass(frozen=True)
class Diagnosis:
    """name, classes: the data set's; splits: empty where its clips cannot be told before the problems are mended."""

    name: str
    classes: tuple[str, ...]
    splits: dict[Split, SplitFacts]
    problems: tuple[Problem, ...]


def examine(folder: Path, progress: Progress) -> Diagnosis:
    """Recognise the data set in `folder` and look at all of its files.

    Raises DatasetNotFoundError where it is none that is known; broken files are problems, not errors.
    """
    kind = find_dataset(folder)
    try:
        dataset = kind(folder)
    except DatasetNotFoundError:
        raise
    except KinesicsError as error:
        return Diagnosis(kind.name, (), {}, (_problem(folder, error),))
    try:
        splits = {split: _facts(dataset, split) for split in SPLITS}
    except KinesicsError:
        splits = {}  # the data set's own checks name the file
    problems = (*_counts(folder, splits), *find_problems(dataset, progress))
    return Diagnosis(dataset.name, dataset.classes, splits, problems)


def find_problems(dataset: GestureDataset, progress: Progress) -> Iterator[Problem]:
    """Check all files of an opened data set, one after the other; `progress` is called with the share done."""
    return CHECKS.get(type(dataset), clip_problems)(dataset, progress)


def _problem(folder: Path, error: KinesicsError) -> Problem:
    """An error that says in its first words which file it means."""
    file, _, _ = str(error).partition(": ")
    return Problem.of(Path(file) if Path(file).exists() else folder, error)


def _facts(dataset: GestureDataset, split: Split) -> SplitFacts:
    clips = dataset.split(split)
    return SplitFacts(
        len(clips),
        dataset.published.get(split),
        len({clip.video for clip in clips if clip.video}),
        len({clip.subject for clip in clips if clip.subject}),
        math.fsum(clip.end - clip.start for clip in clips),
        Counter(clip.label for clip in clips if clip.label is not None),
    )


def _counts(folder: Path, splits: dict[Split, SplitFacts]) -> Iterator[Problem]:
    """Splits that are here with another number of clips than their authors count."""
    for split, facts in splits.items():
        if facts.clips and facts.published not in (None, facts.clips):
            yield Problem(folder, f"{split}: expected {facts.published} clips, found {facts.clips}")
