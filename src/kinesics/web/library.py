"""The library: which recordings there are, how long they are, and what has become of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kinesics.errors import KinesicsError
from kinesics.skeleton import load_skeletons
from kinesics.skeleton.sequence import SUFFIX
from kinesics.timeline import Timeline
from kinesics.timeline.formats import kinesics_json
from kinesics.video import probe
from kinesics.web.database import Sessions
from kinesics.web.jobs import ACTIVE
from kinesics.web.project import TIMELINE, Project
from kinesics.web.tables import Coder, QueuedJob, Review, StoredRecording, Waveform


def scan(project: Project, sessions: Sessions) -> None:
    """Find out what has changed in the folder, and read the facts of what is new.

    Parameters
    ----------
    project : the folder.
    sessions : of the database.
    """
    names = project.recordings()
    with sessions.begin() as session:
        known = {one.name: one for one in session.scalars(select(StoredRecording))}
        for name in set(known) - set(names):
            if not _has_reviews(session, known[name]):
                session.execute(delete(StoredRecording).where(StoredRecording.id == known[name].id))
        for name in names:
            _notice(session, project, name, known.get(name))
    for recording in _without_facts(sessions):
        facts = _facts(project.path_of(recording.name))
        with sessions.begin() as session:
            if (stored := session.get(StoredRecording, recording.id)) is not None:
                for key, value in facts.items():
                    setattr(stored, key, value)


def add_recording(project: Project, session: Session, name: str) -> StoredRecording:
    """Put a new file of the folder into the library, with its facts.

    Parameters
    ----------
    project : the folder.
    session : of the database.
    name : of the file within the folder.

    Returns
    -------
    Its row.
    """
    known = session.scalar(select(StoredRecording).where(StoredRecording.name == name))
    stored = _notice(session, project, name, known)
    for key, value in _facts(project.path_of(name)).items():
        setattr(stored, key, value)
    session.flush()
    return stored


def library(session: Session) -> list[dict[str, Any]]:
    """All recordings as rows of a table, each with its last job and who has reviewed it."""
    reviewers: dict[int, list[dict[str, Any]]] = {}
    query = select(Review, Coder).join(Coder, Review.coder_id == Coder.id).order_by(Coder.name)
    for review, coder in session.execute(query):
        reviewers.setdefault(review.recording_id, []).append({"coder": coder.name, "done": review.done})
    jobs = {job.recording_id: job for job in session.scalars(select(QueuedJob).order_by(QueuedJob.id))}
    return [
        {
            "id": one.id,
            "name": one.name,
            "duration": one.duration,
            "people": one.people,
            "events": one.events,
            "problem": one.problem,
            "state": _state(one, jobs.get(one.id)),
            "message": jobs[one.id].message if one.id in jobs else "",
            "reviews": reviewers.get(one.id, []),
        }
        for one in session.scalars(select(StoredRecording).order_by(StoredRecording.name))
    ]


def read_proposals(project: Project, name: str) -> Timeline | None:
    """What Kinesics found in a recording; None where it was not analysed. Raises KinesicsError for a damaged file."""
    path = project.results_of(name) / TIMELINE
    return kinesics_json.read(path) if path.exists() else None


def _has_reviews(session: Session, recording: StoredRecording) -> bool:
    return session.scalar(select(Review.id).where(Review.recording_id == recording.id).limit(1)) is not None


def _state(recording: StoredRecording, job: QueuedJob | None) -> str:
    if job is not None and job.state in ACTIVE:
        return job.state
    if recording.problem:
        return "broken"
    if recording.analysed is not None:
        return "analysed"
    return "failed" if job is not None and job.state == "failed" else "new"


def _notice(session: Session, project: Project, name: str, known: StoredRecording | None) -> StoredRecording:
    """The row of a file, made or brought up to date; facts of another file of that name go."""
    facts = os.stat(project.path_of(name))
    if known is None:
        known = StoredRecording(name=name, bytes=facts.st_size, modified=facts.st_mtime, problem="")
        session.add(known)
    elif (known.bytes, known.modified) != (facts.st_size, facts.st_mtime):
        known.bytes, known.modified, known.duration, known.problem = facts.st_size, facts.st_mtime, None, ""
        session.execute(delete(Waveform).where(Waveform.recording_id == known.id))
    timeline = project.results_of(name) / TIMELINE
    written = timeline.stat().st_mtime if timeline.exists() else None
    if written != known.analysed:
        known.analysed, known.people, known.events = written, None, None
        with suppress(KinesicsError):
            found = read_proposals(project, name)
            known.events = len(found or ())
            known.people = len({event.person for event in found or ()})
    return known


def _without_facts(sessions: Sessions) -> Iterator[StoredRecording]:
    with sessions() as session:
        query = select(StoredRecording).where(StoredRecording.duration.is_(None), StoredRecording.problem == "")
        found = list(session.scalars(query.order_by(StoredRecording.name)))
    yield from found


def _facts(path: Path) -> dict[str, Any]:
    try:
        if path.name.endswith(SUFFIX):
            first = load_skeletons(path)[0]
            return {"duration": first.start + first.duration, "fps": first.fps, "width": 0, "height": 0, "problem": ""}
        info = probe(path)
    except (KinesicsError, IndexError) as error:
        return {"problem": str(error).removeprefix(f"{path}: ") or "nobody in it"}
    facts = {"duration": info.duration, "fps": info.fps, "width": info.width, "height": info.height}
    return facts | {"problem": ""}
