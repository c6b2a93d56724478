"""Which video each coding belongs to, and one coding a video: from files of observers to labelled stretches."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kinesics.errors import KinesicsError
from kinesics.files import visible
from kinesics.timeline import coded_tables
from kinesics.timeline.code_mapping import apply_mapping
from kinesics.timeline.coding import Annotation, CodedFile, Coding, Medium, counted
from kinesics.timeline.formats import boris, datavyu, elan, via
from kinesics.timeline.sheets import SPREADSHEETS

READERS: dict[str, Callable[[Path], CodedFile]] = {
    ".eaf": elan.read_codings,
    ".boris": boris.read_codings,
    ".boris.gz": boris.read_codings,
    ".json": via.read_codings,
    ".opf": datavyu.read_codings,
    **dict.fromkeys((".csv", ".tsv", ".txt", *sorted(SPREADSHEETS)), coded_tables.read_codings),
}


def read_codings(path: Path) -> CodedFile:
    """What was coded in a file: ELAN, BORIS, VIA, Datavyu, or a table, by its suffix, and else as a table.

    Raises KinesicsError that names the file and what it expected.
    """
    return READERS.get(_suffix(path), coded_tables.read_codings)(path)


def _suffix(path: Path) -> str:
    return next((suffix for suffix in READERS if path.name.lower().endswith(suffix)), "")


def label_files(labels: Iterable[Path]) -> list[Path]:
    """The files that are named, and those in the folders that are named; raises KinesicsError where there is none.

    Of a folder's JSON files only those that VIA wrote are codings.
    """
    found = []
    for path in labels:
        inside = [one for one in visible(path) if one.parent == path and _is_coding(one)] if path.is_dir() else [path]
        if not inside or not inside[0].exists():
            raise KinesicsError(f"{path}: expected annotations ({', '.join(sorted(READERS))}), found none")
        found += inside
    return found


def _is_coding(path: Path) -> bool:
    return bool(suffix := _suffix(path)) and (suffix != ".json" or via.is_project(path))


@dataclass(frozen=True)
class _Placed:
    """A coding with the video that it belongs to, its annotations on the video's clock."""

    source: str  # whence it is, for messages
    video: str
    annotations: tuple[Annotation, ...]


def match_codings(
    videos: Mapping[str, Path], labels: Iterable[Path], mapping: Mapping[str, str] | None = None
) -> tuple[dict[str, list[Annotation]], tuple[str, ...]]:
    """What was coded in which video, and what of the codings is not used.

    Labels and subjects that differ in capitals and spaces alone are one, by the spelling that occurs most. Of two
    coders who saw the same in one video, the first is used.

    Parameters
    ----------
    videos : by a name that is unique
    labels : files, or folders of them
    mapping : which class each code is, of `kinesics.timeline.code_mapping.read_mapping`

    Returns
    -------
    by the videos' names in their order, the annotations on the video's clock; and a sentence each on what is not used

    Raises
    ------
    KinesicsError : for a file that cannot be read, or of which nothing belongs to the videos
    """
    notes: list[str] = []
    names = _by_file_name(videos)
    placed = [one for path in label_files(labels) for one in _placed(path, names, sorted(videos), notes)]
    by_video: dict[str, list[_Placed]] = defaultdict(list)
    for one in placed:
        by_video[one.video].append(one)
    found = {name: _one_coder(videos[name], by_video[name], notes) for name in videos if name in by_video}
    if mapping:
        found = {name: list(apply_mapping(coded, mapping)) for name, coded in found.items()}
    return _spelled_alike(found, notes), tuple(notes)


