"""How far coders agree, with one another and with Kinesics."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from kinesics.data.codings import CodedTier
from kinesics.errors import KinesicsError
from kinesics.evaluation.agreement import AgreementRule, compare_tiers
from kinesics.timeline import Timeline
from kinesics.web.context import MOST_ID, Bench, Db, Workbench, coder_of, marks_of
from kinesics.web.library import read_proposals
from kinesics.web.reviewing import coded_events
from kinesics.web.strings import RefusedError
from kinesics.web.tables import Coder, Review, StoredRecording

router = APIRouter(prefix="/api", tags=["agreement"])
PROGRAM = "Kinesics"
_MOST = 500  # disagreements
Ids = Annotated[list[Annotated[int, Field(ge=1, le=MOST_ID)]], Query(max_length=20)]


@router.get("/agreement/coders")
def coders_with_tiers(session: Db) -> list[dict[str, Any]]:
    """Who is done with how many recordings."""
    found: dict[int, dict[str, Any]] = {}
    query = select(Coder, Review).join(Review, Review.coder_id == Coder.id).where(Review.done).order_by(Coder.name)
    for coder, _ in session.execute(query):
        row = found.setdefault(coder.id, {"id": coder.id, "name": coder.name, "agreed": coder.agreed, "recordings": 0})
        row["recordings"] += 1
    return list(found.values())


@router.get("/agreement")
def agreement(
    session: Db,
    bench: Bench,
    coders: Ids,
    kinesics: bool = False,
    tolerance: Annotated[float, Query(ge=0, le=10, allow_inf_nan=False)] = 0.5,
) -> dict[str, Any]:
    """All figures and the longest disagreements, on the recordings that are done and that nobody codes blind yet.

    Parameters
    ----------
    session : of the database.
    bench : the project that is served.
    coders : the numbers of those who are compared.
    kinesics : whether Kinesics is one of them.
    tolerance : seconds that an edge may be off.

    Returns
    -------
    Plain data, as `Agreement.to_dict` gives it, with the numbers of the recordings.
    """
    hidden = _hidden(session)
    tiers = [_tier(session, coder_of(session, number), hidden) for number in dict.fromkeys(coders)]
    if kinesics:
        names = {name for tier in tiers for name in tier.recordings}
        tiers.append(CodedTier(PROGRAM, _proposals(bench, sorted(names))))
    if len(tiers) < 2:
        raise RefusedError(422, "refused.two_coders")
    numbers = {name: number for number, name in session.execute(select(StoredRecording.id, StoredRecording.name))}
    session.rollback()  # the figures may take a while
    rule = AgreementRule(tolerance=tolerance)
    found = compare_tiers([tier for tier in tiers if tier.recordings], rule).to_dict()
    found["count"] = len(found["disagreements"])
    found["disagreements"] = [one | {"id": numbers.get(one["recording"])} for one in found["disagreements"][:_MOST]]
    found["hidden"] = sorted(hidden)
    return found


def _hidden(session: Session) -> set[str]:
    """The recordings that somebody codes blind, and is not done with."""
    query = select(StoredRecording.name).join(Review, Review.recording_id == StoredRecording.id)
    return set(session.scalars(query.where(Review.blind, Review.done.is_(False))))


def _tier(session: Session, coder: Coder, hidden: set[str]) -> CodedTier:
    query = select(StoredRecording, Review).join(Review, Review.recording_id == StoredRecording.id)
    rows = session.execute(query.where(Review.coder_id == coder.id, Review.done)).all()
    return CodedTier(
        coder.name,
        {
            recording.name: Timeline(tuple(coded_events(marks_of(session, review))), recording.duration or 0.0)
            for recording, review in rows
            if recording.name not in hidden
        },
    )


def _proposals(bench: Workbench, names: list[str]) -> dict[str, Timeline]:
    found = {}
    for name in names:
        try:
            timeline = read_proposals(bench.project, name)
        except KinesicsError:  # damaged: as if it had not been analysed
            continue
        if timeline is not None:
            found[name] = timeline
    return found
