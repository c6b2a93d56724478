"""What is broken or missing in a video is passed over, left empty and told."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.videos import damage, number, steady, write

from kinesics.video import Gaps, probe, read_frames


@pytest.mark.parametrize("lost", [range(20, 22), range(14, 34)])
def test_broken_frames_are_passed_over_told_and_left_empty(tmp_path: Path, lost: range) -> None:
    path = damage(write(tmp_path / "broken.mp4", steady(58)), lost)
    gaps = Gaps(probe(path), 25)
    ticks = list(gaps.follow(read_frames(path, fps=25)))
    assert [tick.time for tick in ticks] == pytest.approx(steady(58))
    sound = [i for i in range(58) if i < lost.start or i >= lost.stop + 10]
    assert [number(ticks[i].image) for i in sound] == pytest.approx(sound, abs=0.6)
    assert not any(ticks[i].held for i in sound)
    if len(lost) > 10:
        assert all(ticks[i].held for i in range(lost.start + 2, lost.stop - 2))
        assert any("no frames from 0.5" in note for note in gaps.notes())
    assert any("could not be decoded" in note for note in gaps.notes())


def test_a_recording_that_begins_between_key_frames(tmp_path: Path) -> None:
    content = write(tmp_path / "whole.ts", steady(58), gop=20).read_bytes()
    packets = len(content) // 188
    (tmp_path / "cut.ts").write_bytes(content[188 * (packets // 6) :])
    path = tmp_path / "cut.ts"
    frames = list(read_frames(path))
    assert [number(frame.image) for frame in frames][-5:] == pytest.approx(range(53, 58), abs=0.6)
    assert frames[-1].time == pytest.approx(probe(path).duration - 0.04, abs=0.02)
