"""Jobs: a queue in the database, worked off by one process at a time, whatever dies in between."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kinesics.web.database import Sessions
from kinesics.web.project import Project
from kinesics.web.tables import QueuedJob

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ACTIVE = (QUEUED, RUNNING)
_PAUSE = 0.1  # seconds between two looks at the queue
_PATIENCE = 5.0  # seconds in which a process may end by itself


def queue_jobs(session: Session, kind: str, recordings: Iterable[int | None]) -> list[int]:
    """Put work into the queue, once for what is there already.

    Parameters
    ----------
    session : of the database.
    kind : a name of `kinesics.web.job_worker.WORK`.
    recordings : the rows to work on, None for the whole project.

    Returns
    -------
    The numbers of the jobs.
    """
    waiting = {
        job.recording_id: job.id
        for job in session.scalars(select(QueuedJob).where(QueuedJob.kind == kind, QueuedJob.state.in_(ACTIVE)))
    }
    numbers = []
    for recording in recordings:
        if recording not in waiting:
            job = QueuedJob(kind=kind, recording_id=recording, state=QUEUED, progress=0.0, message="", made=time.time())
            session.add(job)
            session.flush()
            waiting[recording] = job.id
        numbers.append(waiting[recording])
    return numbers


def finish_job(session: Session, number: int, state: str, message: str = "") -> bool:
    """End a job that waits or runs.

    Parameters
    ----------
    session : of the database.
    number : of the job.
    state : that it ends in.
    message : what there is to say.

    Returns
    -------
    Whether it was still waiting or running.
    """
    values = {"state": state, "message": message, "finished": time.time()}
    if state == DONE:
        values["progress"] = 1.0
    query = update(QueuedJob).where(QueuedJob.id == number, QueuedJob.state.in_(ACTIVE)).values(**values)
    return bool(session.execute(query).rowcount)  # type: ignore[attr-defined]


def job_rows(session: Session) -> list[dict[str, Any]]:
    """The jobs that wait or run, and the last fifty others, the newest last."""
    active = session.scalars(select(QueuedJob).where(QueuedJob.state.in_(ACTIVE)))
    ended = session.scalars(
        select(QueuedJob).where(QueuedJob.state.not_in(ACTIVE)).order_by(QueuedJob.id.desc()).limit(50)
    )
    keys = ("id", "kind", "recording_id", "state", "progress", "message")
    jobs = sorted([*active, *ended], key=lambda job: job.id)
    return [{key: getattr(job, key) for key in keys} for job in jobs]


class JobRunner(threading.Thread):
    """Starts a process for the next job, and ends it where the job is cancelled.

    Parameters
    ----------
    project : the folder.
    sessions : of its database.
    """

    def __init__(self, project: Project, sessions: Sessions) -> None:
        super().__init__(name="jobs", daemon=True)
        self._project, self._sessions = project, sessions
        self._stopping = threading.Event()
        with sessions.begin() as session:  # an earlier server was killed, and its processes with it
            session.execute(update(QueuedJob).where(QueuedJob.state == RUNNING).values(state=QUEUED, progress=0.0))

    def run(self) -> None:
        """Work off the queue until `stop`."""
        while not self._stopping.wait(_PAUSE):
            if (number := self._next()) is not None:
                self._perform(number)

    def stop(self) -> None:
        """End the process that runs, whose job will begin again with the next server."""
        self._stopping.set()
        if self.is_alive():
            self.join()

    def _next(self) -> int | None:
        with self._sessions.begin() as session:
            job = session.scalar(select(QueuedJob).where(QueuedJob.state == QUEUED).order_by(QueuedJob.id).limit(1))
            if job is None:
                return None
            job.state = RUNNING
            return job.id

    def _perform(self, number: int) -> None:
        command = [sys.executable, "-m", "kinesics.web.job_worker", str(self._project.folder), str(number)]
        # it sees its input's end when this process dies, and a Ctrl-C in the terminal is not meant for it
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        while process.poll() is None:
            if self._stopping.is_set() or self._state(number) in (CANCELLED, None):
                _end(process)
            time.sleep(_PAUSE)
        with self._sessions.begin() as session:
            if self._stopping.is_set():
                query = update(QueuedJob).where(QueuedJob.id == number, QueuedJob.state == RUNNING)
                session.execute(query.values(state=QUEUED, progress=0.0))
            else:  # it says itself how it ended, unless it was killed
                finish_job(session, number, FAILED, f"its process ended with {process.returncode}")

    def _state(self, number: int) -> str | None:
        with self._sessions() as session:
            return session.scalar(select(QueuedJob.state).where(QueuedJob.id == number))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
        return
    process.kill()
