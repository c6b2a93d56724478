"""Read any video file that FFmpeg knows: facts, frames at their real times, or frames on a steady clock."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from kinesics.errors import KinesicsError

Image = NDArray[np.uint8]

_TAIL = 0.5  # seconds by which headers and last frames of sound files differ
_PREROLL = 0.2  # seconds: reordered frames of an open group of pictures may precede their key frame


@dataclass(frozen=True)
class VideoInfo:
    """The facts of a video file.

    `width` and `height`: pixels as shown, after rotation and for square pixels; `fps`: frames a second on
    average; `duration`: seconds; `frames`: as counted by the file, or estimated from duration and fps.
    """

    path: Path
    width: int
    height: int
    fps: float
    duration: float
    frames: int


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture: `time` in seconds from the video's first frame, `image` (H, W, 3) uint8 RGB."""

    time: float
    image: Image


def probe(path: Path) -> VideoInfo:
    """The facts of a video; raises KinesicsError if it is missing, no video, or ends before its header says."""
    with _opened(path) as (container, stream):
        duration = _claimed_duration(container, stream)
        if duration:
            _check_complete(path, container, stream, duration)
        frame = _first_frame(path, container, stream)
        rate = _rate(stream)
        duration = duration or _last_packet_end(container, stream, 0.0)
        width, height = _square_size(frame, stream, None)
        if frame.rotation % 180:
            width, height = height, width
        return VideoInfo(path, width, height, rate, duration, stream.frames or max(1, round(duration * rate)))


def lacks_bytes(path: Path) -> bool:
    """Whether the file ends before the last frame that its index names; stricter than `probe`, which lets a tail go.

    False for containers without an index, such as WebM. Raises KinesicsError if it is missing or no video.
    """
    with _opened(path) as (_, stream):
        return max((entry.pos + entry.size for entry in stream.index_entries), default=0) > path.stat().st_size


def read_frames(
    path: Path, *, fps: float | None = None, start: float = 0.0, end: float | None = None, max_side: int | None = None
) -> Iterator[Frame]:
    """The frames from `start` to before `end` (seconds), one at a time, as shown.

    Without `fps` the frames as they are, at their own times. With it a steady clock: frame i is the one nearest
    to `start + i / fps`, repeated or left out as needed. `max_side` scales larger pictures down to that many
    pixels on the longer side. Raises KinesicsError if the file is missing, no video, or broken on the way.
    """
    with _opened(path) as (container, stream):
        timed = _decode(path, container, stream, start)
        picked = _between(timed, start, end) if fps is None else _on_clock(timed, fps, start, end)
        last: VideoFrame | None = None
        for time, frame in picked:
            if frame is not last:  # a repeated frame is converted once
                image, last = _to_image(frame, stream, max_side), frame
            yield Frame(time, image)


def read_frames_at(path: Path, times: Sequence[float], max_side: Sequence[int | None]) -> Iterator[Frame]:
    """The frames nearest to these times (seconds, in order), each scaled down to its `max_side` as in `read_frames`.

    There are none for times after the video's end. Raises KinesicsError as `read_frames`.
    """
    if len(times) == 0:
        return
    with _opened(path) as (container, stream):
        timed = _nearest(_decode(path, container, stream, times[0]), iter(times), 1 / _rate(stream))
        shown: tuple[VideoFrame, int | None] | None = None
        for (time, frame), side in zip(timed, max_side, strict=False):
            if shown is None or frame is not shown[0] or side != shown[1]:
                image, shown = _to_image(frame, stream, side), (frame, side)
            yield Frame(time, image)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not path.exists():
        raise KinesicsError(f"{path}: no such file")
    if path.is_dir():
        raise KinesicsError(f"{path}: expected a video file, found a folder")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise KinesicsError(
            f"{path}: expected a video, found a file that is empty, cut off or no video ({_reason(error)}); "
            "convert it to mp4 or copy it again"
        ) from error
    with container:
        pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not pictures:
            raise KinesicsError(f"{path}: expected a video, found no video stream in it; give a file with pictures")
        if container.format.name in ("tty", "image2") or container.format.name.endswith("_pipe"):
            raise KinesicsError(f"{path}: expected a video, found a text or a single picture; give a video file")
        stream = pictures[0]
        stream.thread_type = "AUTO"
        yield container, stream


def _rate(stream: VideoStream) -> float:
    return float(stream.average_rate or stream.guessed_rate or 25)


