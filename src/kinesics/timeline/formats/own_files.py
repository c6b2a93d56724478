"""One tier more in an observer's own file: everything else in it stays as it is.

In an ELAN file the new parts are put into the text, all other bytes stay; a BORIS project keeps all its entries.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.reading import parse_xml, read_at_most, read_bytes, reading
from kinesics.timeline.coding import tidy
from kinesics.timeline.formats import elan
from kinesics.timeline.formats.common import in_milliseconds
from kinesics.timeline.timeline import Event, Timeline

_TYPE = "kinesics"  # the linguistic type of a tier of ours: aligned in time, no vocabulary
_START_TAG = re.compile(rb"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_AFTER_TIERS = (  # what may follow the tiers, by the order of EAF's schema
    "LINGUISTIC_TYPE", "LOCALE", "LANGUAGE", "CONSTRAINT", "CONTROLLED_VOCABULARY", "LEXICON_REF", "REF_LINK_SET",
    "EXTERNAL_REF",
)  # fmt: skip


@dataclass
class _Element:
    """Where an element of the text stands: its first byte and the one after its last."""

    name: str
    attributes: Mapping[str, str]
    start: int
    end: int = 0
    inner_end: int = 0  # where its end tag begins; `end` of one without


@dataclass
class _Text:
    """The elements of interest of an ELAN file, and the bytes they stand in."""

    content: bytes
    found: list[_Element] = field(default_factory=list)

    def all(self, name: str) -> list[_Element]:
        """Those of one name, in their order."""
        return [one for one in self.found if one.name == name]


_Change = tuple[int, int, str]  # from a byte to a byte, and what stands there afterwards


def write_elan_tier(source: Path, out: Path, name: str, timeline: Timeline, *, participant: str = "") -> int:
    """Add a tier to an ELAN file, in place of the tier of this name if there is one.

    Overlapping events go to further tiers, `name (2)` and so on, for ELAN allows no overlap inside one. Times are those
    of the recording; the media offset of the file is taken off.

    Parameters
    ----------
    source : the observer's file
    out : the file to write, which may be the same
    name : of the tier
    timeline : its events
    participant : who was seen

    Returns
    -------
    how many events lie before the annotations' clock begins, and are left out

    Raises
    ------
    KinesicsError : for a file that is none of ELAN's, and where other tiers depend on the one to be replaced
    """
    with reading(source, "an ELAN file (.eaf)", "save it again in ELAN"):
        content = read_bytes(source)
        text = _parsed(content)
        offset = round(1000 * elan.read_codings(source).codings[0].medium.offset)
        rows = _rows(timeline, offset)
        written = _edited(content, [*_removed(source, text, name), *_added(text, name, participant, rows)])
        parse_xml(written)
    with replacing(out) as temporary:
        temporary.write_bytes(written)
    return len(timeline) - sum(map(len, rows))


def _parsed(content: bytes) -> _Text:
    text, open_ = _Text(content), []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        open_.append(_Element(name, attributes, parser.CurrentByteIndex))

    def end(name: str) -> None:
        element = open_.pop()
        tag = _START_TAG.match(content, element.start)
        assert tag is not None
        if tag[0].endswith(b"/>"):
            element.inner_end = element.end = tag.end()
        else:
            element.inner_end = parser.CurrentByteIndex
            element.end = content.index(b">", element.inner_end) + 1
        text.found.append(element)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=[\"']([^\"']+)", content)
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise ValueError(f"the encoding {declared[1].decode()}, not UTF-8")
    parser.Parse(content, True)
    text.found.sort(key=lambda one: one.start)
    return text


def _removed(source: Path, text: _Text, name: str) -> list[_Change]:
    """The tiers of this name go, with the time slots that nothing else uses."""
    old = [one for one in text.all("TIER") if re.fullmatch(rf"{re.escape(name)}( \(\d+\))?", one.attributes["TIER_ID"])]
    names = {one.attributes["TIER_ID"] for one in old}
    for one in text.all("TIER"):
        if one.attributes.get("PARENT_REF") in names and one.attributes["TIER_ID"] not in names:
            raise KinesicsError(
                f"{source}: expected a tier {name!r} that may be replaced, found the tier "
                f"{one.attributes['TIER_ID']!r} that depends on it; give the new tier another name"
            )
    used: dict[bool, set[str]] = {True: set(), False: set()}
    for one in text.all("ALIGNABLE_ANNOTATION"):
        inside = any(tier.start < one.start < tier.end for tier in old)
        used[inside] |= {one.attributes["TIME_SLOT_REF1"], one.attributes["TIME_SLOT_REF2"]}
    slots = [one for one in text.all("TIME_SLOT") if one.attributes["TIME_SLOT_ID"] in used[True] - used[False]]
    return [(_with_space(text.content, one.start), one.end, "") for one in (*old, *slots)]


def _with_space(content: bytes, place: int) -> int:
    return place - len(content[:place]) + len(content[:place].rstrip())


def _rows(timeline: Timeline, offset: int) -> list[list[tuple[Event, int, int]]]:
    """The events in rows without overlap, in milliseconds of the annotations' clock."""
    rows: list[list[tuple[Event, int, int]]] = [[]]
    for event, start, end in in_milliseconds(timeline):
        start, end = max(0, start - offset), end - offset
        if end <= start:
            continue
        row = next((one for one in rows if not one or one[-1][2] <= start), None)
        if row is None:
            rows.append(row := [])
        row.append((event, start, end))
    return rows


