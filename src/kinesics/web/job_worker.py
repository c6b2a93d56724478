"""What the process of one job does: `python -m kinesics.web.job_worker FOLDER NUMBER`."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import update

from kinesics.errors import KinesicsError
from kinesics.files import alone_in
from kinesics.progress import Progress, part_of
from kinesics.web.database import Sessions, open_database
from kinesics.web.jobs import DONE, FAILED, RUNNING, finish_job
from kinesics.web.library import add_recording
from kinesics.web.project import Project
from kinesics.web.settings import read_settings
from kinesics.web.tables import QueuedJob, StoredRecording

Work = Callable[[Project, Sessions, int | None, Progress], str]
_EVERY = 0.25  # seconds between two reports of progress


def analyze_recording(project: Project, sessions: Sessions, recording: int | None, progress: Progress) -> str:
    """Analyse a recording as the verb `analyze` does, into the folder beside it.

    Parameters
    ----------
    project : the folder.
    sessions : of its database.
    recording : its number.
    progress : called with the share done, 0..1.

    Returns
    -------
    Nothing to say.

    Raises
    ------
    KinesicsError
        as `analyze`, and where the folder holds what somebody else wrote.
    """
    from kinesics.inference import analyze
    from kinesics.inference.scorer import open_scorer
    from kinesics.report import check_folder, result_names, write_results, written_results
    from kinesics.report.folder import LANDMARKS
    from kinesics.web.viewing import VIEW, needs_copy, write_view
    from kinesics.weights.specification import DEFAULT

    with sessions() as session:
        name = session.get_one(StoredRecording, recording).name
        settings = read_settings(session)
    source, out, names = project.path_of(name), project.results_of(name), result_names()
    check_folder(out, source, names)
    scorer = open_scorer(project.path_of(settings.weights) if settings.weights else DEFAULT)
    out.mkdir(exist_ok=True)
    with alone_in(out, wait=True):
        analysis = analyze(
            source,
            person=settings.people,
            weights=scorer,
            cache=out / LANDMARKS,
            previews=settings.blur or True,
            progress=part_of(progress, 0, 0.8),
        )
        with written_results(out, source, (*names, VIEW)):
            write_results(analysis, out, progress=part_of(progress, 0.8, 0.85))
            if needs_copy(analysis):
                write_view(analysis, out / VIEW, part_of(progress, 0.85, 1))
            else:
                (out / VIEW).unlink(missing_ok=True)
    with sessions.begin() as session:
        stored = add_recording(project, session, name)
        stored.people = len(analysis.people)
    return ""


def adapt_to_reviews(project: Project, sessions: Sessions, recording: int | None, progress: Progress) -> str:
    """Adapt the weights, as `kinesics.web.adapting.adapt_weights`, which needs PyTorch.

    Parameters
    ----------
    project : the folder.
    sessions : of its database.
    recording : not used: all that are done are learned from.
    progress : called with the share done, 0..1.

    Returns
    -------
    What it gained, in a sentence.

    Raises
    ------
    KinesicsError
        where PyTorch is missing, or nothing is gained.
    """
    try:
        from kinesics.web.adapting import adapt_weights
    except ImportError as error:
        raise KinesicsError(
            f"adapt: expected PyTorch to train with, found none ({error}); pip install 'kinesics[torch]'"
        ) from error
    return adapt_weights(project, sessions, progress)


WORK: dict[str, Work] = {"analyze": analyze_recording, "adapt": adapt_to_reviews}


def main(folder: str, number: str) -> int:
    """Do one job and write down how it ended; 0 when all is well, 2 for what the user can mend, 1 for a fault."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    project = Project(Path(folder))
    sessions = open_database(project.folder)
    with sessions() as session:
        job = session.get_one(QueuedJob, int(number))
    code, state, message = 0, DONE, ""
    try:
        message = WORK[job.kind](project, sessions, job.recording_id, _reported(sessions, job.id))
    except KinesicsError as error:
        code, state, message = 2, FAILED, str(error)
    except Exception as error:  # told in the page, and in full where the server was started
        traceback.print_exc()
        code, state, message = 1, FAILED, f"a fault of Kinesics: {type(error).__name__}: {error}"
    with sessions.begin() as session:
        finish_job(session, job.id, state, message)
    return code


def _reported(sessions: Sessions, number: int) -> Progress:
    """Progress that is written into the database, now and then."""
    last = 0.0

    def report(share: float) -> None:
        nonlocal last
        if time.monotonic() - last < _EVERY:
            return
        last = time.monotonic()
        with sessions.begin() as session:
            query = update(QueuedJob).where(QueuedJob.id == number, QueuedJob.state == RUNNING)
            session.execute(query.values(progress=share))

    return report


def _end_with_parent() -> None:
    """End when the server does, which holds the other end of the input: the next server begins this job again."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
