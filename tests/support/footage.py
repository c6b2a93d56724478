"""Pieces of real footage."""

from pathlib import Path

from kinesics.video import read_frames, write_video


def cut(source: Path, target: Path, frames: int, start: float = 0.0) -> Path:
    """The first frames after `start` as a video of their own."""
    images = [frame.image for _, frame in zip(range(frames), read_frames(source, start=start), strict=False)]
    write_video(target, images, 25)
    return target
