"""What a pass over the frames of a video finds missing, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kinesics.video.decode import Frame
from kinesics.video.probe import VideoInfo

_SHORT = 1.0  # seconds at the end that may be without a frame, unsaid


class Gaps:
    """The stretches of a video without frames, as `read_frames` meets them on a steady clock.

    Parameters
    ----------
    info: of the video.
    fps: of the clock.
    """

    def __init__(self, info: VideoInfo, fps: float) -> None:
        self._info, self._step = info, 1 / fps
        self._stretches: list[tuple[float, float]] = []
        self._end, self._broken = 0.0, 0

    def follow(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Hand the frames on, and remember which are held and how many are broken."""
        for frame in frames:
            begin, self._end = frame.time, frame.time + self._step
            self._broken = frame.broken
            if frame.held:
                if self._stretches and begin - self._stretches[-1][1] < self._step / 2:
                    begin = self._stretches.pop()[0]
                self._stretches.append((begin, self._end))
            yield frame

    def notes(self) -> tuple[str, ...]:
        """What was missing in the frames that were followed, in sentences."""
        stretches = list(self._stretches)
        if self._info.duration - self._end > _SHORT:
            stretches.append((self._end, self._info.duration))
        found = []
        if stretches:
            start, end = stretches[0]
            total = sum(end - start for start, end in stretches)
            more = f" (one of {len(stretches)} such gaps, {total:.2f} s in all)" if len(stretches) > 1 else ""
            found.append(f"The video has no frames from {start:.2f} to {end:.2f} s{more}: nobody is seen there.")
        if self._broken:
            frames = "1 frame" if self._broken == 1 else f"{self._broken} frames"
            found.append(f"{frames} of the video could not be decoded.")
        return tuple(found)
