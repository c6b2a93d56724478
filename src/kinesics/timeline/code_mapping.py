"""Which class each of an observer's own codes is: a small CSV or JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kinesics.errors import KinesicsError
from kinesics.reading import read_bytes, reading
from kinesics.timeline.coding import Annotation, tidy
from kinesics.timeline.gesture_names import current_name
from kinesics.timeline.sheets import read_sheet

LEFT_OUT = ""  # the class of a code that is none
_EXPECTED = "a CSV with the columns code,class or a JSON object {code: class}"


def read_mapping(path: Path) -> dict[str, str]:
    """The classes by code, codes as `code_key` makes them; "" for codes that are left out.

    Raises KinesicsError for another file, and for a code that stands there twice with two classes.
    """
    with reading(path, _EXPECTED, "mend it"):
        found: dict[str, str] = {}
        for code, name in _pairs(path):
            if found.setdefault(code_key(code), name) != name:
                raise KinesicsError(
                    f"{path}: expected one class a code, found two for {code!r}: {found[code_key(code)]!r} and {name!r}"
                )
        return found


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    if path.suffix.lower() == ".json":
        content = json.loads(read_bytes(path).decode("utf-8-sig"))
        if not isinstance(content, dict) or not all(isinstance(one, str | None) for one in content.values()):
            raise ValueError("another JSON")
        yield from ((code, tidy(name or LEFT_OUT)) for code, name in content.items())
    else:
        yield from ((row["code"], tidy(row["class"])) for row in read_sheet(path, [("code", "class")], _EXPECTED).rows)


def code_key(code: str) -> str:
    """What is compared of codes: capitals and spaces are not."""
    return tidy(code).casefold()


def apply_mapping(
    annotations: Iterable[Annotation], mapping: Mapping[str, str], classes: Sequence[str] = ()
) -> Iterator[Annotation]:
    """Give annotations the names of classes.

    Parameters
    ----------
    annotations : of an observer
    mapping : of `read_mapping`; a code that is not in it stays what it is
    classes : names that are written as they are here, whatever the capitals; earlier and short names are known as well

    Yields
    ------
    those that are not left out
    """
    known = {code_key(name): name for name in classes}
    for one in annotations:
        name = mapping.get(code_key(one.label), one.label)
        if name != LEFT_OUT:
            yield replace(one, label=known.get(code_key(name)) or known.get(code_key(current_name(name)), name))
