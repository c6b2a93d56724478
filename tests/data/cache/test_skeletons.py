"""Skeletons read once and kept: what comes back, that an interrupted pass goes on, and windows for any layout."""

import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.crab import CRAB

from kinesics.data.cache import skeletons as cache_room
from kinesics.data.cache.skeletons import cache_skeletons
from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.errors import KinesicsError
from kinesics.skeleton import SkeletonSequence
from kinesics.training.inputs.clip_windows import ClipWindows


class Crabs(GestureDataset):
    """Clips of different lengths and rates; counts how often it is read."""

    name, access, layout = "crabs", "nowhere", CRAB

    def __init__(self, folder, count=9, broken=None, unit=1.0):
        super().__init__(folder)
        self.broken, self.unit, self.reads = broken, unit, 0
        self.all_clips = tuple(
            ClipInfo(
                f"c{i}", i % 3, ("train", "val", "test")[i % 3], f"s{i}", 0, (i + 4) / 20, skeleton=folder / "c.csv"
            )
            for i in range(count)
        )

    @classmethod
    def recognises(cls, folder):
        return True

    @property
    def classes(self):
        return "snap", "walk", "wave"

    @property
    def clips(self):
        return self.all_clips

    def read_skeleton(self, clip):
        if clip.id == self.broken:
            raise KinesicsError("c.csv: broken")
        self.reads += 1
        i = int(clip.id[1:])
        rng = np.random.default_rng(i)
        score = (rng.random((i + 4, 4)) * (rng.random((i + 4, 4)) > 0.2)).astype(np.float32)
        xyz = (rng.normal(size=(i + 4, 4, 3)) + 5).astype(np.float32) * self.unit * (score > 0)[..., None]
        image_xy = rng.random((i + 4, 4, 2), np.float32) if i % 2 else None
        return SkeletonSequence(xyz.astype(np.float32), score, 20, CRAB, image_xy, is_3d=False, start=1.5)


@pytest.fixture
def crabs(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "c.csv").write_text("0")
    return Crabs(tmp_path / "set")


@pytest.mark.parametrize("unit", [0.001, 1, 300])
def test_what_goes_in_comes_out(crabs, tmp_path, unit):
    crabs.unit = unit
    shares = []
    kept = cache_skeletons(crabs, tmp_path / "cache", progress=shares.append)
    assert shares == [(i + 1) / 9 for i in range(9)]
    assert len(kept) == 9
    for i, clip in enumerate(crabs.clips):
        truth, back = crabs.read_skeleton(clip), kept.read_skeleton(i)
        np.testing.assert_allclose(back.xyz, truth.xyz, atol=np.ptp(truth.xyz) / 2000)
        np.testing.assert_allclose(back.score, truth.score, atol=1 / 255)
        np.testing.assert_array_equal(back.score > 0, truth.score > 0)
        assert not back.xyz[back.score == 0].any()
        assert (back.image_xy is None) == (i % 2 == 0)
        if back.image_xy is not None:
            np.testing.assert_allclose(back.image_xy, truth.image_xy, atol=1 / 2000)
        assert (back.fps, back.start, back.is_3d, back.layout) == (20, 1.5, False, CRAB)


def test_a_second_start_reads_nothing(crabs, tmp_path):
    cache_skeletons(crabs, tmp_path / "cache")
    reads = crabs.reads
    chosen = crabs.split("val")
    kept = cache_skeletons(crabs, tmp_path / "cache", clips=chosen)
    assert crabs.reads == reads == 9
    np.testing.assert_allclose(kept.read_skeleton(1).xyz, crabs.read_skeleton(chosen[1]).xyz, atol=0.01)
    assert [kept.target(i, np.ones((1, 4))) for i in range(len(kept))] == [1, 1, 1]


@pytest.mark.parametrize("torn", [0, 5])
def test_an_interrupted_pass_goes_on(crabs, tmp_path, torn):
    crabs.broken = "c6"
    with pytest.raises(KinesicsError, match=r"c\.csv: broken"):
        cache_skeletons(crabs, tmp_path / "cache")
    assert crabs.reads == 6
    for name in ("xyz.f16", "image.f16", "clips.bin"):  # the end of a write that was cut off
        with open(tmp_path / "cache" / name, "ab") as file:
            file.write(b"x" * torn)
    crabs.broken = None
    kept = cache_skeletons(crabs, tmp_path / "cache")
    assert crabs.reads == 9
    for i, clip in enumerate(crabs.clips):
        np.testing.assert_allclose(kept.read_skeleton(i).xyz, crabs.read_skeleton(clip).xyz, atol=0.01)


