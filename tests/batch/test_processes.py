"""Processes that work, die, and are stopped."""

import multiprocessing
import os
import signal
import time

import pytest
from support.batches import in_this_process, landmarks, tree

from kinesics.batch.processes import run_on_processes
from kinesics.batch.run import run_study
from kinesics.batch.settings import Settings
from kinesics.errors import KinesicsError

SETTINGS = Settings("openvino")


@pytest.fixture
def inputs(tmp_path):
    for i in range(3):
        landmarks(tmp_path / "in" / f"{i}.skeleton.npz", 3.0 + i)
    return [str(tmp_path / "in")]


class Killer:
    """Kills the process of a recording as often as it is told, and shows nothing."""

    def __init__(self, name, times):
        self.name, self.times = name, times

    def begin(self, name):
        if name == self.name and self.times:
            self.times -= 1
            time.sleep(0.2)
            newest = max(multiprocessing.active_children(), key=lambda child: child.pid)
            os.kill(newest.pid, signal.SIGKILL)

    def update(self, name, share):
        assert 0 <= share <= 1


def killing(name, times):
    def run(pending, task, board, peak):
        return run_on_processes(pending, task, Killer(name, times), peak, most=1)

    return run


def test_a_process_that_is_killed_is_replaced_and_nothing_is_lost(inputs, tmp_path):
    run_study(inputs, str(tmp_path / "whole"), SETTINGS, in_this_process)
    _, rows = run_study(inputs, str(tmp_path / "study"), SETTINGS, killing("1.skeleton.npz", 1))
    assert {row.state for row in rows.values()} == {"done"}
    assert tree(tmp_path / "study") == tree(tmp_path / "whole")


def test_a_recording_whose_process_always_dies_is_told(inputs, tmp_path):
    _, rows = run_study(
        [f"{inputs[0]}/1.skeleton.npz"], str(tmp_path / "study"), SETTINGS, killing("1.skeleton.npz", 9)
    )
    row = rows["1.skeleton.npz"]
    assert row.state == "interrupted"
    assert "ended 3 times with exit code -9" in row.error


def test_ctrl_c_leaves_no_process_and_nothing_half_done(inputs, tmp_path):
    class Impatient(Killer):
        def update(self, name, share):
            raise KeyboardInterrupt

    def run(pending, task, board, peak):
        return run_on_processes(pending, task, Impatient("", 0), peak, most=1)

    with pytest.raises(KeyboardInterrupt):
        run_study(inputs, str(tmp_path / "study"), SETTINGS, run)
    assert multiprocessing.active_children() == []
    assert all(not name.startswith(".") for name in os.listdir(tmp_path / "study/recordings"))
    assert "waiting" in (tmp_path / "study/study.csv").read_text()


def test_a_wrong_setting_ends_it_before_the_first_recording(inputs, tmp_path):
    wrong = Settings("openvino", threshold={"smile": 0.5})

    def run(pending, task, board, peak):
        return run_on_processes(pending, task, Killer("", 0), peak, most=1)

    with pytest.raises(KinesicsError, match="smile"):
        run_study(inputs, str(tmp_path / "study"), wrong, run)
    assert not list((tmp_path / "study").glob("recordings/*"))
