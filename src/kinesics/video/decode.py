"""Read the frames of any video file that FFmpeg knows, at their real times or on a steady clock."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from kinesics.video.clock import Clock, nearest, steady
from kinesics.video.container import decoded, opened, seek
from kinesics.video.image import Image
from kinesics.video.probe import VideoInfo, probe, square_size

_PREROLL = 0.2  # seconds: reordered frames of an open group of them may precede their key frame
_LATE = 0.2  # seconds by which a first frame may be late because frames are reordered
_GAP, _GAP_STEPS = 2.0, 5  # seconds and frames for which the nearest frame stands for those that are not there
_DOUBT = 32  # frames after a broken one, of which one thread or another may have lost those before
_REORDERED = 16  # frames at most that are decoded before one that is shown earlier


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame: `time` in seconds on the container's clock, which players show, `image` (H, W, 3) uint8 RGB.

    held: whether the video has no frame about this time, and `image` is the nearest one, seconds away. own: the time at
    which `image` itself is shown. broken: how many frames up to this one could not be decoded.
    """

    time: float
    image: Image
    held: bool = False
    own: float = 0.0
    broken: int = 0


def read_frames(
    path: Path, *, fps: float | None = None, start: float = 0.0, end: float | None = None, max_side: int | None = None
) -> Iterator[Frame]:
    """The frames from `start` to before `end` (seconds), one at a time, as a player shows them.

    Parameters
    ----------
    path: the video.
    fps: None for the frames as they are, at their own times. A number for a steady clock: frame i is the one nearest
        to `start + i / fps`, repeated or left out as needed, and `held` in a gap of the video.
    start, end: seconds on the container's clock.
    max_side: larger images are scaled down to that many pixels on the longer side.

    Returns
    -------
    The frames, in the order of time.

    Raises
    ------
    KinesicsError: if the file is missing or no video. What is broken on the way is passed over.
    """
    info = probe(path)
    last = info.duration + 1 / info.fps
    end = last if end is None else min(end, last)
    timed = _decode(info, start)
    picked = _between(timed, start, end) if fps is None else nearest(timed, steady(fps, start, end), 1 / fps)
    yield from _images(info, ((time, one, max_side) for time, one in picked))


def read_frames_at(path: Path, times: Sequence[float], max_side: Sequence[int | None]) -> Iterator[Frame]:
    """Read the frames nearest to some times.

    Parameters
    ----------
    path: the video.
    times: seconds, in order.
    max_side: for each of them, as in `read_frames`.

    Returns
    -------
    A frame for each time, none for those after the video's end.

    Raises
    ------
    KinesicsError: as `read_frames`.
    """
    if len(times) == 0:
        return
    info = probe(path)
    timed = nearest(_decode(info, times[0]), iter(times), 1 / info.fps)
    yield from _images(info, ((time, one, side) for (time, one), side in zip(timed, max_side, strict=False)))


@dataclass(eq=False)
class _Decoded:
    """A frame and its time, and for how many seconds before and after it stands for the video."""

    time: float
    frame: VideoFrame
    broken: int
    before: float
    after: float

    def held_at(self, time: float) -> bool:
        return not self.time - self.before - 1e-6 <= time <= self.time + self.after + 1e-6


def _decode(info: VideoInfo, start: float) -> Iterator[tuple[float, _Decoded]]:
    """(seconds, frame) in the order of time, from a key frame before `start` on.

    Where one cannot seek, or lands behind `start`, all frames are read.
    """
    if info.in_order and start > info.start + _PREROLL:
        from_key_frame = _lasting(info, start - _PREROLL)
        first = next(from_key_frame, None)
        if first is not None and first[0] <= start:
            yield first
            yield from from_key_frame
            return
    yield from _lasting(info, None)


