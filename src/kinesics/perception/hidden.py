"""Where a hand went that is not seen: its last sure place, and what hides it there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray


class HandState(IntEnum):
    """Whether a hand is seen, and why not."""

    SEEN = 0
    BEFORE_FACE = 1  # it was last seen at the face, where hands are lost before skin
    BEHIND_BODY = 2  # behind the body, the other arm, or a thing, a table for one
    OUTSIDE = 3  # it left the image
    NEVER_SEEN = 4  # in this recording until now


@dataclass(frozen=True, eq=False)
class HandPlaces:
    """Left and right hand over time.

    state: (T, 2) int8, a `HandState`. last: (T, 2, 2) float32, the hand's middle where it is seen and the last sure one
    where not, x and y 0..1 across the image; NaN where there was none.
    """

    state: NDArray[np.int8]
    last: FloatArray


_HANDS = [
    [i for i, joint in enumerate(UPPER_BODY.joints) if joint.startswith(side) and joint.endswith(("_tip", "_knuckle"))]
    for side in ("left", "right")
]
_HEAD = UPPER_BODY.indices("nose", "left_ear", "right_ear")
_AT_FACE = 1.3  # head widths between a hand's middle and the face's
_BORDER = 0.06  # share of the image: a hand whose middle is nearer to the edge leaves it
_AHEAD = 0.4  # seconds by which its movement is continued
_RECENT = 0.2  # seconds over which that movement is measured


def where_hands_went(person: SkeletonSequence, size: tuple[int, int]) -> HandPlaces:
    """The state and the last sure place of both hands of a person in an image of `size` (width, height).

    Raises ValueError for a sequence without positions in the image or in another layout than `UPPER_BODY`.
    """
    if person.image_xy is None or person.layout != UPPER_BODY:
        raise ValueError(f"expected image positions in the layout upper_body, found {person.layout.name}")
    state = np.zeros((len(person), 2), np.int8)
    last = np.full((len(person), 2, 2), np.nan, np.float32)
    for side, rows in enumerate(_HANDS):
        seen: NDArray[np.bool_] = np.any(person.score[:, rows] > 0, axis=1)
        middles = _middles(person, rows)
        latest = np.maximum.accumulate(np.where(seen, np.arange(len(person)), -1))
        last[latest >= 0, side] = middles[latest[latest >= 0]]
        state[latest < 0, side] = HandState.NEVER_SEEN
        for frame in np.unique(latest[~seen & (latest >= 0)]):
            state[~seen & (latest == frame), side] = _state(person, middles, seen, int(frame), size)
    return HandPlaces(state, last)


def _middles(person: SkeletonSequence, rows: list[int]) -> FloatArray:
    """(T, 2) of a hand's seen points, NaN without any."""
    assert person.image_xy is not None
    weight = (person.score[:, rows] > 0)[..., None]
    with np.errstate(invalid="ignore"):
        middles: FloatArray = (person.image_xy[:, rows] * weight).sum(1) / weight.sum(1)
    return middles


def _state(
    person: SkeletonSequence, middles: FloatArray, seen: NDArray[np.bool_], frame: int, size: tuple[int, int]
) -> HandState:
    """Why the hand is missing after `frame`, the last one in which it was seen."""
    place = middles[frame]
    earlier = max(0, frame - max(1, round(_RECENT * person.fps)))
    before = np.flatnonzero(seen[earlier : frame + 1]) + earlier
    steps = max(1, int(frame - before[0]))
    expected = place + (place - middles[before[0]]) / steps * _AHEAD * person.fps
    if ((expected < 0) | (expected > 1) | (place < _BORDER) | (place > 1 - _BORDER)).any():
        return HandState.OUTSIDE
    assert person.image_xy is not None
    if (person.score[frame, _HEAD] > 0).all():
        nose, left, right = person.image_xy[frame, _HEAD] * np.array(size)
        width = max(float(np.linalg.norm(left - right)), 0.6 * float(np.linalg.norm(nose - (left + right) / 2)))
        if np.linalg.norm(place * np.array(size) - nose) < _AT_FACE * width:
            return HandState.BEFORE_FACE
    return HandState.BEHIND_BODY
