"""Tiers to and from the files of other programs."""

from __future__ import annotations

import csv
import io
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from kinesics.data.annotations import READERS, read_codings
from kinesics.errors import KinesicsError
from kinesics.timeline import Event, Timeline
from kinesics.timeline.coding import Annotation, CodedFile, Coding
from kinesics.timeline.formats import FORMATS, Provenance
from kinesics.timeline.labels import match_label
from kinesics.web.marks import ACCEPTED, Change, MarkFields
from kinesics.web.tables import CodedDocument

IGNORED = ""  # what a code is mapped to that is left out


@dataclass(frozen=True)
class ExportFormat:
    """A file that a tier can be had as: its ending, and how it is written from a timeline and its provenance."""

    suffix: str
    write: Callable[[Path, Timeline, Provenance], None]


def _write_parquet(path: Path, timeline: Timeline, _: Provenance) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise KinesicsError(
            "Parquet: expected the library pyarrow, found none; pip install 'kinesics[parquet]'"
        ) from error
    timeline.to_dataframe().to_parquet(path, engine="pyarrow", index=False)


def _write_frames(path: Path, timeline: Timeline, provenance: Provenance) -> None:
    """A row a frame: its number, its time, and for each label 1 while it lasts and 0 else."""
    fps = provenance.fps or 25.0
    labels = sorted({event.label for event in timeline})
    count = round(timeline.duration * fps)
    columns = {label: bytearray(count) for label in labels}
    for event in timeline:
        first, last = round(event.start * fps), max(round(event.start * fps) + 1, round(event.end * fps))
        for frame in range(max(0, first), min(count, last)):
            columns[event.label][frame] = 1
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("frame", "time", *(f"'{label}" if label[:1] in "=+-@" else label for label in labels)))
    for frame in range(count):
        writer.writerow((frame, f"{frame / fps:.3f}", *(columns[label][frame] for label in labels)))
    path.write_text(text.getvalue(), "utf-8-sig", newline="")


EXPORTS: dict[str, ExportFormat] = {
    "ELAN": ExportFormat(".eaf", FORMATS["ELAN"].write),
    "BORIS": ExportFormat(".boris", FORMATS["BORIS"].write),
    "CSV": ExportFormat(".csv", FORMATS["CSV"].write),
    "Parquet": ExportFormat(".parquet", _write_parquet),
    "frames": ExportFormat(".frames.csv", _write_frames),
}


def export_tier(
    video: Path, name: str, events: Sequence[Event], facts: Mapping[str, Any], document: CodedDocument | None = None
) -> bytes:
    """A tier as a file.

    Parameters
    ----------
    video : that the file is to link to.
    name : of `EXPORTS`.
    events : of the tier.
    facts : duration and fps of the recording.
    document : the file that the tier came from, if any.

    Returns
    -------
    The content of the file.

    Raises
    ------
    KinesicsError
        where a library is missing.
    """
    timeline = Timeline(tuple(events), float(facts["duration"] or 0))
    labels = tuple(sorted({event.label for event in events}))
    recording = {"name": video.name, "kind": "video", "duration": timeline.duration, "fps": facts["fps"]}
    provenance = Provenance(recording, {}, {}, labels, video, float(facts["fps"] or 0))
    with _beside(video, EXPORTS[name].suffix) as path:  # links are relative to where the file lies
        EXPORTS[name].write(path, timeline, provenance)
        return path.read_bytes()


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


@contextmanager
def _beside(video: Path, suffix: str) -> Iterator[Path]:
    """A hidden file of its own beside the video, for as long as it is needed."""
    path = video.with_name(f".export-{secrets.token_hex(6)}{suffix}")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
