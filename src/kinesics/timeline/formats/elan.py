"""ELAN annotation files (.eaf): written for observers, and read as they come back or as observers made them.

The format is that of EAF 3.0 (https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf). ELAN has no place
for a score: what comes back from it is an observer's word.
"""

from __future__ import annotations

import mimetypes
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kinesics.files import replacing, written_on
from kinesics.reading import parse_xml, read_bytes, reading
from kinesics.timeline.coding import Annotation, CodedFile, Coding, Medium, counted, file_names, tidy
from kinesics.timeline.formats.common import (
    Provenance,
    person_name,
    relative,
    to_timeline,
    whom,
    without_overlap,
)
from kinesics.timeline.timeline import Timeline

_AUTHOR = "Kinesics"
_VOCABULARY = "gestures"
_MEND = "export it again"
_SOUND = frozenset((".wav", ".mp3", ".ogg", ".m4a", ".aac", ".flac", ".aif", ".aiff", ".wma"))
_NAMES_PARENT = "Symbolic_Association"  # of the ways in which ELAN's tiers depend, the one that divides no time


def write(path: Path, timeline: Timeline, provenance: Provenance) -> None:
    """A tier a person and gesture, the person as participant, the classes as controlled vocabulary.

    ELAN allows no overlap inside a tier, so overlapping events of one gesture go to a second tier. The video is linked
    by its relative path.

    Parameters
    ----------
    path : the file to write, replaced if it is there
    timeline : the events
    provenance : the recording, the model and the classes

    Raises
    ------
    KinesicsError : if the file cannot be written
    """
    import pympi

    eaf = pympi.Eaf(author=_AUTHOR)
    eaf.adocument["DATE"] = written_on().isoformat(timespec="seconds")
    eaf.remove_tier("default")
    eaf.add_language("und", "http://cdb.iso.org/lg/CDB-00130975-001", "undetermined (und)")
    eaf.add_controlled_vocabulary(_VOCABULARY)
    for index, label in enumerate(provenance.classes):
        eaf.add_cv_entry(_VOCABULARY, f"cveid{index}", [(tidy(label), "und", None)])
    eaf.add_linguistic_type("gesture")
    eaf.linguistic_types["gesture"]["CONTROLLED_VOCABULARY_REF"] = _VOCABULARY
    media = provenance.media
    if media is not None:
        kind = mimetypes.guess_type(media.name)[0] or "video/*"
        # ELAN looks at the URL first; without a folder it falls back to the relative path, which survives a move
        name, place = (text.encode(errors="backslashreplace").decode() for text in (media.name, relative(media, path)))
        eaf.add_linked_file(f"file:///{name}", relpath=f"./{place}", mimetype=kind)
    for row, event, start, end in without_overlap(timeline):
        name = tidy(row)
        if name not in eaf.tiers:
            eaf.add_tier(name, "gesture", part=person_name(event))
        eaf.add_annotation(name, start, end, tidy(event.label))
    with replacing(path) as temporary:
        eaf.to_file(temporary)


def read(path: Path) -> Timeline:
    """The events of a file that `write` began and an observer may have changed, on the video's clock.

    Duration is 0; `index` is a label's place in the vocabulary, or -1. Raises KinesicsError.
    """
    with reading(path, "an ELAN file (.eaf)", _MEND):
        root = _root(path)
        entries = root.iterfind(f"CONTROLLED_VOCABULARY[@CV_ID='{_VOCABULARY}']/*")
        return to_timeline(read_codings(path), ["".join(entry.itertext()).strip() for entry in entries])


def read_codings(path: Path) -> CodedFile:
    """The annotations that name something, on the clock of the annotations.

    Every annotation is a label, with two exceptions. Where a tier is divided by dependent tiers (time subdivision,
    included in, symbolic subdivision), their annotations are the labels. Where a tier only counts its annotations
    (all are empty, numbers, or the same word) and others name them (symbolic association), those are the labels.
    Inner time slots without a time are spread evenly, as ELAN shows them. Raises KinesicsError for another file.
    """
    with reading(path, "an ELAN file (.eaf)", _MEND):
        root = _root(path)
        notes: list[str] = []
        named = [pair for tier in _trees(root) for pair in _named(tier, notes)]
        found = list(_annotations(named, notes, ours=root.get("AUTHOR") == _AUTHOR))
        coding = Coding(tuple(_media(root)), tuple(found), (Medium((path.stem,)),))
        return CodedFile((coding,), tuple(notes))


