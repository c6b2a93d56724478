"""How far two or more codings of the same recordings agree, beyond what chance would bring about.

Time-unit kappa with tolerance: Bakeman, Quera and Gnisci, Observer agreement for timed-event sequential data, Behavior
Research Methods 41, 2009. Event-matched kappa: Holle and Rein, EasyDIAg, Behavior Research Methods 47, 2015. Alignment:
Quera, Bakeman and Gnisci, Observer agreement for event sequences, Behavior Research Methods 39, 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinesics.metrics.detection import Instance, detection_score

Table = NDArray[np.float64]  # (C, C) counts: the first coder's class a row, the second's a column
Units = NDArray[np.bool_]  # (N, C) whether a class is coded in a unit of time
LINKED = 0.6  # of the longer event that two must share to be one (Holle and Rein's default)
OVERLAPS = (0.1, 0.3, 0.5, 0.7)  # intersections over union at which F1 is given
_STEPS = 1000  # of iterative proportional fitting, at most
_CLOSE = 1e-12


class Link(NamedTuple):
    """What became of one event or of two: the number of the first coder's and of the second's, None where it is none.

    overlap: the share of the longer event that both have, 0 without a partner.
    """

    first: int | None
    second: int | None
    overlap: float = 0.0


class EventKappa(NamedTuple):
    """Agreement on events: kappa, the highest that the coders' totals allow, and the raw share that agrees."""

    kappa: float
    maximum: float
    raw: float


class EdgeDifferences(NamedTuple):
    """Seconds by which the second coder begins and ends later than the first, (P,) each, of events both have named."""

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]


def cohen_kappa(table: Table) -> float:
    """Compute kappa (Cohen, A coefficient of agreement for nominal scales, 1960).

    Parameters
    ----------
    table : (C, C) counts or shares.

    Returns
    -------
    Kappa; NaN for an empty table and where chance alone would agree always.
    """
    total = table.sum()
    if not total:
        return float("nan")
    agreed, expected = np.trace(table) / total, float(table.sum(0) @ table.sum(1)) / total**2
    return _beyond_chance(float(agreed), expected)


def _beyond_chance(agreed: float, expected: float) -> float:
    return float("nan") if expected > 1 - _CLOSE else (agreed - expected) / (1 - expected)


# ── units of time ────────────────────────────────────────────────────────────────────────────────────────────


def coded_units(events: Sequence[Instance], times: NDArray[np.float64], classes: int) -> Units:
    """Tell which classes are coded at which times.

    Parameters
    ----------
    events : (label, start, end) each; both ends belong to an event.
    times : (N,) seconds, ascending.
    classes : C, how many there are.

    Returns
    -------
    (N, C).
    """
    units = np.zeros((len(times), classes), bool)
    for label, start, end in events:
        units[np.searchsorted(times, start) : np.searchsorted(times, end, "right"), label] = True
    return units


def unit_states(codings: Sequence[Units]) -> tuple[list[NDArray[np.int64]], int]:
    """Number the combinations of classes that are coded at one time; nothing coded is one of them.

    Parameters
    ----------
    codings : (N, C) of each coder, of any lengths.

    Returns
    -------
    (N,) the state of each unit, for each coder, and how many states there are.
    """
    rows = np.concatenate([np.packbits(one, axis=1) for one in codings])
    distinct, numbers = np.unique(rows, axis=0, return_inverse=True)
    ends = np.cumsum([len(one) for one in codings])[:-1]
    return np.split(numbers.reshape(-1).astype(np.int64), ends), len(distinct)


def time_unit_table(first: NDArray[np.int64], second: NDArray[np.int64], states: int, *, tolerance: int = 0) -> Table:
    """Count units of time by what both coders say of them.

    With a tolerance a unit agrees where the other coder has the same state within so many units before or after. That
    depends on who is compared with whom, so both ways are counted, each for a half.

    Parameters
    ----------
    first, second : (N,) the state of each unit.
    states : how many there are.
    tolerance : units.

    Returns
    -------
    (states, states), summing to N.
    """
    there = _counted(first, _near(first, second, tolerance), states)
    back = _counted(second, _near(second, first, tolerance), states)
    return (there + back.T) / 2


def _near(one: NDArray[np.int64], other: NDArray[np.int64], tolerance: int) -> NDArray[np.int64]:
    """The other's states, with those of `one` where they are found within the tolerance."""
    agrees = one == other
    for shift in range(1, min(tolerance, len(one) - 1) + 1):
        agrees[shift:] |= one[shift:] == other[:-shift]
        agrees[:-shift] |= one[:-shift] == other[shift:]
    return np.where(agrees, one, other)


