"""What is stored where, its deletion, and what holds for the whole project."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import text

from kinesics.web.api.recordings import Choice
from kinesics.web.context import Bench, Db, Id, coder_of, recording_of
from kinesics.web.settings import ProjectSettings, read_settings, write_settings
from kinesics.web.storage import delete_coder, delete_recording, delete_results, stored
from kinesics.web.strings import RefusedError

router = APIRouter(prefix="/api", tags=["privacy"])


@router.get("/storage")
def list_storage(session: Db, bench: Bench) -> dict[str, Any]:
    """What is stored, where, and how large it is."""
    return stored(bench.project, session)


@router.post("/storage/delete-results")
def delete_some_results(choice: Choice, session: Db, bench: Bench) -> dict[str, int]:
    """Delete what analyses of some recordings have written; codings and videos stay.

    Parameters
    ----------
    choice : which recordings.
    session : of the database.
    bench : the project that is served.

    Returns
    -------
    How many files are gone.
    """
    found = [recording_of(session, number) for number in dict.fromkeys(choice.recordings)]
    return {"files": sum(delete_results(bench.project, one) for one in found)}


@router.post("/storage/delete-recordings")
def delete_some_recordings(choice: Choice, session: Db, bench: Bench) -> dict[str, int]:
    """Delete some recordings, with their files, results and codings.

    Parameters
    ----------
    choice : which recordings.
    session : of the database.
    bench : the project that is served.

    Returns
    -------
    How many recordings are gone.
    """
    found = [recording_of(session, number) for number in dict.fromkeys(choice.recordings)]
    for one in found:
        delete_recording(bench.project, session, one)
    return {"recordings": len(found)}


@router.delete("/coders/{number}")
def remove_coder(number: Id, session: Db) -> dict[str, bool]:
    """Delete somebody's name and all that they have coded."""
    delete_coder(session, coder_of(session, number))
    return {"deleted": True}


@router.post("/storage/compact")
def compact(bench: Bench) -> dict[str, bool]:
    """Write the database anew, so that nothing of what was deleted is left in its file."""
    with bench.sessions() as session:
        connection = session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        connection.execute(text("VACUUM"))
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    return {"compacted": True}


@router.get("/settings")
def settings(session: Db) -> ProjectSettings:
    """What holds for the whole project."""
    return read_settings(session)


@router.put("/settings")
def change_settings(new: ProjectSettings, session: Db, bench: Bench) -> ProjectSettings:
    """Choose for the whole project.

    Parameters
    ----------
    new : what is asked for.
    session : of the database.
    bench : the project that is served.

    Returns
    -------
    What holds now.
    """
    if new.weights and (
        new.weights != new.weights.rpartition("/")[2] or not bench.project.path_of(new.weights).is_file()
    ):
        raise RefusedError(422, "refused.no_weights", name=new.weights)
    write_settings(session, new)
    return new