def _added(text: _Text, name: str, participant: str, rows: list[list[tuple[Event, int, int]]]) -> list[_Change]:
    """The new tiers, their time slots and their type."""
    slot, key = _highest(text, "TIME_SLOT", "TIME_SLOT_ID", "ts"), _highest(text, "", "ANNOTATION_ID", "a")
    slots: list[tuple[int, str]] = []
    tiers: list[str] = []
    who = f" PARTICIPANT={quoteattr(participant)}" if participant else ""
    for number, row in enumerate(rows, 1):
        title = name if number == 1 else f"{name} ({number})"
        tiers.append(f'\n    <TIER LINGUISTIC_TYPE_REF="{_TYPE}"{who} TIER_ID={quoteattr(title)}>')
        for event, start, end in row:
            slots += [(start, f"ts{slot + 1}"), (end, f"ts{slot + 2}")]
            slot, key = slot + 2, key + 1
            tiers.append(
                f'\n        <ANNOTATION>\n            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{key}" TIME_SLOT_REF1='
                f'"ts{slot - 1}" TIME_SLOT_REF2="ts{slot}">\n                <ANNOTATION_VALUE>'
                f"{escape(tidy(event.label))}</ANNOTATION_VALUE>\n            </ALIGNABLE_ANNOTATION>\n"
                "        </ANNOTATION>"
            )
        tiers.append("\n    </TIER>")
    after = [one for one in text.found if one.name in _AFTER_TIERS]
    place = _with_space(text.content, after[0].start if after else text.all("ANNOTATION_DOCUMENT")[0].inner_end)
    changes = [*_added_slots(text, sorted(slots)), (place, place, "".join(tiers))]
    types = text.all("LINGUISTIC_TYPE")
    if not any(one.attributes.get("LINGUISTIC_TYPE_ID") == _TYPE for one in types):
        behind = max((one.end for one in types), default=place)
        type_ = f'\n    <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="{_TYPE}" TIME_ALIGNABLE="true"/>'
        changes.append((behind, behind, type_))
    for one in text.all("PROPERTY"):  # ELAN remembers the last number that it gave, and gives new ones the next
        if one.attributes.get("NAME") == "lastUsedAnnotationId":
            changes.append((text.content.index(b">", one.start) + 1, one.inner_end, str(key)))
    return changes


def _highest(text: _Text, name: str, attribute: str, begin: str) -> int:
    """The highest number of ids such as ts12, so that new ones are no one else's."""
    ids = (one.attributes.get(attribute, "") for one in text.found if not name or one.name == name)
    return max((int(one[len(begin) :]) for one in ids if re.fullmatch(rf"{begin}\d+", one)), default=0)


def _added_slots(text: _Text, slots: list[tuple[int, str]]) -> list[_Change]:
    """Each slot before the first that is later; ELAN keeps them in order of time."""
    (order,) = text.all("TIME_ORDER")
    made = [(time, f'<TIME_SLOT TIME_SLOT_ID="{name}" TIME_VALUE="{time}"/>') for time, name in slots]
    if order.inner_end == order.end:  # an empty element, <TIME_ORDER/>
        inside = "".join(f"\n        {slot}" for _, slot in made)
        return [(order.start, order.end, f"<TIME_ORDER>{inside}\n    </TIME_ORDER>")]
    timed = [one for one in text.all("TIME_SLOT") if "TIME_VALUE" in one.attributes]
    end = _with_space(text.content, order.inner_end)
    changes = []
    for time, slot in made:
        later = next((one.start for one in timed if int(one.attributes["TIME_VALUE"]) > time), None)
        place = end if later is None else _with_space(text.content, later)
        changes.append((place, place, f"\n        {slot}"))
    return changes


