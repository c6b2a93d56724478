import io

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesics.errors import KinesicsError
from kinesics.inference.previews import GRID, MOST, moments, read_previews
from kinesics.timeline import Event, Timeline
from kinesics.video import write_video

FPS, SECONDS = 25, 4


@pytest.fixture(scope="module")
def brightening(tmp_path_factory):
    """A video whose grey tells its time: 50 a second."""
    path = tmp_path_factory.mktemp("video") / "brightening.mp4"
    write_video(path, (np.full((60, 100, 3), i * 50 // FPS, np.uint8) for i in range(FPS * SECONDS)), FPS)
    return path


def _open(preview):
    return PIL.Image.open(io.BytesIO(preview.webp))


def test_every_preview_shows_its_own_time(brightening):
    event = Event("touching ears", 11, 1.31, 1.72, 0.9, 1)
    shares = []
    previews = read_previews(brightening, Timeline((event,), SECONDS), shares.append)
    assert len(previews) > 5 * SECONDS - 2
    times = [preview.time for preview in previews]
    assert times == sorted(set(times))
    assert shares == sorted(shares)
    for time in (event.start, event.end, (event.start + event.end) / 2):
        assert min(abs(time - other) for other in times) <= 0.101
    for preview in previews:
        image = _open(preview)
        assert image.size == (100, 60)
        assert np.asarray(image).mean() == pytest.approx(50 * preview.time, abs=6)


def test_a_short_clip_has_a_preview_too(tmp_path):
    write_video(tmp_path / "short.mp4", [np.full((64, 64, 3), 90, np.uint8)] * 2, FPS)
    assert read_previews(tmp_path / "short.mp4", Timeline((), 0.08))


def test_a_video_that_is_gone_is_named(tmp_path):
    with pytest.raises(KinesicsError, match=r"gone\.mp4: no such file"):
        read_previews(tmp_path / "gone.mp4", Timeline((), 4.0))


@given(st.floats(0.05, 4000), st.integers(0, 500))
def test_moments_are_few_and_lie_inside(duration, count):
    length = duration / max(count, 1)
    events = [Event("touching ears", 11, i * length, (i + 1) * length, i / 500, 1) for i in range(count)]
    chosen = moments(Timeline(tuple(events), duration))
    assert 1 <= len(chosen) <= MOST
    assert chosen == sorted(set(chosen))
    assert chosen[0] >= 0
    assert chosen[-1] <= duration + 0.1


def test_a_long_recording_keeps_its_grid_and_its_likeliest_events():
    events = [Event("pressing lips", 28, 3 * i, 3 * i + 2, i / 600, 1) for i in range(600)]
    chosen = moments(Timeline(tuple(events), 1800))
    assert len(chosen) == MOST
    assert set(chosen) >= {i * 1800 / GRID for i in range(GRID)}
    assert 3 * 599 + 1.0 in chosen
    assert 3 * 1 + 1.0 not in chosen
