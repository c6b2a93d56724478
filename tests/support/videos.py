"""Small videos of every odd kind, in a few lines each: frame i is a grey that tells i, with a red top left corner."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer

CODECS = dict.fromkeys((".mp4", ".mkv", ".ts", ".avi", ".h264"), "libx264") | {".webm": "libvpx"}
FPS = 25


def picture(i: int, width: int = 96, height: int = 64) -> np.ndarray:
    image = np.full((height, width, 3), min(20 + 4 * i, 255), np.uint8)
    image[: height // 2, : width // 3] = (255, 0, 0)
    return image


def number(image: np.ndarray) -> int:
    return round((float(image[-8:, -8:].mean()) - 20) / 4)


def is_red(pixel: np.ndarray) -> bool:
    return bool(pixel[0] > 180 > 90 > pixel[2])


def steady(count: int = 50, start: float = 0.0) -> list[float]:
    return [start + i / FPS for i in range(count)]


def write(path: Path, times: Sequence[float], *, sound: float = 0.0, gop: int = 10, b_frames: int = 0) -> Path:
    """A video of `picture`s at `times` (seconds), with `sound` seconds of silence from zero on."""
    with av.open(str(path), "w") as container:
        voice = container.add_stream("aac" if path.suffix == ".mp4" else "mp2", rate=48000) if sound else None
        options = {"crf": "12", "bf": str(b_frames)} if CODECS[path.suffix] == "libx264" else {}
        stream = container.add_stream(CODECS[path.suffix], rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 96, 64, "yuv420p", gop
        stream.bit_rate = 4_000_000
        if path.suffix not in (".avi", ".h264"):
            stream.codec_context.time_base = Fraction(1, 1000)
        if voice is not None:
            _silence(container, voice, sound)
        base = stream.codec_context.time_base or Fraction(1, FPS)
        for i, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
            frame.time_base, frame.pts = base, round(time / base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _silence(container: OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    for i in range(round(seconds * 48000 / 1024)):
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate, sound.pts = 48000, 1024 * i
        container.mux(stream.encode(sound))
    container.mux(stream.encode())


def with_matrix(source: Path, target: Path, matrix: tuple[int, int, int, int]) -> Path:
    """A copy of an mp4 that is shown by the display matrix (a, b, c, d)."""
    a, b, c, d = (value * 65536 for value in matrix)
    content = bytearray(source.read_bytes())
    place = content.index(b"tkhd") + 4 + 40
    content[place : place + 36] = b"".join(
        value.to_bytes(4, "big", signed=True) for value in (a, b, 0, c, d, 0, 0, 0, 1 << 30)
    )
    target.write_bytes(content)
    return target


def write_sizes(path: Path, sizes: Iterable[tuple[int, int]], frames: int = 25) -> Path:
    """One VP8 stream whose frames are `frames` of each of `sizes`, as WebRTC records them."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=FPS)
        numbers = itertools.count()
        for k, (width, height) in enumerate(sizes):
            encoder = stream.codec_context if k == 0 else av.CodecContext.create("libvpx", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
            encoder.time_base, encoder.bit_rate = Fraction(1, 1000), 2_000_000
            images = [(next(numbers), frame) for frame in range(frames)]
            packets = []
            for i, _ in images:
                frame = av.VideoFrame.from_ndarray(picture(i, width, height), format="rgb24")
                frame.time_base, frame.pts = Fraction(1, 1000), 40 * i
                packets += encoder.encode(frame)
            for packet in [*packets, *encoder.encode()]:
                packet.stream = stream
                container.mux(packet)
    return path


def damage(path: Path, frames: range) -> Path:
    """The bytes of these frames, in the order of storage, replaced by nonsense."""
    with av.open(str(path)) as container:
        entries = list(container.streams.video[0].index_entries)
    content = bytearray(path.read_bytes())
    for i in frames:
        content[entries[i].pos : entries[i].pos + entries[i].size] = bytes([0x55]) * entries[i].size
    path.write_bytes(content)
    return path
