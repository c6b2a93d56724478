"""Jobs: cancelled, failed, begun again after a kill, and nothing that was answered is lost."""

import pytest
from support.recordings import TALK, person
from support.workbench import served, state_of, until
from support.workbench_kills import round_of_kill

from kinesics.skeleton import save_skeletons
from kinesics.web.database import open_database
from kinesics.web.jobs import CANCELLED, DONE, JobRunner, finish_job, job_rows, queue_jobs
from kinesics.web.project import Project
from kinesics.web.tables import QueuedJob, StoredRecording


@pytest.fixture
def sessions(tmp_path):
    sessions = open_database(tmp_path)
    with sessions.begin() as session:
        session.add_all([StoredRecording(name=f"{n}.mp4", bytes=1, modified=0.0, problem="") for n in (1, 2)])
    return sessions


def test_a_recording_waits_once(sessions):
    with sessions.begin() as session:
        first = queue_jobs(session, "analyze", [1, 2])
        assert queue_jobs(session, "analyze", [2]) == first[1:]
        assert finish_job(session, first[0], DONE)
        assert not finish_job(session, first[0], CANCELLED), "it has ended already"
        assert queue_jobs(session, "analyze", [1]) == [3]
        assert [row["state"] for row in job_rows(session)] == ["done", "queued", "queued"]


def test_what_ran_when_the_server_died_waits_again(sessions, tmp_path):
    with sessions.begin() as session:
        queue_jobs(session, "analyze", [1])
        session.get(QueuedJob, 1).state = "running"
    JobRunner(Project(tmp_path), sessions)
    with sessions() as session:
        assert session.get(QueuedJob, 1).state == "queued"


def test_a_job_is_cancelled_and_another_fails_in_a_line(tmp_path):
    save_skeletons(tmp_path / "somebody.skeleton.npz", [person(6.0, TALK)])
    (tmp_path / "somebody_kinesics").mkdir()
    (tmp_path / "somebody_kinesics" / "timeline.csv").write_text("a coder's own")
    with served(tmp_path) as one:
        until(lambda: [row for row in one.get("/api/recordings") if row["duration"]])
        (number,) = one.post("/api/recordings/analyze", {"recordings": [1]})["jobs"]
        assert one.post(f"/api/jobs/{number}/cancel")["cancelled"]
        assert one.get("/api/now")["jobs"][-1]["state"] == "cancelled"
        one.post("/api/recordings/analyze", {"recordings": [1]})
        until(lambda: state_of(one, "somebody.skeleton.npz")["state"] == "failed", 300)
        assert "somebody else wrote" in state_of(one, "somebody.skeleton.npz")["message"]
    assert (tmp_path / "somebody_kinesics" / "timeline.csv").read_text() == "a coder's own"


@pytest.mark.parametrize("seed", [1])
def test_killed_while_it_works_nothing_answered_is_lost(tmp_path, seed):
    folder = tmp_path / "project"
    folder.mkdir()
    _, _, faults = round_of_kill(folder, seed, 8.0)
    assert faults == []
