"""The facts of a video file: what its headers claim is a hint, what its packets hold is the truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.reading import MOST_ASPECT, MOST_FPS, MOST_SECONDS
from kinesics.video.clock import Clock
from kinesics.video.container import decoded, header_rate, opened, packets, seek
from kinesics.video.orientation import UPRIGHT, Orientation, orientation_of

_SLOW = 5.0  # frames a second
_TAIL = 0.5  # seconds of a cut off file that may be missing, and a hundredth of it
_DIFFERENT = 1.0  # seconds by which a claim and the truth may differ
_SAME_RATE = 0.02  # as a share: a header's rate this near to what was measured is taken as it is written
_GAP = 2.5  # typical steps; a longer step is a gap, and tells nothing of the rate
_RESIZABLE = ("vp8", "vp9", "av1", "h264", "hevc")  # codecs whose streams may change their size at a key frame


@dataclass(frozen=True)
class VideoInfo:
    """The facts of a video file; times are seconds on the container's clock, which every player shows.

    `width` and `height`: pixels as shown, after rotation, for square pixels, the largest where they change; `fps`:
    frames a second where they run steadily; `duration`: the end of the last frame; `frames`: as counted; `start`: the
    first frame. `notes`: what differs from what the headers claim, in sentences. `origin`: the time stamp of the
    clock's zero; `in_order`: whether all time stamps are there and none begin anew, so that one can seek by them.
    `pixel_aspect`: a stored pixel's width over its height; `orientation`: how stored frames are turned to be shown;
    `gaps`: (start, end) of stretches of more than a second without a frame.
    """

    path: Path
    width: int
    height: int
    fps: float
    duration: float
    frames: int
    start: float = 0.0
    notes: tuple[str, ...] = ()
    origin: float = 0.0
    in_order: bool = True
    pixel_aspect: float = 1.0
    orientation: Orientation = UPRIGHT
    gaps: tuple[tuple[float, float], ...] = ()


def probe(path: Path) -> VideoInfo:
    """The facts of a video; raises KinesicsError if it is missing, no video, without a frame, or cut off.

    A file is cut off where its index names frames beyond its end. Reads all packets, unless there is a whole index in
    front of them, and keeps the answer as long as the file stays as it is.
    """
    try:
        facts = path.stat()
    except OSError:
        return _probe(path, 0, 0)  # which says what is wrong
    return _probe(path, facts.st_size, facts.st_mtime_ns)


def lacks_bytes(path: Path) -> bool:
    """Whether the file ends before the last frame that its index names; stricter than `probe`, which lets a tail go.

    False for containers without an index, such as WebM. Raises KinesicsError if it is missing or no video.
    """
    with opened(path) as (_, stream):
        return _lacks_bytes(path, stream)


def _lacks_bytes(path: Path, stream: VideoStream) -> bool:
    return max((entry.pos + entry.size for entry in stream.index_entries), default=0) > path.stat().st_size


@lru_cache(maxsize=4096)
def _probe(path: Path, size: int, modified: int) -> VideoInfo:
    with opened(path) as (container, stream):
        cut_off = _lacks_bytes(path, stream)
        found = (None if cut_off else _from_index(container, stream)) or _from_packets(container, stream)
        zero = _zero(container, found.start)
        claims = [] if found.unstamped else list(_claims(container, stream, zero))
        if cut_off:
            _refuse_cut_off(path, found.end - zero, claims)
        shape = found.shape or _first_shape(path)
        width, height = shape.orientation.size(*shape.size)
        rate, duration = _rate(stream, found), found.end - zero
        if not 0 < duration <= MOST_SECONDS or not 0 < rate <= MOST_FPS:
            raise KinesicsError(
                f"{path}: expected a video of at most {MOST_SECONDS / 3600:g} h and {MOST_FPS:g} frames a second, "
                f"found {duration / 3600:.1f} h and {rate:g}; cut it into parts, or convert it"
            )
        notes = tuple(_notes(found, rate, duration, claims, zero))
        facts = path, width, height, rate, duration, found.count, round(max(0.0, found.start - zero), 6)
        return VideoInfo(*facts, notes, zero + found.invented, found.in_order, _pixel_aspect(stream), shape.orientation)


@dataclass(frozen=True, eq=False)
class _Found:
    """What the packets hold: when the first and the last frame are shown and the length of the last (seconds, by
    their stamps), how many there are, and the steps between them.
    """

    start: float
    last: float
    length: float
    count: int
    steps: NDArray[np.float64]
    anew: tuple[float, ...] = ()
    unstamped: bool = False
    shape: _Shape | None = None
    invented: float = 0.0  # seconds: AVI tells when frames are decoded, and FFmpeg adds a delay

    @property
    def step(self) -> float:
        """Seconds from frame to frame where they run steadily, 0 for a single frame."""
        steps = self.steps[self.steps > 0]
        return float(steps[steps <= _GAP * np.median(steps)].mean()) if len(steps) else 0.0

    @property
    def end(self) -> float:
        """When the last frame ends; some formats do not know its length."""
        return self.last + (self.length if self.length > self.step / 2 else self.step)

    @property
    def in_order(self) -> bool:
        return not self.anew and not self.unstamped


def _from_index(container: InputContainer, stream: VideoStream) -> _Found | None:
    """By the sample table of an mp4, which is no claim: frames are found by it. None where there is none."""
    entries = [entry.timestamp for entry in stream.index_entries if not entry.is_discard]
    if "mp4" not in container.format.name or not entries or len(stream.index_entries) != stream.frames:
        return None
    assert stream.time_base is not None
    base = float(stream.time_base)
    seek(container, stream, entries[-1] * base)
    last = [packet for packet in packets(container, stream) if packet.pts is not None and not packet.is_discard]
    shown, length = max(((packet.pts or 0, packet.duration or 0) for packet in last), default=(entries[-1], 0))
    steps = np.diff(np.array(entries)) * base
    return _Found(base * (stream.start_time or 0), base * shown, base * length, len(entries), steps)


def _from_packets(container: InputContainer, stream: VideoStream) -> _Found:
    clock = Clock(1 / header_rate(stream), container.format.name)
    shapes = _Shapes(stream)
    moments: list[float] = []
    start, last, unstamped, invented = np.inf, (0.0, 0.0), False, 0.0
    for packet in packets(container, stream):
        shapes.look(packet)
        if packet.is_discard or packet.size == 0:
            continue
        stamp, late = _stamps(packet)
        if container.format.name == "avi":
            late, invented = 0.0, invented if moments else late
        clock.step = float((packet.duration or 0) * packet.time_base) or 1 / header_rate(stream)
        unstamped |= stamp is None
        moments.append(clock(stamp))
        start, last = min(start, moments[-1] + late), max(last, (moments[-1] + late, clock.step))
    steps = np.diff(np.sort(moments))
    start = 0.0 if not moments else start
    delay = start - moments[0] if moments else 0.0
    anew = tuple(time + delay for time in clock.anew)
    return _Found(start, *last, len(moments), steps, anew, unstamped, shapes.found, invented)


def _stamps(packet: Packet[VideoStream]) -> tuple[float | None, float]:
    """When a packet is decoded, and how much later it is shown, in seconds."""
    base = float(packet.time_base)
    if packet.dts is None:
        return (None if packet.pts is None else packet.pts * base), 0.0
    return packet.dts * base, 0.0 if packet.pts is None else (packet.pts - packet.dts) * base


class _Shape(NamedTuple):
    """How frames are shown, and their (width, height) before that, with square pixels."""

    orientation: Orientation
    size: tuple[int, int]


class _Shapes:
    """The first key frame's orientation and the largest one's size, in streams that may change it on the way."""

    def __init__(self, stream: VideoStream) -> None:
        self.found: _Shape | None = None
        self._pixel_aspect = _pixel_aspect(stream)
        self._wanted = stream.codec_context.name in _RESIZABLE
        if self._wanted:
            stream.thread_type = "NONE"
            stream.codec_context.skip_frame = "NONKEY"

    def look(self, packet: Packet[VideoStream]) -> None:
        if not self._wanted or not (packet.is_keyframe or packet.size == 0):
            return
        with suppress(av.FFmpegError):
            for frame in packet.decode():
                if isinstance(frame, VideoFrame):
                    self._add(frame)

    def _add(self, frame: VideoFrame) -> None:
        if self.found is None:
            self.found = _Shape(orientation_of(frame), square_size(frame, self._pixel_aspect))
        size = square_size(frame, self._pixel_aspect)
        if size[0] * size[1] > self.found.size[0] * self.found.size[1]:
            self.found = self.found._replace(size=size)


def square_size(frame: VideoFrame, pixel_aspect: float) -> tuple[int, int]:
    """(width, height) of a frame with square pixels, as it is stored."""
    return max(1, round(frame.width * pixel_aspect)), frame.height


def _pixel_aspect(stream: VideoStream) -> float:
    aspect = float(stream.sample_aspect_ratio or 1)
    return aspect if 1 / MOST_ASPECT <= aspect <= MOST_ASPECT else 1.0


def _first_shape(path: Path) -> _Shape:
    with opened(path) as (container, stream):
        for frame in decoded(container, stream):
            if frame is not None:
                return _Shape(orientation_of(frame), square_size(frame, _pixel_aspect(stream)))
    raise KinesicsError(f"{path}: expected a video, found one without a single frame; copy or export it again")


def _zero(container: InputContainer, start: float) -> float:
    """The time stamp that players call zero: that of the stream that begins first, sound or video."""
    if container.start_time is None:
        return start
    zero = container.start_time / av.time_base
    return max(0.0, zero) if start >= 0 else zero  # sound may begin below zero, for its codec to warm up


def _claims(container: InputContainer, stream: VideoStream, zero: float) -> Iterator[float]:
    """Seconds at which the headers say that the video ends."""
    if stream.duration and stream.time_base:
        yield float(((stream.start_time or 0) + stream.duration) * stream.time_base) - zero
    hours, _, rest = stream.metadata.get("DURATION", "").partition(":")  # Matroska and WebM: "00:00:19.690000000"
    minutes, _, seconds = rest.partition(":")
    with suppress(ValueError):  # it has no such tag
        yield int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    if container.duration:
        yield container.duration / av.time_base


def _refuse_cut_off(path: Path, found: float, claims: list[float]) -> None:
    claim = max(claims, default=0.0)
    if found < claim - _TAIL - claim / 100:
        raise KinesicsError(
            f"{path}: expected {claim:.1f} s of video, found {found:.1f} s that can be read: the file is "
            "cut off; copy it again, or convert the readable part"
        )


def _rate(stream: VideoStream, found: _Found) -> float:
    """The header's rate where it is about the measured one, else that."""
    headers = [float(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate]
    if not found.step:
        return headers[0] if headers else 25.0
    return next((rate for rate in headers if abs(rate * found.step - 1) < _SAME_RATE), 1 / found.step)


def _notes(found: _Found, rate: float, duration: float, claims: list[float], zero: float) -> Iterator[str]:
    if rate < _SLOW:
        yield f"The video has {rate:.2g} frames a second; most gestures fall between them."
    if found.unstamped:
        yield f"The video has no time stamps for all of its frames; they are counted at {rate:.4g} a second."
    if found.anew:
        moments = ", ".join(f"{time - zero:.2f}" for time in found.anew[:3])
        more = f" and {len(found.anew) - 3} more times" if len(found.anew) > 3 else ""
        yield f"The video's time stamps begin anew at {moments} s{more}; the parts are joined to one clock."
    if found.start - zero > _DIFFERENT:
        yield f"The video begins {found.start - zero:.2f} s after its sound; times count from where players begin."
    claim = max(claims, key=lambda one: abs(one - duration), default=duration)
    if abs(claim - duration) > _DIFFERENT:
        yield f"The file lasts {claim:.2f} s by its header; its frames end at {duration:.2f} s, which is what counts."
