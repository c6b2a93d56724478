"""Kinesics' own CSV: a line an event."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kinesics.files import write_text
from kinesics.reading import read_bytes, reading
from kinesics.timeline.formats.common import Provenance, in_milliseconds
from kinesics.timeline.gesture_names import current_name
from kinesics.timeline.timeline import Event, Timeline

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")  # how formulas begin, by OWASP
COLUMNS = ("label", "index", "start", "end", "score", "person")


def to_text(timeline: Timeline) -> str:
    """One line an event under the header label,index,start,end,score,person,source."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow((*COLUMNS, "source"))
    for event, start, end in in_milliseconds(timeline):
        times = f"{start / 1000:.3f}", f"{end / 1000:.3f}"
        writer.writerow(
            [as_cell(event.label), event.index, *times, f"{event.score:.4f}", event.person, as_cell(event.source)]
        )
    return text.getvalue()


def write(path: Path, timeline: Timeline, provenance: Provenance | None = None) -> None:
    """Write `to_text` as a file, with the mark by which Excel knows UTF-8.

    Parameters
    ----------
    path : the file to write, replaced if it is there
    timeline : the events
    provenance : not used: a CSV holds events alone

    Raises
    ------
    KinesicsError : if the file cannot be written
    """
    write_text(path, to_text(timeline), "utf-8-sig")


def read(path: Path) -> Timeline:
    """The events of a CSV with the columns of `to_text` in any order, and others beside them; a source is not needed.

    A CSV does not hold the recording's duration: it is 0. Raises KinesicsError, naming the line, for what is no event.
    """
    with reading(path, f"a CSV with the columns {','.join(COLUMNS)}", "export it again"):
        rows = csv.DictReader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline=""))
        missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise ValueError(f"no column {', '.join(missing)}")
        return Timeline(tuple(_event_of_row(row, rows.line_num) for row in rows))


def as_cell(label: str) -> str:
    """With an apostrophe before it where a spreadsheet program would take the label for a formula."""
    return f"'{label}" if label.startswith(_FORMULA) else label


def _from_text(label: str) -> str:
    return label[1:] if label[:1] == "'" and label[1:].startswith(_FORMULA) else label


def _event_of_row(row: Mapping[str, Any], line: int) -> Event:
    try:
        event = Event(**typed(row), source=str(row.get("source") or ""))
        return replace(event, label=_from_text(event.label), source=_from_text(event.source))
    except (TypeError, ValueError) as error:
        raise ValueError(f"line {line}: {error}") from error


def typed(row: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an `Event` from a row of text or of JSON."""
    kinds: dict[str, Callable[[Any], Any]] = {"label": current_name, "index": int, "person": int}
    return {column: kinds.get(column, float)(row[column]) for column in COLUMNS}
