"""How far a number can be trusted: percentile bootstrap that resamples subjects, not clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
DRAWS = 1000


class Interval(NamedTuple):
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def bootstrap(
    statistic: Callable[[Rows], float], groups: Sequence[str], *, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Compute a statistic of all rows, and its interval from rows drawn group by group with replacement.

    Clips of one person resemble each other, so whole groups (subjects, or videos) are drawn.

    Parameters
    ----------
    statistic : takes row numbers, some of them several times; a draw for which it is not a number is left out.
    groups : (N,) the group of each row.
    draws : how many.
    seed : of the draws.

    Returns
    -------
    The figure with its 95 % percentile interval (Efron, 1979).
    """
    names, member = np.unique(np.array(groups), return_inverse=True)
    rows_of = [np.flatnonzero(member == g) for g in range(len(names))]
    rng = np.random.default_rng(seed)
    values = [
        statistic(np.concatenate([rows_of[g] for g in rng.integers(0, len(names), len(names))])) for _ in range(draws)
    ]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Interval(statistic(np.arange(len(groups))), float(low), float(high))


def wilson(successes: int, count: int) -> Interval:
    """Bound a share by its 95 % interval (Wilson, 1927), which also holds for few trials.

    Parameters
    ----------
    successes : of the trials.
    count : of the trials; without any, the interval is NaN.

    Returns
    -------
    The share, 0..1, with its interval.
    """
    if not count:
        return Interval(np.nan, np.nan, np.nan)
    z = 1.959964
    share, spread = successes / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return Interval(share, max(0.0, float(middle - half)), min(1.0, float(middle + half)))
