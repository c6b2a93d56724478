"""WebVTT captions, which any player shows."""

from __future__ import annotations

import html
from pathlib import Path

from kinesics.files import write_text
from kinesics.timeline.coding import tidy
from kinesics.timeline.formats.common import Provenance, in_milliseconds, person_name
from kinesics.timeline.timeline import Timeline


def write(path: Path, timeline: Timeline, provenance: Provenance | None = None) -> None:
    """Write a cue an event: gesture and confidence, with the person's name where there are several.

    Parameters
    ----------
    path : the file to write, replaced if it is there
    timeline : the events
    provenance : not used: captions hold events alone

    Raises
    ------
    KinesicsError : if the file cannot be written
    """
    several = len({event.person for event in timeline}) > 1
    cues = ["WEBVTT\n"]
    for event, start, end in in_milliseconds(timeline):
        who = f"{person_name(event)}: " if several else ""
        text = html.escape(f"{who}{tidy(event.label)} ({event.score:.0%})", quote=False)
        cues.append(f"{_clock(start)} --> {_clock(end)}\n{text}\n")
    write_text(path, "\n".join(cues))


def _clock(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"
