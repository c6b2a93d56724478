"""Open a video file: which stream of it is the video, and its packets, whatever is broken between them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from kinesics.errors import KinesicsError
from kinesics.reading import MOST_PIXELS
from kinesics.threads import threads

# endings by which a folder of videos is searched; a video that is named may have any
SUFFIXES = frozenset(
    (
        ".mp4",
        ".mov",
        ".avi",
        ".mkv",
        ".webm",
        ".m4v",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mts",
        ".m2ts",
        ".wmv",
        ".3gp",
        ".flv",
        ".gif",
    )
)
_IMAGES = ("tty", "image2")  # formats of FFmpeg that are texts or images
_NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_ATTEMPTS = 10_000  # errors one after the other, after which the rest of a file is given up


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file and the stream that a player shows: the default one, and of several the largest.

    Raises KinesicsError if it is missing, no video, or its name is not UTF-8.
    """
    _check(path)
    try:
        # with the protocol before it a name may hold colons
        container = av.open(f"file:{path}")
    except (av.FFmpegError, OSError) as error:
        raise KinesicsError(
            f"{path}: expected a video, found a file that is empty, cut off or no video ({_reason(error)}); "
            "convert it to mp4 or copy it again"
        ) from error
    with container:
        streams = [
            stream
            for stream in container.streams.video
            if stream.codec_context is not None and not stream.disposition & _NO_VIDEO
        ]
        if not streams:
            raise KinesicsError(
                f"{path}: expected a video, found no video stream in it that can be decoded; give a file with a video"
            )
        if container.format.name in _IMAGES or container.format.name.endswith("_pipe"):
            raise KinesicsError(f"{path}: expected a video, found a text or a single image; give a video file")
        stream = max(streams, key=lambda one: (bool(one.disposition & Disposition.default), one.width * one.height))
        _check_claims(path, stream)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads() + 1 if threads() > 1 else 1  # as FFmpeg itself would choose
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}  # a frame on the way may be larger
        yield container, stream


def _check_claims(path: Path, stream: VideoStream) -> None:
    if stream.width * stream.height > MOST_PIXELS:
        raise KinesicsError(
            f"{path}: expected frames of at most {MOST_PIXELS:,} pixels, found {stream.width} × {stream.height}; "
            "scale it down"
        )


def _check(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        name = os.fsencode(path).decode("utf-8", "replace")
        raise KinesicsError(f"{name}: expected a name in UTF-8, found other bytes in it; rename the file") from None
    if not path.exists():
        raise KinesicsError(f"{path}: no such file")
    if path.is_dir():
        raise KinesicsError(f"{path}: expected a video file, found a folder")


def packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The packets of a stream from where the file stands; what cannot be read between them is passed over."""
    failed = 0
    while failed < _ATTEMPTS:
        try:
            for packet in container.demux(stream):
                failed = 0
                yield packet
            return
        except av.FFmpegError:
            failed += 1


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame | None]:
    """The frames of a stream from where the file stands, and None for one that cannot be decoded."""
    failed = 0
    while failed < _ATTEMPTS:
        try:
            for frame in container.decode(stream):
                failed = 0
                yield frame
            return
        except av.FFmpegError:  # the next one begins behind it
            failed += 1
            yield None


def header_rate(stream: VideoStream) -> float:
    """Frames a second by the header, 25 where it does not say."""
    return float(stream.average_rate or stream.guessed_rate or 25)


def seek(container: InputContainer, stream: VideoStream, stamp: float) -> None:
    """Go to about the last key frame at or before a time; some formats land elsewhere, or stay.

    Parameters
    ----------
    container, stream: of the file.
    stamp: the time as the stream's stamps have it, in seconds.
    """
    assert stream.time_base is not None
    with suppress(av.FFmpegError):
        container.seek(int(stamp / stream.time_base), stream=stream)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
