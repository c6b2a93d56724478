"""A folder of analyses as one `Study`: its recordings, the people in them, and what else is known of both."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinesics.errors import KinesicsError
from kinesics.inference.scores import gesture_names
from kinesics.progress import Progress, part_of
from kinesics.reading import read_bytes, reading
from kinesics.report.folder import LANDMARKS, recording_stem
from kinesics.skeleton.sequence import load_skeletons
from kinesics.study.frames import REAL, TEXT, WHOLE, typed_frame
from kinesics.study.people import join_people
from kinesics.timeline import Timeline
from kinesics.timeline.formats import kinesics_json

if TYPE_CHECKING:
    import pandas as pd

TIMELINE = "timeline.json"
_BATCH, _RECORDINGS, _TABLE = "study.json", "recordings", "study.csv"  # how `kinesics batch` lays out a study
_MEND = "analyse the recording again, or take its folder out of the study"


@dataclass(frozen=True)
class FaceSum:
    """One facial action or expression of one person, summed over a recording.

    Attributes
    ----------
    person : the person's number.
    level : "action" or "expression".
    label : its name.
    mean : of its strength or probability, 0..1, over the time in which the face could be read.
    p95 : its 95th percentile, NaN for expressions.
    readable : the share of the recording, 0..1, in which the face could be read.
    """

    person: int
    level: str
    label: str
    mean: float
    p95: float
    readable: float


@dataclass(frozen=True, eq=False)
class AnalysedRecording:
    """What one folder of results says.

    Attributes
    ----------
    name : of its folder in the study, with those above it; in a study that `kinesics batch` wrote, the recording's own.
    folder : where it is.
    file : the name of what was analysed.
    timeline : the events.
    coverage : the share of the recording, 0..1, in which each person was seen, by number; NaN where nothing tells.
    classes : the gestures that there could have been.
    faces : facial actions and expressions in sum.
    notes : what the analysis warned of.
    """

    name: str
    folder: Path
    file: str
    timeline: Timeline
    coverage: Mapping[int, float]
    classes: tuple[str, ...]
    faces: tuple[FaceSum, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        """All by which a table may call it: its folder, its file, and both without what is around them."""
        stem = recording_stem(Path(self.file)) if self.file else ""
        return {self.name, Path(self.name).name, self.file, stem} - {""}


@dataclass(frozen=True, eq=False)
class Study:
    """Many recordings, and who is in them.

    Attributes
    ----------
    folder : of the study.
    recordings : in order of their names.
    people : a row a recording and person; columns recording, file, person, subject, group, cluster, duration,
        coverage, seen, face_seen, then those of the metadata. `cluster` is the subject, or the recording where none is
        named; `seen` is in seconds, the whole recording where nothing tells the coverage.
    groups : the names of the groups of people, the first being the one that others are compared with.
    notes : what was left out or taken for granted.
    """

    folder: Path
    recordings: tuple[AnalysedRecording, ...]
    people: pd.DataFrame
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def read_study(
    folder: Path,
    *,
    groups: Path | None = None,
    metadata: Path | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Study:
    """Read every analysis below a folder.

    Parameters
    ----------
    folder : of the study; each folder below it that holds a `timeline.json` is a recording.
    groups : a CSV of people: a column `recording` with the name of a file or folder, `group`, and where they are
        known `person` (the number in the recording) and `subject` (who recurs in several recordings).
    metadata : a CSV with a column `recording` and any others, which are joined to the people.
    out : a folder below the study that is no recording's.
    progress : called with the share done, 0..1.

    Returns
    -------
    The study. A recording that cannot be read is left out, and a note says so.

    Raises
    ------
    KinesicsError
        for a folder without an analysis that can be read, and for tables that name none of its recordings.
    """
    paths = [path for path in _timelines(folder) if out is None or out.resolve() not in path.resolve().parents]
    if not paths:
        raise KinesicsError(
            f"{folder}: expected folders of results with a {TIMELINE} each, found none; analyse recordings into it "
            f"first, as in `kinesics analyze a.mp4 --out {folder}/a`"
        )
    recordings, notes, report = [], list(_undone(folder / _TABLE)), part_of(progress, 0, 1)
    top = folder / _RECORDINGS if (folder / _BATCH).exists() else folder
    for number, path in enumerate(paths, 1):
        try:
            recordings.append(
                read_recording(path.parent, path.parent.relative_to(top if top in path.parents else folder).as_posix())
            )
        except KinesicsError as error:
            notes.append(f"Left out: {error}")
        report(number / len(paths))
    if not recordings:
        raise KinesicsError(notes[-1].removeprefix("Left out: "))
    people, names, more = join_people(
        _people(recordings), {one.name: one.names for one in recordings}, groups, metadata
    )
    notes += [*more, *_unknown_coverage(people)]
    return Study(folder, tuple(recordings), people, names, tuple(notes))


def read_recording(folder: Path, name: str) -> AnalysedRecording:
    """What one folder of results says; raises KinesicsError for a `timeline.json` that is none, or says what cannot be.

    The coverage comes from the timeline, or, of an analysis by an earlier version, from the landmarks beside it.
    """
    path = folder / TIMELINE
    timeline = kinesics_json.read(path)
    with reading(path, "a timeline.json written by Kinesics", _MEND):
        content = json.loads(read_bytes(path).decode("utf-8"))
        recording, model = content["recording"], content.get("model") or {}
        if not (math.isfinite(timeline.duration) and timeline.duration >= 0):
            raise ValueError(f"a duration of {timeline.duration} s")
        faces = tuple(_faces(content))
        found = {event.person for event in timeline} | {one.person for one in faces}
        coverage = {int(one["person"]): float(one["seen"]) for one in content.get("people", ())}
        coverage = coverage or _landmark_coverage(folder / LANDMARKS, found, timeline.duration)
        return AnalysedRecording(
            name,
            folder,
            str(recording.get("name", "")),
            timeline,
            {person: coverage.get(person, math.nan) for person in sorted({*coverage, *found})},
            gesture_names(tuple(str(label) for label in model.get("classes", ()))),
            faces,
            tuple(str(note) for note in recording.get("notes", ())),
        )


def _timelines(folder: Path) -> Iterator[Path]:
    """In order of their names; hidden folders, in which unfinished results may lie, are left out."""
    for path in sorted(folder.rglob(TIMELINE)):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts) and path.parent != folder:
            yield path


def _undone(path: Path) -> Iterator[str]:
    """What the table of a batch says of recordings without results."""
    if not path.exists():
        return
    with reading(path, "the table of a study by `kinesics batch`", "run `kinesics batch` again"):
        rows = list(csv.DictReader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline="")))
    left = [row for row in rows if row.get("state", "done") != "done"]
    if left:
        first = left[0]
        yield (
            f"{len(left)} of {len(rows)} recordings in {path.name} have no results, such as "
            f"{first.get('recording', '')} ({first.get('error') or first['state']})."
        )


def _faces(content: Mapping[str, Any]) -> Iterator[FaceSum]:
    for one in content.get("actions", {}).get("people", ()):
        for label, (mean, p95) in one["mean_and_p95"].items():
            yield FaceSum(int(one["person"]), "action", str(label), float(mean), float(p95), float(one["seen"]))
    for one in content.get("expressions", {}).get("people", ()):
        for label, share in one["shares"].items():
            yield FaceSum(int(one["person"]), "expression", str(label), float(share), math.nan, float(one["seen"]))


def _landmark_coverage(path: Path, found: set[int], duration: float) -> dict[int, float]:
    """Of the people with events or faces, else of the first one, for landmarks hold everybody in view."""
    if not path.exists() or duration <= 0:
        return {}
    everybody = load_skeletons(path)
    chosen = [one for one in everybody if one.person in found] or everybody[:1]
    return {one.person: min(1.0, float(one.score.any(1).sum()) / one.fps / duration) for one in chosen}


def _people(recordings: Sequence[AnalysedRecording]) -> pd.DataFrame:
    rows = []
    for one in recordings:
        readable = {face.person: face.readable for face in one.faces}
        duration = one.timeline.duration
        for person, coverage in one.coverage.items():
            seen = duration if math.isnan(coverage) else coverage * duration
            rows.append((one.name, one.file, person, duration, coverage, seen, readable.get(person, math.nan)))
    times = dict.fromkeys(("duration", "coverage", "seen", "face_seen"), REAL)
    return typed_frame(rows, {"recording": TEXT, "file": TEXT, "person": WHOLE, **times})


def _unknown_coverage(people: pd.DataFrame) -> Iterator[str]:
    if unknown := int(people["coverage"].isna().sum()):
        yield (
            f"Nothing tells how long {unknown} of {len(people)} people were seen (no landmarks beside the timeline): "
            "they count as seen throughout."
        )
