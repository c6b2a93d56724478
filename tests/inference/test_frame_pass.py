"""One pass for all who want frames, each of which is let go."""

import weakref

import numpy as np
import pytest

from kinesics.errors import KinesicsError
from kinesics.inference import frame_pass
from kinesics.inference.frame_pass import FrameRequest, read_requests
from kinesics.video import write_video

FPS = 25


@pytest.fixture(scope="module")
def brightening(tmp_path_factory):
    """A video whose grey tells its time: 50 a second."""
    path = tmp_path_factory.mktemp("video") / "brightening.mp4"
    write_video(path, (np.full((60, 100, 3), i * 50 // FPS, np.uint8) for i in range(4 * FPS)), FPS)
    return path


def test_everybody_gets_the_frames_asked_for_in_one_pass(brightening, monkeypatch):
    passes, shares, taken = [], [], {"few": [], "many": []}
    read = frame_pass.read_frames_at
    monkeypatch.setattr(frame_pass, "read_frames_at", lambda *given: passes.append(given) or read(*given))
    few = FrameRequest([0.5, 2.0, 99.0], 50, lambda number, frame: taken["few"].append((number, frame)))
    many = FrameRequest([i / 10 for i in range(40)], 100, lambda number, frame: taken["many"].append((number, frame)))
    read_requests(brightening, [few, many], shares.append)
    assert len(passes) == 1
    assert [number for number, _ in taken["few"]] == [0, 1], "none after the end"
    assert [number for number, _ in taken["many"]] == list(range(40))
    for name, request, width in (("few", few, 50), ("many", many, 100)):
        for number, frame in taken[name]:
            assert frame.image.shape[1] == width
            assert frame.image.mean() == pytest.approx(50 * request.times[number], abs=6)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_few_frames_are_held_at_a_time(brightening):
    alive, most = weakref.WeakSet(), []

    def take(_, frame):
        alive.add(frame)
        most.append(len(alive))

    read_requests(brightening, [FrameRequest([i / 25 for i in range(100)], 100, take)], lambda _: None)
    assert len(most) == 100
    assert max(most) <= 3


def test_a_video_of_which_nothing_is_wanted_is_not_opened(tmp_path):
    read_requests(tmp_path / "gone.mp4", [], lambda _: None)
    with pytest.raises(KinesicsError, match=r"gone\.mp4: no such file"):
        read_requests(tmp_path / "gone.mp4", [FrameRequest([0.0], 10, lambda *_: None)], lambda _: None)