def _lasting(info: VideoInfo, start: float | None) -> Iterator[tuple[float, _Decoded]]:
    """Each frame as soon as the next one is known, which tells how long it lasts."""
    step = 1 / info.fps
    last: _Decoded | None = None
    doubt = 0
    for time, frame, broken in _timed(info, start):
        if last is None:
            last = _Decoded(time, frame, broken, step / 2 if time > _LATE else _LATE, step / 2)
            continue
        doubt = _DOUBT if broken > last.broken else doubt - 1
        gap = time - last.time
        whole = gap <= (1.5 * step if doubt > 0 else max(_GAP, _GAP_STEPS * step))
        last.after = gap if whole else step / 2
        yield last.time, last
        last = _Decoded(max(time, last.time), frame, broken, last.after, step / 2)
    if last is not None:
        last.after = step
        yield last.time, last


def _timed(info: VideoInfo, start: float | None) -> Iterator[tuple[float, VideoFrame, int]]:
    """(seconds, frame, frames before it that could not be decoded), from the beginning or a key frame near `start`."""
    with opened(info.path) as (container, stream):
        if start is not None:
            seek(container, stream, start + info.origin)
        clock = Clock(1 / info.fps, container.format.name)
        frames = decoded(container, stream)
        broken = 0
        for frame in _in_avi_order(frames) if container.format.name == "avi" else frames:
            if frame is None or frame.is_corrupt:
                broken += 1
            else:
                yield clock(None if frame.pts is None else float(frame.time or 0)) - info.origin, frame, broken


def _images(info: VideoInfo, picked: Iterable[tuple[float, _Decoded, int | None]]) -> Iterator[Frame]:
    """Convert frames, each to its `max_side`; one that is repeated is converted once."""
    shown: tuple[_Decoded, int | None] | None = None
    for time, one, side in picked:
        if shown is None or one is not shown[0] or side != shown[1]:
            image, shown = _to_image(info, one.frame, side), (one, side)
        yield Frame(time, image, one.held_at(time), one.time, one.broken)


def _to_image(info: VideoInfo, frame: VideoFrame, max_side: int | None) -> Image:
    """As shown: turned, mirrored, with square pixels, and fitted into the video's one size."""
    canvas = _scaled((info.width, info.height), min(1.0, (max_side or np.inf) / max(info.width, info.height)))
    own = info.orientation.size(*square_size(frame, info.pixel_aspect))
    fitted = _scaled(own, min(canvas[0] / own[0], canvas[1] / own[1]))
    if max(abs(fitted[0] - canvas[0]), abs(fitted[1] - canvas[1])) <= 1:
        fitted = canvas
    width, height = info.orientation.size(*fitted)
    stored = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    image = np.ascontiguousarray(info.orientation.apply(stored.astype(np.uint8, copy=False)))
    return image if fitted == canvas else _centred(image, canvas)


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _centred(image: Image, canvas: tuple[int, int]) -> Image:
    """The image in the middle of a black one of `canvas` (width, height) pixels."""
    whole = np.zeros((canvas[1], canvas[0], 3), np.uint8)
    top, left = (canvas[1] - image.shape[0]) // 2, (canvas[0] - image.shape[1]) // 2
    whole[top : top + image.shape[0], left : left + image.shape[1]] = image
    return whole


def _in_avi_order(frames: Iterator[VideoFrame | None]) -> Iterator[VideoFrame | None]:
    """AVI stamps frames as they are stored; as they are shown, the first has the earliest of the stamps, and so on."""
    stamps: list[int] = []
    waiting: deque[VideoFrame] = deque()
    for frame in frames:
        if frame is None or frame.pts is None:
            yield frame
            continue
        heapq.heappush(stamps, frame.pts)
        waiting.append(frame)
        if len(waiting) > _REORDERED:
            yield _stamped(waiting.popleft(), heapq.heappop(stamps))
    for frame in waiting:
        yield _stamped(frame, heapq.heappop(stamps))


def _stamped(frame: VideoFrame, stamp: int) -> VideoFrame:
    frame.pts = stamp
    return frame


def _between(
    timed: Iterator[tuple[float, _Decoded]], start: float, end: float | None
) -> Iterator[tuple[float, _Decoded]]:
    for time, one in timed:
        if end is not None and time >= end - 1e-6:
            return
        if time >= start - 1e-6:
            yield time, one
