"""The three files that the MiGA challenge takes. What is written here has passed the check that judges anybody's."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from kinesics.data.sets.imigue.classes import CLASSES, class_id
from kinesics.errors import KinesicsError
from kinesics.files import replacing, write_text
from kinesics.reading import check_archive, read_at_most, read_bytes, reading

Track = Literal["classification", "recognition", "emotion"]
TRACKS: tuple[Track, ...] = ("classification", "recognition", "emotion")
Detection = tuple[int, int, int]  # class id as in the label files (1..31, 99), first frame, last frame

TEST_CLIPS = 4562
CLASS_IDS = frozenset(map(class_id, range(len(CLASSES))))
_CLASS_COUNT = 32
_ZIPPED = "Submission.csv"  # the name inside the archive of 2023
_HEADERS = {"classification": ["Id", "Target"], "emotion": ["video_id", "label"]}

# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


def write_classification(path: Path, targets: Mapping[str, int], *, header: bool = True) -> None:
    """Write track 1: `Id,Target` and rows `0054_0,25`, class 0..31, clips in their order.

    Parameters
    ----------
    path : of the file; one that ends in .zip gets `Submission.csv` inside, as 2023 asked for.
    targets : the class of each clip, by its id.
    header : the challenge of 2025 wants one, that of 2023 none.

    Raises
    ------
    KinesicsError : for an id or class that the challenge does not know.
    """
    rows: list[Sequence[object]] = [[name, targets[name]] for name in sorted(targets, key=_clip_order)]
    _write(path, "classification", [_HEADERS["classification"], *rows] if header else rows)


def write_recognition(folder: Path, sequences: Mapping[str, Sequence[Detection]]) -> list[Path]:
    """Write track 2: one `<sample>_prediction.csv` a sequence, rows `gesture,start,end` without header, by start."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, detections in sequences.items():
        path = folder / f"{name}_prediction.csv"
        rows: list[Sequence[object]] = [*sorted(detections, key=_by_time)]
        _write(path, "recognition", rows)
        written.append(path)
    return written


def write_emotion(path: Path, labels: Mapping[int, float]) -> None:
    """Write track 3: `video_id,label`, an integer id, and 0, 1 or a probability."""
    rows: list[Sequence[object]] = [[video, f"{label:g}"] for video, label in sorted(labels.items())]
    _write(path, "emotion", [_HEADERS["emotion"], *rows])