def _edited(content: bytes, changes: list[_Change]) -> bytes:
    """The content with the bytes from start to end of each change replaced by its words."""
    parts, last = [], 0
    for start, end, words in sorted(changes, key=lambda change: change[:2]):
        parts += [content[last:start], words.encode()]
        last = max(last, end)
    return b"".join([*parts, content[last:]])


# ── BORIS ────────────────────────────────────────────────────────────────────────────────────────────────────


def write_boris_observation(
    source: Path, out: Path, name: str, timeline: Timeline, *, like: str, subject: str = ""
) -> None:
    """Add an observation to a BORIS project, in place of the one of this name if there is one.

    It is of the same files as another one of the project. Behaviours and subjects that the project lacks are added.

    Parameters
    ----------
    source : the observer's project (.boris, .boris.gz)
    out : the file to write, which may be the same; packed where it ends in .gz
    name : of the observation
    timeline : its events, on the recording's clock
    like : the observation whose files it is of
    subject : who was seen; "" for nobody in particular. Overlapping events of one behaviour go to `subject (2)`

    Raises
    ------
    KinesicsError : for a file that is no project, and one without the observation `like`
    """
    with reading(source, "a BORIS project (.boris, .boris.gz)", "save it again in BORIS"):
        project = _project(source)
        if like not in project["observations"]:
            there = ", ".join(map(repr, project["observations"]))
            raise KinesicsError(f"{source}: expected the observation {like!r}, found {there or 'none'}; name one")
        if name == like:
            raise KinesicsError(f"{source}: expected a name of its own for the new observation, found {name!r}")
        other = project["observations"][like]
        shift = float(other.get("time offset") or 0)
        events = _boris_events(timeline, subject, shift)
        project["observations"][name] = {**other, "events": events, "description": "Found by Kinesics"}
        _add_entries(project["behaviors_conf"], "code", (one[2] for one in events), _behaviour)
        _add_entries(project["subjects_conf"], "name", (one[1] for one in events if one[1]), _subject)
    written = json.dumps(project, indent=1).encode()
    with replacing(out) as temporary:
        temporary.write_bytes(gzip.compress(written, mtime=0) if out.name.lower().endswith(".gz") else written)


def _project(path: Path) -> dict[str, Any]:
    if not path.name.lower().endswith(".gz"):
        content = read_bytes(path)
    else:
        with gzip.open(path) as file:
            content = read_at_most(file)
    project: dict[str, Any] = json.loads(content.decode("utf-8-sig"))
    return project


def _boris_events(timeline: Timeline, subject: str, shift: float) -> list[list[Any]]:
    """Starts and stops; a stop stands before the start at the same time, or BORIS would pair them the wrong way."""
    busy: dict[tuple[str, int], int] = {}
    rows: list[list[Any]] = []
    for event, start, end in in_milliseconds(timeline):
        label, number = tidy(event.label), 1
        while busy.get((label, number), 0) > start:
            number += 1
        busy[label, number] = end
        who = subject if number == 1 else f"{subject or 'Kinesics'} ({number})"
        rows.append([round(start / 1000 + shift, 3), who, label, "", f"confidence {event.score:.2f}"])
        rows.append([round(end / 1000 + shift, 3), who, label, "", ""])
    return sorted(rows, key=lambda row: (row[0], row[4] != ""))


def _add_entries(conf: dict[str, Any], key: str, names: Any, make: Any) -> None:
    there = {one[key] for one in conf.values()}
    number = max((int(one) for one in conf if one.isdigit()), default=-1)
    for name in dict.fromkeys(names):
        if name not in there:
            number += 1
            conf[str(number)] = make(name)


def _behaviour(code: str) -> dict[str, Any]:
    empty = dict.fromkeys(("key", "description", "color", "category", "excluded", "coding map"), "")
    return empty | {"type": "State event", "code": code, "modifiers": {}}


def _subject(name: str) -> dict[str, str]:
    return {"key": "", "name": name, "description": ""}
