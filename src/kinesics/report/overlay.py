"""The recording as a video with skeletons and the names of what is happening drawn in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import PIL.ImageOps
from PIL import ImageDraw, ImageFont

from kinesics.progress import Progress
from kinesics.report.drawing import DOTS, STROKES, Points, in_the_plane
from kinesics.video import Frame, Image, read_frames, write_video

if TYPE_CHECKING:
    from kinesics.inference.results import Analysis
    from kinesics.timeline import Event

LONGER_SIDE = 1280  # pixels at most
READABLE = 960  # small pictures are enlarged towards it, or lines and words would hide them
RATE = 30.0  # frames a second at most
COLOURS = {"left": (45, 212, 191), "right": (251, 146, 60), "middle": (241, 245, 249)}
_DARK = (15, 23, 42)


def write_overlay(analysis: Analysis, out: Path, progress: Progress | None = None) -> None:
    """Write everybody's skeleton and the current events' names over the video, frame by frame, as mp4 or gif.

    Landmarks without a video are drawn on a dark ground. progress: called with the share done, 0..1. Raises
    KinesicsError if the video cannot be read or `out` not be written.
    """
    write_video(out, _drawn(analysis, progress), min(analysis.recording.fps, RATE))


def _drawn(analysis: Analysis, progress: Progress | None) -> Iterator[Image]:
    plane, aspect = in_the_plane(analysis.people)
    several = len(analysis.people) > 1
    for frame in _frames(analysis, aspect or 16 / 9):
        larger = max(1, READABLE // max(frame.image.shape))
        picture = PIL.ImageOps.scale(PIL.Image.fromarray(frame.image), larger, PIL.Image.Resampling.BILINEAR)
        canvas = ImageDraw.Draw(picture)
        for person, points in zip(analysis.people, plane, strict=True):
            at = round((frame.time - person.start) * person.fps)
            if 0 <= at < len(points):
                _draw_skeleton(canvas, points[at], picture.size)
        now = [event for event in analysis.timeline if event.start <= frame.time < event.end]
        _draw_names(canvas, now, picture.size, several)
        yield np.asarray(picture)
        if progress and analysis.recording.duration:
            progress(min(1.0, frame.time / analysis.recording.duration))


def _frames(analysis: Analysis, aspect: float) -> Iterator[Frame]:
    recording = analysis.recording
    rate = min(recording.fps, RATE)
    if recording.kind == "video":
        yield from read_frames(recording.path, fps=rate, max_side=LONGER_SIDE)
        return
    width, height = round(LONGER_SIDE * min(1, aspect)), round(LONGER_SIDE / max(1, aspect))
    empty = np.full((height, width, 3), _DARK, np.uint8)
    for i in range(max(1, round(recording.duration * rate))):
        yield Frame(i / rate, empty)


def _draw_skeleton(canvas: ImageDraw.ImageDraw, points: Points, size: tuple[int, int]) -> None:
    """Light lines on a dark edge, so that they show on any ground. points: (42, 2) across the picture, or NaN."""
    pixels = (points * size).astype(np.float32)
    unit = max(size) / 200
    seen = ~np.isnan(points[:, 0])
    lines = []
    for stroke in STROKES:
        joints = [joint for joint in stroke.joints if seen[joint]]
        if len(joints) > 1:
            corners = _ring(pixels[joints]) if stroke.closed else pixels[joints]
            lines.append((corners.ravel().tolist(), round(unit * stroke.width), COLOURS[stroke.side]))
    for edge in (True, False):
        for line, width, colour in lines:
            canvas.line(line, _DARK if edge else colour, width + 2 * edge, joint="curve")
    for dot, large in DOTS.items():
        if seen[dot]:
            canvas.circle(tuple(pixels[dot]), unit * 0.7 * large, COLOURS["middle"])


def _ring(corners: Points) -> Points:
    """A round, closed line through the corners (N, 2): a Catmull-Rom spline."""
    before, start, end, after = (np.roll(corners, shift, 0)[:, None] for shift in (1, 0, -1, -2))
    t = np.linspace(0, 1, 9)[:, None]
    bend = (2 * before - 5 * start + 4 * end - after) * t**2 + (3 * (start - end) + after - before) * t**3
    ring: Points = (start + ((end - before) * t + bend) / 2).reshape(-1, 2)
    return ring


def _draw_names(canvas: ImageDraw.ImageDraw, events: list[Event], size: tuple[int, int], several: bool) -> None:
    """Event names at the bottom left, the latest lowest."""
    height = max(10, round(max(size) / 36))
    font = ImageFont.load_default(height)
    bottom = size[1] - height / 2
    for event in reversed(events):
        who = f"Person {event.person}: " if several else ""
        text = f"{who}{event.label}  {event.score:.0%}"
        right = height + canvas.textlength(text, font)
        canvas.rounded_rectangle((height / 2, bottom - 1.6 * height, right + height / 2, bottom), height / 3, _DARK)
        canvas.text((height, bottom - 0.8 * height), text, COLOURS["middle"], font, anchor="lm")
        bottom -= 1.9 * height
