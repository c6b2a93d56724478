"""Tiers of coders: begun from Kinesics' proposals or blind, changed edit by edit, undone without end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from kinesics.timeline import Event, Segment, Timeline
from kinesics.web.marks import ACCEPTED, OPEN, Change, MarkFields, Origin, fields_of
from kinesics.web.strings import RefusedError
from kinesics.web.tables import Coder, Edit, Mark, Review, StoredRecording

AGREEING = 0.5  # of their common time that two coders' events share, as intersection over union


def begin_review(
    session: Session, recording: StoredRecording, coder: Coder, proposals: Timeline | None, *, blind: bool = False
) -> Review:
    """Make a coder's tier of a recording.

    Parameters
    ----------
    session : of the database.
    recording, coder : whose it is.
    proposals : what Kinesics found, each to be judged; None where nothing is proposed.
    blind : whether neither Kinesics nor other coders are shown until it is done.

    Returns
    -------
    The tier, with its marks.
    """
    review = Review(recording_id=recording.id, coder_id=coder.id, version=0, head=0, blind=blind, done=False)
    session.add(review)
    session.flush()
    for number, event in enumerate(proposals or (), 1):
        session.add(_new_mark(review, f"k{number}", proposal(event)))
    return review


def proposal(event: Event) -> MarkFields:
    """An event of Kinesics as a mark that nobody has judged yet."""
    origin = Origin(label=event.label, start=event.start, end=event.end, score=min(1.0, max(0.0, event.score)))
    return MarkFields(
        label=event.label, start=event.start, end=event.end, person=event.person, status=OPEN, origin=origin
    )


def edit_review(session: Session, review: Review, version: int, kind: str, changes: Sequence[Change]) -> None:
    """Change a tier by one edit; what was undone before is gone with it.

    Parameters
    ----------
    session : of the database.
    review : the tier.
    version : that the changes were made on.
    kind : what the edit is called.
    changes : of its marks.

    Raises
    ------
    RefusedError
        for a version that is not the tier's own, and for times after the recording's end.
    """
    _step(session, review, version, review.head + 1)
    recording = session.get_one(StoredRecording, review.recording_id)
    session.execute(delete(Edit).where(Edit.review_id == review.id, Edit.number > review.head))
    known = _marks_of(session, review, [change.uid for change in changes])
    made: list[dict[str, Any]] = []
    for change in changes:
        if change.after is not None and recording.duration and change.after.end > recording.duration + 1:
            raise RefusedError(422, "refused.after_end", duration=f"{recording.duration:.1f}")
        before = known.get(change.uid)
        after = change.after.model_dump() if change.after else None
        made.append({"uid": change.uid, "before": before and fields_of(before), "after": after})
    _write_marks(session, review, [(one["uid"], one["after"]) for one in made])
    session.add(Edit(review_id=review.id, number=review.head + 1, kind=kind, changes=made, made=time.time()))
    session.flush()
    session.refresh(review)


def walk_history(session: Session, review: Review, version: int, *, forward: bool) -> tuple[str, list[dict[str, Any]]]:
    """Undo the last edit in effect, or do the next one again.

    Parameters
    ----------
    session : of the database.
    review : the tier.
    version : that the page has.
    forward : whether to do again.

    Returns
    -------
    What the edit is called, and what its marks are now, None for those that are gone.

    Raises
    ------
    RefusedError
        for a version that is not the tier's own, and where there is no such edit.
    """
    number = review.head + 1 if forward else review.head
    edit = session.scalar(select(Edit).where(Edit.review_id == review.id, Edit.number == number))
    if edit is None:
        raise RefusedError(404, "refused.nothing_to_redo" if forward else "refused.nothing_to_undo")
    _step(session, review, version, number if forward else number - 1)
    side = "after" if forward else "before"
    _write_marks(session, review, [(one["uid"], one[side]) for one in edit.changes])
    session.flush()
    session.refresh(review)
    return edit.kind, [{"uid": one["uid"], "after": one[side]} for one in edit.changes]


def missing_proposals(session: Session, review: Review, timeline: Timeline) -> list[Change]:
    """The proposals that a tier does not hold yet, as changes that add them: after a second analysis, say.

    Parameters
    ----------
    session : of the database.
    review : the tier.
    timeline : what was found now.

    Returns
    -------
    The changes.
    """
    marks = list(session.scalars(select(Mark).where(Mark.review_id == review.id)))
    known = [fields["origin"] or fields for fields in map(fields_of, marks)]
    used = {mark.uid for mark in marks}
    free = (f"k{number}" for number in count(1) if f"k{number}" not in used)
    return [
        Change(uid=next(free), after=proposal(event))
        for event in timeline
        if not any(_is_same(event, one["label"], one["start"], one["end"]) for one in known)
    ]


def coded_events(marks: Iterable[Mark]) -> list[Event]:
    """What a coder stands for: the accepted marks, as events whose source is "observer"."""
    return [
        Event(mark.label, -1, mark.start, mark.end, 1.0, mark.person, "observer")
        for mark in marks
        if mark.status == ACCEPTED
    ]


def agreed_changes(tiers: dict[str, list[Event]]) -> list[Change]:
    """A common tier of several coders.

    Parameters
    ----------
    tiers : the events of each by name, two at least.

    Returns
    -------
    What all of them coded alike, at mean times and accepted; what some of them did, open, with a note of who did.
    """
    numbers = count(1)
    left = {name: list(events) for name, events in tiers.items()}
    changes: list[Change] = []
    for name in tiers:
        while left[name]:
            event = left[name].pop(0)
            group = {name: event} | _partners(event, {other: left[other] for other in tiers if other != name})
            start = sum(one.start for one in group.values()) / len(group)
            end = sum(one.end for one in group.values()) / len(group)
            alike = len(group) == len(tiers)
            after = MarkFields(
                label=event.label,
                start=start,
                end=end,
                person=event.person,
                status=ACCEPTED if alike else OPEN,
                note="" if alike else ", ".join(group)[:2000],
            )
            changes.append(Change(uid=f"c{next(numbers)}", after=after))
    return changes


def _partners(event: Event, others: dict[str, list[Event]]) -> dict[str, Event]:
    """The event of each other coder that is this one, taken out of its list."""
    found: dict[str, Event] = {}
    for name, events in others.items():
        same = [one for one in events if one.person == event.person and _is_same(event, one.label, one.start, one.end)]
        if same:
            found[name] = max(same, key=lambda one: one.segment.iou(event.segment))
            events.remove(found[name])
    return found


def _is_same(event: Event, label: str, start: float, end: float) -> bool:
    return event.label == label and event.segment.iou(Segment(start, end)) >= AGREEING


def _step(session: Session, review: Review, version: int, head: int) -> None:
    """Take the next version, unless another window has taken it."""
    taken = session.execute(
        update(Review)
        .where(Review.id == review.id, Review.version == version)
        .values(version=version + 1, head=head)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise RefusedError(409, "refused.stale")


def _marks_of(session: Session, review: Review, uids: Sequence[str]) -> dict[str, Mark]:
    found: dict[str, Mark] = {}
    for first in range(0, len(uids), 500):
        some = uids[first : first + 500]
        marks = session.scalars(select(Mark).where(Mark.review_id == review.id, Mark.uid.in_(some)))
        found |= {mark.uid: mark for mark in marks}
    return found


def _write_marks(session: Session, review: Review, changed: Sequence[tuple[str, dict[str, Any] | None]]) -> None:
    known = _marks_of(session, review, [uid for uid, _ in changed])
    for uid, after in changed:
        mark = known.get(uid)
        if after is None:
            if mark is not None:
                session.delete(mark)
                del known[uid]
        elif mark is None:
            known[uid] = _new_mark(review, uid, MarkFields.model_validate(after))
            session.add(known[uid])
        else:
            for key, value in after.items():
                setattr(mark, key, value)


def _new_mark(review: Review, uid: str, fields: MarkFields) -> Mark:
    return Mark(review_id=review.id, uid=uid, **fields.model_dump())
