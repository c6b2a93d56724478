"""Kinesics' own JSON: events beside the facts of the recording and the model."""

from __future__ import annotations

import json
from pathlib import Path

from kinesics.files import write_text
from kinesics.reading import read_bytes, reading
from kinesics.timeline.formats.common import Provenance, in_milliseconds
from kinesics.timeline.formats.table import typed
from kinesics.timeline.timeline import Event, Timeline

FORMAT = "kinesics timeline"
VERSION = 1


def to_text(timeline: Timeline, provenance: Provenance) -> str:
    """The file's content."""
    events = [
        {"label": e.label, "index": e.index, "start": start / 1000, "end": end / 1000}
        | {"score": round(e.score, 4), "person": e.person, "source": e.source}
        for e, start, end in in_milliseconds(timeline)
    ]
    recording = {**provenance.recording, "duration": round(timeline.duration, 3)}
    content = {"format": FORMAT, "version": VERSION, "recording": recording, "events": events}
    content |= {"model": dict(provenance.model), **provenance.more}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write(path: Path, timeline: Timeline, provenance: Provenance) -> None:
    """Write `to_text` as a file.

    Parameters
    ----------
    path : the file to write, replaced if it is there
    timeline : the events
    provenance : the recording, the model and the classes

    Raises
    ------
    KinesicsError : if the file cannot be written
    """
    write_text(path, to_text(timeline, provenance))


def read(path: Path) -> Timeline:
    """The timeline of a `timeline.json`; raises KinesicsError for another or a damaged file."""
    with reading(path, "a timeline.json written by Kinesics", "export it again"):
        content = json.loads(read_bytes(path).decode("utf-8"))
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise ValueError(f"format {content['format']!r}, version {content['version']!r}")
        events = tuple(Event(**typed(event), source=str(event.get("source", ""))) for event in content["events"])
        return Timeline(events, float(content["recording"]["duration"]))
