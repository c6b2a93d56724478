"""The tier of one coder, or of Kinesics: a timeline for each recording, whatever the files are."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kinesics.data.annotations import label_files, read_codings
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.reading import read_bytes
from kinesics.timeline import Event, Timeline
from kinesics.timeline.code_mapping import apply_mapping
from kinesics.timeline.coding import Coding
from kinesics.timeline.formats import kinesics_json, table
from kinesics.timeline.formats.common import UNKNOWN

KINESICS = "timeline.json"  # what `kinesics analyze` leaves in a recording's folder


@dataclass(frozen=True)
class CodedTier:
    """What one coder says of some recordings.

    Parameters
    ----------
    name : of the coder
    recordings : the timelines by the names of the recordings, as `recording_key` makes them
    notes : a sentence on each kind of thing in the files that is not used
    """

    name: str
    recordings: Mapping[str, Timeline]
    notes: tuple[str, ...] = ()


def recording_key(name: str) -> str:
    """What is compared of the names of recordings: no suffix, no capitals."""
    return " ".join(unicodedata.normalize("NFC", re.sub(r"\.[^.]*$", "", name)).casefold().split())


def read_tier(path: Path, mapping: Mapping[str, str] | None = None, classes: Sequence[str] = CLASSES) -> CodedTier:
    """Read all that one coder has coded.

    Parameters
    ----------
    path : a file of ELAN, BORIS, VIA, Datavyu, or a table; a timeline of Kinesics (.json, .csv); or a folder: of such
        files, of an analysis, or of folders of analyses
    mapping : which class each code is, of `kinesics.timeline.code_mapping.read_mapping`
    classes : whose names are written as they are here, and whose places are the events' indices

    Returns
    -------
    the tier, called after the file or the folder

    Raises
    ------
    KinesicsError : for a file that cannot be read, and a folder without any
    """
    if not path.exists():
        raise KinesicsError(f"{path}: no such file or folder; expected codings, or a folder of them")
    own = _own_timelines(path)
    events: dict[str, list[Event]] = defaultdict(list)
    lengths: dict[str, float] = {}
    notes: list[str] = []
    for file in own or label_files([path]):
        name, timeline = _read_own(file) if own else ("", None)
        if timeline is not None:
            events[name] += timeline.events
            lengths[name] = max(timeline.duration, lengths.get(name, 0.0))
            continue
        coded = read_codings(file)
        notes += [f"{file}: {note}" for note in coded.notes]
        for coding in coded.codings:
            events[recording_key(coding.medium.names[0])] += _events(coding, mapping or {}, classes, path.stem)
    recordings = {name: Timeline(tuple(found), lengths.get(name, 0.0)) for name, found in events.items()}
    return CodedTier(_name(path), recordings, tuple(notes))


def _name(path: Path) -> str:
    return path.resolve().name if path.is_dir() else path.name.removesuffix(".gz").rpartition(".")[0] or path.name


def _own_timelines(path: Path) -> list[Path]:
    """The timelines of Kinesics that a path stands for."""
    if path.is_dir():
        return [one for one in (path / KINESICS, *sorted(path.glob(f"*/{KINESICS}"))) if one.is_file()]
    return [path] if _is_own(path) else []


def _is_own(path: Path) -> bool:
    try:
        begin = read_bytes(path).decode("utf-8-sig")[:500]
    except (OSError, ValueError):
        return False
    first = begin.partition("\n")[0].strip().split(",")
    return kinesics_json.FORMAT in begin or set(table.COLUMNS) <= set(first)


def _read_own(path: Path) -> tuple[str, Timeline]:
    """The name of the recording, and its timeline."""
    if path.suffix.lower() == ".csv":
        return recording_key(path.stem), table.read(path)
    timeline = kinesics_json.read(path)
    recording = json.loads(read_bytes(path).decode("utf-8"))["recording"]
    return recording_key(str(recording.get("name") or recording.get("path") or path.parent.name)), timeline


def _events(coding: Coding, mapping: Mapping[str, str], classes: Sequence[str], source: str) -> list[Event]:
    """On the recording's clock; what lies before its begin is left out."""
    index = {name: place for place, name in enumerate(classes)}
    offset = coding.medium.offset
    return [
        Event(
            one.label,
            index.get(one.label, UNKNOWN),
            max(0.0, one.start + offset),
            one.end + offset,
            person=one.person or 0,
            source=source,
        )
        for one in apply_mapping(coding.annotations, mapping, classes)
        if one.end + offset > max(0.0, one.start + offset)
    ]
