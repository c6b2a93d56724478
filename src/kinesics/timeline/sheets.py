"""Tables as spreadsheets and statistics programs write them, whatever their locale: rows of named cells."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

from kinesics.errors import KinesicsError
from kinesics.reading import MOST_ROWS, check_workbook, read_bytes, reading
from kinesics.timeline.coding import NOTHING

SPREADSHEETS = frozenset((".xlsx", ".xlsm", ".xls", ".ods"))
_SEPARATORS = "\t;,|"
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class Sheet:
    """The rows below the line that names the columns.

    Parameters
    ----------
    columns : those that were looked for, by which the table was known
    rows : a dictionary a row from a column's name in small letters to its cell, "" where there is none
    above : the rows above the line of names, in which BORIS tells facts of the observation
    notes : what the user should know of how the file was read
    """

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    above: tuple[list[str], ...] = ()
    notes: tuple[str, ...] = ()


def read_sheet(path: Path, kinds: Sequence[tuple[str, ...]], expected: str) -> Sheet:
    """The first table in a file that has all columns of one of `kinds`.

    Separator (tab, semicolon, comma, |), encoding (UTF-8 and UTF-16 by their marks, UTF-8, else Windows-1252), line
    ends, quotes and the capitals of column names are found out. Of a workbook the first sheet with such columns is
    read.

    Parameters
    ----------
    path : a text file or a workbook (.xlsx, .xls, .ods)
    kinds : the names, in small letters, of the columns of each kind of table
    expected : what the error says was expected

    Returns
    -------
    the table, with its lines as they are counted in the file

    Raises
    ------
    KinesicsError : for a file that cannot be read, one without such a table or without rows, and a row that has more
        cells than there are columns
    """
    tables, notes = (_workbook(path), ()) if path.suffix.lower() in SPREADSHEETS else _text(path)
    for cells in tables:
        for place, line in enumerate(cells):
            names = [name.strip().casefold() for name in line]
            kind = next((kind for kind in kinds if set(kind) <= set(names)), None)
            if kind is not None:
                rows = tuple(_row(path, names, row) for row in cells[place + 1 :] if any(map(str.strip, row)))
                if not rows:
                    raise KinesicsError(f"{path}: expected a coded event a line, found none")
                return Sheet(kind, rows, tuple(cells[:place]), notes)
    raise KinesicsError(f"{path}: expected {expected}, found neither; see docs/clip_folder.md")


def _row(path: Path, names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if any(cell.strip() for cell in cells[len(names) :]):
        raise KinesicsError(
            f"{path}: expected {len(names)} cells a line, found {len(cells)} in {','.join(cells)!r}; put cells with "
            "the separator in them (as in decimal commas) into quotes"
        )
    stripped = (cell.strip() for cell in cells[: len(names)])
    return dict(zip_longest(names, ("" if cell in NOTHING else cell for cell in stripped), fillvalue=""))


def _text(path: Path) -> tuple[Iterator[list[list[str]]], tuple[str, ...]]:
    """The cells of a text file, separated in every way, one after the other."""
    try:
        content = read_bytes(path)
    except OSError as error:
        raise KinesicsError(f"{path}: cannot be read ({error.strerror}); expected a CSV or TSV") from error
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    notes: tuple[str, ...] = ()
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
        notes = ("not in UTF-8: read as Windows-1252; save it as CSV UTF-8 if letters are wrong",)
    if "\0" in text:
        raise KinesicsError(f"{path}: expected a CSV or TSV in UTF-8, found a binary file; save it as one")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return (_separated(text, separator) for separator in _SEPARATORS), notes


def _separated(text: str, separator: str) -> list[list[str]]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    rows = list(islice((line for line in lines if line), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise ValueError(f"more than {MOST_ROWS:,} lines")
    return rows


def _workbook(path: Path) -> Iterator[list[list[str]]]:
    """The cells of all sheets as text."""
    from python_calamine import CalamineWorkbook

    with reading(path, "a workbook with a table", "save it as CSV"):
        check_workbook(path)
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            yield [list(map(_cell, row)) for row in book.get_sheet_by_name(name).to_python()]


def _cell(value: object) -> str:
    if isinstance(value, datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value.total_seconds())
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
