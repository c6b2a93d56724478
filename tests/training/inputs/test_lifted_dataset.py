import numpy as np
import pytest

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.imigue_sample import write_sample

from kinesics.data.registry import open_dataset
from kinesics.data.sets.natops import NATOPS
from kinesics.errors import KinesicsError
from kinesics.training.gesture.data import GestureData
from kinesics.training.inputs.lifted_dataset import Lifted


@pytest.fixture
def imigue(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_sample(tmp_path / "imigue")
    return tmp_path / "imigue"


def test_flat_skeletons_get_a_depth_and_keep_what_is_missing(imigue):
    flat = open_dataset(imigue)
    lifted = Lifted(flat)
    assert lifted.clips == flat.clips
    for clip in flat.clips[:2]:
        before, after = flat.read_skeleton(clip), lifted.read_skeleton(clip)
        assert not before.is_3d
        assert after.is_3d
        np.testing.assert_array_equal(before.score, after.score)
        assert np.abs(after.xyz[..., 2]).max() > 0
        np.testing.assert_array_equal(after.image_xy, before.image_xy)


def test_training_windows_are_flat_or_lifted_as_the_config_says(imigue):
    for lift in (False, True, False):  # one must not find the other's in the cache
        data = GestureData(imigue, frames=8, batch=2, lift=lift)
        data.prepare_data()
        batch = next(iter(data.test_dataloader()))
        assert bool(batch["skeleton"][:, 2].any()) is lift


def test_other_layouts_are_refused(tmp_path):
    positions = np.zeros((2, 51, 8, 3), np.float32)
    np.savez(tmp_path / "natops.npz", positions=positions, label=np.zeros(2, int), split=np.array(["train", "test"]))
    with pytest.raises(KinesicsError, match=r"upper_body.*data\.lift"):
        Lifted(NATOPS(tmp_path))
