"""What a video lacks, in sentences: stretches without frames, and frames that cannot be decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kinesics.video.decode import Frame
from kinesics.video.probe import VideoInfo

_LONG, _LONG_STEPS = 1.0, 5  # seconds and frames; a longer step between frames is a gap to be told


class Gaps:
    """What shows to be missing in a video when its frames are read on a steady clock.

    Parameters
    ----------
    info: of the video.
    fps: of the clock.
    """

    def __init__(self, info: VideoInfo, fps: float) -> None:
        self._info, self._step = info, 1 / fps
        self._longest = max(_LONG, _LONG_STEPS / info.fps)
        self._long: list[tuple[float, float]] = []
        self._held: list[tuple[float, float]] = []
        self._own: float | None = None
        self._end, self._broken = 0.0, 0

    def follow(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Hand the frames on, and remember where none are and how many are broken."""
        for frame in frames:
            if self._own is not None and frame.own - self._own > self._longest:
                self._long.append((self._own + 1 / self._info.fps, frame.own))
            if frame.held:
                self._hold(frame.time)
            self._own, self._end, self._broken = frame.own, frame.time + self._step, frame.broken
            yield frame

    def _hold(self, time: float) -> None:
        """Lengthen the last stretch of held frames, or begin another."""
        begin = time
        if self._held and time - self._held[-1][1] < self._step / 2:
            begin = self._held.pop()[0]
        self._held.append((begin, time + self._step))

    def notes(self) -> tuple[str, ...]:
        """What is missing in the video, after its frames have been followed."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        if stretches := self._stretches():
            start, end = stretches[0]
            total = sum(end - start for start, end in stretches)
            more = f" (one of {len(stretches)} such gaps, {total:.2f} s in all)" if len(stretches) > 1 else ""
            yield f"The video has no frames from {start:.2f} to {end:.2f} s{more}."
        if self._broken:
            frames = "1 frame" if self._broken == 1 else f"{self._broken} frames"
            yield f"{frames} of the video could not be decoded."

    def _stretches(self) -> list[tuple[float, float]]:
        held = [one for one in self._held if not any(one[0] < end and start < one[1] for start, end in self._long)]
        last = (self._end, self._info.duration)
        return sorted([*self._long, *held, *([last] if last[1] - last[0] > _LONG else [])])
