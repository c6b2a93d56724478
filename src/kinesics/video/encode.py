"""Write a video as mp4 or gif."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
import PIL.Image

from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.video.image import Image


def write_video(path: Path, frames: Iterable[Image], fps: float, *, crf: int = 23) -> None:
    """Write a video; nothing half-written stays.

    Parameters
    ----------
    path: the file, `.mp4` (H.264) or `.gif`.
    frames: (H, W, 3) uint8 RGB of one size; an odd last row or column is left out of an mp4.
    fps: frames a second.
    crf: the constant rate factor of an mp4, 0 (lossless) to 51 (worst).

    Raises
    ------
    KinesicsError: for another suffix, a folder that cannot be written, or no frames.
    """
    writers: dict[str, Callable[[Path, Iterator[Image], float], None]]
    writers = {".mp4": partial(_write_mp4, crf=crf), ".gif": _write_gif}
    if path.suffix.lower() not in writers:
        raise KinesicsError(f"{path}: expected a name ending in .mp4 or .gif, found {path.suffix or 'no suffix'!r}")
    stream = iter(frames)
    first = next(stream, None)
    if first is None:
        raise KinesicsError(f"{path}: expected frames to write, found none")
    with replacing(path) as temporary:
        temporary.touch()
        writers[path.suffix.lower()](temporary, itertools.chain([first], stream), fps)


def _write_mp4(path: Path, frames: Iterator[Image], fps: float, *, crf: int) -> None:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream(
            "libx264", rate=Fraction(fps).limit_denominator(10_000), options={"crf": str(crf)}
        )
        stream.pix_fmt = "yuv420p"
        for image in frames:
            height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
            if not stream.codec_context.is_open:
                stream.height, stream.width = height, width
            even = np.ascontiguousarray(image[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())


def _write_gif(path: Path, frames: Iterator[Image], fps: float) -> None:
    # a gif counts in hundredths of a second: rounding the ends, not the lengths, keeps the speed
    images = [PIL.Image.fromarray(image).quantize() for image in frames]
    ends = [round(100 * (i + 1) / fps) for i in range(len(images))]
    lengths = [10 * (end - start) for start, end in itertools.pairwise([0, *ends])]
    images[0].save(path, "GIF", save_all=True, append_images=images[1:], duration=lengths, loop=0)
