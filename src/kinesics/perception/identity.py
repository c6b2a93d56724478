"""Who is who after a gap: pieces that never overlap in time and fit in place and size are one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

_FAR = 2.0  # shoulder widths between the ends of two pieces of one person
_GROWN = 1.5  # times as large


class Piece(NamedTuple):
    """A stretch in which one person was followed.

    span: the first and the last moment.
    begins, ends: (x, y) where the person was then, in pixels.
    size: pixels of a shoulder width.
    """

    span: tuple[float, float]
    begins: ArrayLike
    ends: ArrayLike
    size: float


def join_pieces(pieces: Sequence[Piece]) -> list[list[int]]:
    """Find which pieces are one person: each continues the one that fits best of those that have ended.

    Parameters
    ----------
    pieces : of all people, in any order.

    Returns
    -------
    The numbers of each person's pieces in order of time, whoever comes first leading.
    """
    people: list[list[int]] = []
    for number in sorted(range(len(pieces)), key=lambda i: pieces[i].span):
        misfits = [_misfit(pieces[one[-1]], pieces[number]) for one in people]
        if misfits and min(misfits) <= 1:
            people[int(np.argmin(misfits))].append(number)
        else:
            people.append([number])
    return people


def _misfit(before: Piece, after: Piece) -> float:
    """At most 1 for one person."""
    if after.span[0] <= before.span[1]:
        return np.inf
    size = max(before.size, after.size)
    distance = float(np.hypot(*np.subtract(before.ends, after.begins))) / (_FAR * size)
    return max(distance, abs(float(np.log(before.size / after.size))) / float(np.log(_GROWN)))
