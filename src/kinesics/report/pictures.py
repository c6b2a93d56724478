"""Preview pictures of a video: a steady grid and the key moments of its events, read in one pass."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import PIL.Image

from kinesics.progress import Progress
from kinesics.timeline import Timeline
from kinesics.video import Image, ahead, read_frames_at

GRID, GRID_RATE = 240, 5.0  # pictures of the steady grid at most, and a second
MOST = 420  # pictures in all: they, the skeletons and plotly stay below 12 MB
_SIDES = ((120, 640), (240, 480), (MOST, 400))  # the more pictures, the fewer pixels on their longer side
_QUALITY = 70


@dataclass(frozen=True)
class Picture:
    """A picture of the video at `time` seconds as a data URI."""

    time: float
    uri: str


def read_pictures(path: Path, timeline: Timeline, progress: Progress | None = None) -> list[Picture]:
    """Up to `MOST` pictures in order of time. Holds few decoded frames at a time, however long the video is."""
    wanted = moments(timeline)
    side = next(side for count, side in _SIDES if len(wanted) <= count)
    pictures = []
    for frame in ahead(read_frames_at(path, wanted, [side] * len(wanted))):
        pictures.append(Picture(round(frame.time, 3), _data_uri(frame.image)))
        if progress and timeline.duration:
            progress(min(1.0, frame.time / timeline.duration))
    return pictures


def moments(timeline: Timeline) -> list[float]:
    """The times (seconds) worth a picture: the grid, the middle of the likeliest events, their starts and ends."""
    count = min(GRID, max(1, round(timeline.duration * GRID_RATE)))
    chosen = {round(i * timeline.duration / count, 1) for i in range(count)}
    likeliest = sorted(timeline, key=lambda event: -event.score)
    middles = [(event.start + event.end) / 2 for event in likeliest]
    edges = [time for event in likeliest for time in (event.start, event.end)]
    for time in (*middles, *edges):
        if len(chosen) < MOST:
            chosen.add(round(time, 1))
    return sorted(chosen)


def _data_uri(image: Image) -> str:
    file = io.BytesIO()
    PIL.Image.fromarray(image).save(file, "WEBP", quality=_QUALITY, method=2)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
