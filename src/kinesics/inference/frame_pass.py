"""One pass of a video for everybody who wants frames of it; each frame is handed on and let go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from kinesics.progress import Progress
from kinesics.video import Frame, prefetch, read_frames_at


class FrameRequest(NamedTuple):
    """The frames that one part of an analysis wants.

    times : seconds, in ascending order.
    max_side : pixels on the longer side; larger frames are scaled down.
    take : called with the number of each time, from 0, and the frame nearest to it; not for times after the end.
    """

    times: Sequence[float]
    max_side: int
    take: Callable[[int, Frame], None]


def read_requests(video: Path, requests: Sequence[FrameRequest], progress: Progress) -> None:
    """Read the frames of all requests in one pass; a video of which nothing is wanted is not opened.

    Parameters
    ----------
    video : whose frames to read.
    requests : who wants which of them.
    progress : called with the share done, 0..1.

    Raises
    ------
    KinesicsError
        for a video that cannot be read.
    """
    wanted = sorted((time, who, number) for who, one in enumerate(requests) for number, time in enumerate(one.times))
    sides = [requests[who].max_side for _, who, _ in wanted]
    frames = prefetch(read_frames_at(video, [time for time, _, _ in wanted], sides)) if wanted else ()
    for done, ((_, who, number), frame) in enumerate(zip(wanted, frames, strict=False)):
        requests[who].take(number, frame)
        progress(done / len(wanted))
    progress(1.0)