def _claimed_duration(container: InputContainer, stream: VideoStream) -> float:
    """Seconds of the picture by the headers, or 0 if they do not tell."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if tag := stream.metadata.get("DURATION"):  # Matroska and WebM: "00:00:19.690000000"
        hours, minutes, seconds = tag.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return container.duration / av.time_base if container.duration else 0.0


def _check_complete(path: Path, container: InputContainer, stream: VideoStream, duration: float) -> None:
    missing = _TAIL + duration / 100
    if _last_packet_end(container, stream, duration) < duration - missing:
        readable = _last_packet_end(container, stream, 0.0)
        if readable < duration - missing:
            raise KinesicsError(
                f"{path}: expected {duration:.1f} s of video, found {readable:.1f} s that can be read: the file is "
                "cut off; copy it again, or convert the readable part"
            )


def _last_packet_end(container: InputContainer, stream: VideoStream, start: float) -> float:
    """Seconds at which the last packet after `start` ends; packets are not decoded."""
    origin = stream.start_time or 0
    end = 0
    _seek(container, stream, start)
    try:
        for packet in container.demux(stream):
            if packet.pts is not None and not packet.is_corrupt:
                end = max(end, packet.pts - origin + (packet.duration or 0))
    except av.FFmpegError:
        pass  # what was read until here counts
    return float(end * stream.time_base) if stream.time_base else 0.0


def _seek(container: InputContainer, stream: VideoStream, time: float) -> None:
    """To the last key frame at or before `time`, or to the beginning where the format cannot seek."""
    assert stream.time_base is not None
    ticks = round(max(time, 0.0) / stream.time_base) + (stream.start_time or 0)
    try:
        container.seek(int(ticks), stream=stream)
    except av.FFmpegError:
        container.seek(0)


def _first_frame(path: Path, container: InputContainer, stream: VideoStream) -> VideoFrame:
    for _, frame in _decode(path, container, stream, 0.0):
        return frame
    raise KinesicsError(f"{path}: expected a video, found one without a single frame; copy or export it again")


def _decode(
    path: Path, container: InputContainer, stream: VideoStream, start: float
) -> Iterator[tuple[float, VideoFrame]]:
    """(seconds, frame) from the key frame before `start` on, in the order of time."""
    _seek(container, stream, max(0.0, start - _PREROLL))
    origin = float((stream.start_time or 0) * (stream.time_base or 0))
    step = 1 / _rate(stream)
    time = -step
    try:
        for frame in container.decode(stream):
            # a frame without a time stamp follows the one before it
            time = frame.time - origin if frame.pts is not None else time + step
            yield time, frame
    except av.FFmpegError as error:
        raise KinesicsError(
            f"{path}: expected a whole video, found it broken after {max(time + step, 0):.1f} s ({_reason(error)}); "
            "copy it again, or convert the readable part"
        ) from error


def _between(
    timed: Iterator[tuple[float, VideoFrame]], start: float, end: float | None
) -> Iterator[tuple[float, VideoFrame]]:
    for time, frame in timed:
        if end is not None and time >= end - 1e-6:
            return
        if time >= start - 1e-6:
            yield time, frame


def _on_clock(
    timed: Iterator[tuple[float, VideoFrame]], fps: float, start: float, end: float | None
) -> Iterator[tuple[float, VideoFrame]]:
    ticks = (start + i / fps for i in itertools.count())
    return _nearest(timed, itertools.takewhile(lambda tick: end is None or tick < end - 1e-6, ticks), 1 / fps)


def _nearest(
    timed: Iterator[tuple[float, VideoFrame]], ticks: Iterator[float], step: float
) -> Iterator[tuple[float, VideoFrame]]:
    """The nearest frame for each tick; the last frame lasts as long as the one before it, an only one for `step`."""
    tick = next(ticks, None)
    before: tuple[float, VideoFrame] | None = None
    for time, frame in timed:
        while tick is not None and tick <= time:
            nearer = before is not None and tick - before[0] < time - tick
            yield tick, before[1] if nearer and before is not None else frame
            tick = next(ticks, None)
        if tick is None:
            return
        if before is not None:
            step = time - before[0]
        before = time, frame
    while before is not None and tick is not None and tick < before[0] + 0.99 * step:
        yield tick, before[1]
        tick = next(ticks, None)


def _square_size(frame: VideoFrame, stream: VideoStream, max_side: int | None) -> tuple[int, int]:
    """(width, height) with square pixels, before rotation."""
    width, height = frame.width * float(stream.sample_aspect_ratio or 1), float(frame.height)
    scale = min(1.0, (max_side or np.inf) / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _to_image(frame: VideoFrame, stream: VideoStream, max_side: int | None) -> Image:
    width, height = _square_size(frame, stream, max_side)
    image = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    return np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90)), np.uint8)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
