"""What to look at next, so that the next hour of coding teaches most."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kinesics.web.marks import ACCEPTED, OPEN, REJECTED
from kinesics.web.tables import Coder, Mark, Review, StoredRecording

MOST = 12  # of each kind


def what_next(session: Session, coder: int | None) -> dict[str, list[dict[str, Any]]]:
    """Open proposals in the tiers of a coder, or of all.

    Parameters
    ----------
    session : of the database.
    coder : whose tiers.

    Returns
    -------
    By kind, each with its recording and time: "uncertain", those that Kinesics was least confident of; "rare", those of
    labels that were accepted least; "disputed", those that one coder has accepted and another rejected.
    """
    query = (
        select(Mark, Review, StoredRecording.name)
        .join(Review, Mark.review_id == Review.id)
        .join(StoredRecording, Review.recording_id == StoredRecording.id)
        .join(Coder, Review.coder_id == Coder.id)
        .where(Coder.agreed.is_(False), Mark.origin.is_not(None))
    )
    every = session.execute(query.where(Review.blind.is_(False) | Review.done)).all()
    accepted = Counter(mark.label for mark, _, _ in every if mark.status == ACCEPTED)
    own = [row for row in every if row[0].status == OPEN and coder in (None, row[1].coder_id)]
    own = [row for row in own if row[0].origin]
    uncertain = sorted(own, key=lambda row: _score(row[0]))
    rare = sorted(own, key=lambda row: (accepted[row[0].label], -_score(row[0])))
    disputed = _disputed(every)
    return {
        name: [_row(mark, review, recording) for mark, review, recording in rows[:MOST]]
        for name, rows in (("uncertain", uncertain), ("rare", rare), ("disputed", disputed))
    }


def _score(mark: Mark) -> float:
    return float((mark.origin or {}).get("score", 0.0))


def _disputed(rows: Any) -> list[Any]:
    """One row of each proposal that coders have judged otherwise."""
    judged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for mark, review, recording in rows:
        if mark.origin and mark.status in (ACCEPTED, REJECTED):
            key = (review.recording_id, mark.origin["label"], mark.origin["start"], mark.person)
            judged.setdefault(key, {})[mark.status] = (mark, review, recording)
    return [found[ACCEPTED] for found in judged.values() if len(found) > 1]


def _row(mark: Mark, review: Review, recording: str) -> dict[str, Any]:
    return {
        "recording": review.recording_id,
        "name": recording,
        "coder": review.coder_id,
        "label": mark.label,
        "start": mark.start,
        "score": (mark.origin or {}).get("score"),
    }
