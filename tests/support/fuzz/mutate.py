"""Change a small file as damage, other programs and attackers do: its bytes, or what it holds by its own structure."""

from __future__ import annotations

import gzip
import io
import json
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

NUMBERS = ("0", "-1", "1e9", "nan", "1e308", "-0.5", "99999999999999999999", "inf")
WORDS = ("", "\u202e", "\x1b[2J", "=1+1", "../../x", "\0", "null", "<b>", "🎥" * 50, "'", '"', ";", "\n")
ODD: tuple[Any, ...] = (None, True, 0, -1, 1e9, float("nan"), 10**30, "", "x" * 999, [], {}, [[]], [None], "\x1b[2J")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_TAG = re.compile(rb"<[^>]{1,2000}>")
_ATTRIBUTE = re.compile(rb'="[^"]*"')


def mutated(content: bytes, random: Random) -> bytes:
    """The content, changed one to three times."""
    for _ in range(random.randint(1, 3)):
        content = _once(content, random)
    return content


def _once(content: bytes, random: Random) -> bytes:
    by_structure = next((change for known, change in _STRUCTURES.items() if known(content)), None)
    if by_structure is not None and random.random() < 0.7:
        return by_structure(content, random)
    return random.choice(_BYTES)(content, random)


# ── any bytes ────────────────────────────────────────────────────────────────────────────────────────────────


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 4, 32))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut_off(content: bytes, random: Random) -> bytes:
    return content[: random.randint(0, len(content))]


def _repeat(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:end] + content[start:end] * random.choice((1, 2, 50)) + content[end:]


def _remove(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:start] + content[end:]


