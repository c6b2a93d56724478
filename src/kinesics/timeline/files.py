"""`Timeline` as files: JSON and CSV, ELAN and BORIS for observers, WebVTT for players.

Times are written in whole milliseconds and an event is never shorter than one, so a round trip moves a time by at
most 1 ms.
"""

from __future__ import annotations

import csv
import html
import io
import json
import mimetypes
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinesics.errors import KinesicsError
from kinesics.files import replacing, write_text
from kinesics.timeline.timeline import Event, Timeline

if TYPE_CHECKING:
    import pympi

FORMAT = "kinesics timeline"
VERSION = 1
COLUMNS = ("label", "index", "start", "end", "score", "person")
OBSERVER = "observer"  # the source of events that come back from ELAN or BORIS
UNKNOWN = -1  # the index of a label that is not in the file's vocabulary
_VOCABULARY = "gestures"


# ── JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────


def to_json(
    timeline: Timeline, recording: Mapping[str, Any], model: Mapping[str, Any], more: Mapping[str, Any] | None = None
) -> str:
    """Events beside the facts of the recording and the specification of the model, as JSON text; `more` comes last."""
    events = [
        {"label": e.label, "index": e.index, "start": start / 1000, "end": end / 1000}
        | {"score": round(e.score, 4), "person": e.person, "source": e.source}
        for e, start, end in _in_milliseconds(timeline)
    ]
    facts = {**recording, "duration": round(timeline.duration, 3)}
    content = {"format": FORMAT, "version": VERSION, "recording": facts, "events": events, "model": dict(model)}
    return json.dumps(content | dict(more or {}), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(
    path: Path,
    timeline: Timeline,
    recording: Mapping[str, Any],
    model: Mapping[str, Any],
    more: Mapping[str, Any] | None = None,
) -> None:
    """`to_json` as a file."""
    write_text(path, to_json(timeline, recording, model, more))


def read_json(path: Path) -> Timeline:
    """The timeline of a `timeline.json`; raises KinesicsError for another or a damaged file."""
    with _reading(path, "a timeline.json written by Kinesics"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise ValueError(f"format {content['format']!r}, version {content['version']!r}")
        events = tuple(Event(**_typed(event), source=str(event.get("source", ""))) for event in content["events"])
        return Timeline(events, float(content["recording"]["duration"]))


# ── CSV ───────────────────────────────────────────────────────────────────────────────────────────────────────


def to_csv(timeline: Timeline) -> str:
    """One line an event under the header label,index,start,end,score,person, as text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for event, start, end in _in_milliseconds(timeline):
        times = f"{start / 1000:.3f}", f"{end / 1000:.3f}"
        writer.writerow([event.label, event.index, *times, f"{event.score:.4f}", event.person])
    return text.getvalue()


def write_csv(path: Path, timeline: Timeline) -> None:
    """`to_csv` as a file, with the mark by which Excel knows UTF-8."""
    write_text(path, to_csv(timeline), "utf-8-sig")


def read_csv(path: Path) -> Timeline:
    """The events of a CSV with the columns of `to_csv` in any order, and others beside them.

    A CSV does not hold the recording's duration: it is 0. Raises KinesicsError, naming the line, for what is no event.
    """
    with _reading(path, f"a CSV with the columns {','.join(COLUMNS)}"):
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise ValueError(f"no column {', '.join(missing)}")
        return Timeline(tuple(_event_of_row(row, rows.line_num) for row in rows))


def _event_of_row(row: Mapping[str, Any], line: int) -> Event:
    try:
        return Event(**_typed(row))
    except (TypeError, ValueError) as error:
        raise ValueError(f"line {line}: {error}") from error


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    kinds: dict[str, Callable[[Any], Any]] = {"label": str, "index": int, "person": int}
    return {column: kinds.get(column, float)(row[column]) for column in COLUMNS}


# ── ELAN ──────────────────────────────────────────────────────────────────────────────────────────────────────


def write_eaf(path: Path, timeline: Timeline, classes: Sequence[str], media: Path | None = None) -> None:
    """ELAN annotations: a tier a person and gesture, the person as participant, `classes` as controlled vocabulary.

    ELAN allows no overlap inside a tier, so overlapping events of one gesture go to a second tier. It has no place
    for a score: what comes back from ELAN is an observer's word. `media`: the video, linked by its relative path.
    """
    import pympi

    eaf = pympi.Eaf(author="Kinesics")
    eaf.remove_tier("default")
    eaf.add_language("und", "http://cdb.iso.org/lg/CDB-00130975-001", "undetermined (und)")
    eaf.add_controlled_vocabulary(_VOCABULARY)
    for index, label in enumerate(classes):
        eaf.add_cv_entry(_VOCABULARY, f"cveid{index}", [(label, "und", None)])
    eaf.add_linguistic_type("gesture")
    eaf.linguistic_types["gesture"]["CONTROLLED_VOCABULARY_REF"] = _VOCABULARY
    if media is not None:
        kind = mimetypes.guess_type(media.name)[0] or "video/*"
        # ELAN looks at the URL first; without a folder it falls back to the relative path, which survives a move
        eaf.add_linked_file(f"file:///{media.name}", relpath=f"./{_relative(media, path)}", mimetype=kind)
    for name, event, start, end in _without_overlap(timeline):
        if name not in eaf.tiers:
            eaf.add_tier(name, "gesture", part=f"Person {event.person}")
        eaf.add_annotation(name, start, end, event.label)
    with replacing(path) as temporary:
        eaf.to_file(temporary)


def read_eaf(path: Path) -> Timeline:
    """The events of an ELAN file that `write_eaf` began and an observer may have changed.

    Every time-aligned annotation is an event, its text the label and its tier's participant the person (0 without a
    number); `index` is the label's place in the vocabulary, or -1. Duration is 0. Raises KinesicsError.
    """
    import pympi

    with _reading(path, "an ELAN file (.eaf)"):
        eaf = pympi.Eaf(path, suppress_version_warning=True)
        index = _eaf_vocabulary(eaf)
        events = []
        for aligned, _, attributes, _ in eaf.tiers.values():
            person = _number(attributes.get("PARTICIPANT") or "")
            for start, end, label, _ in aligned.values():
                begins, ends = eaf.timeslots[start] / 1000, eaf.timeslots[end] / 1000
                events.append(_observed(label or "", index, begins, ends, person))
        return Timeline(tuple(events))


def _eaf_vocabulary(eaf: pympi.Eaf) -> dict[str, int]:
    _, entries, _ = eaf.controlled_vocabularies.get(_VOCABULARY, ((), {}, None))
    return {values[0][0]: i for i, (values, _) in enumerate(entries.values())}


# ── BORIS ─────────────────────────────────────────────────────────────────────────────────────────────────────


def write_boris(
    path: Path, timeline: Timeline, classes: Sequence[str], media: Path | None = None, fps: float = 0.0
) -> None:
    """A BORIS project (format 7.0) with one observation: `classes` as ethogram, the people as subjects.

    BORIS pairs starts and stops by subject and behaviour, so overlapping events of one gesture go to a second
    subject; the score stands in the comment of the start. `media`: the video, linked by its relative path, and `fps`
    its frames a second.
    """
    labels = dict.fromkeys([*classes, *(event.label for event in timeline)])
    events: list[tuple[float, str, str, str, str]] = []
    for name, event, start, end in _without_overlap(timeline):
        subject = f"Person {event.person}{name.removeprefix(_tier(event))}"
        events.append((start / 1000, subject, event.label, "", f"confidence {event.score:.2f}"))
        events.append((end / 1000, subject, event.label, "", ""))
    # a stop comes before the start at the same time, or BORIS would pair them the wrong way round
    events.sort(key=lambda event: (event[0], event[4] != ""))
    video = None if media is None else _relative(media, path)
    project = {
        "time_format": "hh:mm:ss",
        "project_date": "",
        "project_name": path.stem,
        "project_description": "Found by Kinesics; to be checked by an observer",
        "project_format_version": "7.0",
        "subjects_conf": {
            str(i): {"key": "", "name": name, "description": ""}
            for i, name in enumerate(sorted({event[1] for event in events}))
        },
        "behaviors_conf": {str(i): _behaviour(label) for i, label in enumerate(labels)},
        "observations": {path.stem: _observation(events, video, timeline.duration, fps)},
        "behavioral_categories": [],
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    write_text(path, json.dumps(project, indent=1, ensure_ascii=False))


def _behaviour(label: str) -> dict[str, object]:
    behaviour: dict[str, object] = dict.fromkeys(
        ("key", "description", "color", "category", "excluded", "coding map"), ""
    )
    return behaviour | {"type": "State event", "code": label, "modifiers": {}}


def _observation(events: Sequence[object], video: str | None, duration: float, fps: float) -> dict[str, object]:
    observation: dict[str, object] = {"description": "", "date": "", "time offset": 0.0, "events": events}
    observation |= {"independent_variables": {}, "observation time interval": [0, 0]}
    if video is None:
        return observation | {"type": "LIVE", "file": []}
    media = {"length": {video: duration}, "fps": {video: fps}, "hasVideo": {video: True}, "hasAudio": {video: False}}
    players = {str(player): [video] if player == 1 else [] for player in range(1, 9)}
    return observation | {"type": "MEDIA", "file": players, "media_info": media | {"offset": {"1": 0.0}}}


def read_boris(path: Path) -> Timeline:
    """The state events of all observations of a BORIS project; `index` is the behaviour's place in the ethogram.

    Duration is 0. Raises KinesicsError for another or a damaged file, and for a start without a stop.
    """
    with _reading(path, "a BORIS project (.boris)"):
        project = json.loads(path.read_text(encoding="utf-8"))
        index = {behaviour["code"]: i for i, behaviour in enumerate(project["behaviors_conf"].values())}
        events: list[Event] = []
        for name, observation in project["observations"].items():
            begun: dict[tuple[str, str, str], float] = {}
            for time, subject, code, modifier, *_ in observation["events"]:
                key = subject, code, modifier
                if key in begun:
                    events.append(_observed(code, index, begun.pop(key), float(time), _number(subject)))
                else:
                    begun[key] = float(time)
            if begun:
                _, code, _ = next(iter(begun))
                raise ValueError(f"a start of {code!r} without a stop in observation {name!r}")
        return Timeline(tuple(events))


# ── WebVTT ────────────────────────────────────────────────────────────────────────────────────────────────────


def write_vtt(path: Path, timeline: Timeline) -> None:
    """Captions that any player shows: gesture and confidence, with the person's name where there are several."""
    several = len({event.person for event in timeline}) > 1
    cues = ["WEBVTT\n"]
    for event, start, end in _in_milliseconds(timeline):
        who = f"Person {event.person}: " if several else ""
        text = html.escape(f"{who}{event.label} ({event.score:.0%})", quote=False)
        cues.append(f"{_clock(start)} --> {_clock(end)}\n{text}\n")
    write_text(path, "\n".join(cues))


def _clock(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"


# ── shared ────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_milliseconds(timeline: Timeline) -> Iterator[tuple[Event, int, int]]:
    for event in timeline:
        start, end = round(event.start * 1000), round(event.end * 1000)
        if start == end:  # shorter than a millisecond
            start = floor(event.start * 1000)
            end = start + 1
        yield event, start, end


def _without_overlap(timeline: Timeline) -> Iterator[tuple[str, Event, int, int]]:
    """Events with the name of a row in which none overlaps another: `P1 touch neck`, `P1 touch neck (2)` …"""
    free: dict[str, int] = {}
    for event, start, end in _in_milliseconds(timeline):
        name, row = _tier(event), 1
        while free.get(name, 0) > start:
            row += 1
            name = f"{_tier(event)} ({row})"
        free[name] = end
        yield name, event, start, end


def _tier(event: Event) -> str:
    return f"P{event.person} {event.label}"


def _observed(label: str, index: Mapping[str, int], start: float, end: float, person: int) -> Event:
    return Event(label, index.get(label, UNKNOWN), start, end, person=person, source=OBSERVER)


def _number(name: str) -> int:
    digits = re.search(r"\d+", name)
    return int(digits[0]) if digits else 0


def _relative(media: Path, file: Path) -> str:
    """From the file's folder to the media; on another drive only the name can be given."""
    try:
        return Path(os.path.relpath(media.resolve(), file.resolve().parent)).as_posix()
    except ValueError:
        return media.name


@contextmanager
def _reading(path: Path, expected: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise KinesicsError(f"{path}: no such file; expected {expected}") from None
    except Exception as error:
        # pympi raises bare Exceptions, and a damaged file may break a reader anywhere
        found = f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0] if str(error) else "less"
        raise KinesicsError(f"{path}: expected {expected}, found {found}; export it again") from error