def _counted(first: NDArray[np.int64], second: NDArray[np.int64], states: int) -> Table:
    counts = np.bincount(first * states + second, minlength=states * states)
    return counts.reshape(states, states).astype(float)


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────


def link_events(first: Sequence[Instance], second: Sequence[Instance], overlap: float = LINKED) -> list[Link]:
    """Find which events of two coders are one, whatever they are called: those that share most, first (Holle and Rein).

    Parameters
    ----------
    first, second : (label, start, end) each.
    overlap : the share of the longer event that two must share.

    Returns
    -------
    Linked pairs, and each event without a partner; every event stands in one.
    """
    shared = _shared(first, second)
    same = np.array([[a[0] == b[0] for b in second] for a in first], bool).reshape(shared.shape)
    places = np.argwhere(shared >= max(overlap, _CLOSE))
    # of equals the pair that agrees on the class goes first
    order = np.lexsort((places[:, 1], places[:, 0], ~same[tuple(places.T)], -shared[tuple(places.T)]))
    links, taken_first, taken_second = [], set(), set()
    for i, j in places[order].tolist():
        if i not in taken_first and j not in taken_second:
            links.append(Link(i, j, float(shared[i, j])))
            taken_first.add(i)
            taken_second.add(j)
    links += [Link(i, None) for i in range(len(first)) if i not in taken_first]
    return links + [Link(None, j) for j in range(len(second)) if j not in taken_second]


def _shared(first: Sequence[Instance], second: Sequence[Instance]) -> NDArray[np.float64]:
    """(A, B) what two events share, as a share of the longer one."""
    a, b = (np.array(events, float).reshape(-1, 3)[:, None] for events in (first, second))
    b = b.swapaxes(0, 1)
    common = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 1], b[..., 1])
    longer = np.maximum(a[..., 2] - a[..., 1], b[..., 2] - b[..., 1])
    shares: NDArray[np.float64] = np.maximum(common, 0) / np.maximum(longer, _CLOSE)
    return shares