def _root(path: Path) -> ET.Element:
    root = parse_xml(read_bytes(path))
    header = root.find("HEADER")
    if root.tag != "ANNOTATION_DOCUMENT" or header is None:
        raise ValueError(f"<{root.tag}> without a header" if header is None else f"<{root.tag}>")
    if (unit := header.get("TIME_UNITS", "milliseconds")) != "milliseconds":
        raise ValueError(f"times in {unit}, not in milliseconds")
    return root


def _media(root: ET.Element) -> Iterator[Medium]:
    """The linked videos, else the linked sounds; the annotations' clock begins `TIME_ORIGIN` later than the file's."""
    linked = root.findall("HEADER/MEDIA_DESCRIPTOR")
    header = root.find("HEADER")
    assert header is not None
    if not linked and header.get("MEDIA_FILE"):  # as of ELAN 2
        yield Medium(file_names(header.get("MEDIA_FILE", "")))
    videos = [one for one in linked if not _is_sound(one)]
    for one in videos or linked:
        places = one.get("MEDIA_URL", ""), one.get("RELATIVE_MEDIA_URL", "")
        names = dict.fromkeys(name for place in places for name in file_names(place) if name)
        yield Medium(tuple(names), int(one.get("TIME_ORIGIN") or 0) / 1000)


def _is_sound(media: ET.Element) -> bool:
    suffix = Path(media.get("MEDIA_URL", "")).suffix.lower()
    return media.get("MIME_TYPE", "").startswith("audio") or suffix in _SOUND


@dataclass
class _Span:
    """One annotation: its text, and its times in seconds once they are known."""

    text: str
    start: float | None
    end: float | None
    parent: str = ""


@dataclass
class _Tier:
    name: str
    participant: str
    kind: str  # how it depends on its parent
    has_vocabulary: bool
    spans: dict[str, _Span] = field(default_factory=dict)
    children: list[_Tier] = field(default_factory=list)


def _trees(root: ET.Element) -> list[_Tier]:
    """The tiers that depend on no other, with those that depend on them, and the times of all."""
    types = {one.get("LINGUISTIC_TYPE_ID"): one for one in root.iterfind("LINGUISTIC_TYPE")}
    slots = {one.get("TIME_SLOT_ID", ""): _time(one) for one in root.iterfind("TIME_ORDER/TIME_SLOT")}
    words = {one.get("CVE_ID"): "".join(one.itertext()) for one in root.iterfind("CONTROLLED_VOCABULARY/CV_ENTRY_ML")}
    elements = {one.get("TIER_ID", ""): one for one in root.iterfind("TIER")}
    tiers: dict[str, _Tier] = {}

    def build(name: str) -> _Tier:
        if name in tiers:
            return tiers[name]
        element = elements[name]
        above = element.get("PARENT_REF")
        parent = build(above) if above in elements and above is not None else None
        type_ = types.get(element.get("LINGUISTIC_TYPE_REF"), ET.Element("none"))
        participant = element.get("PARTICIPANT") or (parent.participant if parent else "")
        kind = type_.get("CONSTRAINTS", _NAMES_PARENT)
        tier = tiers[name] = _Tier(name, participant, kind, "CONTROLLED_VOCABULARY_REF" in type_.attrib)
        tier.spans = _aligned(element, slots, words) | _referring(element, parent, words)
        if parent is not None:
            parent.children.append(tier)
        return tier

    roots = [build(name) for name, element in elements.items() if element.get("PARENT_REF") not in elements]
    for name in elements:
        build(name)
    return roots


def _time(slot: ET.Element) -> float | None:
    value = slot.get("TIME_VALUE")
    return None if value is None else int(value) / 1000


def _text(annotation: ET.Element, words: Mapping[str | None, str]) -> str:
    text = tidy(annotation.findtext("ANNOTATION_VALUE") or "")
    return text or tidy(words.get(annotation.get("CVE_REF"), ""))


def _aligned(tier: ET.Element, slots: dict[str, float | None], words: Mapping[str | None, str]) -> dict[str, _Span]:
    """The annotations with time slots of their own; inner slots without a time are spread evenly over a chain."""
    found = tier.findall("ANNOTATION/ALIGNABLE_ANNOTATION")
    after = {one.get("TIME_SLOT_REF1", ""): one.get("TIME_SLOT_REF2", "") for one in found}
    for first in [slot for slot in after if slots.get(slot) is not None]:
        chain = [first]
        while len(chain) == 1 or (slots.get(chain[-1]) is None and chain[-1] in after and len(chain) <= len(after)):
            chain.append(after[chain[-1]])
        _spread(chain, slots)
    return {
        one.get("ANNOTATION_ID", ""): _Span(
            _text(one, words), slots.get(one.get("TIME_SLOT_REF1", "")), slots.get(one.get("TIME_SLOT_REF2", ""))
        )
        for one in found
    }


