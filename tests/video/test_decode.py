from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesics.errors import KinesicsError
from kinesics.video import clock, lacks_bytes, probe, read_frames, read_frames_at, write_video

CODECS = {".mp4": "libx264", ".mov": "libx264", ".avi": "mpeg4", ".webm": "libvpx", ".gif": "gif"}
FORMATS = {"libx264": "yuv420p", "mpeg4": "yuv420p", "libvpx": "yuv420p", "gif": "rgb8"}


def picture(i: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A grey that tells the frame's number, with a red top left corner."""
    image = np.full((height, width, 3), 20 + 4 * i, np.uint8)
    image[: height // 2, : width // 3] = (255, 0, 0)
    return image


def number(image: np.ndarray) -> int:
    return round((float(image[-8:, -8:].mean()) - 20) / 4)


def write(path: Path, times: list[float], *, rotation: int = 0, aspect: Fraction | None = None) -> Path:
    codec = CODECS[path.suffix]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, FORMATS[codec]
        stream.gop_size, stream.bit_rate = 8, 4_000_000
        if codec == "gif":
            stream.time_base = Fraction(1, 100)
        elif path.suffix != ".avi":
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        base = stream.codec_context.time_base or Fraction(1, 25)
        for i, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
            frame.time_base = base
            frame.pts = round(time / base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def steady(count: int = 50, fps: float = 25) -> list[float]:
    return [i / fps for i in range(count)]


@pytest.mark.parametrize("suffix", CODECS)
def test_every_container_is_read_whole_with_its_times(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"clip{suffix}", steady())
    info = probe(path)
    assert (info.width, info.height) == (96, 64)
    assert info.fps == pytest.approx(25, rel=0.01)
    assert info.duration == pytest.approx(2, abs=0.05)
    assert info.frames == pytest.approx(50, abs=1)
    frames = list(read_frames(path))
    assert [f.time for f in frames] == pytest.approx(steady(), abs=0.002)
    assert [number(f.image) for f in frames] == list(range(50))
    assert frames[0].image.dtype == np.uint8
    assert frames[0].image[10, 10, 0] > 200 > 60 > frames[0].image[10, 10, 2]


@pytest.mark.parametrize("suffix", CODECS)
def test_seeking_gives_the_same_frames_as_reading_on(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"clip{suffix}", steady())
    assert [number(f.image) for f in read_frames(path, start=1.2, end=1.6)] == list(range(30, 40))
    clocked = list(read_frames(path, fps=10, start=1.0, end=1.5))
    assert [f.time for f in clocked] == pytest.approx([1.0, 1.1, 1.2, 1.3, 1.4])
    # 1.1 s and 1.3 s lie half-way between two frames
    assert [number(f.image) for f in clocked] == pytest.approx([25, 27.5, 30, 32.5, 35], abs=0.6)


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotation_is_applied(tmp_path: Path, rotation: int) -> None:
    path = write(tmp_path / "turned.mp4", steady(5), rotation=rotation)
    info = probe(path)
    image = next(iter(read_frames(path))).image
    assert image.shape == (info.height, info.width, 3)
    assert (info.width, info.height) == ((96, 64) if rotation == 180 else (64, 96))
    corner = {90: image[-10, 10], 180: image[-10, -10], -90: image[10, -10]}[rotation]
    assert corner[0] > 200 > 60 > corner[2]


def test_pixels_are_made_square_and_large_pictures_smaller(tmp_path: Path) -> None:
    path = write(tmp_path / "wide.mp4", steady(3), aspect=Fraction(4, 3))
    assert (probe(path).width, probe(path).height) == (128, 64)
    assert next(iter(read_frames(path))).image.shape == (64, 128, 3)
    assert next(iter(read_frames(path, max_side=64))).image.shape == (32, 64, 3)


def test_uneven_times_are_honoured(tmp_path: Path) -> None:
    times = [0, 0.04, 0.08, 0.5, 0.54, 1.0, 1.5, 1.54]
    path = write(tmp_path / "uneven.mp4", times)
    assert [f.time for f in read_frames(path)] == pytest.approx(times, abs=0.002)
    clocked = list(read_frames(path, fps=10))
    nearest = [int(np.abs(np.array(times) - f.time).argmin()) for f in clocked]
    assert [number(f.image) for f in clocked] == nearest
    assert [f.time for f in clocked] == pytest.approx([i / 10 for i in range(16)])


def test_frames_at_any_times_are_those_of_a_clock(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", steady())
    times = np.array([0.41, 0.415, 0.415, 1.13, 1.97, 1.99, 5.0])
    found = list(read_frames_at(path, times.tolist(), [None, 48, None, 48, 48, 48, 48]))
    assert [f.time for f in found] == times[:6].tolist(), "there is none behind the end"
    assert [number(f.image) for f in found] == [10, 10, 10, 28, 49, 49]
    assert [f.image.shape[1] for f in found] == [96, 48, 96, 48, 48, 48]
    assert list(read_frames_at(path, [7.0], [None])) == list(read_frames_at(path, [], [])) == []


def test_its_own_rate_as_clock_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", steady(48, 24000 / 1001))
    assert [number(f.image) for f in read_frames(path, fps=24000 / 1001)] == list(range(48))


@settings(deadline=None)
@given(
    gaps=st.lists(st.floats(0.005, 0.6), min_size=2, max_size=40),
    fps=st.floats(1, 60),
    start=st.floats(0, 2),
)
def test_clock_takes_the_nearest_frame(gaps: list[float], fps: float, start: float) -> None:
    times = np.cumsum([0, *gaps])
    timed = ((float(time), i) for i, time in enumerate(times))
    picked = list(clock.nearest(timed, clock.steady(fps, start, None), 1 / fps))
    for i, (tick, frame) in enumerate(picked):
        assert tick == pytest.approx(start + i / fps)
        assert abs(times[frame] - tick) <= np.abs(times - tick).min() + 1e-9
    length = times[-1] + gaps[-1] - start
    assert len(picked) == pytest.approx(max(0, length * fps), abs=1.02)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(KinesicsError, match=r"gone\.mp4: no such file"):
        probe(tmp_path / "gone.mp4")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.mp4", b""),
        ("noise.mp4", bytes(range(256)) * 20),
        ("note.txt", b"hello\n" * 99),
        ("data.json", b'{"a": 1}'),
    ],
)
def test_not_a_video(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KinesicsError, match=f"{name}: expected a video, found") as caught:
        list(read_frames(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_sound_without_picture(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(KinesicsError, match="no video stream"):
        probe(path)


def test_cut_off_file_says_how_far_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "front.mp4"
    noise = np.random.default_rng(0).integers(0, 255, (50, 64, 96, 3), np.uint8)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for image in noise:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(KinesicsError, match=r"expected 2\.0 s of video, found (0\.9|1\.[01]) s that can be read"):
        probe(path)


def test_the_last_byte_is_missed(tmp_path: Path) -> None:
    assert not lacks_bytes(write(tmp_path / "clip.webm", steady(20)))  # without an index nobody knows
    path = tmp_path / "front.mp4"
    write_video(path, [np.zeros((64, 96, 3), np.uint8)] * 20, 25)  # its index stands at the front
    assert not lacks_bytes(path)
    path.write_bytes(path.read_bytes()[:-1])
    assert lacks_bytes(path)


def test_cut_off_before_the_index(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", steady())  # its index stands at the end
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(KinesicsError, match="cut off"):
        probe(path)
