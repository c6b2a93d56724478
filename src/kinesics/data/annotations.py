"""What observers have coded in videos: a plain CSV, ELAN, and BORIS projects and exports."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

from kinesics.errors import KinesicsError
from kinesics.timeline import Timeline
from kinesics.timeline.files import read_boris, read_eaf

PLAIN = ("video", "label", "start", "end")
_AGGREGATED = ("Behavior", "Start (s)", "Stop (s)")
_TABULAR = ("Behavior", "Time")
_MEDIA = ("Media file name", "Media file path", "Media file", "Source")
_NOBODY = ("", "No focal subject")


@dataclass(frozen=True)
class Annotation:
    """What was seen when: `video` is the recording's file name or its stem, start and end are seconds.

    subject: "" where it is not told. person: its number in the picture, None for the largest.
    """

    video: str
    label: str
    start: float
    end: float
    subject: str = ""
    person: int | None = None


def read_annotations(path: Path) -> list[Annotation]:
    """All coded stretches of a file: `.eaf`, `.boris`, or a CSV or TSV, plain or exported from BORIS.

    An ELAN file and a BORIS project belong to the one video that they are linked to, else to that of their own name.
    Events without a length (BORIS's point events) are left out. Raises KinesicsError that names the file and what it
    expected.
    """
    if path.suffix.lower() == ".eaf":
        return _of_timeline(path, read_eaf(path), _linked_eaf(path))
    if path.suffix.lower() == ".boris":
        return _of_timeline(path, read_boris(path), _linked_boris(path))
    rows = _table(path)
    if set(PLAIN) <= set(rows[0]):
        found = [_plain(row) for row in rows]
    elif set(_AGGREGATED) <= set(rows[0]):
        found = [_exported(row, row["Start (s)"], row["Stop (s)"]) for row in rows]
    else:
        found = _paired(rows)
    faults = (fault for fault in found if isinstance(fault, str))
    for fault in faults:
        raise KinesicsError(f"{path}: {fault}; mend it, or export it again")
    return [one for one in found if isinstance(one, Annotation) and one.start < one.end]


def _linked_eaf(path: Path) -> set[str]:
    """The media of an ELAN file that `read_eaf` could read."""
    import pympi

    media = pympi.Eaf(path, suppress_version_warning=True).media_descriptors
    return {_file_name(str(one.get("MEDIA_URL") or one.get("RELATIVE_MEDIA_URL") or "")) for one in media}


def _linked_boris(path: Path) -> set[str]:
    """The media of a BORIS project that `read_boris` could read."""
    observations = json.loads(path.read_text(encoding="utf-8"))["observations"].values()
    players = [one["file"] for one in observations if isinstance(one.get("file"), dict)]
    return {_file_name(str(media)) for files in players for group in files.values() for media in group}


def _file_name(path: str) -> str:
    """The last part of a path of any machine, or of a file's URL."""
    return PureWindowsPath(unquote(path) if path.startswith("file:") else path).name


def _of_timeline(path: Path, timeline: Timeline, linked: set[str]) -> list[Annotation]:
    linked = {name for name in linked if name}
    video = linked.pop() if len(linked) == 1 else path.stem
    unnamed = next((event for event in timeline if not event.label.strip()), None)
    if unnamed is not None:
        raise KinesicsError(
            f"{path}: expected a gesture's name in every annotation, found none at {unnamed.start:.2f} s"
        )
    return [Annotation(video, e.label.strip(), e.start, e.end, "", e.person or None) for e in timeline]


def _table(path: Path) -> list[dict[str, str]]:
    """The rows below the line that names the columns; BORIS writes facts of the observation above it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise KinesicsError(f"{path}: expected a CSV or TSV in UTF-8, found {error}; save it as one") from error
    lines = text.splitlines(keepends=True)
    for first, line in enumerate(lines):
        separator = next((mark for mark in "\t;," if mark in line), ",")
        names = [name.strip() for name in next(csv.reader([line], delimiter=separator), [])]
        if any(set(wanted) <= set(names) for wanted in (PLAIN, _AGGREGATED, _TABULAR)):
            body = csv.reader(io.StringIO("".join(lines[first + 1 :]), newline=""), delimiter=separator)
            rows = [
                dict(zip_longest(names, map(str.strip, cells[: len(names)]), fillvalue=""))
                for cells in body
                if any(cells)
            ]
            if not rows:
                raise KinesicsError(f"{path}: expected a coded event a line, found none")
            return rows
    raise KinesicsError(
        f"{path}: expected the columns {','.join(PLAIN)} (subject, person), or an export from BORIS, found neither; "
        "see docs/clip_folder.md"
    )


def _plain(row: Mapping[str, str]) -> Annotation | str:
    try:
        person = row.get("person") or ""
        who = row.get("subject", ""), int(person) if person else None
        one = Annotation(row["video"], row["label"], float(row["start"]), float(row["end"]), *who)
    except (ValueError, KeyError) as error:
        return f"expected video,label,start,end (seconds), found {','.join(row.values())!r} ({error})"
    if not one.video or not one.label or not 0 <= one.start < one.end:
        return f"expected a video, a label and 0 ≤ start < end, found {','.join(row.values())!r}"
    return one


def _exported(row: Mapping[str, str], start: str, stop: str) -> Annotation | str:
    """One event of a BORIS export."""
    media = next((row[name] for name in _MEDIA if row.get(name)), row.get("Observation id", ""))
    subject = row.get("Subject", "")
    try:
        times = float(start), float(stop)
    except ValueError:
        return f"expected seconds, found {start!r} and {stop!r} for {row['Behavior']!r}"
    name = _file_name(re.sub(r"^player #\d+:", "", media))
    return Annotation(name, row["Behavior"], *times, subject="" if subject in _NOBODY else subject)


def _paired(rows: Sequence[Mapping[str, str]]) -> list[Annotation | str]:
    """Starts and stops of BORIS's tabular export, paired by recording, subject and behaviour."""
    begun: dict[tuple[str, ...], str] = {}
    found: list[Annotation | str] = []
    for row in rows:
        status = (row.get("Status") or row.get("Behavior type") or "").upper()
        key = tuple(row.get(name, "") for name in ("Observation id", *_MEDIA, "Subject", "Behavior"))
        if status == "START":
            begun[key] = row["Time"]
        elif status == "STOP" and key in begun:
            found.append(_exported(row, begun.pop(key), row["Time"]))
        elif status != "POINT":
            return [f"expected START, STOP or POINT, found {status or 'nothing'!r} at {row.get('Time')} s"]
    return found + [f"a start of {key[-1]!r} at {time} s without a stop" for key, time in begun.items()]
