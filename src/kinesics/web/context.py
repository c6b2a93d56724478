"""What every request of the workbench can reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.web.database import Sessions
from kinesics.web.project import Project
from kinesics.web.security import Gate
from kinesics.web.strings import RefusedError
from kinesics.web.tables import Coder, Mark, Review, StoredRecording

MOST_ID = 2**31
Id = Annotated[int, Path(ge=1, le=MOST_ID)]


@dataclass(frozen=True)
class Workbench:
    """One served project: its folder, its database, and who may come in."""

    project: Project
    sessions: Sessions
    gate: Gate


def _workbench(request: Request) -> Workbench:
    bench: Workbench = request.app.state.workbench
    return bench


Bench = Annotated[Workbench, Depends(_workbench)]


def _session(bench: Bench) -> Iterator[Session]:
    """What a request writes is on the disk before it is answered, all or nothing."""
    with bench.sessions.begin() as session:
        yield session


Db = Annotated[Session, Depends(_session, scope="function")]


def recording_of(session: Session, number: int) -> StoredRecording:
    """The row of a recording; raises RefusedError where there is none."""
    if (found := session.get(StoredRecording, number)) is None:
        raise RefusedError(404, "refused.no_recording")
    return found


def coder_of(session: Session, number: int) -> Coder:
    """The row of a coder; raises RefusedError where there is none."""
    if (found := session.get(Coder, number)) is None:
        raise RefusedError(404, "refused.no_coder")
    return found


def review_of(session: Session, number: int) -> Review:
    """The row of a tier; raises RefusedError where there is none."""
    if (found := session.get(Review, number)) is None:
        raise RefusedError(404, "refused.no_review")
    return found


def marks_of(session: Session, review: Review) -> list[Mark]:
    """The marks of a tier, in order of time."""
    query = select(Mark).where(Mark.review_id == review.id).order_by(Mark.start, Mark.end, Mark.uid)
    return list(session.scalars(query))


def known_labels(session: Session) -> list[str]:
    """The classes of iMiGUE, and all others that somebody has used."""
    own = session.scalars(select(Mark.label).distinct().order_by(Mark.label))
    return [*CLASSES, *(label for label in own if label not in CLASSES)]
