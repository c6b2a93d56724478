"""Read what others wrote: what a file may claim at most, and one sentence for whatever is wrong with it.

A claim is compared with these limits before room is made for it, so that no file takes more memory than they say.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol
from xml.parsers import expat

from kinesics.errors import KinesicsError

MOST_TEXT = 32_000_000  # bytes of a text: a table, a coding, JSON, XML, YAML
MOST_UNPACKED = 8_000_000_000  # bytes in an archive of arrays or of a network
MOST_RATIO, FREE_UNPACKED = 200, 64_000_000  # unpacked bytes for one packed; up to so many no matter how packed
MOST_ROWS = 1_048_576  # of a table, as in Excel
MOST_SHEETS = 400_000_000  # bytes of a workbook's unpacked XML
MOST_CELLS = 10_000_000  # of a sheet, from the first to the last that is filled, and letters in all of them
MOST_NODES = 10_000  # of a config, each counted wherever an alias repeats it
MOST_PIXELS = 7680 * 4320  # of a frame
MOST_ASPECT = 10.0  # a pixel's width over its height, and the inverse
MOST_SECONDS = 86_400.0  # of a recording: a day
MOST_FPS = 1000.0
MOST_JOINTS = 1000

_CELL = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Za-z]{1,9})(\d{1,12})"')
_ROW = re.compile(rb'<(?:\w+:)?row [^>]*?\br="(\d{1,12})"')
_SHARED_TEXT = re.compile(rb't="s"')
_REPEATED = re.compile(rb'number-(columns|rows)-repeated="(\d{1,12})"')


@contextmanager
def reading(path: Path, expected: str, mend: str) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into a KinesicsError.

    Parameters
    ----------
    path: the file.
    expected: what it should have been.
    mend: what the user can do about it.

    Returns
    -------
    A context, in which the file is to be read.

    Raises
    ------
    KinesicsError: for every other exception; one that is raised inside stays as it is.
    """
    try:
        yield
    except KinesicsError:
        raise
    except FileNotFoundError:
        raise KinesicsError(f"{path}: no such file; expected {expected}") from None
    except Exception as error:  # a damaged file may break a reader anywhere, and libraries raise what they like
        raise KinesicsError(f"{path}: expected {expected}, found {_found(error)}; {mend}") from error


def _found(error: Exception) -> str:
    """What an exception says was there, on one line."""
    if isinstance(error, KeyError):
        return f"no {error}"
    if isinstance(error, MemoryError | RecursionError):
        return "more than fits into memory"
    if isinstance(error, UnicodeDecodeError):
        return "bytes that are no UTF-8"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(":;,.") if lines else type(error).__name__


def read_bytes(path: Path, most: int = MOST_TEXT) -> bytes:
    """The content of a file; raises ValueError for one of more than `most` bytes, of which no more are read."""
    with path.open("rb") as file:
        return read_at_most(file, most)


class Readable(Protocol):
    """A file that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`."""
        ...


def read_at_most(file: Readable, most: int = MOST_TEXT) -> bytes:
    """The rest of an open file, packed or not; raises ValueError where there are more than `most` bytes."""
    content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"more than {most / 1e6:,.0f} MB")
    return content


def parse_xml(content: bytes) -> ET.Element:
    """The root of an XML text; raises ValueError or ParseError for another, and for one that declares entities."""
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _refuse_entity
    parser.Parse(content, True)
    return ET.fromstring(content)


def _refuse_entity(*declared: object) -> None:
    raise ValueError(f"entities ({declared[0]}), which may stand for anything")


def check_archive(archive: zipfile.ZipFile, most: int = MOST_UNPACKED) -> None:
    """See that a zip unpacks to no more than it may, and that its names stay inside it.

    Parameters
    ----------
    archive: opened.
    most: bytes of all members together.

    Raises
    ------
    ValueError: for a bomb, a link, and a name that leads elsewhere.
    """
    unpacked = sum(member.file_size for member in archive.infolist())
    packed = max(1, sum(member.compress_size for member in archive.infolist()))
    if unpacked > most or unpacked > max(FREE_UNPACKED, MOST_RATIO * packed):
        raise ValueError(f"an archive of {packed / 1e6:,.1f} MB that unpacks to {unpacked / 1e6:,.0f} MB")
    for member in archive.infolist():
        parts = re.split(r"[/\\]", member.filename)
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            raise ValueError(f"a member that leads out of the archive ({member.filename!r})")
        if (member.external_attr >> 16) & 0o170000 == 0o120000:
            raise ValueError(f"a link in the archive ({member.filename!r})")


