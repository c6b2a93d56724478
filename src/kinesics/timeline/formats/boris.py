"""BORIS projects (.boris, .boris.gz): written for observers, and read as they come back or as observers made them.

The format is that of BORIS 7 and 8 (https://www.boris.unito.it). BORIS adds an observation's time offset to every time
that it writes, and counts on where one file follows another in a player.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from pathlib import Path
from typing import Any

from kinesics.files import write_text
from kinesics.reading import read_at_most, read_bytes, reading
from kinesics.timeline.coding import Annotation, CodedFile, Coding, Medium, counted, file_names, tidy
from kinesics.timeline.formats.common import (
    Provenance,
    person_name,
    relative,
    row_name,
    to_timeline,
    whom,
    without_overlap,
)
from kinesics.timeline.timeline import Timeline

NOBODY = ("", "No focal subject")
_DESCRIPTION = "Found by Kinesics; to be checked by an observer"
_MEND = "export it again"
_SHORTEST = 1e-3  # seconds of an event that a file of a queue still holds


def write(path: Path, timeline: Timeline, provenance: Provenance) -> None:
    """A project (format 7.0) with one observation of the recording's name: classes as ethogram, people as subjects.

    BORIS pairs starts and stops by subject and behaviour, so overlapping events of one gesture go to a second subject;
    the score stands in the comment of the start. The video is linked by its relative path. BORIS opens projects in the
    encoding of the machine, so all is ASCII.

    Parameters
    ----------
    path : the file to write, replaced if it is there
    timeline : the events
    provenance : the recording, the model and the classes

    Raises
    ------
    KinesicsError : if the file cannot be written
    """
    labels = dict.fromkeys(tidy(label) for label in [*provenance.classes, *(event.label for event in timeline)])
    events: list[tuple[float, str, str, str, str]] = []
    for name, event, start, end in without_overlap(timeline):
        subject = f"{person_name(event)}{name.removeprefix(row_name(event))}"
        events.append((start / 1000, subject, tidy(event.label), "", f"confidence {event.score:.2f}"))
        events.append((end / 1000, subject, tidy(event.label), "", ""))
    # a stop comes before the start at the same time, or BORIS would pair them the wrong way round
    events.sort(key=lambda event: (event[0], event[4] != ""))
    media = provenance.media
    video = None if media is None else relative(media, path)
    project = {
        "time_format": "hh:mm:ss",
        "project_date": "",
        "project_name": path.stem,
        "project_description": _DESCRIPTION,
        "project_format_version": "7.0",
        "subjects_conf": {
            str(i): {"key": "", "name": name, "description": ""}
            for i, name in enumerate(sorted({event[1] for event in events}))
        },
        "behaviors_conf": {str(i): _behaviour(label) for i, label in enumerate(labels)},
        "observations": {
            path.stem if media is None else media.stem: _observation(events, video, timeline.duration, provenance.fps)
        },
        "behavioral_categories": [],
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    write_text(path, json.dumps(project, indent=1))


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


def read(path: Path) -> Timeline:
    """The state events of a project with one observation, on the video's clock.

    Duration is 0; `index` is the behaviour's place in the ethogram, or -1. Raises KinesicsError for another or a
    damaged file, and for a start without a stop.
    """
    with reading(path, "a BORIS project (.boris)", _MEND):
        ethogram = [str(one["code"]) for one in _project(path)["behaviors_conf"].values()]
        return to_timeline(read_codings(path), [tidy(code) for code in ethogram])


def read_codings(path: Path) -> CodedFile:
    """The state events of all observations, each on the clock of its own recording.

    Point events, which have no length, are left out and counted. Raises KinesicsError for another or a damaged file,
    and for a start without a stop.
    """
    with reading(path, "a BORIS project (.boris, .boris.gz)", _MEND):
        project = _project(path)
        points = {one["code"] for one in project["behaviors_conf"].values() if str(one["type"]).startswith("Point")}
        ours = project.get("project_description") == _DESCRIPTION
        notes: list[str] = []
        unused: Counter[str] = Counter()
        codings: list[Coding] = []
        for name, content in project["observations"].items():
            events = _paired(name, content["events"], points, unused)
            codings += _played(name, content).codings([_annotation(one, ours=ours) for one in events], notes)
        if len(codings) == 1:
            (one,) = codings
            namesakes = *one.namesakes, Medium((_stem(path),), one.medium.offset)
            codings = [replace(one, namesakes=namesakes)]
        return CodedFile(tuple(codings), (*unused_notes(unused), *notes))


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".boris")


def _project(path: Path) -> dict[str, Any]:
    """The content, unpacked."""
    if not path.name.lower().endswith(".gz"):
        content = read_bytes(path)
    else:
        with gzip.open(path) as file:
            content = read_at_most(file)
    project: dict[str, Any] = json.loads(content.decode("utf-8-sig"))
    return project


@dataclass(frozen=True)
class StateEvent:
    """A behaviour from its start to its stop, in seconds on the clock of the observation."""

    behaviour: str
    subject: str
    start: float
    end: float


def _annotation(one: StateEvent, *, ours: bool) -> Annotation:
    subject = "" if one.subject in NOBODY else tidy(one.subject)
    return Annotation(tidy(one.behaviour), one.start, one.end, **whom(subject, ours=ours))


def _paired(name: str, events: Sequence[Any], points: set[str], unused: Counter[str]) -> Iterator[StateEvent]:
    """Starts and stops of one observation, by subject, behaviour and modifiers; a stop is whatever follows a start."""
    begun: dict[tuple[str, str, str], float] = {}
    # BORIS keeps them in order of time, other programs need not
    for time, subject, code, modifier, *_ in sorted(events, key=lambda event: float(event[0])):
        if code in points:
            unused["point event"] += 1
            continue
        if not isfinite(time := float(time)):
            raise ValueError(f"an event {code!r} without a time in observation {name!r}")
        unused["modifier"] += bool(modifier) and (subject, code, modifier) not in begun
        if (key := (subject, code, modifier)) not in begun:
            begun[key] = time
        elif (start := begun.pop(key)) < time:
            yield StateEvent(code, subject, start, time)
        else:
            unused["event without a length"] += 1
    for _, code, _ in begun:
        raise ValueError(f"a start of {code!r} without a stop in observation {name!r}")


def unused_notes(unused: Counter[str]) -> Iterator[str]:
    """A sentence on each kind of thing that is not used."""
    for what, count in unused.items():
        if count:
            number = counted(count, what) if " without " not in what else f"{count} {what}"
            yield f"{number} {'are' if count > 1 else 'is'} not used"


def _played(name: str, content: Mapping[str, Any]) -> Playlists:
    """What an observation of a project was coded from."""
    files = content.get("file") or {}
    if isinstance(files, list):  # as of BORIS 2: a file a player
        files = {str(player): [file] for player, file in enumerate(files, 1)}
    info = content.get("media_info") or {}
    origin = float(content.get("time offset") or 0)
    if content.get("media_creation_date_as_offset"):
        origin += next(iter(dict(info.get("media_creation_time") or {}).values()), 0.0)
    chosen = sorted((int(player), group) for player, group in files.items() if group)
    return Playlists(
        name,
        tuple(tuple(group) for _, group in chosen),
        {file: float(length) for file, length in dict(info.get("length") or {}).items()},
        origin,
        tuple(float(dict(info.get("offset") or {}).get(str(player)) or 0) for player, _ in chosen),
    )


@dataclass(frozen=True)
class Playlists:
    """What an observation was coded from.

    Parameters
    ----------
    name : of the observation
    players : the files that each player shows, one after the other
    lengths : seconds of the files
    origin : seconds that were added to every time
    delays : seconds by which each player begins later than the first
    """

    name: str
    players: tuple[tuple[str, ...], ...] = ()
    lengths: Mapping[str, float] = field(default_factory=dict)
    origin: float = 0.0
    delays: tuple[float, ...] = ()

    def codings(self, annotations: Sequence[Annotation], notes: list[str]) -> Iterator[Coding]:
        """A coding a file of the first player; `notes` gets what cannot be used. Raises ValueError for no lengths."""
        own = Medium((tidy(self.name),), -self.origin)
        if not self.players or len(self.players[0]) == 1:
            views = [
                Medium(file_names(group[0]), -self.origin - delay)
                for group, delay in zip(self.players, self.delays or [0.0] * len(self.players), strict=True)
            ]
            yield Coding(tuple(views), tuple(annotations), (own,), self.name)
            return
        begin = self.origin
        for file, (length, is_last) in self._queue().items():
            end = inf if is_last else begin + length
            inside = [one for one in annotations if one.end > begin + _SHORTEST and one.start < end - _SHORTEST]
            cut = tuple(replace(one, start=max(one.start, begin), end=min(one.end, end)) for one in inside)
            if across := [one for one in inside if one.end > end + _SHORTEST]:
                notes.append(f"observation {self.name!r}: {counted(len(across), 'event')} cut at the end of {file}")
            yield Coding((Medium(file_names(file), -begin),), cut, (), self.name)
            begin = end
        if len(self.players) > 1:
            notes.append(f"observation {self.name!r}: {counted(len(self.players) - 1, 'further player')} not used")

    def _queue(self) -> dict[str, tuple[float, bool]]:
        """The first player's files with their lengths, and whether no other follows."""
        *before, last = self.players[0]
        if missing := [file for file in before if not self.lengths.get(file, 0) > 0]:
            raise ValueError(f"no length of {missing[0]!r}, after which observation {self.name!r} plays another file")
        return {file: (self.lengths[file], False) for file in before} | {last: (inf, True)}
