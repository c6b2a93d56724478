"""What the workbench keeps where, and how it is deleted."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from kinesics.report.folder import remove_results
from kinesics.web.database import DATABASE
from kinesics.web.project import Project
from kinesics.web.tables import Coder, Mark, QueuedJob, Review, StoredRecording


def stored(project: Project, session: Session) -> dict[str, Any]:
    """What is there, with its place and its size in bytes.

    Parameters
    ----------
    project : the folder.
    session : of its database.

    Returns
    -------
    Plain data: the folder, the database, each recording with its results, and the coders.
    """
    recordings = []
    for one in session.scalars(select(StoredRecording).order_by(StoredRecording.name)):
        out = project.results_of(one.name)
        recordings.append(
            {
                "id": one.id,
                "name": one.name,
                "bytes": one.bytes,
                "results": out.relative_to(project.folder).as_posix(),
                "result_bytes": _size(out),
            }
        )
    counts = (
        select(Coder.id, Coder.name, func.count(Mark.id))
        .outerjoin(Review, Review.coder_id == Coder.id)
        .outerjoin(Mark, Mark.review_id == Review.id)
        .group_by(Coder.id)
        .order_by(Coder.name)
    )
    database = sum(_size(project.folder / f"{DATABASE}{more}") for more in ("", "-wal", "-shm"))
    return {
        "folder": str(project.folder),
        "database": {"name": DATABASE, "bytes": database},
        "recordings": recordings,
        "coders": [{"id": number, "name": name, "marks": marks} for number, name, marks in session.execute(counts)],
    }


def delete_results(project: Project, recording: StoredRecording) -> int:
    """Delete what analyses of a recording have written; gives how many files are gone."""
    gone = remove_results(project.results_of(recording.name))
    recording.analysed = recording.people = recording.events = None
    return gone


def delete_recording(project: Project, session: Session, recording: StoredRecording) -> None:
    """Delete a recording with its file, its results, and everybody's tiers of it.

    Parameters
    ----------
    project : the folder.
    session : of its database.
    recording : its row.
    """
    delete_results(project, recording)
    with suppress(FileNotFoundError):
        project.path_of(recording.name).unlink()
    session.execute(delete(QueuedJob).where(QueuedJob.recording_id == recording.id))
    session.execute(delete(StoredRecording).where(StoredRecording.id == recording.id))


def delete_coder(session: Session, coder: Coder) -> None:
    """Delete somebody's name and all that they have coded."""
    session.execute(delete(Coder).where(Coder.id == coder.id))


def _size(path: Path) -> int:
    """Bytes of a file, or of the files in a folder; 0 where there is none."""
    try:
        return (
            sum(one.stat().st_size for one in path.iterdir() if one.is_file()) if path.is_dir() else path.stat().st_size
        )
    except OSError:
        return 0