def _by_file_name(videos: Mapping[str, Path]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = defaultdict(list)
    for name, path in videos.items():
        for key in {_key(path.name), _key(path.stem)}:
            names[key].append(name)
    return names


def _key(name: str) -> str:
    """What is compared of names and labels."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _fits(medium: Medium, names: Mapping[str, list[str]]) -> list[str]:
    """The videos that a medium may be; a name without its suffix is the weaker word."""
    keys = [_key(name) for name in medium.names] + [_key(re.sub(r"\.[^.]*$", "", name)) for name in medium.names]
    return next((names[key] for key in keys if key in names), [])


def _placed(path: Path, names: Mapping[str, list[str]], videos: Sequence[str], notes: list[str]) -> Iterator[_Placed]:
    coded = read_codings(path)
    notes += [f"{path}: {note}" for note in coded.notes]
    strict = _suffix(path) not in (".eaf", ".boris", ".boris.gz", ".json", ".opf")
    found, strangers = [], []
    for coding in coded.codings:
        linked = [(medium, fit) for medium in coding.media if (fit := _fits(medium, names))]
        fits = linked or [(medium, fit) for medium in coding.namesakes if (fit := _fits(medium, names))]
        if fits and len(fits[0][1]) == 1:
            found.append(_on_clock(path, coding, fits[0][0], fits[0][1][0], notes))
            others = {fit[0] for _, fit in fits[1:]} - {fits[0][1][0]}
            notes += [f"{path}: also linked to {other}, which is not used" for other in sorted(others)]
        elif fits or strict or len(coded.codings) == 1:
            there = "several videos of that name" if fits else f"only {', '.join(videos[:5])}"
            raise KinesicsError(
                f"{path}: expected the video {coding.medium.names[0]!r}, found {there}; name it as the file is named"
            )
        else:
            strangers.append(coding)
    if strangers and not found:
        raise KinesicsError(
            f"{path}: expected the video {strangers[0].medium.names[0]!r} or another of its observations, found only "
            f"{', '.join(videos[:5])}; name it as the file is named"
        )
    for coding in strangers:
        count = counted(len(coding.annotations), "annotation")
        notes.append(f"{path}: observation {coding.observation!r} is of no video here: {count} not used")
    yield from found


def _on_clock(path: Path, coding: Coding, medium: Medium, video: str, notes: list[str]) -> _Placed:
    moved = [replace(one, start=one.start + medium.offset, end=one.end + medium.offset) for one in coding.annotations]
    inside = tuple(replace(one, start=max(0.0, one.start)) for one in moved if one.end > 0)
    if len(inside) < len(moved):
        notes.append(f"{path}: {counted(len(moved) - len(inside), 'annotation')} before the video begins, left out")
    source = f"{path} {coding.observation!r}" if coding.observation else str(path)
    return _Placed(source, video, inside)


def _one_coder(video: Path, placed: Sequence[_Placed], notes: list[str]) -> list[Annotation]:
    """All annotations, but those of coders who name again what an earlier one has named, and no line twice."""
    kept: list[_Placed] = []
    for one in placed:
        twin = next((other for other in kept if _is_same_work(other.annotations, one.annotations)), None)
        if twin is None:
            kept.append(one)
        else:
            count = counted(len(one.annotations), "annotation")
            notes.append(f"{video}: coded twice; {twin.source} is used, {one.source} ({count}) is not")
    every = [annotation for one in kept for annotation in one.annotations]
    once = list(dict.fromkeys(every))
    if len(once) < len(every):
        notes.append(f"{video}: {counted(len(every) - len(once), 'annotation')} that stood there twice, left out")
    return once


def _is_same_work(first: Sequence[Annotation], second: Sequence[Annotation]) -> bool:
    """Whether two coders have named the same label of the same subject at the same time."""
    named: dict[object, list[Annotation]] = defaultdict(list)
    for one in first:
        named[_key(one.label), _key(one.subject), one.person].append(one)
    return any(
        min(one.end, other.end) > max(one.start, other.start)
        for one in second
        for other in named[_key(one.label), _key(one.subject), one.person]
    )


def _spelled_alike(found: Mapping[str, list[Annotation]], notes: list[str]) -> dict[str, list[Annotation]]:
    every = [one for annotations in found.values() for one in annotations]
    labels = _spellings((one.label for one in every), "label", notes)
    subjects = _spellings((one.subject for one in every), "subject", notes)
    return {
        name: [replace(one, label=labels[one.label], subject=subjects[one.subject]) for one in annotations]
        for name, annotations in found.items()
    }


def _spellings(words: Iterable[str], what: str, notes: list[str]) -> dict[str, str]:
    """{each spelling: the one that occurs most, the first of equals}, of words that differ in nothing else."""
    counts = Counter(words)
    groups: dict[str, list[str]] = defaultdict(list)
    for word in counts:
        groups[_key(word)].append(word)
    for spellings in groups.values():
        spellings.sort(key=lambda word: -counts[word])
        if len(spellings) > 1:
            others = ", ".join(repr(word) for word in spellings[1:])
            notes.append(f"{what} {others} is taken for {spellings[0]!r}")
    return {word: spellings[0] for spellings in groups.values() for word in spellings}
