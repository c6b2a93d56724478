"""A timeline as a table with a row a frame, and as Parquet."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np

from kinesics.errors import KinesicsError
from kinesics.files import replacing, write_text
from kinesics.reading import reading
from kinesics.timeline.formats.common import Provenance
from kinesics.timeline.formats.table import as_cell
from kinesics.timeline.timeline import Timeline

USUAL_RATE = 25.0  # frames a second where the provenance does not tell


def write(path: Path, timeline: Timeline, provenance: Provenance) -> None:
    """A row a frame: its number from 0, its time in seconds, the person, and a column a class, 1 while it happens.

    A frame belongs to an event whose start is at or before its time and whose end is after it. Classes are those of
    the provenance and of the events, people those of the events.

    Parameters
    ----------
    path : the file to write, replaced if it is there
    timeline : the events
    provenance : of which classes and frames a second are used

    Raises
    ------
    KinesicsError : if the file cannot be written
    """
    fps = provenance.fps or USUAL_RATE
    labels = list(dict.fromkeys([*provenance.classes, *(event.label for event in timeline)]))
    last = max([timeline.duration, *(event.end for event in timeline)])
    times = np.arange(math.ceil(round(last * fps, 6))) / fps
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("frame", "time", "person", *map(as_cell, labels)))
    for person in sorted({event.person for event in timeline}) or [0]:
        coded = np.zeros((len(times), len(labels)), np.int8)
        for event in timeline.only(person=person):
            first, end = np.searchsorted(times, [round(event.start, 6), round(event.end, 6)])
            coded[first:end, labels.index(event.label)] = 1
        for frame, row in enumerate(coded.tolist()):
            writer.writerow((frame, f"{times[frame]:.3f}", person, *row))
    write_text(path, text.getvalue(), "utf-8-sig")


def write_parquet(path: Path, timeline: Timeline, provenance: Provenance | None = None) -> None:
    """A row an event, the columns of `Timeline.to_dataframe`.

    Parameters
    ----------
    path : the file to write, replaced if it is there
    timeline : the events
    provenance : not used: a table holds events alone

    Raises
    ------
    KinesicsError : if the file cannot be written, and where pyarrow is missing
    """
    try:
        with replacing(path) as temporary:
            timeline.to_dataframe().to_parquet(temporary, engine="pyarrow", index=False)
    except ImportError as error:
        raise KinesicsError(
            f"{path}: expected the library pyarrow, found none ({error}); pip install 'kinesics[parquet]'"
        ) from error


def read_parquet(path: Path) -> Timeline:
    """The events of a file of `write_parquet`; its duration is 0. Raises KinesicsError for another."""
    with reading(path, "a timeline as Parquet", "export it again"):
        import pandas as pd

        return Timeline.from_dataframe(pd.read_parquet(path, engine="pyarrow"))
