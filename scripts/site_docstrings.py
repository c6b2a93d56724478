"""Reads the docstrings of the house for mkdocstrings: an argument a line, its type in the signature.

A section of the house says `points : (V, 2) pixels, NaN where missing`; NumPy's parser would take what follows the
colon for a type. So the text moves to a line of its own. Paragraphs that explain a field a line become lists.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

NAMED = {"Parameters", "Attributes", "Raises", "Warns"}  # sections of `name : text`
ANSWERS = {"Returns", "Yields"}  # sections of text
ITEM = re.compile(r"(?P<name>\*{0,2}\w[\w.]*(?:, \*{0,2}\w[\w.]*)*) ?: (?P<text>.*)")


class HouseDocstrings(griffe.Extension):
    """Rewrites each docstring before NumPy's parser sees it."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one object's docstring."""
        if obj.docstring and not obj.is_alias:
            obj.docstring.value = rewritten(obj.docstring.value)


def rewritten(text: str) -> str:
    """A docstring with each section as NumPy's parser wants it, and each list of fields as a list."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$", text, flags=re.MULTILINE)
    found = [_listed(parts[0])]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        body = _named(body) if title in NAMED else _answers(body) if title in ANSWERS else body
        found.append(f"{title}\n{'-' * len(title)}\n{body.strip(chr(10))}\n")
    return "\n".join(part.rstrip("\n") + "\n" for part in found)


def _listed(prose: str) -> str:
    """Paragraphs whose every line at the margin is `name: text` as a list."""
    return "\n\n".join(_bullets(paragraph) or paragraph for paragraph in prose.split("\n\n"))


def _bullets(paragraph: str) -> str | None:
    lines = paragraph.splitlines()
    matches = [ITEM.fullmatch(line) for line in lines if not line.startswith(" ")]
    if not all(matches) or len(matches) < 2:
        return None
    return "\n".join(ITEM.sub(r"- `\g<name>`: \g<text>", line) if not line.startswith(" ") else line for line in lines)


def _named(body: str) -> str:
    """The text of `name : text` on a line of its own."""
    return re.sub(rf"^{ITEM.pattern}$", r"\g<name>\n    \g<text>", body, flags=re.MULTILINE)


def _answers(body: str) -> str:
    """The text below an empty name and type, which the signature gives."""
    text = "\n".join(line.strip() for line in (_bullets(body.strip()) or body.strip()).splitlines())
    return ":\n" + "\n".join(f"    {line}" for line in text.splitlines())
