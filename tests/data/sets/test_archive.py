"""NATOPS and UTD-MHAD, from the real archives."""

import numpy as np
import pytest
from support.paths import BENCHMARKS

from kinesics.data.dataset import DatasetNotFoundError
from kinesics.data.sets.natops import NATOPS
from kinesics.data.sets.utd_mhad import CLASSES, UTDMHAD
from kinesics.errors import KinesicsError
from kinesics.preprocessing.normalise import normalise

needs_archives = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="needs ../shared/benchmarks")


@needs_archives
@pytest.mark.parametrize("folder", [BENCHMARKS, BENCHMARKS / "natops.npz"])
def test_natops(folder):
    assert NATOPS.recognises(folder)
    data = NATOPS(folder)
    assert [len(data.split(split)) for split in ("train", "val", "test")] == [180, 0, 180]
    assert np.bincount([clip.label for clip in data.clips]).tolist() == [60] * 6
    assert len({clip.id for clip in data.clips}) == 360
    skeleton = data.read_skeleton(data.clips[7])
    assert skeleton.xyz.shape == (51, 11, 3)
    given = np.load(BENCHMARKS / "natops.npz")["positions"][7]
    np.testing.assert_array_equal(skeleton.xyz[:, :8], given * np.array([-1, -1, 1], np.float32))
    # shoulder widths from the neck are what the networks see: nothing to change
    np.testing.assert_allclose(normalise(skeleton.xyz, skeleton.score, data.layout)[..., :3], skeleton.xyz, atol=1e-6)
    assert skeleton.duration == data.clips[7].end
    mean = np.mean([data.read_skeleton(clip).xyz.mean(0) for clip in data.clips], 0)
    left, right = data.layout.indices("left_wrist", "right_wrist")
    assert mean[left, 0] > mean[right, 0]  # who faces the camera has the left hand to the picture's right
    tip, elbow = data.layout.indices("left_hand_tip", "left_elbow")
    assert mean[tip, 1] > mean[elbow, 1]  # hands hang below elbows: y runs down
    assert _sphere_centre(data, "left")[0] == pytest.approx(0.5, abs=0.15)
    assert _sphere_centre(data, "right")[0] == pytest.approx(-0.5, abs=0.15)


def _sphere_centre(data, side):
    """Where the shoulder must be for all places of the elbow: the centre of the sphere nearest to them."""
    elbow = data.layout.index(f"{side}_elbow")
    places = np.concatenate([data.read_skeleton(clip).xyz[:, elbow] for clip in data.clips])
    fit, *_ = np.linalg.lstsq(np.c_[2 * places, np.ones(len(places))], (places**2).sum(1), rcond=None)
    return fit[:3]


@needs_archives
def test_natops_lends_a_stratified_part_of_train_for_validation():
    data, again, other = (NATOPS(BENCHMARKS, validation=0.2, seed=seed) for seed in (1, 1, 2))
    assert [len(data.split(split)) for split in ("train", "val", "test")] == [144, 36, 180]
    assert np.bincount([clip.label for clip in data.split("val")]).tolist() == [6] * 6
    assert data.clips == again.clips
    assert data.clips != other.clips
    assert {clip.id for clip in data.split("test")} == {clip.id for clip in NATOPS(BENCHMARKS).split("test")}


@needs_archives
def test_utd_mhad():
    data = UTDMHAD(BENCHMARKS / "utd_mhad.npz")
    assert len(data.clips) == len({clip.id for clip in data.clips}) == 861
    assert {clip.subject for clip in data.split("train")} == {"s1", "s3", "s5", "s7"}
    assert {clip.subject for clip in data.split("test")} == {"s2", "s4", "s6", "s8"}
    assert len(data.classes) == len(set(CLASSES)) == 27
    skeletons = [data.read_skeleton(clip) for clip in data.clips]
    assert sum(len(skeleton) for skeleton in skeletons) == 58299
    median = np.median(np.concatenate([skeleton.xyz for skeleton in skeletons]), 0)
    j = data.layout.index
    assert median[j("left_shoulder"), 0] > median[j("right_shoulder"), 0]
    assert median[j("head"), 1] < median[j("pelvis"), 1] < median[j("left_foot"), 1]
    assert 2 < median[j("head"), 2] < 4  # metres before the sensor
    assert 0.2 < np.linalg.norm(median[j("left_shoulder")] - median[j("right_shoulder")]) < 0.4


@pytest.mark.parametrize("dataset", [NATOPS, UTDMHAD])
def test_what_is_missing_or_broken_is_told(tmp_path, dataset):
    assert not dataset.recognises(tmp_path)
    with pytest.raises(DatasetNotFoundError, match=r"expected \w+\.npz.*https://"):
        dataset(tmp_path)
    name = "natops.npz" if dataset is NATOPS else "utd_mhad.npz"
    (tmp_path / name).write_bytes(b"no archive")
    with pytest.raises(KinesicsError, match=r"expected an archive .* found no array; copy it"):
        dataset(tmp_path)
    np.savez(tmp_path / name, positions=np.zeros((3, 5, 2)))
    with pytest.raises(KinesicsError, match="copy it again"):
        dataset(tmp_path)