def check_arrays(path: Path) -> None:
    """See that no array in an `.npz` or `.npy` claims more numbers than are there.

    Raises ValueError for one that does, for a bomb, and for objects, which only a pickle could hold.
    """
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            _check_array(file, path.stat().st_size)
        return
    with zipfile.ZipFile(path) as archive:
        check_archive(archive)
        for member in archive.infolist():
            with archive.open(member) as file:
                _check_array(file, member.file_size)


def _check_array(file: IO[bytes], size: int) -> None:
    from numpy.lib import format as npy

    begin = file.read(8)
    if begin[:6] != npy.MAGIC_PREFIX:
        raise ValueError("no array")
    version = begin[6], begin[7]
    readers: dict[tuple[int, int], Callable[..., Any]] = {
        (1, 0): npy.read_array_header_1_0,
        (2, 0): npy.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"an array of version {version}")
    shape, _, dtype = readers[version](file)
    if dtype.hasobject:
        raise ValueError("objects in place of numbers")
    if any(length < 0 for length in shape) or math.prod(shape) * dtype.itemsize > size:
        raise ValueError(f"an array that claims {' × '.join(map(str, shape))} numbers in {size} bytes")


def check_workbook(path: Path) -> None:
    """See that no sheet of a workbook spans more cells, and no archive unpacks to more, than may be.

    Raises ValueError for those; what is no zip, such as an `.xls`, has limits of its own and passes.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        check_archive(archive, MOST_SHEETS)
        longest = 0
        for member in archive.infolist():
            if member.filename.lower().endswith("sharedstrings.xml"):
                longest = max(map(len, archive.read(member).split(b"<si")))
        for member in archive.infolist():
            if member.filename.lower().endswith(".xml"):
                _check_sheet(archive.read(member), longest)


def _check_sheet(content: bytes, longest: int) -> None:
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content:
        raise ValueError("entities, which no spreadsheet program writes")
    columns, rows = 1, 1
    for match in _CELL.finditer(content):
        columns, rows = max(columns, _column(match[1])), max(rows, int(match[2]))
    rows = max([rows, *(int(match[1]) for match in _ROW.finditer(content))])
    if rows * columns > MOST_CELLS:
        raise ValueError(f"a sheet of {rows:,} rows and {columns:,} columns")
    if longest * len(_SHARED_TEXT.findall(content)) > MOST_SHEETS:
        raise ValueError("a long text in too many cells")
    _check_repeated(content)


def _check_repeated(content: bytes) -> None:
    """Of OpenDocument's tables: the cells with something in them, as often as they and their row are repeated."""
    for row in re.split(rb"<table:table-row\b", content)[1:]:
        head, _, cells = row.partition(b">")
        times = _times(head)
        tags = (cell.partition(b">")[0] for cell in re.split(rb"<table:table-cell\b", cells)[1:])
        if times * sum(_times(tag) for tag in tags if b"value-type" in tag) > MOST_CELLS:
            raise ValueError("a row of cells that is repeated too often")


def _times(tag: bytes) -> int:
    return math.prod(int(match[2]) for match in _REPEATED.finditer(tag))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def read_yaml(path: Path) -> dict[str, Any]:
    """The sections of a YAML file; raises KinesicsError for tags, for aliases that multiply, and for no mapping."""
    import yaml

    with reading(path, "a config in YAML", "mend it; `kinesics train --help` names configs to start from"):
        content = yaml.safe_load(read_bytes(path).decode("utf-8-sig"))
        if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
            raise ValueError("no sections" if content is None else "another text")
        if _nodes(content, MOST_NODES) < 0:
            raise ValueError(f"more than {MOST_NODES:,} values")
        return content


def _nodes(tree: object, room: int) -> int:
    """How much of the room a tree leaves, below zero where it does not fit."""
    inside = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for node in inside:
        room = _nodes(node, room - 1)
        if room < 0:
            break
    return room