def test_changed_files_are_read_again(crabs, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    cache_skeletons(crabs)
    cache_skeletons(crabs)
    assert crabs.reads == 9
    os.utime(crabs.folder / "c.csv", ns=(1, 1))
    cache_skeletons(crabs)
    assert crabs.reads == 18
    assert len(list((tmp_path / "home/kinesics/skeletons").glob("crabs-*"))) == 2
    cache_skeletons(crabs, tmp_path / "here")
    (crabs.folder / "d.csv").write_text("a part of the recording that came later")
    cache_skeletons(crabs, tmp_path / "here")
    assert crabs.reads == 36


def test_videos_that_came_later_are_noticed(crabs, tmp_path):
    cache_skeletons(crabs, tmp_path / "cache")
    crabs.all_clips = tuple(replace(clip, video=tmp_path / "v.mp4") for clip in crabs.clips)
    cache_skeletons(crabs, tmp_path / "cache")
    assert crabs.reads == 18


def test_a_clip_without_frames_is_named(crabs, tmp_path, monkeypatch):
    monkeypatch.setattr(Crabs, "read_skeleton", lambda self, clip: SkeletonSequence(
        np.zeros((0, 4, 3), np.float32), np.zeros((0, 4), np.float32), 20, CRAB
    ))  # fmt: skip
    with pytest.raises(KinesicsError, match="clip c0"):
        cache_skeletons(crabs, tmp_path / "cache")


def test_a_cache_that_cannot_be_written_says_so(crabs, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KinesicsError, match="XDG_CACHE_HOME"):
        cache_skeletons(crabs, tmp_path / "file" / "cache")


@pytest.mark.parametrize("fps", [10.0, None])
def test_windows_of_any_layout(crabs, tmp_path, fps):
    kept = cache_skeletons(crabs, tmp_path / "cache")
    plain = ClipWindows(kept, frames=6, fps=fps, augment=False)
    x, label = plain[4]
    assert x.shape == (4, 6, 4, 1)
    assert x.dtype == torch.float32
    assert label == 1
    assert torch.equal(plain[4][0], x)
    one, two = (ClipWindows(kept, frames=6, fps=fps, augment=True, seed=3) for _ in range(2))
    assert torch.equal(one[4][0], two[4][0])
    two.epoch = 1
    assert not torch.equal(one[4][0], two[4][0])


def test_without_a_rate_the_window_spans_the_clip(crabs, tmp_path):
    kept = cache_skeletons(crabs, tmp_path / "cache")
    windows = ClipWindows(kept, frames=12, fps=None, augment=False)
    assert len(kept.read_skeleton(8).score) == 12
    np.testing.assert_allclose(windows[8][0][3, :, :, 0], kept.read_skeleton(8).score, atol=1e-6)
    rows = windows.rows(0, np.random.default_rng(0))
    assert rows.tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3]


def test_hidden_labels_are_minus_one(crabs, tmp_path):
    crabs.all_clips = tuple(replace(clip, label=None) for clip in crabs.clips[:2])
    kept = cache_skeletons(crabs, tmp_path / "cache")
    assert ClipWindows(kept, frames=4, fps=None, augment=False)[1][1] == -1


def test_clips_without_a_skeleton_are_left_out(crabs, tmp_path):
    crabs.all_clips = tuple(replace(clip, skeleton=None) if clip.id == "c2" else clip for clip in crabs.clips)
    kept = cache_skeletons(crabs, tmp_path / "cache")
    assert [clip.id for clip in kept.clips] == ["c0", "c1", "c3", "c4", "c5", "c6", "c7", "c8"]
    np.testing.assert_allclose(kept.read_skeleton(2).xyz, crabs.read_skeleton(crabs.clips[3]).xyz, atol=0.01)
    with pytest.raises(KinesicsError, match="clip c2"):
        cache_skeletons(crabs, tmp_path / "cache", clips=crabs.clips)


def test_a_cache_of_another_revision_is_made_anew(crabs, tmp_path, monkeypatch):
    cache_skeletons(crabs, tmp_path / "cache")
    monkeypatch.setattr(cache_room, "REVISION", 2)
    cache_skeletons(crabs, tmp_path / "cache")
    assert crabs.reads == 18
