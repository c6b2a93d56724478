"""Clips in tar files: the same clips as before, in the same order, whoever reads them."""

import random

import numpy as np
import pytest

from kinesics.cli import main
from kinesics.data.cache.skeletons import cache_skeletons
from kinesics.data.doctor import examine
from kinesics.data.registry import open_dataset
from kinesics.data.sets.shards import LISTING, Shards, write_shards
from kinesics.errors import KinesicsError


@pytest.fixture
def natops(tmp_path, monkeypatch):
    """A small NATOPS of 30 clips."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    positions = np.random.default_rng(0).normal(size=(30, 20, 8, 3)).astype(np.float32)
    split = np.array(["train"] * 20 + ["test"] * 10)
    np.savez(tmp_path / "natops.npz", positions=positions, label=np.arange(30) % 6, split=split)
    return tmp_path / "natops.npz"


@pytest.fixture
def shards(natops, tmp_path):
    assert main(["data", "shard", str(natops), "--out", str(tmp_path / "shards"), "--clips", "8"]) == 0
    return tmp_path / "shards"


def test_the_clips_are_those_of_the_data_set(natops, shards):
    whole, found = open_dataset(natops), open_dataset(shards)
    assert isinstance(found, Shards)
    assert (found.classes, found.layout) == (whole.classes, whole.layout)
    assert sorted(found.files) == [f"test-{i:06d}.tar" for i in (0, 1)] + [f"train-{i:06d}.tar" for i in (0, 1, 2)]
    by_id = {clip.id: clip for clip in whole.clips}
    assert [clip.id for clip in found.clips] == sorted(by_id)
    for clip in found.clips:
        other = by_id[clip.id]
        assert (clip.label, clip.split, clip.subject) == (other.label, other.split, other.subject)
        one, two = found.read_skeleton(clip), whole.read_skeleton(other)
        assert (one.fps, one.start) == (two.fps, two.start)
        np.testing.assert_array_equal(one.xyz, two.xyz)


def test_the_order_of_the_tars_changes_nothing(shards):
    before = open_dataset(shards)
    ids = [clip.id for clip in before.clips]
    listing = (shards / LISTING).read_text()
    lines = [f'  "{name}": "{digest}"' for name, digest in before.files.items()]
    mixed = lines.copy()
    random.Random(1).shuffle(mixed)
    assert mixed != lines
    (shards / LISTING).write_text(listing.replace(",\n".join(lines), ",\n".join(mixed)))
    after = open_dataset(shards)
    assert list(after.files) != list(before.files)
    assert [clip.id for clip in after.clips] == ids


def test_the_same_data_give_the_same_bytes(natops, shards, tmp_path):
    before = {path.name: path.read_bytes() for path in shards.iterdir()}
    write_shards(open_dataset(natops), shards, 8)
    assert {path.name: path.read_bytes() for path in shards.iterdir()} == before


def test_webdataset_reads_them(shards):
    webdataset = pytest.importorskip("webdataset")
    files = sorted(map(str, shards.glob("train-*.tar")))
    found = list(webdataset.WebDataset(files, shardshuffle=False, empty_check=False).decode())
    assert len(found) == 20
    assert set(found[0]) >= {"json", "skeleton.npz"}
    assert found[3]["json"]["label"] == 3
    assert found[3]["skeleton.npz"]["xyz_0"].shape == (20, 11, 3)


def test_they_are_trained_on_as_the_data_set_is(natops, shards):
    """What training reads, its cache of skeletons, holds the same numbers."""
    one, two = (cache_skeletons(open_dataset(path)) for path in (natops, shards))
    rows = {clip.id: i for i, clip in enumerate(one.clips)}
    for i, clip in enumerate(two.clips):
        np.testing.assert_array_equal(two.read_skeleton(i).xyz, one.read_skeleton(rows[clip.id]).xyz)


def test_damage_is_found(shards):
    assert not examine(shards, lambda share: None).problems
    path = shards / "train-000001.tar"
    content = bytearray(path.read_bytes())
    content[-5000] ^= 1
    path.write_bytes(content)
    (shards / "test-000000.tar").unlink()
    with pytest.raises(KinesicsError, match=r"test-000000\.tar: no such file"):
        _ = open_dataset(shards).clips
    problems = {problem.file.name for problem in examine(shards, lambda share: None).problems}
    assert problems == {"test-000000.tar", "train-000001.tar"}


def test_mistakes_are_told(natops, shards, tmp_path, capsys):
    assert main(["data", "shard", str(natops), "--out", str(tmp_path), "--clips", "8"]) == 2
    assert "expected an empty folder" in capsys.readouterr().err
    assert main(["data", "shard", str(natops), "--out", str(shards), "--clips", "0"]) == 2
    (shards / LISTING).write_text("{}")
    with pytest.raises(KinesicsError, match=r"shards\.json: expected the listing"):
        open_dataset(shards)
