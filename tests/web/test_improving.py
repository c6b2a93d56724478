"""What to look at next, and adapting that is refused where there is too little to learn from."""

import pytest

from kinesics.errors import KinesicsError
from kinesics.timeline import Event, Timeline
from kinesics.web.database import open_database
from kinesics.web.improving import what_next
from kinesics.web.job_worker import adapt_to_reviews
from kinesics.web.marks import Change, fields_of
from kinesics.web.project import Project
from kinesics.web.reviewing import begin_review, edit_review
from kinesics.web.tables import Coder, Mark, StoredRecording


@pytest.fixture
def sessions(tmp_path):
    sessions = open_database(tmp_path)
    proposals = [Event("nod", -1, n, n + 0.5, 0.3 + 0.1 * n, 1) for n in range(4)]
    proposals.append(Event("shrug", -1, 8.0, 9.0, 0.9, 1))
    with sessions.begin() as session:
        recording = StoredRecording(name="talk.mp4", bytes=1, modified=0.0, duration=20.0, problem="")
        coders = [Coder(name=name, agreed=False) for name in ("anna", "ben")]
        session.add_all([recording, *coders])
        session.flush()
        for coder, status in zip(coders, ("accepted", "rejected"), strict=True):
            review = begin_review(session, recording, coder, Timeline(tuple(proposals), 20.0))
            session.flush()
            mark = session.query(Mark).filter_by(review_id=review.id, uid="k4").one()
            after = fields_of(mark) | {"status": status}
            edit_review(session, review, 0, "accept", [Change(uid="k4", after=after)])
    return sessions


def test_the_uncertain_the_rare_and_the_disputed_come_first(sessions):
    with sessions() as session:
        found = what_next(session, 1)
        assert [row["score"] for row in found["uncertain"]] == pytest.approx([0.3, 0.4, 0.5, 0.9])
        assert found["rare"][0]["label"] == "shrug"  # of which nothing was accepted
        assert [row["start"] for row in found["disputed"]] == [3.0]


def test_adapting_to_too_little_is_refused_in_a_line(sessions, tmp_path):
    with pytest.raises(KinesicsError, match="expected reviewed recordings"):
        adapt_to_reviews(Project(tmp_path), sessions, None, lambda share: None)
    assert not list(tmp_path.glob("*.safetensors"))
