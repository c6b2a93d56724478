"""What observers have coded: the annotations of a recording, on the clock of the file that was coded."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from math import isfinite
from pathlib import PureWindowsPath
from urllib.parse import unquote

from kinesics.errors import printable

NOTHING = frozenset(
    ("", "NA", "N/A", "#N/A", "NaN", "nan", "None", "NULL", "null")
)  # an empty cell, as programs write it
_NO_XML = "\ufffe\uffff"
_CLOCK = re.compile(r"(-?)(\d+):([0-5]?\d):([0-5]?\d(?:[.,]\d*)?)")


@dataclass(frozen=True)
class Annotation:
    """One coded stretch of time.

    Parameters
    ----------
    label : what was seen
    start, end : seconds on the clock of the coding
    subject : the name of who was seen, "" where the file does not say
    person : the number of who was seen, 1 for the largest in view; None where the file does not say
    """

    label: str
    start: float
    end: float
    subject: str = ""
    person: int | None = None


@dataclass(frozen=True)
class Medium:
    """A file that was coded.

    Parameters
    ----------
    names : what the file may be called, the likeliest first; with or without its suffix
    offset : seconds that a time of the coding needs to become a time of the file
    """

    names: tuple[str, ...]
    offset: float = 0.0


@dataclass(frozen=True)
class Coding:
    """What one coder saw in one recording.

    Parameters
    ----------
    media : the recording's files, of which any serves, the best first
    annotations : on one clock, in the order of the file
    namesakes : what the recording may be called where none of `media` is there: as the coding itself
    observation : its name in a file that holds several, "" in others
    """

    media: tuple[Medium, ...]
    annotations: tuple[Annotation, ...]
    namesakes: tuple[Medium, ...] = ()
    observation: str = ""

    @property
    def medium(self) -> Medium:
        """The likeliest file."""
        return (*self.media, *self.namesakes)[0]


@dataclass(frozen=True)
class CodedFile:
    """All codings of one file, and a sentence on each kind of thing in it that is not used."""

    codings: tuple[Coding, ...]
    notes: tuple[str, ...] = ()


def tidy(text: str) -> str:
    """A label or a name on one line: composed letters, single spaces, nothing that XML or a terminal cannot take."""
    composed = unicodedata.normalize("NFC", text)
    visible = "".join(letter if printable(letter) == letter and letter not in _NO_XML else " " for letter in composed)
    return " ".join(visible.split())


def file_names(place: str) -> tuple[str, ...]:
    """What the file at a path of any machine, or at a `file:` address, may be called."""
    name = PureWindowsPath(place).name
    # BORIS and some versions of ELAN write addresses with %20, others as they are
    decoded = PureWindowsPath(unquote(place)).name if place.startswith("file:") else name
    return (name,) if decoded == name else (name, decoded)


def seconds(text: str) -> float:
    """Seconds as coders and their programs write them: 1.5, 1,5, 1.234,5 or 00:01:02.5; raises ValueError."""
    text = re.sub(r"[\s'’]", "", text)
    if clock := _CLOCK.fullmatch(text):
        sign, hours, minutes, rest = clock.groups()
        return (-1 if sign else 1) * (int(hours) * 3600 + int(minutes) * 60 + float(rest.replace(",", ".")))
    decimal = max(",.", key=text.rfind)
    value = float(text.replace("." if decimal == "," else ",", "").replace(decimal, "."))
    if not isfinite(value):
        raise ValueError(f"could not convert string to float: {text!r}")
    return value


def whole_number(text: str) -> int:
    """A whole number, written so or as pandas and Excel write one: 1, 1.0, 1,0; raises ValueError."""
    value = seconds(text)
    if not value.is_integer():
        raise ValueError(f"not a whole number: {text!r}")
    return int(value)


def counted(count: int, what: str) -> str:
    """`1 event`, `2 events`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
