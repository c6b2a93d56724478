"""Groups of people compared: pooled values, effect sizes, and intervals that resample whole people.

Every measure is a ratio of two sums, so that long recordings count more than short ones: events over minutes, seconds
over seconds, strength over the time in which a face could be read. What one person shows in several recordings is drawn
together (cluster bootstrap; Davison & Hinkley, 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinesics.study.frames import REAL, TEXT, WHOLE, stacked, typed_frame

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 1000
EVERYBODY = "everybody"  # the group of all people, with and without a group
_ITEM = ["measure", "level", "label"]
_POOLED = {"value": REAL, "low": REAL, "high": REAL, "recordings": WHOLE, "clusters": WHOLE}
_BOUNDS = (2.5, 97.5)

Array = NDArray[np.float64]


def measure_table(rates: pd.DataFrame, faces: pd.DataFrame) -> pd.DataFrame:
    """Write every measure that groups are compared by as a ratio of two sums.

    Parameters
    ----------
    rates : as `rate_table` gives them.
    faces : as `face_table` gives them.

    Returns
    -------
    A row a recording, person, measure, level and label: `numerator` and `denominator`. The measures are `rate` (events
    a minute), `share` (of the time), `length` (seconds an event) and `mean` (of facial actions and expressions).
    """
    who = ["recording", "person", "cluster", "group"]
    names = [*who, "level", "label"]

    def measured(table: pd.DataFrame, measure: str, numerator: pd.Series, denominator: pd.Series) -> pd.DataFrame:
        return table[names].assign(measure=measure, numerator=numerator, denominator=denominator)

    read = faces["readable"] * faces["duration"]
    parts = [
        measured(rates, "rate", rates["count"], rates["seen"] / 60),
        measured(rates, "share", rates["seconds"].clip(upper=rates["seen"]), rates["seen"]),
        measured(rates, "length", rates["count"] * rates["mean_length"].fillna(0), rates["count"]),
        measured(faces, "mean", faces["mean"] * read, read),
    ]
    table = stacked(parts)
    return table[table["denominator"] > 0][[*who, *_ITEM, "numerator", "denominator"]]


@dataclass(frozen=True, eq=False)
class _Sums:
    """Of one group: numerators and denominators (clusters, items), rows as in `clusters`."""

    clusters: tuple[str, ...]
    numerator: Array
    denominator: Array

    def pooled(self, weights: Array) -> Array:
        """(draws, items) from (draws, clusters), NaN without any denominator."""
        return _ratio(weights @ self.numerator, weights @ self.denominator)

    @property
    def values(self) -> Array:
        """(clusters, items) of each cluster alone, NaN where it has none."""
        return _ratio(self.numerator, self.denominator)


def pooled_table(measures: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Pool each measure over everybody, and over the people of each group.

    Parameters
    ----------
    measures : as `measure_table` gives them.
    draws : of whole clusters, with replacement.
    seed : of the draws.

    Returns
    -------
    A row a group, measure, level and label: value with its 95 % percentile interval (low, high), and the number of
    recordings and clusters behind it.
    """
    import pandas as pd

    names = [str(name) for name in dict.fromkeys(measures["group"]) if name]
    parts = [(EVERYBODY, measures.assign(group=EVERYBODY)), *((n, measures[measures["group"] == n]) for n in names)]
    rows = [typed_frame([], {"group": TEXT, **dict.fromkeys(_ITEM, TEXT), **_POOLED})]
    for group, part in parts:
        if part.empty:
            continue
        items, sums = _sums(part, [group])
        weights = _weights([sums[group].clusters], draws, seed)[0]
        drawn = sums[group].pooled(weights)
        counts = part.groupby(_ITEM, sort=False)[["recording", "cluster"]].nunique().loc[list(items)]
        low, high = _interval(drawn[1:])
        table = pd.DataFrame(list(items), columns=_ITEM).assign(value=drawn[0], low=low, high=high)
        table.insert(0, "group", group)
        rows.append(table.assign(recordings=counts["recording"].to_numpy(), clusters=counts["cluster"].to_numpy()))
    return stacked(rows)