def _spread(chain: Sequence[str], slots: dict[str, float | None]) -> None:
    start, end = slots.get(chain[0]), slots.get(chain[-1])
    if start is not None and end is not None:
        for place, slot in enumerate(chain[1:-1], 1):
            slots[slot] = start + (end - start) * place / (len(chain) - 1)


def _referring(tier: ET.Element, parent: _Tier | None, words: Mapping[str | None, str]) -> dict[str, _Span]:
    """The annotations that refer to others: those of one annotation divide its time evenly, in their order."""
    found = tier.findall("ANNOTATION/REF_ANNOTATION")
    spans = parent.spans if parent else {}
    shares: dict[str, list[ET.Element]] = {}
    for one in found:
        same = shares.setdefault(one.get("ANNOTATION_REF", ""), [])
        before = [other.get("ANNOTATION_ID") for other in same]
        previous = one.get("PREVIOUS_ANNOTATION")
        same.insert(before.index(previous) + 1 if previous in before else len(same), one)
    divided: dict[str, _Span] = {}
    for above, same in shares.items():
        whole = spans.get(above, _Span("", None, None))
        for place, one in enumerate(same):
            start, end = _part(whole, place, len(same))
            divided[one.get("ANNOTATION_ID", "")] = _Span(_text(one, words), start, end, above)
    return divided


def _part(whole: _Span, place: int, count: int) -> tuple[float | None, float | None]:
    if whole.start is None or whole.end is None:
        return None, None
    length = (whole.end - whole.start) / count
    return whole.start + place * length, whole.start + (place + 1) * length


def _named(tier: _Tier, notes: list[str]) -> Iterator[tuple[_Tier, _Span]]:
    """The annotations of the tiers of one tree that name something; `notes` gets what the others are left out for."""
    children = [child for child in tier.children if any(_spans(child))]
    dividing = [child for child in children if child.kind != _NAMES_PARENT]
    naming = dividing or (_best(children) if _only_counts(tier) else [])
    if not naming:
        yield from ((tier, span) for span in tier.spans.values())
    for child in children:
        if child in naming:
            yield from _named(child, notes)
        else:
            rows = counted(len(list(_spans(child))), "annotation")
            notes.append(f"tier {child.name!r} describes tier {tier.name!r}: {rows}, no label")
    if naming and tier.spans:
        names = ", ".join(repr(child.name) for child in naming)
        notes.append(f"tier {tier.name!r}: {counted(len(tier.spans), 'annotation')}, named by tier {names}")
        named = {span.parent for child in naming for span in child.spans.values()}
        if not dividing and (bare := [span for key, span in tier.spans.items() if key not in named]):
            first = "" if bare[0].start is None else f" (the first at {bare[0].start:.2f} s)"
            notes.append(f"tier {tier.name!r}: {counted(len(bare), 'annotation')} without a name, left out{first}")


def _spans(tier: _Tier) -> Iterator[_Span]:
    yield from tier.spans.values()
    for child in tier.children:
        yield from _spans(child)


def _best(children: Sequence[_Tier]) -> list[_Tier]:
    """Of tiers that name the same annotations, the one with a vocabulary, else the first."""
    return sorted(children, key=lambda child: not child.has_vocabulary)[:1]


def _only_counts(tier: _Tier) -> bool:
    """Whether the texts tell the annotations of a tier apart by numbers at most."""
    return len({re.sub(r"[\W\d_]", "", span.text).casefold() for span in tier.spans.values()}) <= 1


def _annotations(named: Sequence[tuple[_Tier, _Span]], notes: list[str], *, ours: bool) -> Iterator[Annotation]:
    faults: Counter[str] = Counter()
    places: dict[str, str] = {}
    for tier, span in named:
        if span.start is None or span.end is None:
            fault = "without a time"
        elif span.end <= span.start:
            fault = "without a length"
        elif not span.text:
            fault = "without a name"
        else:
            who = whom(tidy(tier.participant), ours=ours)
            yield Annotation(span.text, span.start, span.end, **who)
            continue
        faults[fault] += 1
        places.setdefault(fault, f"tier {tier.name!r}" + ("" if span.start is None else f" at {span.start:.2f} s"))
    for fault, count in faults.items():
        notes.append(f"{counted(count, 'annotation')} {fault}, left out (the first in {places[fault]})")
