"""The guarded way in which I3D's published file is read."""

import hashlib
import os
import pickle

import numpy as np
import pytest

from kinesics.errors import KinesicsError
from kinesics.weights.published import read_i3d_checkpoint


class Evil:
    """Makes the folder `ran` when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("content", [{"params": Evil()}, {"params": np.array([Evil()], object)}, eval])
def test_a_pickle_that_would_do_something_is_refused(tmp_path, content, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.ckpt"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(KinesicsError, match="arrays alone"):
        read_i3d_checkpoint(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert not (tmp_path / "ran").exists()


def test_another_file_is_not_even_opened(tmp_path, monkeypatch):
    path = tmp_path / "other.ckpt"
    path.write_bytes(pickle.dumps(Evil()))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KinesicsError, match="expected sha256"):
        read_i3d_checkpoint(path)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(KinesicsError, match="cannot be read"):
        read_i3d_checkpoint(tmp_path / "none.ckpt")
