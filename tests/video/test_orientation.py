"""Frames are turned and mirrored as a player does it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from support.videos import is_red, steady, with_matrix, write

from kinesics.video import probe, read_frames

MATRICES = [
    (a, b, c, d) for a, b, c, d in itertools.product((-1, 0, 1), repeat=4) if abs(a) == abs(d) != abs(b) == abs(c)
]


@pytest.mark.parametrize("matrix", MATRICES)
def test_all_eight_orientations(tmp_path: Path, matrix: tuple[int, int, int, int]) -> None:
    path = with_matrix(write(tmp_path / "stored.mp4", steady(3)), tmp_path / "shown.mp4", matrix)
    a, b, c, d = matrix
    image = next(iter(read_frames(path))).image
    info = probe(path)
    assert image.shape == (info.height, info.width, 3)
    assert (info.width, info.height) == ((96, 64) if a else (64, 96))
    # where the stored corner, at the left (-1) and the top (-1) of the middle, is shown
    x, y = -a - c, -b - d
    rows, columns = (slice(2, 8) if y < 0 else slice(-8, -2)), (slice(2, 8) if x < 0 else slice(-8, -2))
    assert is_red(image[rows, columns].mean((0, 1)))
    assert len(MATRICES) == 8
