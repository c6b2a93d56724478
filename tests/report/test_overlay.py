from dataclasses import replace

import numpy as np
import pytest
from support.recordings import landmarks_only, talking, three_people

from kinesics.errors import KinesicsError
from kinesics.report import write_overlay
from kinesics.report.overlay import READABLE
from kinesics.skeleton.drawing import ON_DARK
from kinesics.video import probe, read_frames


def _share(image, colour):
    """The share of pixels near a colour."""
    return (np.abs(image.astype(int) - colour).max(-1) < 40).mean()


def test_skeleton_and_names_are_drawn_on_the_video(tmp_path):
    analysis = talking()
    told = []
    write_overlay(analysis, tmp_path / "overlay.mp4", told.append)
    assert told == sorted(told)
    info = probe(tmp_path / "overlay.mp4")
    assert info.duration == pytest.approx(analysis.recording.duration, abs=0.1)
    assert READABLE / 2 < info.width <= READABLE
    plain = next(read_frames(analysis.recording.path, start=1.0)).image
    drawn = next(read_frames(tmp_path / "overlay.mp4", start=1.0)).image
    for side in ("left", "right"):
        assert _share(drawn, ON_DARK[side]) > 10 * _share(plain, ON_DARK[side])


def test_names_are_there_only_during_the_event(tmp_path):
    analysis = replace(landmarks_only(), people=())
    write_overlay(analysis, tmp_path / "overlay.mp4")
    words = [_share(frame.image, ON_DARK["middle"]) for frame in read_frames(tmp_path / "overlay.mp4", fps=5)]
    times = np.arange(len(words)) / 5
    for event in analysis.timeline:
        assert min(np.array(words)[(times > event.start + 0.05) & (times < event.end - 0.05)]) > 1e-4
    assert max(np.array(words)[(times < 0.75) | ((times > 2.45) & (times < 2.85))]) == 0


def test_several_people_and_landmarks_without_a_video(tmp_path):
    write_overlay(three_people(), tmp_path / "three.mp4")
    write_overlay(landmarks_only(), tmp_path / "landmarks.mp4")
    assert probe(tmp_path / "landmarks.mp4").frames == pytest.approx(100, abs=2)


def test_a_video_that_is_gone_is_named(tmp_path):
    analysis = talking()
    gone = replace(analysis, recording=replace(analysis.recording, path=tmp_path / "gone.mp4"))
    with pytest.raises(KinesicsError, match=r"gone\.mp4: no such file"):
        write_overlay(gone, tmp_path / "overlay.mp4")
    assert not list(tmp_path.iterdir())
