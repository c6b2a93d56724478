"""A study's recordings as NWB files (Neurodata Without Borders 2), for labs that record behaviour beside brains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.progress import Progress, part_of
from kinesics.report.folder import LANDMARKS
from kinesics.skeleton.sequence import SkeletonSequence, load_skeletons
from kinesics.study.recordings import AnalysedRecording, Study

if TYPE_CHECKING:
    import pandas as pd

START = "session_start_time"  # the column of the metadata
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


def check_nwb() -> None:
    """Raise KinesicsError where the extra `nwb` is missing."""
    try:
        import pynwb  # noqa: F401
    except ImportError as error:
        raise KinesicsError(
            f"--nwb: expected the library pynwb, found none ({error}); pip install 'kinesics[nwb]', or leave it away"
        ) from error


def write_nwb(study: Study, out: Path, progress: Progress | None = None) -> Path:
    """Write a file a recording: events as intervals, joints and facial actions as series in the module `behavior`.

    NWB asks when a session began: the column `session_start_time` of the metadata says so, else 1970 stands there and
    the notes say that it is not known.

    Parameters
    ----------
    study : to write.
    out : the folder, which is made.
    progress : called with the share done, 0..1.

    Returns
    -------
    The folder.

    Raises
    ------
    KinesicsError
        for a file that cannot be written, landmarks that cannot be read, or a time that is none.
    """
    out.mkdir(parents=True, exist_ok=True)
    report = part_of(progress, 0, 1)
    for number, recording in enumerate(study.recordings, 1):
        facts = study.people[study.people["recording"] == recording.name]
        _write(out / f"{recording.name.replace('/', '__')}.nwb", recording, facts)
        report(number / len(study.recordings))
    return out


def _write(path: Path, recording: AnalysedRecording, facts: pd.DataFrame) -> None:
    from pynwb import NWBHDF5IO

    file = _session(recording, facts)
    if len(recording.timeline):
        file.add_time_intervals(_intervals(recording))
    behaviour = file.create_processing_module("behavior", "joints as a landmark engine found them")
    landmarks = recording.folder / LANDMARKS
    for person in load_skeletons(landmarks) if landmarks.exists() else []:
        if person.person in recording.coverage:
            for series in _joints(person):
                behaviour.add(series)
    with replacing(path) as temporary, NWBHDF5IO(temporary.with_suffix(".part.nwb"), "w") as io:
        io.write(file)
        io.close()
        temporary.with_suffix(".part.nwb").replace(temporary)


def _session(recording: AnalysedRecording, facts: pd.DataFrame) -> Any:
    from pynwb import NWBFile
    from pynwb.file import Subject

    start = _start(recording, facts)
    subjects = [name for name in dict.fromkeys(facts["subject"]) if name]
    groups = [name for name in dict.fromkeys(facts["group"]) if name]
    notes = [*recording.notes, *(() if start else ("When the session began is not known: 1970 stands for it.",))]
    return NWBFile(
        session_description=f"micro-gestures in {recording.file or recording.name}, found by Kinesics",
        identifier=recording.name,
        session_start_time=start or _UNKNOWN,
        keywords=["micro-gestures", *groups],
        notes="\n".join(notes) or None,
        subject=Subject(subject_id=subjects[0], species="Homo sapiens") if len(subjects) == 1 else None,
    )


def _start(recording: AnalysedRecording, facts: pd.DataFrame) -> datetime | None:
    if START not in facts or facts[START].isna().all():
        return None
    text = str(facts[START].dropna().iloc[0])
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise KinesicsError(
            f"{recording.name}: expected a {START} such as 2026-03-01T14:30:00+01:00, found {text}; mend the metadata"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _intervals(recording: AnalysedRecording) -> Any:
    from pynwb.epoch import TimeIntervals

    table = TimeIntervals(name="gestures", description="micro-gestures and events of facial actions")
    for name, text in (
        ("label", "the gesture"), ("person", "number of the person in the recording, from 1"),
        ("score", "highest probability, 0..1"), ("source", "the network or rule that found it"),
    ):  # fmt: skip
        table.add_column(name, text)
    for event in recording.timeline:
        table.add_row(
            start_time=event.start, stop_time=event.end, label=event.label, person=event.person, score=event.score,
            source=event.source,
        )  # fmt: skip
    return table


def _joints(person: SkeletonSequence) -> Iterator[Any]:
    """Places and confidences, each with the names of the joints in order."""
    from pynwb import TimeSeries

    joints = ", ".join(person.layout.joints)
    common = {"rate": float(person.fps), "starting_time": float(person.start)}
    yield TimeSeries(
        name=f"person_{person.person}_joints", data=person.xyz, unit="m" if person.is_3d else "n.a.",
        description=f"x to the right, y down, z away from the camera, of: {joints}", **common,
    )  # fmt: skip
    yield TimeSeries(
        name=f"person_{person.person}_confidence", data=person.score, unit="n.a.",
        description=f"0..1, 0 for what was not seen, of: {joints}", **common,
    )  # fmt: skip
