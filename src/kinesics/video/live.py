"""Frames as they come, from a camera, a stream, or a file played at its own speed; what is late is dropped openly."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np

from kinesics.errors import KinesicsError
from kinesics.video.image import Image
from kinesics.video.probe import probe

WAITING = 6  # frames that may wait to be looked at; with one more the oldest is dropped
_CAMERAS = {"linux": ("/dev/video{}", "v4l2"), "darwin": ("{}", "avfoundation")}
_STREAMS = ("rtsp://", "rtsps://", "http://", "https://")
_TIMEOUT = 10.0  # seconds for a stream to answer
_MAX_SIDE = 1280


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """A frame that has come.

    time: seconds from the first one. image: (H, W, 3) uint8 RGB. arrived: by `time.perf_counter`. dropped: how many
    frames before it were dropped, all in all.
    """

    time: float
    image: Image
    arrived: float
    dropped: int


class LiveFrames:
    """A camera's number, a stream's address or a video file, read in a thread of its own; a context, and an iterator.

    Parameters
    ----------
    source : "0" for the first camera, rtsp://…, or a file, which is played at its own speed.
    rate : frames a second that are wanted; those in between are left out on purpose.
    record : a `.mkv` to which every frame is written as it comes; what is written stays readable whatever happens.
    """

    def __init__(self, source: str, rate: float, record: Path | None = None) -> None:
        self.source, self.rate, self.dropped = source, rate, 0
        self._record = record
        self._container = _open(source)
        self._paced = Path(source).is_file()
        self._waiting: deque[tuple[float, Image, float]] = deque()
        self._there = threading.Condition()
        self._ended, self._stopped = False, threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> LiveFrames:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()
        self._container.close()

    def __iter__(self) -> Iterator[LiveFrame]:
        while True:
            with self._there:
                while not self._waiting and not self._ended:
                    self._there.wait()
                if not self._waiting:
                    break
                moment, image, arrived = self._waiting.popleft()
                dropped = self.dropped
            yield LiveFrame(moment, image, arrived, dropped)
        if self._error is not None:
            raise KinesicsError(f"{self.source}: expected frames, found an end ({self._error}); start it again")

    def _work(self) -> None:
        recorder = None if self._record is None else Recorder(self._record)
        try:
            for moment, image in self._images():
                if recorder is not None:
                    recorder.write(image, moment)
                if self._stopped.is_set():
                    break
        except (OSError, ValueError) as error:  # av's errors are of these kinds
            self._error = error
        finally:
            if recorder is not None:
                recorder.close()
            with self._there:
                self._ended = True
                self._there.notify()

    def _images(self) -> Iterator[tuple[float, Image]]:
        """Every frame with its time; those that are wanted have been handed over before."""
        begun, first, last_slot = time.perf_counter(), None, -1
        for frame in self._container.decode(video=0):
            shown = float(frame.time or 0.0)
            first = shown if first is None else first
            moment = shown - first
            if self._paced and self._stopped.wait(max(0.0, begun + moment - time.perf_counter())):
                return
            arrived = time.perf_counter()
            image = _to_image(frame)
            slot = round(moment * self.rate)
            if slot > last_slot:
                last_slot = slot
                self._hand_over(moment, image, arrived)
            yield moment, image

    def _hand_over(self, moment: float, image: Image, arrived: float) -> None:
        with self._there:
            self._waiting.append((moment, image, arrived))
            if len(self._waiting) > WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._there.notify()


class Recorder:
    """Writes frames to a `.mkv` as they come; a machine that stops leaves a file that plays up to the last second.

    Parameters
    ----------
    path : of the file, written over.
    """

    def __init__(self, path: Path) -> None:
        options = {"cluster_time_limit": "1000", "flush_packets": "1"}
        self._container = av.open(str(path), "w", format="matroska", options=options)
        self._stream: Any = None
        self._last = -1

    def write(self, image: Image, moment: float) -> None:
        """Write an image (H, W, 3), shown from `moment` seconds on."""
        height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
        if self._stream is None:
            options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "23", "g": "50"}
            self._stream = self._container.add_stream("libx264", rate=25, options=options)
            self._stream.pix_fmt, self._stream.width, self._stream.height = "yuv420p", width, height
            self._stream.codec_context.time_base = Fraction(1, 1000)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="rgb24")
        self._last = max(self._last + 1, round(moment * 1000))
        frame.pts, frame.time_base = self._last, Fraction(1, 1000)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is left."""
        if self._stream is not None:
            self._container.mux(self._stream.encode())
        self._container.close()


def _open(source: str) -> Any:
    """The container of a camera, a stream or a file; raises KinesicsError in one line for whatever is not there."""
    expected = "a camera's number (0), an address (rtsp://…), or a video file"
    try:
        if source.isdigit():
            name, kind = _CAMERAS.get(sys.platform, ("{}", "dshow"))
            return av.open(name.format(source), format=kind)
        if source.startswith(_STREAMS):
            return av.open(source, options={"rtsp_transport": "tcp"}, timeout=_TIMEOUT)
        probe(Path(source))  # with the limits of every video
        return av.open(source)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise KinesicsError(f"{source}: expected {expected}, found none that opens ({reason}); name another") from error


def _to_image(frame: av.VideoFrame) -> Image:
    scale = min(1.0, _MAX_SIDE / max(frame.width, frame.height))
    if scale < 1:
        frame = frame.reformat(width=round(frame.width * scale), height=round(frame.height * scale))
    image: Image = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    return image
