"""SHREC'21, from a tiny archive and, where it is there, the real one."""

import numpy as np
import pytest
from support.hands import write_hands
from support.paths import SHARED

from kinesics.data.registry import find_dataset
from kinesics.data.sets.shrec21 import SHREC21
from kinesics.data.untrimmed import UntrimmedRecordings
from kinesics.errors import KinesicsError

REAL = SHARED / "benchmarks" / "shrec21.npz"


def test_it_is_recognised_and_parted(tmp_path):
    path = write_hands(tmp_path)
    assert find_dataset(path) is SHREC21
    dataset = SHREC21(path)
    assert {split: len({c.id.split("_")[0] for c in dataset.split(split)}) for split in ("train", "val", "test")} == {
        "train": 13,
        "val": 2,
        "test": 6,
    }
    clip = dataset.clips[0]
    skeleton = dataset.read_skeleton(clip)
    assert skeleton.duration == pytest.approx(clip.end - clip.start)
    assert skeleton.start == clip.start
    whole = dataset.read_whole(clip)
    assert len(whole) == 600
    np.testing.assert_allclose(skeleton.xyz, whole.between(clip.start, clip.end).xyz)


def test_arrays_that_do_not_fit_are_told(tmp_path):
    path = write_hands(tmp_path)
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **(arrays | {"length": arrays["length"][:-1]}))
    with pytest.raises(KinesicsError, match="sum of length"):
        SHREC21(path)


@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/benchmarks/shrec21.npz")
def test_the_real_ones_counts():
    dataset, contest = SHREC21(REAL), SHREC21(REAL, "2021")
    assert (len(dataset.clips), len(contest.clips)) == (678, 720)
    assert len(dataset.split("test")) == 270
    recordings = UntrimmedRecordings(dataset)
    assert len(recordings.clips) == 180
    first = next(clip for clip in recordings.clips if clip.id == "111")
    palm = recordings.read_skeleton(first).xyz[:, 0]
    assert np.linalg.norm(palm - np.median(palm, 0), axis=-1).max() < 3, "a tracking failure is mended"
