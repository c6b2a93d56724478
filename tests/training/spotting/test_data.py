"""Whole recordings of data sets, as windows."""

import numpy as np
import pytest
from support.hands import write_hands

from kinesics.data.sets.imigue.files import write_labels
from kinesics.errors import KinesicsError
from kinesics.skeleton.layouts import UPPER_BODY
from kinesics.training.spotting.augment import SpottingAugmentation
from kinesics.training.spotting.data import SpottingData, bone_length, collate_windows

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.imigue_sample import SKELETONS, write_sample


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_windows_of_hands(tmp_path):
    data = SpottingData(write_hands(tmp_path), seconds=5.12, augment=SpottingAugmentation(copies=20))
    windows = data.windows("train")
    assert len(windows) == 13 * 3, "thirteen of fifteen recordings, each of 12 s"
    batch = collate_windows([windows[i] for i in range(4)])
    assert batch["frames"].shape == (4, 128, 20, 4)
    assert batch["real"].shape == (4, 128)
    known = batch["events"][batch["events"][..., 0] >= 0]
    assert ((known[:, 2] > known[:, 1]) & (known[:, 1] >= 0) & (known[:, 2] <= 128)).all()
    again = windows[0][0]
    assert (windows[0][0] == again).all(), "a draw depends on seed, epoch and number alone"
    windows.epoch = 1
    assert (windows[0][0] != again).any()


def test_a_whole_recording_keeps_its_events_times(tmp_path):
    data = SpottingData(write_hands(tmp_path), fps=25)
    _, real, events = data.windows("test")[0]
    clip = data.clips("test")[0]
    expected = [(label, start * 25 - 0.5, end * 25 - 0.5) for label, start, end in data.events[clip.id]]
    np.testing.assert_allclose(events.numpy(), expected, atol=1e-3)
    assert int(real.sum()) == 300


def test_imigue_in_its_official_layout_is_made_of_recordings(tmp_path):
    write_sample(tmp_path / "imigue")
    write_labels(tmp_path / "imigue" / SKELETONS["test"] / "0217" / "0217_label.csv", [(2, 1, 8), (13, 30, 41)])
    data = SpottingData(tmp_path / "imigue", seconds=1.28)
    frames, _, events = data.windows("train")[0]
    assert frames.shape == (32, 42, 4)
    assert len(data.clips("train")) >= 1
    assert len(events) >= 1


def test_the_contests_truth_is_of_shrec_alone(tmp_path):
    write_sample(tmp_path / "imigue")
    with pytest.raises(KinesicsError, match="SHREC"):
        SpottingData(tmp_path / "imigue", truth="2021")


def test_a_skeleton_without_bones_has_the_length_one():
    assert bone_length(np.zeros((3, 42, 3)), np.zeros((3, 42)), UPPER_BODY) == 1
