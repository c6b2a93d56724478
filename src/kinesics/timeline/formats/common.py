"""What the formats share: whole milliseconds, rows without overlap, and one sentence for a file that is another."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import floor
from pathlib import Path
from typing import Any

from kinesics.errors import KinesicsError
from kinesics.timeline.coding import Annotation, CodedFile
from kinesics.timeline.gesture_names import current_name
from kinesics.timeline.timeline import Event, Timeline

OBSERVER = "observer"  # the source of events that come back from ELAN or BORIS
UNKNOWN = -1  # the index of a label that is not in the file's vocabulary


@dataclass(frozen=True)
class Provenance:
    """Where a timeline comes from; each format tells of it what it has a place for.

    Parameters
    ----------
    recording, model, more : facts that can be written as JSON; `more` stands after all others
    classes : the labels that there could have been, in order of their index
    media : the recording's video, None if there is none
    fps : frames a second of the video
    """

    recording: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    classes: Sequence[str] = ()
    media: Path | None = None
    fps: float = 0.0


def in_milliseconds(timeline: Timeline) -> Iterator[tuple[Event, int, int]]:
    """Each event with its start and end in whole milliseconds, one apart at least."""
    for event in timeline:
        start, end = round(event.start * 1000), round(event.end * 1000)
        if start == end:  # shorter than a millisecond
            start = floor(event.start * 1000)
            end = start + 1
        yield event, start, end


def without_overlap(timeline: Timeline) -> Iterator[tuple[str, Event, int, int]]:
    """Deal events out to rows in which none overlaps another.

    Yields the row's name (`P1 touching ears`, `P1 touching ears (2)` …), the event, its start and end in milliseconds.
    """
    free: dict[str, int] = {}
    for event, start, end in in_milliseconds(timeline):
        name, row = row_name(event), 1
        while free.get(name, 0) > start:
            row += 1
            name = f"{row_name(event)} ({row})"
        free[name] = end
        yield name, event, start, end


def row_name(event: Event) -> str:
    """The row of a person's gesture, `P1 touching ears`."""
    return f"P{event.person} {event.label}"


def person_name(event: Event) -> str:
    """How the formats call a person whom only a number tells."""
    return f"Person {event.person}"


def whom(name: str, *, ours: bool) -> dict[str, Any]:
    """Subject and person of an `Annotation`: `Person 2` is a number in files that Kinesics began, else a name."""
    numbered = re.fullmatch(r"Person (\d+)(?: \(\d+\))?", name)
    if ours and numbered:
        return {"person": int(numbered[1]) or None}
    return {"subject": name}


def to_timeline(coded: CodedFile, vocabulary: Sequence[str]) -> Timeline:
    """The annotations of a file of one recording as events, on the recording's clock; its duration is not known."""
    if len(coded.codings) > 1:
        raise ValueError(f"{len(coded.codings)} recordings in one file")
    index = {current_name(label): i for i, label in enumerate(vocabulary)}
    events = (_event(one, index, coding.medium.offset) for coding in coded.codings for one in coding.annotations)
    return Timeline(tuple(events))


def _event(one: Annotation, index: Mapping[str, int], offset: float) -> Event:
    label = current_name(one.label)
    place = index.get(label, UNKNOWN)
    return Event(label, place, one.start + offset, one.end + offset, person=one.person or 0, source=OBSERVER)


def relative(media: Path, file: Path) -> str:
    """From the file's folder to the media; on another drive only the name can be given.

    A medium that is a link keeps its own name, for that is what people know it by.
    """
    try:
        return Path(os.path.relpath(media.parent.resolve() / media.name, file.parent.resolve())).as_posix()
    except ValueError:
        return media.name


@contextmanager
def reading(path: Path, expected: str) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into a KinesicsError that names it and what was expected."""
    try:
        yield
    except KinesicsError:
        raise
    except FileNotFoundError:
        raise KinesicsError(f"{path}: no such file; expected {expected}") from None
    except Exception as error:
        # pympi raises bare Exceptions, and a damaged file may break a reader anywhere
        found = f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0] if str(error) else "less"
        raise KinesicsError(f"{path}: expected {expected}, found {found}; export it again") from error
