"""One clock for every video: time stamps that only go forward, and the frame nearest to a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")

_BACK, _BACK_FRAMES = 1.0, 16  # seconds and frames by which stamps go back where frames are only reordered
_LEAP, _LEAP_BROADCAST = 3600.0, 10.0  # seconds by which stamps leap where they begin anew, as ffmpeg has it
_BROADCAST = ("mpegts", "mpeg", "vob")  # formats whose stamps may begin anew anywhere


class Clock:
    """Time stamps in, seconds that go forward out, however the stamps go back, begin anew or are missing.

    Parameters
    ----------
    step: seconds from frame to frame, by which a missing stamp follows the one before it; may be set on the way.
    format_name: FFmpeg's name of the container.

    `anew` holds the seconds at which stamps began anew.
    """

    def __init__(self, step: float, format_name: str) -> None:
        self.anew: list[float] = []
        self.step = step
        self._back = max(_BACK, _BACK_FRAMES * step)
        self._leap = max(_LEAP_BROADCAST if format_name in _BROADCAST else _LEAP, _BACK_FRAMES * step)
        self._offset = 0.0
        self._last: float | None = None

    def __call__(self, stamp: float | None) -> float:
        """The seconds of the next stamp; `None` for one that is missing."""
        if self._last is None:
            self._last = stamp or 0.0
            return self._last
        following = self._last + self.step
        time = following if stamp is None else stamp + self._offset
        if not -self._back <= time - self._last <= self._leap:
            self.anew.append(following)
            self._offset += following - time
            time = following
        self._last = max(self._last, time)
        return time


def steady(fps: float, start: float, end: float | None) -> Iterator[float]:
    """Tick as a steady clock.

    Parameters
    ----------
    fps: ticks a second.
    start, end: the first time, and that before which the last one lies; None for no end.

    Returns
    -------
    The times of its ticks, in seconds.
    """
    times = (start + i / fps for i in itertools.count())
    return itertools.takewhile(lambda time: end is None or time < end - 1e-6, times)


def nearest(timed: Iterator[tuple[float, T]], times: Iterator[float], step: float) -> Iterator[tuple[float, T]]:
    """Pick for each time the item that is nearest.

    Parameters
    ----------
    timed: (seconds, item), in order; the last one lasts as long as the one before it.
    times: seconds, in order.
    step: seconds that an only item lasts.

    Returns
    -------
    (time, item) for each time up to the last item's end.
    """
    tick = next(times, None)
    before: tuple[float, T] | None = None
    for time, item in timed:
        while tick is not None and tick <= time:
            nearer = before is not None and tick - before[0] < time - tick
            yield tick, before[1] if nearer and before is not None else item
            tick = next(times, None)
        if tick is None:
            return
        if before is not None:
            step = time - before[0]
        before = time, item
    while before is not None and tick is not None and tick < before[0] + 0.99 * step:
        yield tick, before[1]
        tick = next(times, None)
