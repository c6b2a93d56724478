"""Tiers to and from the files of other programs."""

from __future__ import annotations

import secrets
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from kinesics.data.annotations import READERS, read_codings
from kinesics.errors import KinesicsError
from kinesics.timeline import Timeline
from kinesics.timeline.coding import Annotation, CodedFile, Coding
from kinesics.timeline.formats import EXPORTS, Provenance
from kinesics.timeline.formats.own_files import write_boris_observation, write_elan_tier
from kinesics.timeline.labels import match_label
from kinesics.web.marks import ACCEPTED, Change, MarkFields

IGNORED = ""  # what a code is mapped to that is left out
_OWN_FILES = {".eaf": "ELAN", ".boris": "BORIS", ".boris.gz": "BORIS"}  # that a tier can be added to


def export_tier(video: Path, name: str, timeline: Timeline, fps: float) -> bytes:
    """A tier as a file.

    Parameters
    ----------
    video : that the file is to link to.
    name : of `kinesics.timeline.formats.EXPORTS`.
    timeline : the tier.
    fps : of the recording.

    Returns
    -------
    The content of the file.

    Raises
    ------
    KinesicsError
        where a library is missing.
    """
    labels = tuple(sorted({event.label for event in timeline}))
    recording = {"name": video.name, "kind": "video", "duration": timeline.duration, "fps": fps}
    provenance = Provenance(recording, {}, {}, labels, video, fps)
    path = video.with_name(f".export-{secrets.token_hex(6)}{EXPORTS[name].suffix}")
    try:  # links are relative to where the file lies
        EXPORTS[name].write(path, timeline, provenance)
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def format_of(document: str) -> str:
    """Of which program a document is that a tier can be added to, "" where none can."""
    return next((kind for suffix, kind in _OWN_FILES.items() if document.lower().endswith(suffix)), "")


def add_tier(document: tuple[str, bytes], recording: str, name: str, timeline: Timeline) -> bytes:
    """A coder's own file with one tier more, and all that was in it.

    Parameters
    ----------
    document : the name of the file, and its content.
    recording : that the tier is of.
    name : of the tier.
    timeline : the tier.

    Returns
    -------
    The content of the new file.

    Raises
    ------
    KinesicsError
        for a file that no tier can be added to.
    """
    file, content = document
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / f"own{_suffix(file)}", Path(folder) / f"out{_suffix(file)}"
        source.write_bytes(content)
        try:
            if format_of(file) == "ELAN":
                write_elan_tier(source, out, name, timeline)
            else:
                like = _coding_of(read_codings(source), file, recording)[0].observation
                write_boris_observation(source, out, name, timeline, like=like)
        except KinesicsError as error:
            raise KinesicsError(str(error).replace(str(source), file)) from None
        return out.read_bytes()


def codes_in(name: str, content: bytes, recording: str) -> tuple[list[Annotation], tuple[str, ...]]:
    """What somebody coded of a recording, and a sentence on each thing that is not used.

    Parameters
    ----------
    name : of the file, which tells its kind.
    content : of the file.
    recording : which of those in the file, where there are several.

    Returns
    -------
    The annotations on the recording's clock, and the sentences.

    Raises
    ------
    KinesicsError
        for a file that is no coding, and for one of other recordings alone.
    """
    plain = PurePosixPath(name.replace("\\", "/")).name or "coding"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"coding{_suffix(plain)}"
        path.write_bytes(content)
        try:
            coded = read_codings(path)
        except KinesicsError as error:
            raise KinesicsError(str(error).replace(str(path), plain)) from None
    coding, offset = _coding_of(coded, plain, recording)
    moved = [(one, max(0.0, one.start + offset), one.end + offset) for one in coding.annotations]
    kept = [Annotation(one.label, start, end, one.subject, one.person) for one, start, end in moved if start < end]
    return kept, coded.notes


def suggested_mapping(annotations: Sequence[Annotation], classes: Sequence[str]) -> dict[str, str]:
    """For each code the class that it seems to name, or the code itself."""
    return {code: _class_of(code, classes) for code in Counter(one.label for one in annotations)}


def imported_marks(annotations: Sequence[Annotation], mapping: Mapping[str, str]) -> list[Change]:
    """A tier of a coding, its codes mapped to classes; what is mapped to `IGNORED` is left out.

    Raises KinesicsError for an annotation that no tier can hold.
    """
    try:
        marks = list(_marks(annotations, mapping))
    except ValidationError as error:
        found = error.errors()[0]
        raise KinesicsError(
            f"the coding: expected labels of at most 200 letters and times within a day, found another "
            f"{found['loc'][0] if found['loc'] else 'time'}; mend it"
        ) from error
    return [Change(uid=f"i{number}", after=mark) for number, mark in enumerate(marks, 1)]


def _marks(annotations: Sequence[Annotation], mapping: Mapping[str, str]) -> Iterator[MarkFields]:
    return (
        MarkFields(
            label=mapping.get(one.label, one.label),
            start=one.start,
            end=one.end,
            person=one.person or 0,
            status=ACCEPTED,
            note=one.subject[:2000],
        )
        for one in annotations
        if mapping.get(one.label, one.label) != IGNORED
    )


def _class_of(code: str, classes: Sequence[str]) -> str:
    try:
        return classes[match_label(code, classes)]
    except KinesicsError:
        return code


def _suffix(name: str) -> str:
    return next((suffix for suffix in sorted(READERS, key=len, reverse=True) if name.lower().endswith(suffix)), ".csv")


def _coding_of(coded: CodedFile, name: str, recording: str) -> tuple[Coding, float]:
    """The coding of a recording and its offset: by the name of its medium, or the only one."""
    wanted = PurePosixPath(recording).name.casefold()
    stems = (wanted, wanted.rpartition(".")[0])
    for coding in coded.codings:
        for medium in (*coding.media, *coding.namesakes):
            if any(one.casefold() in stems or one.casefold().rpartition(".")[0] == stems[1] for one in medium.names):
                return coding, medium.offset
    if len(coded.codings) == 1:
        return coded.codings[0], coded.codings[0].medium.offset
    names = ", ".join(coding.medium.names[0] for coding in coded.codings[:5]) or "nothing coded"
    raise KinesicsError(f"{name}: expected a coding of {recording}, found {names}; name the recording in it")
