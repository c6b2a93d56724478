"""All words of the workbench's page, from one catalogue a language: `strings/en.json` is the first."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

ENGLISH = "en"


@cache
def languages() -> tuple[str, ...]:
    """Those that there is a catalogue for, English first."""
    names = sorted(one.name.removesuffix(".json") for one in (files("kinesics.web") / "strings").iterdir())
    return (ENGLISH, *(name for name in names if name != ENGLISH))


@cache
def catalogue(language: str) -> dict[str, str]:
    """The texts of a language by their keys; those that it lacks are English."""
    own: dict[str, str] = json.loads((files("kinesics.web") / "strings" / f"{language}.json").read_text("utf-8"))
    return own if language == ENGLISH else catalogue(ENGLISH) | own


def choose_language(accepted: str) -> str:
    """The first language of an `Accept-Language` header that there is a catalogue for, else English."""
    for part in accepted.split(","):
        code = part.partition(";")[0].strip().lower()
        for one in (code, code.partition("-")[0]):
            if one in languages():
                return one
    return ENGLISH


class RefusedError(Exception):
    """A request that is not answered, told in words of the catalogue.

    Parameters
    ----------
    status : of HTTP.
    key : of the text.
    values : what stands in its places.
    """

    def __init__(self, status: int, key: str, **values: object) -> None:
        super().__init__(key)
        self.status, self.key, self.values = status, key, values

    def text(self, language: str) -> str:
        """The words in a language."""
        return catalogue(language)[self.key].format(**self.values)
