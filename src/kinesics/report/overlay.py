"""The recording as a video with skeletons and the names of what is happening drawn in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import PIL.ImageOps
from PIL import ImageDraw, ImageFont

from kinesics.progress import Progress
from kinesics.skeleton.drawing import EDGE, ON_DARK, draw_skeleton, fit_to_image
from kinesics.video import Frame, Image, read_frames, write_video

if TYPE_CHECKING:
    from kinesics.inference.results import Analysis
    from kinesics.timeline import Event

LONGER_SIDE = 1280  # pixels at most
READABLE = 960  # small frames are enlarged towards it, or lines and words would hide them
OVERLAY_RATE = 30.0  # frames a second at most


def write_overlay(analysis: Analysis, out: Path, progress: Progress | None = None) -> None:
    """Write everybody's skeleton and the current events' names over the video.

    Parameters
    ----------
    analysis : what to draw; landmarks without a video, or whose video may not be shown, are drawn on a dark ground.
    out : the file to write, mp4 or gif by its name.
    progress : called with the share done, 0..1.

    Raises
    ------
    KinesicsError
        for a video that cannot be read, or a file that cannot be written.
    """
    write_video(out, _drawn(analysis, progress), min(analysis.recording.fps, OVERLAY_RATE))


def _drawn(analysis: Analysis, progress: Progress | None) -> Iterator[Image]:
    plane, aspect = fit_to_image(analysis.people)
    several = len(analysis.people) > 1
    for frame in _frames(analysis, aspect or 16 / 9):
        larger = max(1, READABLE // max(frame.image.shape))
        image = PIL.ImageOps.scale(PIL.Image.fromarray(frame.image), larger, PIL.Image.Resampling.BILINEAR)
        canvas = ImageDraw.Draw(image)
        for person, points in zip(analysis.people, plane, strict=True):
            row = int(person.rows_at(frame.time))
            if row >= 0:
                pixels = points[row] * image.size
                draw_skeleton(canvas, pixels, width=max(image.size) / 200, colours=ON_DARK, edge=EDGE)
        now = [event for event in analysis.timeline if event.start <= frame.time < event.end]
        _draw_names(canvas, now, image.size, several)
        yield np.asarray(image)
        if progress and analysis.recording.duration:
            progress(min(1.0, frame.time / analysis.recording.duration))


def _frames(analysis: Analysis, aspect: float) -> Iterator[Frame]:
    recording = analysis.recording
    rate = min(recording.fps, OVERLAY_RATE)
    if recording.kind == "video" and not analysis.skeleton_only:
        for frame in read_frames(recording.path, fps=rate, max_side=LONGER_SIDE):
            yield frame if analysis.hider is None else replace(frame, image=analysis.hider.hide(frame))
        return
    width, height = round(LONGER_SIDE * min(1, aspect)), round(LONGER_SIDE / max(1, aspect))
    empty = np.full((height, width, 3), EDGE, np.uint8)
    for i in range(max(1, round(recording.duration * rate))):
        yield Frame(i / rate, empty)


def _draw_names(canvas: ImageDraw.ImageDraw, events: list[Event], size: tuple[int, int], several: bool) -> None:
    """Event names at the bottom left, the latest lowest."""
    height = max(10, round(max(size) / 36))
    font = ImageFont.load_default(height)
    bottom = size[1] - height / 2
    for event in reversed(events):
        who = f"Person {event.person}: " if several else ""
        text = f"{who}{event.label}  {event.score:.0%}"
        right = height + canvas.textlength(text, font)
        canvas.rounded_rectangle((height / 2, bottom - 1.6 * height, right + height / 2, bottom), height / 3, EDGE)
        canvas.text((height, bottom - 0.8 * height), text, ON_DARK["middle"], font, anchor="lm")
        bottom -= 1.9 * height
