"""The library: what recordings there are, new ones, and what a page draws of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Query, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from kinesics.report.folder import LANDMARKS
from kinesics.skeleton.sequence import SUFFIX
from kinesics.web.context import MOST_ID, Bench, Db, Id, recording_of
from kinesics.web.jobs import CANCELLED, finish_job, queue_jobs
from kinesics.web.library import add_recording, library, scan
from kinesics.web.marks import Seconds
from kinesics.web.media import WAVEFORM_RATE, facial_curves, loudness, movement
from kinesics.web.security import HEADERS
from kinesics.web.settings import read_settings
from kinesics.web.strings import RefusedError
from kinesics.web.tables import StoredRecording, Waveform
from kinesics.web.uploads import store_recording
from kinesics.web.viewing import PLAYABLE, shown_video

router = APIRouter(prefix="/api", tags=["library"])
_REPORT_POLICY = "sandbox allow-scripts allow-downloads; default-src 'none'; img-src data: blob:; " \
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"  # fmt: skip
_MONTH = "private, max-age=2592000"


class Choice(BaseModel):
    """Some recordings."""

    model_config = ConfigDict(extra="forbid")
    recordings: Annotated[list[Annotated[int, Field(ge=1, le=MOST_ID)]], Field(max_length=100_000)]


@router.get("/recordings")
def list_recordings(session: Db) -> list[dict[str, Any]]:
    """All recordings, each with its state and its reviewers."""
    return library(session)


@router.post("/recordings/scan")
def scan_folder(bench: Bench, later: BackgroundTasks) -> dict[str, str]:
    """Look for what has changed in the folder."""
    later.add_task(scan, bench.project, bench.sessions)
    return {"state": "looking"}


@router.post("/recordings/analyze")
def analyze_some(choice: Choice, session: Db) -> dict[str, list[int]]:
    """Analyse recordings, one after the other."""
    numbers = [recording_of(session, number).id for number in dict.fromkeys(choice.recordings)]
    return {"jobs": queue_jobs(session, "analyze", numbers)}


@router.post("/recordings/upload", status_code=201)
async def upload(request: Request, bench: Bench, name: Annotated[str, Query(max_length=300)]) -> dict[str, Any]:
    """Put a video into the project's folder; its content is the body.

    Parameters
    ----------
    request : with the file as its body.
    bench : the project that is served.
    name : of the file.

    Returns
    -------
    Its number and its name.
    """
    stored = await store_recording(bench.project, name, _claimed(request), request.stream())

    def add() -> dict[str, Any]:
        with bench.sessions.begin() as session:
            row = add_recording(bench.project, session, stored)
            return {"id": row.id, "name": row.name}

    return await run_in_threadpool(add)


@router.post("/jobs/{number}/cancel")
def cancel_job(number: Id, session: Db) -> dict[str, bool]:
    """End a job that waits or runs."""
    return {"cancelled": finish_job(session, number, CANCELLED)}


@router.get("/recordings/{number}/video")
def video(number: Id, session: Db, bench: Bench) -> FileResponse:
    """The video, or the part of it that a player asks for.

    Parameters
    ----------
    number : of the row.
    session : of the database.
    bench : the project that is served.

    Returns
    -------
    The file, or the part of it.
    """
    path = shown_video(bench.project, recording_of(session, number).name, read_settings(session))
    if path is None:
        raise RefusedError(403, "refused.hidden")
    kind = PLAYABLE.get(path.suffix.lower(), "application/octet-stream")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "private, no-cache"})


@router.get("/recordings/{number}/report")
def report(number: Id, session: Db, bench: Bench) -> FileResponse:
    """The static report of the last analysis, shut off from the page that it is opened from.

    Parameters
    ----------
    number : of the row.
    session : of the database.
    bench : the project that is served.

    Returns
    -------
    The file.
    """
    path = _existing(bench.project.results_of(recording_of(session, number).name) / "report.html")
    return FileResponse(path, media_type="text/html", headers=HEADERS | {"Content-Security-Policy": _REPORT_POLICY})


@router.get("/recordings/{number}/movement")
def part_of_movement(number: Id, session: Db, bench: Bench, start: Seconds, end: Seconds) -> dict[str, Any]:
    """The skeletons from one time to another; nobody's where there are none.

    Parameters
    ----------
    number : of the row.
    session : of the database.
    bench : the project that is served.
    start : seconds.
    end : seconds.

    Returns
    -------
    Plain data, as `movement` gives it.
    """
    recording = recording_of(session, number)
    own = bench.project.path_of(recording.name)
    path = own if own.name.endswith(SUFFIX) else bench.project.results_of(recording.name) / LANDMARKS
    return movement(path if path.is_file() else None, start, end)


@router.get("/recordings/{number}/face")
def face(number: Id, session: Db, bench: Bench) -> list[dict[str, Any]]:
    """The main facial actions over time.

    Parameters
    ----------
    number : of the row.
    session : of the database.
    bench : the project that is served.

    Returns
    -------
    Plain data of each person.
    """
    return facial_curves(bench.project.results_of(recording_of(session, number).name) / "actions.json")


@router.get("/recordings/{number}/waveform")
def waveform(number: Id, bench: Bench) -> Response:
    """How loud it is, a byte a step; empty where there is no sound."""
    with bench.sessions() as session:
        path = bench.project.path_of(recording_of(session, number).name)
        known = session.get(Waveform, number)
    if known is None:
        peaks = loudness(_existing(path))
        with bench.sessions.begin() as session:
            if session.get(StoredRecording, number) is not None:
                session.merge(Waveform(recording_id=number, rate=WAVEFORM_RATE, peaks=peaks))
    else:
        peaks = known.peaks
    return Response(peaks, media_type="application/octet-stream", headers={"X-Rate": str(WAVEFORM_RATE)})


def _claimed(request: Request) -> int:
    length = request.headers.get("content-length", "0")
    return int(length) if length.isdecimal() and len(length) < 16 else 0


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise RefusedError(404, "refused.no_file", name=path.name)
    return path