def comparison_table(
    measures: pd.DataFrame, groups: tuple[str, ...], *, draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """Compare each group with the first one.

    Parameters
    ----------
    measures : as `measure_table` gives them.
    groups : at least two; the first is the reference.
    draws : of whole clusters, with replacement; of those in both groups the same ones in both.
    seed : of the draws.

    Returns
    -------
    A row a group, measure, level and label. `value` and `reference_value` are pooled; `difference`, `ratio`,
    `hedges_g` and `cliffs_delta` have intervals (`_low`, `_high`). The latter two are of people's own values: Hedges'
    (1981) standardised difference, and how much oftener a person of the group has more than one of the reference than
    less (Cliff, 1993).
    """
    import pandas as pd

    tables = [typed_frame([], {"group": TEXT, "reference": TEXT, **dict.fromkeys(_ITEM, TEXT)})]
    for group in groups[1:]:
        pair = (groups[0], group)
        if not set(pair) <= set(measures["group"]):  # nobody of it was seen
            continue
        items, sums = _sums(measures[measures["group"].isin(pair)], list(pair))
        one, other = sums[group], sums[groups[0]]
        w_one, w_other = _weights([one.clusters, other.clusters], draws, seed)
        table = pd.DataFrame(list(items), columns=_ITEM)
        table.insert(0, "group", group)
        table.insert(1, "reference", groups[0])
        for name, drawn in _effects(one, other, w_one, w_other):
            table[name] = drawn[0]
            if name not in ("value", "reference_value"):
                table[f"{name}_low"], table[f"{name}_high"] = _interval(drawn[1:])
        table["clusters"] = np.isfinite(one.values).sum(0)
        table["reference_clusters"] = np.isfinite(other.values).sum(0)
        tables.append(table)
    return stacked(tables)


def hedges_g(first: Array, second: Array, w_first: Array, w_second: Array) -> Array:
    """The standardised difference of two means, corrected for few people.

    Parameters
    ----------
    first, second : (clusters, items) values of each person, NaN where there is none.
    w_first, w_second : (draws, clusters) how often each person counts.

    Returns
    -------
    (draws, items), NaN where either has fewer than two people or nothing varies.
    """
    (n1, mean1, square1), (n2, mean2, square2) = (
        _moments(values, weights) for values, weights in ((first, w_first), (second, w_second))
    )
    freedom = n1 + n2 - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt((square1 + square2) / freedom)
        g = (mean1 - mean2) / spread * (1 - 3 / (4 * freedom - 1))
    return np.where((n1 > 1) & (n2 > 1) & (spread > 1e-12), g, np.nan)


def cliffs_delta(first: Array, second: Array, w_first: Array, w_second: Array) -> Array:
    """How much oftener a value of the first is the larger one than the smaller one, −1..1.

    Parameters
    ----------
    first, second : (clusters, items) values of each person, NaN where there is none.
    w_first, w_second : (draws, clusters) how often each person counts.

    Returns
    -------
    (draws, items), NaN where either has nobody.
    """
    found = np.full((len(w_first), first.shape[1]), np.nan)
    for item in range(first.shape[1]):
        there1, there2 = np.isfinite(first[:, item]), np.isfinite(second[:, item])
        if not (there1.any() and there2.any()):
            continue
        values, place = np.unique(
            np.concatenate([first[there1, item], second[there2, item]]), return_inverse=True
        )  # equal ones share a place
        split = int(there1.sum())
        one = _at_places(w_first[:, there1], place[:split], len(values))
        two = _at_places(w_second[:, there2], place[split:], len(values))
        below = np.cumsum(two, 1) - two
        above = two.sum(1, keepdims=True) - below - two
        pairs = one.sum(1) * two.sum(1)
        found[:, item] = np.divide(
            (one * (below - above)).sum(1), pairs, out=np.full(len(one), np.nan), where=pairs > 0
        )
    return found


def _effects(one: _Sums, other: _Sums, w_one: Array, w_other: Array) -> Iterator[tuple[str, Array]]:
    """Each figure by its column, (1 + draws, items): the study itself first."""
    value, reference = one.pooled(w_one), other.pooled(w_other)
    yield "value", value
    yield "reference_value", reference
    yield "difference", value - reference
    yield "ratio", _ratio(value, reference)
    yield "hedges_g", hedges_g(one.values, other.values, w_one, w_other)
    yield "cliffs_delta", cliffs_delta(one.values, other.values, w_one, w_other)


def _sums(measures: pd.DataFrame, groups: list[str]) -> tuple[list[tuple[str, str, str]], dict[str, _Sums]]:
    """The items, and the sums of each group's clusters in that order."""
    sums = measures.groupby(["group", "cluster", *_ITEM], sort=False)[["numerator", "denominator"]].sum()
    wide = sums.unstack(_ITEM, fill_value=0.0)
    items = list(dict.fromkeys(zip(*(measures[name] for name in _ITEM), strict=True)))
    found = {}
    for group in groups:
        part = wide.loc[group]
        numerator, denominator = (part[name][items].to_numpy(float) for name in ("numerator", "denominator"))
        found[group] = _Sums(tuple(part.index), numerator, denominator)
    return items, found


def _weights(sides: list[tuple[str, ...]], draws: int, seed: int) -> list[Array]:
    """(1 + draws, clusters) of each side: once each, then how often each was drawn.

    Clusters are drawn among those that are on the same sides, so that no draw leaves a side empty.
    """
    rng = np.random.default_rng(seed)
    where = {name: tuple(name in set(side) for side in sides) for side in sides for name in side}
    drawn: dict[str, Array] = {}
    for stratum in sorted(set(where.values())):
        members = [name for name, place in where.items() if place == stratum]
        counts = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), draws)
        drawn |= dict(zip(members, np.concatenate([np.ones((1, len(members))), counts]).T, strict=True))
    return [np.stack([drawn[name] for name in side], 1).astype(np.float64) for side in sides]


def _moments(values: Array, weights: Array) -> tuple[Array, Array, Array]:
    """(draws, items) of the number, the mean, and the sum of squares around it."""
    known = np.isfinite(values)
    # around the mean of all, so that nothing is lost to rounding
    middle = np.where(known, values, 0).sum(0) / np.maximum(known.sum(0), 1)
    centred = np.where(known, values - middle, 0)
    number, total, squares = weights @ known, weights @ centred, weights @ centred**2
    mean = total / np.maximum(number, 1)
    return number, mean + middle, np.maximum(squares - number * mean**2, 0)


def _at_places(weights: Array, place: NDArray[np.int64], count: int) -> Array:
    """(draws, count) the weights of equal values together."""
    order = np.argsort(place, kind="stable")
    there, first = np.unique(place[order], return_index=True)
    summed = np.zeros((len(weights), count))
    summed[:, there] = np.add.reduceat(weights[:, order], first, axis=1)
    return summed


def _ratio(numerator: Array, denominator: Array) -> Array:
    ratio: Array = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)
    return ratio


def _interval(drawn: Array) -> tuple[Array, Array]:
    """The 95 % percentile interval of each column; NaN where there is nothing in it."""
    known = np.isfinite(drawn).any(0)
    low, high = np.full(drawn.shape[1], np.nan), np.full(drawn.shape[1], np.nan)
    if known.any():
        low[known], high[known] = np.nanpercentile(drawn[:, known], _BOUNDS, axis=0)
    return low, high