def align_events(first: Sequence[Instance], second: Sequence[Instance]) -> list[Link]:
    """Align two coders' events in their order with as few disagreements as can be (Quera, Bakeman and Gnisci).

    Only events that overlap may stand beside one another. A pair of different classes costs as much as one event
    without a partner, half as much as two.

    Parameters
    ----------
    first, second : (label, start, end) each, in order of their starts.

    Returns
    -------
    Pairs and events without a partner, in order; every event stands in one.
    """
    shared, (rows, columns) = _shared(first, second), (len(first), len(second))
    same = np.array([[a[0] == b[0] for b in second] for a in first], bool).reshape(rows, columns)
    pair = np.where(shared > 0, np.where(same, 0.0, 1.0), np.inf)
    cost = np.zeros((rows + 1, columns + 1))
    cost[:, 0], cost[0] = np.arange(rows + 1), np.arange(columns + 1)
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            cost[i, j] = min(cost[i - 1, j - 1] + pair[i - 1, j - 1], cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    links, i, j = [], rows, columns
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + pair[i - 1, j - 1]:
            i, j = i - 1, j - 1
            links.append(Link(i, j, float(shared[i, j])))
        elif i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            links.append(Link(i, None))
        else:
            j -= 1
            links.append(Link(None, j))
    return links[::-1]


def event_table(links: Sequence[Link], first: Sequence[Instance], second: Sequence[Instance], classes: int) -> Table:
    """Count events by what both coders call them; a pair counts twice, for it is two events (Holle and Rein).

    Parameters
    ----------
    links : of `link_events` or `align_events`.
    first, second : (label, start, end) each, as the links count them.
    classes : C, how many there are.

    Returns
    -------
    (C + 1, C + 1), the last row and column for events that one coder alone has; their common cell cannot be filled.
    """
    table = np.zeros((classes + 1, classes + 1))
    for one in links:
        row = classes if one.first is None else first[one.first][0]
        column = classes if one.second is None else second[one.second][0]
        table[row, column] += 1 if classes in (row, column) else 2
    return table


def event_kappa(table: Table) -> EventKappa:
    """Compute kappa of a table whose last cell cannot be filled, as EasyDIAg does.

    What chance would bring about is found by iterative proportional fitting of the coders' totals, with that cell at 0.

    Parameters
    ----------
    table : (C + 1, C + 1), of `event_table`.

    Returns
    -------
    Its figures; NaN for an empty table.
    """
    total = table.sum()
    if not total:
        return EventKappa(*[float("nan")] * 3)
    raw, expected = float(np.trace(table) / total), float(np.trace(fitted_table(table)) / total)
    most = float(np.minimum(table.sum(0), table.sum(1)).sum() / total)
    return EventKappa(_beyond_chance(raw, expected), _beyond_chance(most, expected), raw)


def fitted_table(table: Table) -> Table:
    """Find what independent coders with these totals would fill in, the last cell left empty.

    Parameters
    ----------
    table : (C + 1, C + 1).

    Returns
    -------
    (C + 1, C + 1) with the same totals, or nearly where the last cell would be needed for them.
    """
    rows, columns = table.sum(1), table.sum(0)
    fitted = np.ones_like(table)
    fitted[-1, -1] = 0
    for _ in range(_STEPS):
        before = fitted
        fitted = fitted * _ratio(rows, fitted.sum(1))[:, None]
        fitted = fitted * _ratio(columns, fitted.sum(0))
        if np.abs(fitted - before).max() < _CLOSE * max(rows.sum(), 1):
            break
    return fitted


def _ratio(wanted: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 0)


def one_class(table: Table, label: int) -> Table:
    """Part a table of events into those of one class and all others.

    Parameters
    ----------
    table : (C + 1, C + 1), of `event_table`.
    label : the class.

    Returns
    -------
    (2, 2): the class, then anything else or nothing.
    """
    both, row, column = table[label, label], table[label].sum(), table[:, label].sum()
    return np.array([[both, row - both], [column - both, table.sum() - row - column + both]])


def overlap_f1(first: Sequence[Instance], second: Sequence[Instance], overlap: float) -> tuple[int, int]:
    """Count for F1 at an overlap; it is the same whoever is taken for the truth.

    Parameters
    ----------
    first, second : (label, start, end) each.
    overlap : the intersection over union that a pair of one class must exceed.

    Returns
    -------
    Pairs, and events of both coders: F1 is twice the first over the second.
    """
    score = detection_score({"": first}, {"": second}, tiou=overlap)
    return score.matched, score.predicted + score.true


def edge_differences(links: Sequence[Link], first: Sequence[Instance], second: Sequence[Instance]) -> EdgeDifferences:
    """Compare the edges of linked events of one class.

    Parameters
    ----------
    links : of `link_events` or `align_events`.
    first, second : (label, start, end) each, as the links count them.

    Returns
    -------
    The differences, second less first.
    """
    pairs = [
        (first[one.first], second[one.second]) for one in links if one.first is not None and one.second is not None
    ]
    same = [(a, b) for a, b in pairs if a[0] == b[0]]
    return EdgeDifferences(
        np.array([b[1] - a[1] for a, b in same], float), np.array([b[2] - a[2] for a, b in same], float)
    )


# ── more than two coders ─────────────────────────────────────────────────────────────────────────────────────


def krippendorff_alpha(ratings: NDArray[np.floating[Any]]) -> float:
    """Compute alpha for nominal values by the library `krippendorff` (Krippendorff, Computing alpha, 2011).

    Parameters
    ----------
    ratings : (K, N) what each of K coders calls each unit, NaN where a coder says nothing of it.

    Returns
    -------
    Alpha; NaN where no unit has two values, and where all values are one.
    """
    import krippendorff

    try:
        return float(krippendorff.alpha(reliability_data=ratings, level_of_measurement="nominal"))
    except ValueError:  # a single value, or nothing to pair
        return float("nan")


def coincidences(ratings: NDArray[np.floating[Any]], states: int) -> Table:
    """Count pairs of values within units, as alpha does: sums of these tables serve where units are drawn anew.

    Parameters
    ----------
    ratings : (K, N) what each of K coders calls each unit, 0 … states − 1, NaN where a coder says nothing of it.
    states : how many values there are.

    Returns
    -------
    (states, states), symmetric.
    """
    known = np.isfinite(ratings)
    counts = np.zeros((ratings.shape[1], states))
    for row, there in zip(ratings, known, strict=True):
        counts[np.flatnonzero(there), row[there].astype(int)] += 1
    several = counts.sum(1) > 1
    counts, spare = counts[several], counts[several].sum(1) - 1
    table: Table = (counts / spare[:, None]).T @ counts - np.diag((counts / spare[:, None]).sum(0))
    return table


def alpha_of(table: Table) -> float:
    """Compute alpha of a table of `coincidences`.

    Parameters
    ----------
    table : (states, states).

    Returns
    -------
    Alpha; NaN where all values are one.
    """
    totals, total = table.sum(0), table.sum()
    expected = total**2 - float(totals @ totals)
    return 1 - (total - 1) * float(total - np.trace(table)) / expected if expected > _CLOSE else float("nan")
