"""Spreadsheets of Datavyu: its own files (.opf), and the tables that it exports.

An `.opf` is a zip with `db` (https://datavyu.org: a line a column, then a line a cell) and `project`, which names the
videos.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from kinesics.reading import check_archive, read_at_most, read_bytes, reading
from kinesics.timeline.coding import NOTHING, Annotation, CodedFile, Coding, Medium, file_names, tidy
from kinesics.timeline.formats.boris import unused_notes

_MEND = "save it again in Datavyu"
_COLUMN = re.compile(r"(?P<name>.+?) \((?P<kind>MATRIX|NOMINAL|TEXT),(?:true|false),[^)]*\)(?:-(?P<codes>.*))?")
_CELL = re.compile(r"(\d+):(\d+):(\d+):(\d+),(\d+):(\d+):(\d+):(\d+),(.*)")
_FEED = re.compile(r"^[\s-]*(?:feed|filePath): *(.+?) *$", re.MULTILINE)
_EXPORTED = re.compile(r"^\"?[^,\"]+\.ordinal\"?[,;\t]", re.IGNORECASE)


def read_codings(path: Path) -> CodedFile:
    """The cells of all columns, on the clock of the video.

    A cell's label is the first of its codes that is filled in, or the column's name where none is. Cells without a
    length are left out and counted. Raises KinesicsError for another or a damaged file.
    """
    with reading(path, "a spreadsheet of Datavyu (.opf)", _MEND):
        with zipfile.ZipFile(path) as archive:
            check_archive(archive)
            texts = {name: _member(archive, name) for name in ("db", "project")}
        unused: Counter[str] = Counter()
        found = tuple(_cells(texts["db"].splitlines(), unused))
        media = tuple(Medium(file_names(place.strip("'\""))) for place in _FEED.findall(texts["project"]))
        return CodedFile((Coding(media, found, (Medium((path.stem,)),)),), tuple(unused_notes(unused)))


def _member(archive: zipfile.ZipFile, name: str) -> str:
    if name != "db" and name not in archive.namelist():  # it names the videos, no more
        return ""
    with archive.open(name) as file:
        return read_at_most(file).decode("utf-8-sig")


def _cells(lines: Sequence[str], unused: Counter[str]) -> Iterator[Annotation]:
    column = ""
    for line in lines:
        if (cell := _CELL.fullmatch(line)) and column:
            times = [int(part) for part in cell.groups()[:8]]
            start, end = (h * 3600 + m * 60 + s + ms / 1000 for h, m, s, ms in (times[:4], times[4:]))
            text = cell[9]
            text = text[1:-1] if text.startswith("(") and text.endswith(")") else text
            values = [re.sub(r"\\(.)", r"\1", value) for value in re.split(r"(?<!\\),", text)]
            yield from _annotation(column, start, end, values, unused)
        elif head := _COLUMN.fullmatch(line):
            column = tidy(head["name"])
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"the line {line[:60]!r}")


def _annotation(
    column: str, start: float, end: float, values: Sequence[str], unused: Counter[str]
) -> Iterator[Annotation]:
    filled = [tidy(value) for value in values if tidy(value) and tidy(value) not in NOTHING]
    if end <= start:
        unused["cell without a length"] += 1
        return
    unused["code beside the label"] += max(0, len(filled) - 1)
    yield Annotation(filled[0] if filled else column, start, end)


def is_table(path: Path) -> bool:
    """Whether a text file is a table that Datavyu exported; False for one that cannot be read."""
    try:
        return bool(_EXPORTED.match(path.open(encoding="utf-8-sig", errors="replace").readline()))
    except OSError:
        return False


def read_table(path: Path) -> CodedFile:
    """The cells of a table that Datavyu exported: of each column ordinal, onset, offset in milliseconds, and codes.

    Raises KinesicsError for another or a damaged file.
    """
    with reading(path, "a table that Datavyu exported", "export it again"):
        text = read_bytes(path).decode("utf-8-sig")
        first = text.splitlines()[0]
        separator = max(",;\t", key=first.count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        unused: Counter[str] = Counter()
        found: list[Annotation] = []
        for column, places in _columns(rows[0]).items():
            for row in rows[1:]:
                cells = [row[place].strip() if place < len(row) else "" for place in places]
                if cells[1] and cells[2]:
                    start, end = float(cells[1]) / 1000, float(cells[2]) / 1000
                    found += _annotation(column, start, end, cells[3:], unused)
        found.sort(key=lambda one: (one.start, one.end))
        return CodedFile((Coding((), tuple(found), (Medium((path.stem,)),)),), tuple(unused_notes(unused)))


def _columns(heads: Sequence[str]) -> dict[str, list[int]]:
    """{column: the places of its ordinal, onset, offset, and codes}."""
    places: dict[str, dict[str, int]] = {}
    for place, head in enumerate(heads):
        name, _, part = head.strip().rpartition(".")
        places.setdefault(tidy(name), {})[part.casefold()] = place
    parts = ("ordinal", "onset", "offset")
    return {
        name: [*(there[part] for part in parts), *(place for part, place in there.items() if part not in parts)]
        for name, there in places.items()
        if name
    }
