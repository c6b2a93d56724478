"""Which hand is whose: left or right, or neither."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesics.skeleton.sequence import FloatArray

SIDES = ("left", "right")

# metres between the hand's wrist and the arm's: as far as a fast arm's filtered wrist lags behind, and, for a hand that
# looks like one of the other side, as far as models disagree
_FAR, _FAR_AND_ODD = 0.25, 0.08
_SIZES = (0.02, 0.20)  # metres from wrist to middle knuckle: 0.09, half hidden less, at a webcam up to twice that
_DOUBLE = 0.4  # hand lengths between the points of one hand found twice, on average
_WRIST, _MIDDLE_KNUCKLE = 0, 9


@dataclass(frozen=True, eq=False)
class Hand:
    """A hand in one frame.

    points: (21, 3) pixels, z away from the camera and relative to the wrist; left: the chance that it is the
        person's left one, as the model sees it.
    """

    points: FloatArray
    left: float

    @property
    def score(self) -> float:
        """The model's confidence in the side, 0.5..1, which falls for poor views of a hand."""
        return max(self.left, 1 - self.left)


def assign_hands(
    hands: Sequence[Hand], wrists: tuple[FloatArray | None, FloatArray | None], scale: float
) -> tuple[Hand | None, Hand | None]:
    """Choose the person's hands out of those found, at most one a side.

    A seen wrist decides by distance, and refuses hands that are far from it; else the model's own idea of the side
    does. Hands of another size than this body's are not this person's.

    Parameters
    ----------
    hands : those found, anybody's
    wrists : (2,) pixels of the arms' left and right end, None where it is not seen
    scale : metres a pixel

    Returns
    -------
    the left and the right hand, None where there is none
    """
    fitting = _without_doubles([hand for hand in hands if _SIZES[0] < _length(hand) * scale < _SIZES[1]])
    gain = np.array([[_gain(hand, side, wrists[side], scale) for side in (0, 1)] for hand in fitting] + [[0, 0]] * 2)
    fitting_or_none = [*fitting, None, None]
    left, right = max(
        itertools.permutations(range(len(fitting_or_none)), 2), key=lambda pair: gain[pair[0], 0] + gain[pair[1], 1]
    )
    return fitting_or_none[left], fitting_or_none[right]


def _without_doubles(hands: Sequence[Hand]) -> list[Hand]:
    """One hand found twice has the same points in the same places; two that are folded do not."""
    single: list[Hand] = []
    for hand in sorted(hands, key=lambda hand: -hand.score):
        apart = [float(np.linalg.norm(hand.points - other.points, axis=-1).mean()) / _length(hand) for other in single]
        if min(apart, default=1.0) > _DOUBLE:
            single.append(hand)
    return single


def _gain(hand: Hand, side: int, wrist: FloatArray | None, scale: float) -> float:
    """How much better this hand on this side is than none; below 0 for a misfit."""
    likely = hand.left if side == 0 else 1 - hand.left
    if wrist is None:
        return likely - 0.4
    reach = _FAR_AND_ODD + (_FAR - _FAR_AND_ODD) * likely
    near = 1 - float(np.hypot(*(hand.points[_WRIST, :2] - wrist))) * scale / reach
    return near if near > 0 else -1.0


def _length(hand: Hand) -> float:
    return float(np.linalg.norm(hand.points[_MIDDLE_KNUCKLE] - hand.points[_WRIST]))
