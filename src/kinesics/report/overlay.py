"""The video with skeletons and the names of what is happening drawn in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
from PIL import ImageDraw, ImageFont

from kinesics.errors import KinesicsError
from kinesics.report.drawing import DOTS, STROKES, Points, in_the_plane
from kinesics.video import Image, read_frames, write_video

if TYPE_CHECKING:
    from kinesics.pipeline.results import Analysis
    from kinesics.timeline import Event

COLOURS = {"left": (45, 212, 191), "right": (251, 146, 60), "middle": (241, 245, 249)}
_EDGE = (15, 23, 42)


def write_overlay(analysis: Analysis, out: Path, progress: Callable[[float], None] | None = None) -> None:
    """Write the video with everybody's skeleton and the current events' names, frame by frame, as mp4 or gif.

    progress: called with the share done, 0..1. Raises KinesicsError for a recording without pictures, and if the
    video cannot be read or `out` not be written.
    """
    recording = analysis.recording
    if recording.kind != "video":
        raise KinesicsError(f"{recording.path}: an overlay needs a video, found landmarks; leave --overlay away")
    write_video(out, _drawn(analysis, progress), recording.fps)


def _drawn(analysis: Analysis, progress: Callable[[float], None] | None) -> Iterator[Image]:
    recording = analysis.recording
    plane, _ = in_the_plane(analysis.people)
    several = len(analysis.people) > 1
    for frame in read_frames(recording.path, fps=recording.fps):
        picture = PIL.Image.fromarray(frame.image)
        canvas = ImageDraw.Draw(picture)
        for person, points in zip(analysis.people, plane, strict=True):
            at = round((frame.time - person.start) * person.fps)
            if 0 <= at < len(points):
                _draw_skeleton(canvas, points[at], picture.size)
        now = [event for event in analysis.timeline if event.start <= frame.time < event.end]
        _draw_names(canvas, now, picture.size, several)
        yield np.asarray(picture)
        if progress and recording.duration:
            progress(min(1.0, frame.time / recording.duration))


def _draw_skeleton(canvas: ImageDraw.ImageDraw, points: Points, size: tuple[int, int]) -> None:
    """Light lines on a dark edge, so that they show on any ground."""
    pixels = points * size
    unit = max(size) / 240
    seen = ~np.isnan(points[:, 0])
    lines = []
    for stroke in STROKES:
        joints = [joint for joint in stroke.joints if seen[joint]]
        corners = [tuple(pixels[joint]) for joint in ([*joints, joints[0]] if stroke.closed and joints else joints)]
        lines.append((corners, max(1.0, unit * stroke.width), COLOURS[stroke.side]))
    for grown, edge in ((max(2.0, unit), _EDGE), (0.0, None)):
        for corners, width, colour in lines:
            canvas.line(corners, edge or colour, round(width + grown), joint="curve")
    for dot in DOTS:
        if seen[dot]:
            canvas.circle(tuple(pixels[dot]), unit * 0.7, COLOURS["middle"])


def _draw_names(canvas: ImageDraw.ImageDraw, events: list[Event], size: tuple[int, int], several: bool) -> None:
    """Event names at the bottom left, the latest lowest."""
    height = max(10, round(max(size) / 36))
    font = ImageFont.load_default(height)
    bottom = size[1] - height // 2
    for event in reversed(events):
        who = f"Person {event.person}: " if several else ""
        text = f"{who}{event.label}  {event.score:.0%}"
        left, top, right, _ = canvas.textbbox((height, bottom - 1.5 * height), text, font)
        box = (left - height // 2, bottom - 1.6 * height, right + height // 2, bottom)
        canvas.rounded_rectangle(box, height // 3, _EDGE)
        canvas.text((height, bottom - 0.8 * height), text, COLOURS["middle"], font, anchor="lm")
        bottom -= 1.9 * height
