"""One clock, whatever the container's time stamps do: the one that players show."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.videos import number, steady, write

from kinesics.video import Gaps, probe, read_frames, read_frames_at
from kinesics.video.clock import Clock


def numbers(path: Path, **options: float) -> dict[float, int]:
    return {round(frame.time, 3): number(frame.image) for frame in read_frames(path, **options)}


def test_video_that_begins_after_the_sound_is_late_on_the_clock(tmp_path: Path) -> None:
    path = write(tmp_path / "late.mp4", steady(50, start=3.0), sound=6.0)
    info = probe(path)
    assert (info.start, info.duration) == (pytest.approx(3.0, abs=0.01), pytest.approx(5.0, abs=0.01))
    assert numbers(path, start=4.0, end=4.1) == {4.0: 25, 4.04: 26, 4.08: 27}
    ticks = list(read_frames(path, fps=25))
    assert [frame.held for frame in ticks] == [True] * 75 + [False] * 50
    assert next(read_frames_at(path, [4.0], [None])).image.shape == (64, 96, 3)


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".mp4"])
def test_where_all_streams_begin_late_the_clock_begins_with_them(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"clip{suffix}", steady(50, start=2.0))
    info = probe(path)
    assert (info.start, info.duration) == (pytest.approx(0, abs=0.01), pytest.approx(2.0, abs=0.01))
    assert list(numbers(path)) == pytest.approx(steady(50), abs=0.01)


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".mp4", ".avi", ".h264", ".webm"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_any_start_gives_the_frames_of_reading_on(tmp_path: Path, suffix: str, b_frames: int) -> None:
    path = write(tmp_path / f"clip{suffix}", steady(50), b_frames=b_frames)
    whole = numbers(path)
    assert list(whole.values()) == pytest.approx(range(50), abs=0.6)
    assert list(whole) == pytest.approx(steady(50), abs=0.01)
    for start in (0.0, 0.02, 0.41, 1.0, 1.9):
        assert numbers(path, start=start) == {time: i for time, i in whole.items() if time >= start - 1e-6}


def test_a_stream_without_stamps_is_counted_and_says_so(tmp_path: Path) -> None:
    info = probe(write(tmp_path / "bare.h264", steady(50)))
    assert (info.fps, info.duration, info.frames) == (25, pytest.approx(2.0), 50)
    assert any("no time stamps" in note for note in info.notes)


def test_stamps_that_begin_anew_are_joined(tmp_path: Path) -> None:
    part = write(tmp_path / "part.ts", steady(50)).read_bytes()
    (tmp_path / "joined.ts").write_bytes(part + part)
    info = probe(tmp_path / "joined.ts")
    assert (info.duration, info.frames) == (pytest.approx(4.0, abs=0.05), 100)
    assert any("begin anew at 2.0" in note for note in info.notes)
    found = numbers(tmp_path / "joined.ts")
    assert list(found) == pytest.approx(steady(100), abs=0.01)
    assert list(found.values()) == [*range(50), *range(50)]
    assert list(numbers(tmp_path / "joined.ts", start=2.4, end=2.5).values()) == [10, 11, 12]


def test_a_duration_that_is_claimed_falsely_is_told(tmp_path: Path) -> None:
    content = write(tmp_path / "clip.mkv", steady(50)).read_bytes()
    assert b"00:00:02.0" in content
    (tmp_path / "long.mkv").write_bytes(content.replace(b"00:00:02.0", b"00:00:09.0"))
    info = probe(tmp_path / "long.mkv")
    assert info.duration == pytest.approx(2.0, abs=0.05)
    assert [("9.0" in note, "2.0" in note) for note in info.notes] == [(True, True)]
    assert probe(tmp_path / "clip.mkv").notes == ()
    assert probe(write(tmp_path / "talk.mp4", steady(50), sound=6.0)).duration == pytest.approx(2.0, abs=0.01)


def test_a_gap_keeps_everything_in_its_place_and_is_told(tmp_path: Path) -> None:
    times = [*steady(50), *steady(25, start=5.0)]
    path = write(tmp_path / "gap.mp4", times)
    info = probe(path)
    assert (info.fps, info.duration) == (pytest.approx(25), pytest.approx(6.0, abs=0.01))
    gaps = Gaps(info, info.fps)
    ticks = list(gaps.follow(read_frames(path, fps=info.fps)))
    assert [tick.time for tick in ticks] == pytest.approx(steady(150))
    held = [tick.time for tick in ticks if tick.held]
    assert (held[0], held[-1]) == (pytest.approx(2.0), pytest.approx(4.96))
    assert number(ticks[125].image) == 50
    (note,) = gaps.notes()
    assert "no frames from 2.00 to 5.00 s" in note


def test_over_a_short_gap_the_nearest_frames_stand_and_it_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "gap.mp4", [*steady(50), *steady(25, start=3.4)])
    gaps = Gaps(probe(path), 25)
    ticks = list(gaps.follow(read_frames(path, fps=25)))
    assert not any(tick.held for tick in ticks)
    assert [number(ticks[i].image) for i in (49, 60, 75, 85)] == [49, 49, 50, 50]
    (note,) = gaps.notes()
    assert "no frames from 2.00 to 3.40 s" in note


def test_a_slow_camera_has_no_gaps(tmp_path: Path) -> None:
    path = write(tmp_path / "lapse.mp4", [2.0 * i for i in range(8)])
    assert probe(path).fps == pytest.approx(0.5)
    assert not any(frame.held for frame in read_frames(path, fps=0.5))


@given(st.lists(st.none() | st.floats(-1e5, 1e5), min_size=1, max_size=60), st.sampled_from(["mpegts", "mp4"]))
def test_no_stamps_break_the_clock(stamps: list[float | None], name: str) -> None:
    clock = Clock(0.04, name)
    times = [clock(stamp) for stamp in stamps]
    highest = list(itertools.accumulate(times, max))
    assert all(time > high - 1.001 for high, time in zip(highest, times, strict=True))
    assert all(after - before <= 3600 for before, after in itertools.pairwise(highest))


def test_small_steps_back_are_frames_in_the_order_of_storage() -> None:
    clock = Clock(0.04, "mpegts")
    assert [clock(stamp) for stamp in (1.0, 1.16, 1.08, 1.04, 1.12)] == pytest.approx([1.0, 1.16, 1.08, 1.04, 1.12])
    assert clock.anew == []
