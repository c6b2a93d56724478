"""Tiers: opened, edited, undone, done."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from kinesics.skeleton.sequence import SUFFIX
from kinesics.web.context import MOST_ID, Bench, Db, Id, coder_of, known_labels, marks_of, recording_of, review_of
from kinesics.web.library import read_proposals
from kinesics.web.marks import Label, NewEdit, fields_of
from kinesics.web.reviewing import (
    agreed_changes,
    begin_review,
    coded_events,
    edit_review,
    missing_proposals,
    walk_history,
)
from kinesics.web.settings import read_settings
from kinesics.web.strings import RefusedError
from kinesics.web.tables import Coder, Edit, Review, StoredRecording
from kinesics.web.viewing import shown_video

router = APIRouter(prefix="/api", tags=["review"])


class NewCoder(BaseModel):
    """Somebody who codes."""

    model_config = ConfigDict(extra="forbid")
    name: Label


class NewReview(BaseModel):
    """A tier to open, or to begin."""

    model_config = ConfigDict(extra="forbid")
    coder: Annotated[int, Field(ge=1, le=MOST_ID)]
    blind: bool = False


class Version(BaseModel):
    """The version of a tier that a page has."""

    model_config = ConfigDict(extra="forbid")
    version: Annotated[int, Field(ge=0, le=2**53)]


class Done(Version):
    """Whether a tier is done."""

    done: bool


@router.get("/coders")
def list_coders(session: Db) -> list[dict[str, Any]]:
    """Everybody who codes in this project."""
    return [
        {"id": coder.id, "name": coder.name, "agreed": coder.agreed}
        for coder in session.scalars(select(Coder).order_by(Coder.agreed, Coder.name))
    ]


@router.post("/coders", status_code=201)
def add_coder(new: NewCoder, session: Db) -> dict[str, Any]:
    """Somebody new, or who is known by this name already."""
    known = session.scalar(select(Coder).where(Coder.name == new.name))
    coder = known or Coder(name=new.name, agreed=False)
    session.add(coder)
    session.flush()
    return {"id": coder.id, "name": coder.name, "agreed": coder.agreed}


@router.post("/recordings/{number}/reviews")
def open_review(number: Id, new: NewReview, session: Db, bench: Bench) -> dict[str, Any]:
    """A coder's tier of a recording with all that the page shows beside it; made where there is none yet.

    Parameters
    ----------
    number : of the row.
    new : what is asked for.
    session : of the database.
    bench : the project that is served.

    Returns
    -------
    Plain data: the recording, the labels, the tier, proposals and other tiers.
    """
    recording, coder = recording_of(session, number), coder_of(session, new.coder)
    known = _review(session, recording, coder)
    if known is None:
        proposals = None if new.blind or coder.agreed else read_proposals(bench.project, recording.name)
        known = begin_review(session, recording, coder, proposals, blind=new.blind)
    file = shown_video(bench.project, recording.name, read_settings(session))
    is_video = not recording.name.endswith(SUFFIX) and file is not None
    facts = {key: getattr(recording, key) for key in ("id", "name", "duration", "fps", "width", "height")}
    shown = known.done or not known.blind
    return {
        "recording": facts | {"video": is_video, "analysed": recording.analysed is not None},
        "labels": known_labels(session),
        "tier": _tier(session, known),
        "proposals": _proposals(bench, recording) if shown else [],
        "others": _others(session, known) if shown else [],
    }


@router.get("/reviews/{number}")
def one_review(number: Id, session: Db) -> dict[str, Any]:
    """A tier as it is now."""
    return _tier(session, review_of(session, number))


@router.post("/reviews/{number}/edits")
def make_edit(number: Id, edit: NewEdit, session: Db) -> dict[str, Any]:
    """Change some marks at once.

    Parameters
    ----------
    number : of the row.
    edit : the changes, and the version that they were made on.
    session : of the database.

    Returns
    -------
    The state of the tier.
    """
    review = review_of(session, number)
    edit_review(session, review, edit.version, edit.kind, edit.changes)
    return _state(session, review)


@router.post("/reviews/{number}/undo")
def undo(number: Id, at: Version, session: Db) -> dict[str, Any]:
    """Take the last edit back.

    Parameters
    ----------
    number : of the row.
    at : the version that the page has.
    session : of the database.

    Returns
    -------
    The state of the tier, and which marks are changed.
    """
    review = review_of(session, number)
    kind, changes = walk_history(session, review, at.version, forward=False)
    return _state(session, review) | {"kind": kind, "changes": changes}


@router.post("/reviews/{number}/redo")
def redo(number: Id, at: Version, session: Db) -> dict[str, Any]:
    """Do the edit again that was taken back.

    Parameters
    ----------
    number : of the row.
    at : the version that the page has.
    session : of the database.

    Returns
    -------
    The state of the tier, and which marks are changed.
    """
    review = review_of(session, number)
    kind, changes = walk_history(session, review, at.version, forward=True)
    return _state(session, review) | {"kind": kind, "changes": changes}


@router.post("/reviews/{number}/done")
def set_done(number: Id, given: Done, session: Db) -> dict[str, Any]:
    """Declare a tier done, or not; a blind one that is opened again is blind no longer.

    Parameters
    ----------
    number : of the row.
    given : whether it is, and the version that the page has.
    session : of the database.

    Returns
    -------
    The tier.
    """
    review = review_of(session, number)
    if review.version != given.version:
        raise RefusedError(409, "refused.stale")
    review.blind = review.blind and (given.done or not review.done)
    review.done = given.done
    review.version += 1
    session.flush()
    return _tier(session, review)


@router.post("/reviews/{number}/proposals")
def add_proposals(number: Id, at: Version, session: Db, bench: Bench) -> dict[str, Any]:
    """Take over what Kinesics has found since.

    Parameters
    ----------
    number : of the row.
    at : the version that the page has.
    session : of the database.
    bench : the project that is served.

    Returns
    -------
    The tier.
    """
    review = review_of(session, number)
    if review.blind and not review.done:
        raise RefusedError(403, "refused.blind")
    timeline = read_proposals(bench.project, recording_of(session, review.recording_id).name)
    if timeline is not None and (changes := missing_proposals(session, review, timeline)):
        edit_review(session, review, at.version, "proposals", changes)
    return _tier(session, review)


@router.post("/recordings/{number}/agreed")
def begin_agreed(number: Id, session: Db) -> dict[str, Any]:
    """The coders' common tier, made of all tiers that are done where there is none yet; gives its coder."""
    recording = recording_of(session, number)
    coder = session.scalar(select(Coder).where(Coder.agreed))
    if coder is None:
        taken = session.scalar(select(Coder).where(Coder.name == "Agreed"))
        coder = Coder(name="Agreed result" if taken else "Agreed", agreed=True)
        session.add(coder)
        session.flush()
    if _review(session, recording, coder) is None:
        tiers = {name: coded_events(marks_of(session, review)) for name, review in _done(session, recording)}
        if len(tiers) < 2:
            raise RefusedError(409, "refused.one_coder")
        review = begin_review(session, recording, coder, None)
        if changes := agreed_changes(tiers):
            edit_review(session, review, 0, "agree", changes)
    return {"coder": coder.id}


