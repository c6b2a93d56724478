"""Frames as they come, with a file as the camera."""

import subprocess
import sys
import time

import pytest
from support import videos

from kinesics.errors import KinesicsError
from kinesics.video import probe, read_frames
from kinesics.video.live import WAITING, LiveFrames, Recorder


def test_a_file_is_played_at_its_own_speed(tmp_path):
    path = videos.write(tmp_path / "a.mp4", videos.steady(25))
    begun = time.perf_counter()
    with LiveFrames(str(path), 25.0) as frames:
        found = list(frames)
    took = time.perf_counter() - begun
    assert took > 0.9, "a second of video lasts a second"
    assert [videos.number(frame.image) for frame in found] == list(range(25))
    assert found[-1].time == pytest.approx(0.96)


def test_only_as_many_frames_as_wanted_are_handed_over(tmp_path):
    path = videos.write(tmp_path / "a.mp4", videos.steady(25))
    with LiveFrames(str(path), 12.5) as frames:
        found = list(frames)
    assert 12 <= len(found) <= 14
    assert frames.dropped == 0


def test_who_is_too_slow_loses_frames_and_is_told(tmp_path):
    path = videos.write(tmp_path / "a.mp4", videos.steady(30))
    with LiveFrames(str(path), 25.0) as frames:
        time.sleep(1.5)
        found = list(frames)
    assert len(found) == WAITING
    assert frames.dropped == 30 - WAITING == found[0].dropped
    assert videos.number(found[-1].image) == 29, "the latest are kept"


def test_everything_is_recorded_whatever_is_looked_at(tmp_path):
    path = videos.write(tmp_path / "a.mp4", videos.steady(25))
    with LiveFrames(str(path), 5.0, tmp_path / "copy.mkv") as frames:
        assert len(list(frames)) <= 6
    copied = list(read_frames(tmp_path / "copy.mkv"))
    assert len(copied) == 25
    assert all(abs(videos.number(frame.image) - i) <= 1 for i, frame in enumerate(copied))
    assert copied[-1].time == pytest.approx(0.96, abs=0.002)


def test_a_killed_recording_can_be_read(tmp_path):
    """The process dies without a chance to close anything."""
    code = f"""
import os, numpy as np
from pathlib import Path
from kinesics.video.live import Recorder
recorder = Recorder(Path({str(tmp_path / "a.mkv")!r}))
for i in range(150):
    recorder.write(np.full((64, 96, 3), i, np.uint8), i / 25)
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 9
    assert probe(tmp_path / "a.mkv").duration > 4, "of six seconds all but the last or so"


def test_a_recorder_without_frames_leaves_nothing_broken(tmp_path):
    Recorder(tmp_path / "a.mkv").close()


@pytest.mark.parametrize("source", ["97", "rtsp://127.0.0.1:9/none"])
def test_what_does_not_open_is_told_in_one_line(source):
    with pytest.raises(KinesicsError, match="expected a camera's number") as told:
        LiveFrames(source, 25.0)
    assert "\n" not in str(told.value)


def test_a_file_that_is_no_video(tmp_path):
    (tmp_path / "a.mp4").write_text("nothing")
    with pytest.raises(KinesicsError, match=r"a\.mp4"):
        LiveFrames(str(tmp_path / "a.mp4"), 25.0)