def _splice(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    place = random.randint(0, len(content))
    return content[:place] + content[start:end] + content[place + end - start :]


def _big_number(content: bytes, random: Random) -> bytes:
    """Four or eight bytes become a number at a border."""
    code = random.choice(("<I", ">I", "<Q", ">Q", "<i", ">f"))
    place = random.randint(0, max(0, len(content) - struct.calcsize(code)))
    value = {"f": (float("nan"), 1e30), "i": (-1, -(2**31))}.get(code[1], (0, 2**31 - 1, 2**32 - 1, 10**9))
    packed = struct.pack(code, random.choice(value))
    return content[:place] + packed + content[place + len(packed) :]


def _span(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(content))
    return start, min(len(content), start + random.choice((1, 8, 64, 512)))


_BYTES = (_flip, _flip, _cut_off, _repeat, _remove, _splice, _big_number, _big_number)

# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(content: bytes, random: Random) -> bytes:
    """A number or a word of a text becomes another, a line comes twice or goes."""
    kind = random.choice(("number", "number", "word", "line", "lines"))
    if kind == "number" and (found := list(_NUMBER.finditer(content))):
        one = random.choice(found)
        return content[: one.start()] + random.choice(NUMBERS).encode() + content[one.end() :]
    if kind == "word":
        place = random.randint(0, len(content))
        return content[:place] + random.choice(WORDS).encode() + content[place:]
    lines = content.splitlines(keepends=True) or [b""]
    place = random.randrange(len(lines))
    if kind == "line":
        return b"".join([*lines[:place], *lines[place + 1 :]])
    return b"".join([*lines[: place + 1], lines[random.randrange(len(lines))] * random.choice((1, 20)), *lines[place:]])


def _xml(content: bytes, random: Random) -> bytes:
    """A tag is doubled or removed, or an attribute becomes another's value or a number at a border."""
    pattern = random.choice((_TAG, _ATTRIBUTE))
    found = list(pattern.finditer(content))
    if not found:
        return _text(content, random)
    one, other = random.choice(found), random.choice(found)
    values = [other[0], b""] if pattern is _TAG else [other[0], b'="%s"' % random.choice(NUMBERS).encode(), b'=""']
    return content[: one.start()] + random.choice(values) + content[one.end() :]


def _json(content: bytes, random: Random) -> bytes:
    """A value anywhere in the tree becomes another, goes, or comes twice."""
    try:
        tree = json.loads(content)
    except ValueError:
        return _text(content, random)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for key in keys:
            places.append((node, key))
            walk(node[key])

    walk(tree)
    if not places:
        return json.dumps(random.choice(ODD)).encode()
    node, key = random.choice(places)
    match random.choice(("other", "other", "gone", "twice", "swapped")):
        case "gone":
            del node[key]
        case "twice" if isinstance(node, list):
            node[key:key] = [node[key]] * random.choice((1, 40))
        case "swapped":
            other, place = random.choice(places)
            node[key] = json.loads(json.dumps(other[place])) if place in other or isinstance(other, list) else None
        case _:
            node[key] = random.choice(ODD)
    return json.dumps(tree).encode()


# ── containers ───────────────────────────────────────────────────────────────────────────────────────────────


def _zip(content: bytes, random: Random) -> bytes:
    """One member is changed and packed again with its right checksum, goes, comes twice, or gets another name."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(one.filename, archive.read(one)) for one in archive.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError, zlib.error):
        return _flip(content, random)
    if not members:
        return content
    place = random.randrange(len(members))
    name, data = members[place]
    match random.choice(("changed", "changed", "changed", "changed", "gone", "twice", "named")):
        case "gone":
            del members[place]
        case "twice":
            members.append((name, random.choice(members)[1]))
        case "named":
            members[place] = (random.choice(("../" + name, "/" + name, name.upper(), "x")), data)
        case _:
            members[place] = (name, _once(data, random))
    packed = io.BytesIO()
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(packed, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive,
    ):
        for name, data in members:
            archive.writestr(name, data)
    return packed.getvalue()


def _gzip(content: bytes, random: Random) -> bytes:
    try:
        return gzip.compress(_once(gzip.decompress(content), random))
    except (OSError, EOFError, zlib.error):
        return _flip(content, random)


def _npy(content: bytes, random: Random) -> bytes:
    """The header's text is changed at its length, or the numbers are."""
    length = int.from_bytes(content[8:10], "little")
    header, data = content[10 : 10 + length], content[10 + length :]
    if random.random() < 0.5:
        return content[: 10 + length] + (_once(data, random) if data[:1] in (b"{", b"[") else _flip(data, random))
    changed = _text(header, random)[: 2**16 - 1]
    return content[:8] + len(changed).to_bytes(2, "little") + changed + data


def _safetensors(content: bytes, random: Random) -> bytes:
    length = int.from_bytes(content[:8], "little")
    header = _json(content[8 : 8 + length], random)
    if random.random() < 0.5:  # what it says of itself is a text in a text
        described = json.loads(content[8 : 8 + length])
        inner = described.get("__metadata__", {})
        if isinstance(inner, dict) and isinstance(inner.get("specification"), str):
            inner["specification"] = _json(inner["specification"].encode(), random).decode()
            header = json.dumps(described).encode()
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def _is_safetensors(content: bytes) -> bool:
    length = int.from_bytes(content[:8], "little")
    try:
        return 2 <= length <= len(content) - 8 and isinstance(json.loads(content[8 : 8 + length]), dict)
    except ValueError:
        return False


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content[:2] in (b"\xff\xfe", b"\xfe\xff")
    return b"\0" not in content


_STRUCTURES: dict[Callable[[bytes], bool], Callable[[bytes, Random], bytes]] = {
    lambda content: content[:4] == b"PK\3\4": _zip,
    lambda content: content[:2] == b"\x1f\x8b": _gzip,
    lambda content: content[:6] == b"\x93NUMPY" and len(content) > 10: _npy,
    lambda content: content.lstrip()[:1] in (b"{", b"["): _json,
    lambda content: content.lstrip()[:1] == b"<": _xml,
    _is_safetensors: _safetensors,
    _is_text: _text,
}
