from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kinesics.errors import KinesicsError
from kinesics.video import Image, probe, read_frames, write_video


def ramp(count: int, width: int = 97, height: int = 65) -> Iterator[Image]:
    for i in range(count):
        image = np.full((height, width, 3), 10 + 8 * i, np.uint8)
        image[:, : width // 2, 2] = 255
        yield image


@pytest.mark.parametrize(("suffix", "size"), [(".mp4", (96, 64)), (".gif", (97, 65))])
@pytest.mark.parametrize("fps", [12.5, 24000 / 1001, 30])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str, size: tuple[int, int], fps: float) -> None:
    path = tmp_path / f"ramp{suffix}"
    write_video(path, ramp(20), fps)
    info = probe(path)
    assert (info.width, info.height) == size
    frames = list(read_frames(path))
    assert [f.time for f in frames] == pytest.approx([i / fps for i in range(20)], abs=0.006)
    assert [f.image[20, -20, 0] for f in frames] == pytest.approx([10 + 8 * i for i in range(20)], abs=3)
    assert list(tmp_path.iterdir()) == [path]


def test_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(KinesicsError, match=r"clip\.wmv: expected a name ending in \.mp4 or \.gif"):
        write_video(tmp_path / "clip.wmv", ramp(2), 25)


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(KinesicsError, match="cannot be written"):
        write_video(tmp_path / "nowhere" / "clip.mp4", ramp(2), 25)
    (tmp_path / "file").touch()
    with pytest.raises(KinesicsError, match="cannot be written"):
        write_video(tmp_path / "file" / "clip.gif", ramp(2), 25)


def test_no_frames(tmp_path: Path) -> None:
    with pytest.raises(KinesicsError, match="found none"):
        write_video(tmp_path / "clip.mp4", [], 25)


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_an_interrupted_write_leaves_nothing_and_the_old_file_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    write_video(path, ramp(5), 25)
    before = path.read_bytes()

    def broken() -> Iterator[Image]:
        yield from ramp(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(path, broken(), 25)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


def test_a_greater_rate_factor_makes_a_smaller_and_coarser_mp4(tmp_path):
    frames = np.repeat(np.random.default_rng(0).integers(0, 255, (1, 64, 96, 3), np.uint8), 5, axis=0)
    off = []
    for crf in (10, 45):
        write_video(tmp_path / f"{crf}.mp4", frames, 10, crf=crf)
        back = np.stack([frame.image for frame in read_frames(tmp_path / f"{crf}.mp4")])
        off.append(np.abs(back.astype(int) - frames).mean())
    assert (tmp_path / "45.mp4").stat().st_size < 0.5 * (tmp_path / "10.mp4").stat().st_size
    assert off[1] > off[0] + 5