def _review(session: Session, recording: StoredRecording, coder: Coder) -> Review | None:
    query = select(Review).where(Review.recording_id == recording.id, Review.coder_id == coder.id)
    return session.scalar(query)


def _done(session: Session, recording: StoredRecording) -> list[tuple[str, Review]]:
    query = (
        select(Coder.name, Review)
        .join(Coder, Review.coder_id == Coder.id)
        .where(Review.recording_id == recording.id, Review.done, Coder.agreed.is_(False))
        .order_by(Coder.name)
    )
    return [(name, review) for name, review in session.execute(query)]


def _state(session: Session, review: Review) -> dict[str, Any]:
    more = session.scalar(select(Edit.id).where(Edit.review_id == review.id, Edit.number > review.head).limit(1))
    return {
        "id": review.id,
        "version": review.version,
        "blind": review.blind,
        "done": review.done,
        "can_undo": review.head > 0,
        "can_redo": more is not None,
    }


def _tier(session: Session, review: Review) -> dict[str, Any]:
    coder = session.get_one(Coder, review.coder_id)
    marks = [{"uid": mark.uid, **fields_of(mark)} for mark in marks_of(session, review)]
    return _state(session, review) | {"coder": {"id": coder.id, "name": coder.name}, "marks": marks}


def _others(session: Session, own: Review) -> list[dict[str, Any]]:
    """The other tiers of a recording, but for blind ones that are not done: what is in them is nobody else's yet."""
    query = select(Review).where(Review.recording_id == own.recording_id, Review.id != own.id).order_by(Review.id)
    return [_tier(session, review) for review in session.scalars(query) if review.done or not review.blind]


def _proposals(bench: Bench, recording: StoredRecording) -> list[dict[str, Any]]:
    timeline = read_proposals(bench.project, recording.name)
    keys = ("label", "start", "end", "score", "person")
    return [{key: getattr(event, key) for key in keys} for event in timeline or ()]
