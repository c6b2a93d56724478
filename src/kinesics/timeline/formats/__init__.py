"""`Timeline` as files. A new format is a module here and a row of `FORMATS`.

Times are written in whole milliseconds and an event is never shorter than one, so a round trip moves a time by at
most 1 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kinesics.timeline.formats import boris, elan, frames, kinesics_json, table, webvtt
from kinesics.timeline.formats.common import Provenance
from kinesics.timeline.timeline import Timeline


@dataclass(frozen=True)
class Format:
    """A way to write a timeline, and to read it again if the format holds enough of it.

    Parameters
    ----------
    suffix : of the file's name, with its dot
    description : one line on who reads it
    write : called with the path, the timeline and its provenance
    read : gives the timeline of a file; None where the format is for watching alone
    """

    suffix: str
    description: str
    write: Callable[[Path, Timeline, Provenance], None]
    read: Callable[[Path], Timeline] | None = None


FORMATS = {
    "JSON": Format(".json", "everything, for programs", kinesics_json.write, kinesics_json.read),
    "CSV": Format(".csv", "a line an event, for spreadsheets and statistics", table.write, table.read),
    "ELAN": Format(".eaf", "tiers with the video linked, for observers", elan.write, elan.read),
    "BORIS": Format(".boris", "a project with one observation, for observers", boris.write, boris.read),
    "WebVTT": Format(".vtt", "captions, for video players", webvtt.write),
}
# what a tier can be exported as beside these, on wish
EXPORTS = FORMATS | {
    "frames": Format(".frames.csv", "a row a frame and a column a class, for statistics", frames.write),
    "Parquet": Format(".parquet", "a row an event, for data frames", frames.write_parquet, frames.read_parquet),
}
__all__ = ["EXPORTS", "FORMATS", "Format", "Provenance"]
