"""Tiers to and from the files of other programs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from kinesics.errors import KinesicsError
from kinesics.timeline import Timeline
from kinesics.timeline.coding import tidy
from kinesics.timeline.formats import EXPORTS
from kinesics.web.context import Bench, Db, Id, Workbench, known_labels, marks_of, recording_of, review_of
from kinesics.web.exchange import add_tier, codes_in, export_tier, format_of, imported_marks, suggested_mapping
from kinesics.web.library import read_proposals
from kinesics.web.marks import MarkFields
from kinesics.web.reviewing import begin_review, coded_events, edit_review
from kinesics.web.strings import RefusedError
from kinesics.web.tables import CodedDocument, Coder, Review, StoredRecording
from kinesics.web.uploads import read_limited

router = APIRouter(prefix="/api", tags=["exchange"])
KINESICS = "kinesics"  # the tier of the program itself
TierName = Annotated[str, Query(pattern=r"^(kinesics|[1-9]\d{0,8})$")]
FileName = Annotated[str, Query(min_length=1, max_length=300)]
_TYPE = {".csv": "text/csv", ".eaf": "application/xml", ".boris": "application/json"}


@router.get("/recordings/{number}/export")
def export(
    number: Id, session: Db, bench: Bench, tier: TierName, format: Literal["ELAN", "BORIS", "CSV", "Parquet", "frames"]
) -> Response:
    """A tier as a file: the number of a review, or "kinesics".

    Parameters
    ----------
    number : of the row.
    session : of the database.
    bench : the project that is served.
    tier : the number of a review, or "kinesics".
    format : of the file.

    Returns
    -------
    The file.
    """
    recording = recording_of(session, number)
    name, timeline = _tier(session, bench, recording, tier)
    content = export_tier(bench.project.path_of(recording.name), format, timeline, recording.fps or 0.0)
    return _file(f"{PurePosixPath(recording.name).stem}-{name}", EXPORTS[format].suffix, content)


@router.get("/recordings/{number}/documents")
def list_documents(number: Id, session: Db) -> list[dict[str, Any]]:
    """The files that tiers of a recording were imported from, and that a tier can be added to."""
    query = (
        select(CodedDocument.review_id, CodedDocument.name)
        .join(Review, Review.id == CodedDocument.review_id)
        .where(Review.recording_id == number)
    )
    return [{"review": review, "name": name} for review, name in session.execute(query) if format_of(name)]


@router.get("/recordings/{number}/documents/{review}")
def export_into(number: Id, review: Id, session: Db, bench: Bench, tier: TierName) -> Response:
    """A coder's own file with this tier added, and nothing of theirs lost.

    Parameters
    ----------
    number : of the row.
    review : whose document it is.
    session : of the database.
    bench : the project that is served.
    tier : the number of a review, or "kinesics".

    Returns
    -------
    The file.
    """
    recording = recording_of(session, number)
    document = session.get(CodedDocument, review)
    if document is None or review_of(session, review).recording_id != number or not format_of(document.name):
        raise RefusedError(404, "refused.no_review")
    name, timeline = _tier(session, bench, recording, tier)
    own = session.get_one(Coder, review_of(session, review).coder_id).name
    tier_name = name if name != own else f"{name} (Kinesics)"
    content = add_tier((document.name, document.content), recording.name, tier_name, timeline)
    stem, dot, suffix = document.name.partition(".")
    return _file(f"{stem}-{name}", dot + suffix, content)


@router.post("/recordings/{number}/codings/look")
async def look_at_coding(number: Id, request: Request, bench: Bench, name: FileName) -> dict[str, Any]:
    """What codes a file holds of a recording, and which classes they seem to name; nothing is imported yet.

    Parameters
    ----------
    number : of the row.
    request : with the file as its body.
    bench : the project that is served.
    name : of the file.

    Returns
    -------
    The codes with their counts, sentences on what is not used, and all classes.
    """
    content = await read_limited(request.stream())

    def look() -> dict[str, Any]:
        with bench.sessions() as session:
            recording, classes = recording_of(session, number), known_labels(session)
        annotations, notes = codes_in(name, content, recording.name)
        counts = Counter(one.label for one in annotations)
        suggested = suggested_mapping(annotations, classes)
        codes = {code: {"count": count, "suggested": suggested[code]} for code, count in counts.items()}
        return {"codes": codes, "notes": list(notes), "classes": classes}

    return await run_in_threadpool(look)


@router.post("/recordings/{number}/codings", status_code=201)
async def import_coding(
    number: Id,
    request: Request,
    bench: Bench,
    name: FileName,
    coder: Annotated[str, StringConstraints(min_length=1, max_length=200)],
    mapping: Annotated[str, Query(max_length=100_000)] = "{}",
) -> dict[str, Any]:
    """Make a coder's tier of a file, which is kept to be given back whole; codes mapped to "" are left out.

    Parameters
    ----------
    number : of the row.
    request : with the file as its body.
    bench : the project that is served.
    name : of the file.
    coder : the name of who has coded.
    mapping : JSON: what each code means, "" where it is left out.

    Returns
    -------
    The number of the tier, and how many events it has.
    """
    meanings = _mapping(mapping)
    content = await read_limited(request.stream())

    def store() -> dict[str, Any]:
        with bench.sessions.begin() as session:
            return _import(session, recording_of(session, number), coder, (name, content), meanings)

    return await run_in_threadpool(store)


def _tier(session: Session, bench: Workbench, recording: StoredRecording, tier: str) -> tuple[str, Timeline]:
    """Its name and its events."""
    duration = recording.duration or 0.0
    if tier == KINESICS:
        return "Kinesics", read_proposals(bench.project, recording.name) or Timeline((), duration)
    review = review_of(session, int(tier))
    if review.recording_id != recording.id:
        raise RefusedError(404, "refused.no_review")
    coder = session.get_one(Coder, review.coder_id)
    return coder.name, Timeline(tuple(coded_events(marks_of(session, review))), duration)


def _file(stem: str, suffix: str, content: bytes) -> Response:
    name = quote(f"{stem}{suffix}".replace("/", "_"))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type=_TYPE.get(suffix, "application/octet-stream"), headers=headers)


def _mapping(text: str) -> dict[str, str]:
    try:
        given = json.loads(text)
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise ValueError("no mapping")
        return {key: tidy(value) for key, value in given.items()}
    except (ValueError, RecursionError):
        raise RefusedError(422, "refused.mapping") from None


def _import(
    session: Session, recording: StoredRecording, coder: str, file: tuple[str, bytes], meanings: dict[str, str]
) -> dict[str, Any]:
    who = MarkFields(label=coder, start=0, end=1).label if tidy(coder) else ""
    if not who:
        raise RefusedError(422, "refused.no_name")
    annotations, _ = codes_in(*file, recording.name)
    changes = imported_marks(annotations, meanings)
    if not changes:
        raise KinesicsError(f"{file[0]}: expected something coded of this recording, found nothing that is kept")
    row = session.scalar(select(Coder).where(Coder.name == who)) or Coder(name=who, agreed=False)
    session.add(row)
    session.flush()
    query = select(Review).where(Review.recording_id == recording.id, Review.coder_id == row.id)
    if session.scalar(query) is not None:
        raise RefusedError(409, "refused.tier_exists", coder=who)
    review = begin_review(session, recording, row, None)
    edit_review(session, review, 0, "import", changes)
    review.done = True
    session.add(CodedDocument(review_id=review.id, name=file[0][:200], content=file[1]))
    return {"review": review.id, "events": len(changes)}
