"""A damaged checkpoint costs an epoch at most."""

import pytest
import torch

from kinesics.errors import KinesicsError
from kinesics.training.checkpoints import KeepOneBefore, newest_checkpoint


def save(folder, epoch):
    KeepOneBefore().save_checkpoint({"epoch": epoch, "weights": torch.zeros(1000)}, folder / "last.ckpt")


def epoch_of(path):
    return torch.load(path, weights_only=True)["epoch"]


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, flip, lambda path: path.write_bytes(b""), lambda path: path.unlink()])
def test_the_one_before_is_used_and_kept(tmp_path, damage):
    assert newest_checkpoint(tmp_path) is None
    for epoch in (0, 1, 2):
        save(tmp_path, epoch)
        assert epoch_of(newest_checkpoint(tmp_path)) == epoch
    damage(tmp_path / "last.ckpt")
    assert epoch_of(newest_checkpoint(tmp_path)) == 1
    save(tmp_path, 2)  # does not take the damaged one for the one before
    cut(tmp_path / "last.ckpt")
    assert epoch_of(newest_checkpoint(tmp_path)) == 1
    cut(tmp_path / "before.ckpt")
    with pytest.raises(KinesicsError, match=r"last\.ckpt: expected a checkpoint, found a damaged file"):
        newest_checkpoint(tmp_path)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "a file").write_text("")
    with pytest.raises(KinesicsError, match="cannot be written"):
        save(tmp_path / "a file", 0)
