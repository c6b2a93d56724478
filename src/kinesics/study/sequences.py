"""What follows what, and what happens with what, each against what would happen at random.

Transitions are tested by shuffling the order of a person's gestures within each recording, co-occurrence by shifting
each gesture's times round the recording. Both keep how often everybody shows each gesture in each recording. The family
of all pairs is corrected for by the largest statistic of each draw (Westfall & Young, 1993).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 999
STEP = 1.0  # seconds; the clock of co-occurrence
NEAR = 1.0  # seconds to which an event reaches out at both its ends
_CHUNK = 4_000_000  # numbers that are shuffled at once

IntArray = NDArray[np.int64]
FloatArray64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PairTest:
    """How often each of K labels goes with each, and whether that is more or less than at random.

    Attributes
    ----------
    observed : (K, K).
    expected : (K, K) the mean of the draws.
    z : (K, K) how many standard deviations of the draws lie between both; NaN where no draw differs.
    p : (K, K) two-sided, of each pair by itself.
    p_adjusted : (K, K) the same for the family of all pairs that were asked for: its error is kept for all together.
    overall : whether anything at all differs from random: p of the sum of squared z.
    """

    observed: FloatArray64
    expected: FloatArray64
    z: FloatArray64
    p: FloatArray64
    p_adjusted: FloatArray64
    overall: float


def transition_test(codes: IntArray, sequences: IntArray, count: int, *, draws: int = DRAWS, seed: int = 0) -> PairTest:
    """Count which label follows which, and compare with the same labels in random order.

    Parameters
    ----------
    codes : (N,) the label of each event, 0..K − 1, or K for one that takes its turn but is not reported; in order of
        time within each sequence.
    sequences : (N,) the sequence of each event, in ascending order: one person in one recording.
    count : K.
    draws : random orders.
    seed : of the draws.

    Returns
    -------
    Row a, column b: b follows a next.
    """
    shape = (count + 1) ** 2
    follows = np.flatnonzero(np.diff(sequences) == 0)

    def counts(orders: IntArray) -> FloatArray64:
        pairs = orders[:, follows] * (count + 1) + orders[:, follows + 1]
        pairs += np.arange(len(orders))[:, None] * shape
        table = np.bincount(pairs.ravel(), minlength=len(orders) * shape)
        return table.reshape(len(orders), count + 1, count + 1)[:, :count, :count].astype(np.float64)

    rng = np.random.default_rng(seed)
    rows = max(1, _CHUNK // max(1, len(codes)))
    drawn = [
        counts(codes[np.argsort(sequences + rng.random((min(rows, draws - first), len(codes))), axis=1)])
        for first in range(0, draws, rows)
    ]
    return pair_test(counts(codes[None])[0], np.concatenate(drawn), np.ones((count, count), bool))


def co_occurrence_test(sequences: Sequence[NDArray[np.bool_]], *, draws: int = DRAWS, seed: int = 0) -> PairTest:
    """Sum the time in which two labels happen near each other, and compare with times shifted at random.

    Parameters
    ----------
    sequences : of each person in each recording (K, T), whether each of K labels happens, or is near, at each step.
    draws : random shifts, of each label in each sequence by itself.
    seed : of the draws.

    Returns
    -------
    Steps that labels a and b have in common; pairs with b > a are asked for, and both halves are alike.
    """
    count = len(sequences[0]) if sequences else 0
    observed, drawn = np.zeros((count, count)), np.zeros((draws, count, count))
    rng = np.random.default_rng(seed)
    upper = np.triu(np.ones((count, count), bool), 1)
    for there in sequences:
        active = np.flatnonzero(there.any(1))
        shifts = rng.integers(0, there.shape[1], (draws, count))
        for one, (a, b) in _shared(there, active):
            observed[a, b] += one[0]
            drawn[:, a, b] += one[(shifts[:, a] - shifts[:, b]) % there.shape[1]]
    return _mirrored(pair_test(observed, drawn, upper))


def _shared(there: NDArray[np.bool_], active: IntArray) -> Iterator[tuple[FloatArray64, tuple[int, int]]]:
    """Of each pair of active labels the (T,) steps in common by the shift of the second, from one transform."""
    steps = there.shape[1]
    spectrum = np.fft.rfft(there[active], axis=1)
    for i in range(len(active)):
        common = np.fft.irfft(spectrum[i + 1 :] * spectrum[i].conj(), steps, axis=1)
        for j, row in enumerate(common.round(), i + 1):
            yield row, (int(active[i]), int(active[j]))


def pair_test(observed: FloatArray64, drawn: FloatArray64, asked: NDArray[np.bool_]) -> PairTest:
    """Compare statistics of pairs with those of random draws.

    Parameters
    ----------
    observed : (K, K).
    drawn : (D, K, K) the same of each draw.
    asked : (K, K) the family of pairs that are tested together.

    Returns
    -------
    The test; p counts the observation among the draws, so that it is never 0 (Phipson & Smyth, 2010).
    """
    every = np.concatenate([observed[None], drawn])
    # the moments are of all, the observation included, so that it is treated as any draw is
    deviation = every - every.mean(0)
    spread = every.std(0)
    z = np.divide(deviation, spread, out=np.zeros_like(every), where=spread > 1e-9)
    size = np.where(asked, np.abs(z), 0).round(9)
    p = (size >= size[0]).mean(0)
    largest = size.max((1, 2), initial=0)
    adjusted = (largest[:, None, None] >= size[:1]).mean(0)
    squared = (size**2).sum((1, 2)).round(9)
    known = asked & (spread > 1e-9)
    shown = {name: np.where(known, values, np.nan) for name, values in (("z", z[0]), ("p", p), ("adjusted", adjusted))}
    overall = float((squared >= squared[0]).mean()) if known.any() else np.nan
    return PairTest(observed, drawn.mean(0), shown["z"], shown["p"], shown["adjusted"], overall)


def _mirrored(test: PairTest) -> PairTest:
    """With the lower half, which was not asked for, as the upper one."""

    def whole(values: FloatArray64) -> FloatArray64:
        upper = np.triu(np.nan_to_num(values, nan=0.0), 1)
        known = np.triu(~np.isnan(values), 1)
        return np.where(known | known.T, upper + upper.T, np.nan)

    fields = (test.observed, test.expected, test.z, test.p, test.p_adjusted)
    observed, expected, z, p, adjusted = (whole(values) for values in fields)
    return PairTest(observed, expected, z, p, adjusted, test.overall)


def presence(events: pd.DataFrame, labels: Sequence[str], duration: float) -> NDArray[np.bool_]:
    """Say at which steps of `STEP` each label happens, or is `NEAR`.

    Parameters
    ----------
    events : of one person in one recording, with label, start and end.
    labels : K of them.
    duration : of the recording, seconds.

    Returns
    -------
    (K, T).
    """
    steps = max(1, int(np.ceil(duration / STEP)))
    there = np.zeros((len(labels), steps), bool)
    row = {label: number for number, label in enumerate(labels)}
    for label, start, end in zip(events["label"], events["start"], events["end"], strict=True):
        if label in row:
            first, last = int((start - NEAR) // STEP), int(np.ceil((end + NEAR) / STEP))
            there[row[label], max(0, first) : max(0, last)] = True
    return there


def pair_table(
    test: PairTest, level: str, labels: Sequence[str], names: tuple[str, str], *, half: bool = False
) -> pd.DataFrame:
    """A test as a table, a row a pair.

    Parameters
    ----------
    test : of K labels.
    level : "class" or "body part".
    labels : their names.
    names : of the columns of the first and of the second label.
    half : whether each pair stands once, and none of a label with itself.

    Returns
    -------
    The columns level, both names, observed, expected, ratio, z, p, p_adjusted.
    """
    import pandas as pd

    rows, columns = np.triu_indices(len(labels), 1) if half else np.indices((len(labels),) * 2).reshape(2, -1)
    table = pd.DataFrame({
        "level": level,
        names[0]: [labels[i] for i in rows],
        names[1]: [labels[i] for i in columns],
        "observed": test.observed[rows, columns],
        "expected": test.expected[rows, columns],
    })  # fmt: skip
    table["ratio"] = table["observed"] / table["expected"].where(table["expected"] > 0)
    for name in ("z", "p", "p_adjusted"):
        table[name] = getattr(test, name)[rows, columns]
    return table
