"""The folder of a study: what lies where, and one row a recording.

```
STUDY/
  study.json            what is asked of every recording: settings, weights, version, and their fingerprint
  study.csv             one row a recording, in order of their names: COLUMNS
  recordings/NAME/      what `kinesics analyze` writes (report.html, timeline.json, timeline.csv, actions.csv,
                        landmarks.skeleton.npz, …) and recording.json, the row; of a broken file the row alone
  .batch/               how long and large recordings were, for --dry-run; no result
```

NAME is the recording's path below the folder that was given, its ending included, so that it stays the same whatever
else is added: `day1/interview.mp4`. A folder takes its name in one step, with all files in it, so there is never half
of one. study.csv is made of all recording.json that are there: it tells nothing that they do not.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Literal

from kinesics.timeline.formats.table import as_cell

STUDY, TABLE, ROW, RECORDINGS, WORK = "study.json", "study.csv", "recording.json", "recordings", ".batch"
FORMAT, VERSION = "kinesics study", 1
State = Literal["done", "failed", "interrupted", "waiting"]
STATES: tuple[State, ...] = ("done", "failed", "interrupted", "waiting")


@dataclass(frozen=True)
class Row:
    """What is known of one recording.

    Attributes
    ----------
    recording : its path below the folder that was given, with `/` between folders.
    state : done; failed (the file's fault: tried again when it or the settings change); interrupted (the machine's:
        tried again by the next call); waiting (not yet begun).
    error : in one line, "" without.
    length : seconds, 0 where it could not be read.
    people : who were analysed.
    events : how many.
    sha256 : of the recording's bytes.
    settings : the fingerprint of what was asked, as in study.json.
    size : bytes of the recording.
    modified : when it was last changed, in nanoseconds since 1970; with `size` it saves reading the bytes again.
    """

    recording: str
    state: State = "waiting"
    error: str = ""
    length: float = 0.0
    people: int = 0
    events: int = 0
    sha256: str = ""
    settings: str = ""
    size: int = 0
    modified: int = 0

    @property
    def folder(self) -> str:
        """Where its results lie, from the study's folder on."""
        return f"{RECORDINGS}/{self.recording}"


COLUMNS = ("recording", "state", "error", "length", "people", "events", "sha256", "settings", "folder")


def row_text(row: Row) -> str:
    """A row as recording.json holds it."""
    return json.dumps({"format": FORMAT, "version": VERSION, **asdict(row)}, indent=1, ensure_ascii=False) + "\n"


def read_row(text: str | bytes) -> Row | None:
    """The row in a recording.json; None for a damaged one, which counts as none."""
    try:
        content = json.loads(text)
        if (content["format"], content["version"]) != (FORMAT, VERSION):
            return None
        return Row(**{field.name: content[field.name] for field in fields(Row)})
    except (ValueError, KeyError, TypeError):
        return None


def table_text(rows: Iterable[Row]) -> str:
    """study.csv of these rows, in order of their names."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for row in sorted(rows, key=lambda one: one.recording):
        values = asdict(row) | {"folder": row.folder, "length": f"{row.length:.3f}"}
        table.writerow(as_cell(str(values[column])) for column in COLUMNS)
    return text.getvalue()
