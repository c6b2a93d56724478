"""Tiers: edited by versions, undone without end, seeded, agreed."""

import random

import pytest
from sqlalchemy import select

from kinesics.timeline import Event, Timeline
from kinesics.web.database import open_database
from kinesics.web.marks import Change, MarkFields, fields_of
from kinesics.web.reviewing import (
    agreed_changes,
    begin_review,
    coded_events,
    edit_review,
    missing_proposals,
    walk_history,
)
from kinesics.web.strings import RefusedError
from kinesics.web.tables import Coder, Edit, Mark, StoredRecording

PROPOSED = Timeline((Event("nod", -1, 1.0, 2.0, 0.7, 1), Event("shrug", -1, 3.0, 4.0, 0.4, 2)), 20.0)


@pytest.fixture
def session(tmp_path):
    with open_database(tmp_path).begin() as session:
        yield session


@pytest.fixture
def review(session):
    recording = StoredRecording(name="talk.mp4", bytes=1, modified=0.0, duration=20.0, problem="")
    coder = Coder(name="anna", agreed=False)
    session.add_all([recording, coder])
    session.flush()
    return begin_review(session, recording, coder, PROPOSED)


def marks(session, review):
    found = session.scalars(select(Mark).where(Mark.review_id == review.id).order_by(Mark.uid))
    return {mark.uid: fields_of(mark) for mark in found}


def field(**more):
    return MarkFields(**{"label": "nod", "start": 5.0, "end": 6.0, **more})


def test_a_tier_begins_with_the_proposals_to_be_judged(session, review):
    found = marks(session, review)
    assert [mark["label"] for mark in found.values()] == ["nod", "shrug"]
    assert {mark["status"] for mark in found.values()} == {"open"}
    assert found["k2"]["origin"] == {"label": "shrug", "start": 3.0, "end": 4.0, "score": 0.4}
    assert coded_events(session.scalars(select(Mark))) == []


def test_an_edit_on_an_old_version_is_refused_and_changes_nothing(session, review):
    edit_review(session, review, 0, "add", [Change(uid="a", after=field())])
    before = marks(session, review)
    with pytest.raises(RefusedError) as refused:
        edit_review(session, review, 0, "remove", [Change(uid="a", after=None)])
    assert refused.value.status == 409
    assert marks(session, review) == before
    assert review.version == 1


def test_random_edits_are_undone_to_the_beginning_and_done_again(session, review):
    rng = random.Random(0)
    states = [marks(session, review)]
    for number in range(60):
        uids = list(states[-1])
        which = rng.choice(uids) if uids and rng.random() < 0.6 else f"n{number}"
        start = rng.uniform(0, 18)
        after = None if rng.random() < 0.2 else field(start=start, end=start + 0.1 + rng.random(), note=str(number))
        edit_review(session, review, review.version, "move", [Change(uid=which, after=after)])
        states.append(marks(session, review))
    for state in reversed(states[:-1]):
        walk_history(session, review, review.version, forward=False)
        assert marks(session, review) == state
    with pytest.raises(RefusedError):
        walk_history(session, review, review.version, forward=False)
    for state in states[1:]:
        walk_history(session, review, review.version, forward=True)
        assert marks(session, review) == state
    assert review.version == 180


def test_a_new_edit_after_undoing_leaves_no_branch(session, review):
    for number in range(3):
        edit_review(session, review, review.version, "add", [Change(uid=f"a{number}", after=field())])
    walk_history(session, review, review.version, forward=False)
    walk_history(session, review, review.version, forward=False)
    edit_review(session, review, review.version, "add", [Change(uid="b", after=field())])
    assert {"a0", "b"} <= set(marks(session, review))
    assert len(list(session.scalars(select(Edit)))) == 2
    with pytest.raises(RefusedError):
        walk_history(session, review, review.version, forward=True)


def test_an_event_after_the_end_is_refused(session, review):
    with pytest.raises(RefusedError) as refused:
        edit_review(session, review, 0, "add", [Change(uid="a", after=field(start=30.0, end=31.0))])
    assert "20.0 seconds" in refused.value.text("en")


def test_a_second_analysis_adds_only_what_is_new(session, review):
    edit_review(session, review, 0, "relabel", [Change(uid="k1", after=field(label="bow", start=1.0, end=2.0))])
    again = Timeline((*PROPOSED.events, Event("wave", -1, 10.0, 11.0, 0.6, 1)), 20.0)
    new = missing_proposals(session, review, again)
    # the relabelled one was a proposal in its own right, which this edit has dropped
    assert [change.after.label for change in new] == ["nod", "wave"]
    edit_review(session, review, review.version, "proposals", new)
    assert missing_proposals(session, review, again) == []


def test_what_all_coders_see_alike_is_agreed_at_mean_times():
    def event(label, start, end):
        return Event(label, -1, start, end, 1.0, 1, "observer")

    anna = [event("nod", 1.0, 2.0), event("shrug", 5.0, 6.0)]
    ben = [event("nod", 1.2, 2.2), event("bow", 5.0, 6.0)]
    changes = agreed_changes({"anna": anna, "ben": ben})
    found = {(change.after.label, change.after.status): change.after for change in changes}
    nod = found["nod", "accepted"]
    assert (nod.start, nod.end) == pytest.approx((1.1, 2.1))
    assert found["shrug", "open"].note == "anna"
    assert found["bow", "open"].note == "ben"
    assert len(changes) == 3
