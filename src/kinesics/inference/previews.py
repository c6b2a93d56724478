"""Small images of a video for its report: a steady grid and the key moments of its events."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import PIL.Image

from kinesics.inference.frame_pass import FrameRequest, read_requests
from kinesics.inference.hide_faces import FaceHider
from kinesics.progress import Progress
from kinesics.timeline import Timeline
from kinesics.video import Frame

GRID, GRID_RATE = 240, 5.0  # images of the steady grid at most, and a second
MOST = 420  # images in all: they, the skeletons and plotly stay below 12 MB
_SIDES = ((120, 640), (240, 480), (MOST, 400))  # the more images, the fewer pixels on their longer side
_QUALITY = 70


@dataclass(frozen=True)
class Preview:
    """The frame of the video at `time` seconds, as the bytes of a WebP file."""

    time: float
    webp: bytes


class PreviewReader:
    """Takes the previews of one video while it is read: `request` the frames, then `result`.

    Parameters
    ----------
    timeline : whose events are worth one.
    hider : hides the faces in them; None to show them.
    """

    def __init__(self, timeline: Timeline, hider: FaceHider | None = None) -> None:
        self._times, self._hider = moments(timeline), hider
        self._found: list[Preview] = []

    def request(self) -> FrameRequest:
        """The frames to read."""
        side = next(side for count, side in _SIDES if len(self._times) <= count)
        return FrameRequest(self._times, side, self._take)

    def result(self) -> tuple[Preview, ...]:
        """Up to `MOST` previews in order of time."""
        return tuple(self._found)

    def _take(self, _: int, frame: Frame) -> None:
        file = io.BytesIO()
        image = frame.image if self._hider is None else self._hider.hide(frame)
        PIL.Image.fromarray(image).save(file, "WEBP", quality=_QUALITY, method=2)
        self._found.append(Preview(round(frame.time, 3), file.getvalue()))


def read_previews(
    video: Path, timeline: Timeline, progress: Progress = lambda _: None, hider: FaceHider | None = None
) -> tuple[Preview, ...]:
    """Read the previews of a video in a pass of their own.

    Parameters
    ----------
    video : whose frames to read.
    timeline : whose events are worth one; its duration is that of the grid.
    progress : called with the share done, 0..1.
    hider : hides the faces in them; None to show them.

    Returns
    -------
    Up to `MOST` previews in order of time.

    Raises
    ------
    KinesicsError
        for a video that cannot be read.
    """
    reader = PreviewReader(timeline, hider)
    read_requests(video, [reader.request()], progress)
    return reader.result()


def moments(timeline: Timeline) -> list[float]:
    """The times (seconds) worth a preview: the grid, the middle of the likeliest events, their starts and ends."""
    count = min(GRID, max(1, round(timeline.duration * GRID_RATE)))
    chosen = {round(i * timeline.duration / count, 1) for i in range(count)}
    likeliest = sorted(timeline, key=lambda event: -event.score)
    middles = [(event.start + event.end) / 2 for event in likeliest]
    edges = [time for event in likeliest for time in (event.start, event.end)]
    for time in (*middles, *edges):
        if len(chosen) < MOST:
            chosen.add(round(time, 1))
    return sorted(chosen)