def _write(path: Path, track: Track, rows: Sequence[Sequence[object]]) -> None:
    """Write the table once the check finds no fault in it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    faults = list(_faults(text.getvalue(), track, None))
    if faults:
        raise KinesicsError(f"{path}: not written, since {faults[0]}")
    if path.suffix != ".zip":
        return write_text(path, text.getvalue())
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_ZIPPED, text.getvalue())


def _by_time(detection: Detection) -> tuple[int, int]:
    return detection[1], detection[2]


def _clip_order(name: str) -> tuple[str, int]:
    video, _, number = name.rpartition("_")
    return video, int(number) if number.isdigit() else -1


# ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────


def check_submission(path: Path, track: Track | None = None, ids: Collection[str] | None = None) -> list[str]:
    """Check anybody's file, or folder of track 2.

    Parameters
    ----------
    path : of the file or folder.
    track : guessed from the file where it is None.
    ids : what has to be there, clips, sequences or videos; without them, track 1 is held to its 4,562 clips.

    Returns
    -------
    What is wrong, a line each; an empty list is a pass.

    Raises
    ------
    KinesicsError : for a file that cannot be read.
    """
    if path.is_dir():
        return _check_folder(path, ids)
    text = _read(path)
    track = track or _guess(path, text)
    return list(_faults(text, track, ids, counted=True))


def _check_folder(folder: Path, ids: Collection[str] | None) -> list[str]:
    files = sorted(folder.glob("*_prediction.csv"))
    if not files:
        return [f"{folder.name}: expected <sample>_prediction.csv files, found none"]
    names = {file.name.removesuffix("_prediction.csv") for file in files}
    faults = [f"{name}: expected {name}_prediction.csv, found none" for name in sorted(set(ids or ()) - names)]
    faults += [f"{name}: not a sequence of this test set" for name in sorted(names - set(ids or names))]
    for file in files:
        faults += [f"{file.name}: {fault}" for fault in _faults(_read(file), "recognition", None)]
    return faults


def _read(path: Path) -> str:
    with reading(path, f"a CSV file or a zip with {_ZIPPED} in it", "write it with `kinesics submit`"):
        if not zipfile.is_zipfile(path):
            return read_bytes(path).decode("utf-8-sig")
        with zipfile.ZipFile(path) as archive:
            check_archive(archive)
            with archive.open(_ZIPPED) as file:
                return read_at_most(file).decode("utf-8-sig")


def _guess(path: Path, text: str) -> Track:
    first = next(csv.reader(io.StringIO(text)), [])
    for track, header in _HEADERS.items():
        if first == header:
            return "classification" if track == "classification" else "emotion"
    if path.name.endswith("_prediction.csv"):
        return "recognition"
    if len(first) == 2 and re.fullmatch(r"\d{4}_\d+", first[0].strip()):
        return "classification"
    raise KinesicsError(f"{path}: cannot tell which track this is for; say it with --track, one of {', '.join(TRACKS)}")


def _faults(text: str, track: Track, ids: Collection[str] | None, *, counted: bool = False) -> Iterator[str]:
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    numbered = list(enumerate(rows, 1))
    header = _HEADERS.get(track)
    if header and rows and rows[0] == header:
        numbered = numbered[1:]
    elif track == "emotion":
        found = ",".join(rows[0]) if rows else "nothing"
        yield f"line 1: expected the header {','.join(_HEADERS['emotion'])}, found {found}"
    if track == "recognition":
        yield from _recognition_faults(numbered)
        return
    seen: set[str] = set()
    for line, row in numbered:
        fault = _classification_fault(row) if track == "classification" else _emotion_fault(row)
        if fault:
            yield f"line {line}: {fault}"
            continue
        name = row[0] if track == "classification" else str(int(row[0]))
        if name in seen:
            yield f"line {line}: {name} stands here a second time"
        seen.add(name)
    if ids is not None:
        wanted = set(ids) if track == "classification" else {str(int(name)) for name in ids}
        yield from _completeness(seen, wanted)
    elif counted and track == "classification" and len(seen) != TEST_CLIPS:
        yield f"expected {TEST_CLIPS:,} clips, found {len(seen):,}"


def _completeness(seen: set[str], wanted: set[str]) -> Iterator[str]:
    for names, what in ((wanted - seen, "are missing"), (seen - wanted, "are not of this test set")):
        if names:
            yield f"{len(names)} ids {what}, among them {', '.join(sorted(names, key=_clip_order)[:3])}"


def _classification_fault(row: list[str]) -> str | None:
    if len(row) != 2:
        return f"expected Id,Target, found {len(row)} columns"
    if not re.fullmatch(r"\d{4}_\d+", row[0]):
        return f"expected an id such as 0054_0, found {row[0]!r}"
    if not re.fullmatch(r"\d+", row[1]) or int(row[1]) >= _CLASS_COUNT:
        return f"expected a class from 0 to {_CLASS_COUNT - 1}, found {row[1]!r}"
    return None


def _emotion_fault(row: list[str]) -> str | None:
    if len(row) != 2:
        return f"expected video_id,label, found {len(row)} columns"
    if not re.fullmatch(r"\d+", row[0]):
        return f"expected a whole number as video_id, found {row[0]!r}"
    try:
        label = float(row[1])
    except ValueError:
        label = float("nan")
    return None if 0 <= label <= 1 else f"expected 0, 1 or a probability, found {row[1]!r}"


def _recognition_faults(rows: list[tuple[int, list[str]]]) -> Iterator[str]:
    seen: set[tuple[int, ...]] = set()
    for line, row in rows:
        if len(row) != 3 or not all(re.fullmatch(r"\d+", cell) for cell in row):
            yield f"line {line}: expected gesture,start,end as whole numbers, found {','.join(row)!r}"
            continue
        gesture, start, end = numbers = tuple(map(int, row))
        if gesture not in CLASS_IDS:
            yield f"line {line}: expected a class id of 1 … 31 or 99, found {gesture}"
        if end < start:
            yield f"line {line}: ends at frame {end}, before its start at {start}"
        if numbers in seen:
            yield f"line {line}: stands here a second time"
        seen.add(numbers)
