"""A whole study: what is done, what is not done again, and what becomes of broken files."""

import os
import time

import pytest
from support.batches import BROKEN, in_this_process, landmarks, tree
from support.recordings import real_clip

from kinesics.batch.places import RemotePlace
from kinesics.batch.recordings import find_recordings
from kinesics.batch.run import plan_study, run_study
from kinesics.batch.settings import Settings
from kinesics.errors import KinesicsError
from kinesics.files import alone_in
from kinesics.video import read_frames, write_video

SETTINGS = Settings("openvino")


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """A real clip, two landmark files, and one of every kind of broken file."""
    root = tmp_path_factory.mktemp("in")
    frames = [frame.image for _, frame in zip(range(30), read_frames(real_clip()), strict=False)]
    write_video(root / "talk.mp4", frames, 25)
    for name in ("a.skeleton.npz", "day1/b.skeleton.npz"):
        landmarks(root / name)
    for name, broken in BROKEN.items():
        broken(root / "talk.mp4", root / name)
    return root


@pytest.fixture(scope="module")
def study(videos, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "study"
    _, rows = run_study([str(videos)], str(out), SETTINGS, in_this_process)
    return out, rows


def nothing(*_):
    raise AssertionError("there is nothing to do")


def test_all_are_done_or_told(study):
    out, rows = study
    assert [name for name, row in rows.items() if row.state == "done"] == [
        "a.skeleton.npz",
        "day1/b.skeleton.npz",
        "talk.mp4",
    ]
    for name in BROKEN:
        assert rows[name].state == "failed", rows[name]
        assert rows[name].error.startswith(name), rows[name].error
        assert "\n" not in rows[name].error
        assert os.listdir(out / rows[name].folder) == ["recording.json"]
    assert rows["talk.mp4"].length == pytest.approx(1.2, abs=0.1)
    assert rows["a.skeleton.npz"].people == 1
    assert (out / "recordings/talk.mp4/report.html").exists()
    assert len((out / "study.csv").read_text().splitlines()) == 1 + len(rows)


def test_a_second_call_does_nothing(study, videos):
    out, rows = study
    before = tree(out)
    _, again = run_study([str(videos)], str(out), SETTINGS, nothing)
    assert (again, tree(out)) == (rows, before)


def test_the_same_call_elsewhere_gives_the_same_bytes(study, videos, tmp_path):
    run_study([str(videos / "a.skeleton.npz")], str(tmp_path / "s"), SETTINGS, in_this_process)
    other, one = tree(tmp_path / "s"), tree(study[0])
    assert other.pop("study.csv") != one["study.csv"]
    assert other
    assert all(one[name] == content for name, content in other.items())


def test_what_has_changed_is_done_again_and_nothing_else(tmp_path):
    for name in ("a", "b", "c"):
        landmarks(tmp_path / "in" / f"{name}.skeleton.npz", 4.0)
    inputs, out = [str(tmp_path / "in")], str(tmp_path / "study")
    run_study(inputs, out, SETTINGS, in_this_process)
    landmarks(tmp_path / "in" / "b.skeleton.npz", 5.0)
    os.utime(tmp_path / "in" / "c.skeleton.npz")  # touched, with the bytes that it had
    report = tmp_path / "study/recordings/c.skeleton.npz/report.html"
    written = report.stat().st_mtime_ns
    plan, rows = run_study(inputs, out, SETTINGS, in_this_process)
    assert [item.name for item, _ in plan.pending] == ["b.skeleton.npz", "c.skeleton.npz"]
    assert rows["b.skeleton.npz"].length == 5
    assert report.stat().st_mtime_ns == written
    assert run_study(inputs, out, SETTINGS, nothing)[0].pending == ()
    other = Settings("openvino", threshold={"*": 0.9})
    assert len(run_study(inputs, out, other, in_this_process)[0].pending) == 3


def test_landmarks_are_not_made_again_for_other_thresholds(tmp_path, videos, monkeypatch):
    inputs, out = [str(videos / "talk.mp4")], str(tmp_path / "study")
    run_study(inputs, out, SETTINGS, in_this_process)

    def track(*_):
        raise AssertionError("the landmarks are there")

    monkeypatch.setattr("kinesics.perception.openvino.engine.OpenVINOEngine.follower", track)
    _, rows = run_study(inputs, out, Settings("openvino", threshold={"*": 0.1}), in_this_process)
    assert rows["talk.mp4"].state == "done", rows["talk.mp4"].error


def test_shards_merge_into_what_one_call_writes(tmp_path):
    for i in range(5):
        landmarks(tmp_path / "in" / f"{i}.skeleton.npz", 3.0)
    inputs = [str(tmp_path / "in")]
    run_study(inputs, str(tmp_path / "whole"), SETTINGS, in_this_process)
    for number in (2, 1):
        _, rows = run_study(inputs, str(tmp_path / "parts"), SETTINGS, in_this_process, (number, 2))
        assert len(rows) == 5
    assert {row.state for row in rows.values()} == {"done"}
    assert tree(tmp_path / "whole") == tree(tmp_path / "parts")
    assert run_study(inputs, str(tmp_path / "parts"), SETTINGS, nothing)[0].pending == ()


def test_two_at_once_are_refused_but_for_other_shards(tmp_path):
    landmarks(tmp_path / "in" / "a.skeleton.npz", 3.0)
    inputs, out = [str(tmp_path / "in")], str(tmp_path / "study")
    (tmp_path / "study/.batch/1-of-2").mkdir(parents=True)
    with alone_in(tmp_path / "study/.batch/1-of-2"):
        for shard in ((1, 1), (1, 2)):
            with pytest.raises(KinesicsError, match="another that writes there"):
                run_study(inputs, out, SETTINGS, in_this_process, shard)
        run_study(inputs, out, SETTINGS, in_this_process, (2, 2))


def test_what_a_killed_call_left_is_removed(tmp_path):
    landmarks(tmp_path / "in" / "a.skeleton.npz", 3.0)
    left = []

    def killed(pending, task, board, peak):
        left.append(task.place.temporary("a.skeleton.npz"))
        (left[0].__enter__() / "half").write_text("")
        yield from in_this_process(pending, task, board)

    run_study([str(tmp_path / "in")], str(tmp_path / "study"), SETTINGS, killed)
    assert os.listdir(tmp_path / "study/recordings") == ["a.skeleton.npz"]


def test_a_full_disk_is_the_machine_s_fault_and_tried_again(tmp_path, monkeypatch):
    landmarks(tmp_path / "in" / "a.skeleton.npz", 3.0)
    inputs, out = [str(tmp_path / "in")], str(tmp_path / "study")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("kinesics.report.write_results", full)
        _, rows = run_study(inputs, out, SETTINGS, in_this_process)
    assert rows["a.skeleton.npz"].state == "interrupted"
    _, rows = run_study(inputs, out, SETTINGS, in_this_process)
    assert rows["a.skeleton.npz"].state == "done"


def test_a_study_at_an_address(videos, tmp_path):
    """Input and results in a filesystem that is no folder of this machine."""
    memory = pytest.importorskip("fsspec").filesystem("memory")
    for name in ("a.skeleton.npz", "text.mp4"):
        memory.pipe(f"/far/in/{name}", (videos / name).read_bytes())
    inputs, out = ["memory://far/in"], "memory://far/study"
    try:
        _, rows = run_study(inputs, out, SETTINGS, in_this_process)
        assert [rows[name].state for name in sorted(rows)] == ["done", "failed"]
        assert memory.exists("/far/study/recordings/a.skeleton.npz/report.html")
        assert memory.cat("/far/study/study.csv").decode().count("\r\n") == 3
        assert RemotePlace(out).rows() == rows
        assert plan_study(find_recordings(inputs), RemotePlace(out), SETTINGS).pending == ()
        run_study(inputs, out, SETTINGS, nothing)
        time.sleep(0.01)
        memory.pipe("/far/in/a.skeleton.npz", landmarks(tmp_path / "a.skeleton.npz", 9.0).read_bytes())
        _, rows = run_study(inputs, out, SETTINGS, in_this_process)
        assert rows["a.skeleton.npz"].length == 9
    finally:
        memory.rm("/far", recursive=True)
