"""The facts of a video are those of its frames, whatever they do on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.videos import is_red, steady, write, write_sizes

from kinesics.video import probe, read_frames


@pytest.mark.parametrize("sizes", [[(192, 128), (96, 64)], [(96, 64), (192, 128)]])
def test_a_size_that_changes_on_the_way(tmp_path: Path, sizes: list[tuple[int, int]]) -> None:
    path = write_sizes(tmp_path / "webrtc.webm", sizes)
    assert (probe(path).width, probe(path).height) == (192, 128)
    frames = list(read_frames(path))
    assert {frame.image.shape for frame in frames} == {(128, 192, 3)}
    assert len(frames) == 50
    for frame in (frames[3], frames[-3]):
        assert is_red(frame.image[30, 30])
        assert not is_red(frame.image[30, 90])
        assert not is_red(frame.image[90, 30])


def test_a_phone_that_is_turned_on_the_way_is_fitted_in(tmp_path: Path) -> None:
    path = write_sizes(tmp_path / "turned.webm", [(128, 64), (64, 128)])
    assert (probe(path).width, probe(path).height) == (128, 64)
    last = list(read_frames(path))[-1].image
    assert last.shape == (64, 128, 3)
    assert (last[:, :40] < 20).all()  # black beside the upright image
    assert is_red(last[10, 52])


def test_facts_are_read_again_when_the_file_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", steady(5))
    assert probe(path).frames == 5
    write(path, steady(9))
    assert probe(path).frames == 9
    assert np.isfinite(probe(path).duration)
