"""The study page's charts as inline SVG: they need no script, open at once, and take their colours from the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SERIES = 6  # colours of groups of people, --g0 .. --g5
_ROW = 21  # pixels
_LETTER = 6.9  # pixels of a letter of 12 px, more or less
_GOLDEN = 0.618034
_NAMED = 8  # columns of a matrix that bear names; more bear numbers
_STEPS = ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))  # of logarithmic axes


@dataclass(frozen=True)
class ChartMark:
    """One mark of a chart: its series (a group of people), value and interval, and whether it stands out."""

    series: int
    value: float
    low: float
    high: float
    title: str = ""
    strong: bool = True


@dataclass(frozen=True)
class ChartRow:
    """One line of a chart of intervals: a label, its marks, and what stands at the right of them."""

    label: str
    marks: Sequence[ChartMark]
    text: str = ""
    head: bool = False


@dataclass(frozen=True)
class ChartAxis:
    """From values to pixels.

    Attributes
    ----------
    low, high : values at its ends.
    start, end : their pixels.
    log : whether ratios are distances.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def place(self, value: float) -> float:
        """The pixel of a value, held between the ends."""
        turn: Callable[[float], float] = math.log if self.log else float
        held = min(max(value, self.low), self.high)
        share = (turn(held) - turn(self.low)) / max(turn(self.high) - turn(self.low), 1e-12)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values in between, eight at most."""
        if not self.log:
            step = _round_step((self.high - self.low) / 4)
            first = math.ceil(self.low / step - 1e-9)
            return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]
        tens = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in _STEPS:
            ticks = [step * 10.0**ten for ten in tens for step in steps]
            inside = [tick for tick in ticks if self.low * 0.999 <= tick <= self.high * 1.001]
            if len(inside) <= 8:
                break
        return inside


def number(value: float) -> str:
    """A number as people write it: 0.051, 1.2, 12.3, 1,235."""
    if not math.isfinite(value):
        return "–"
    if abs(value) < 1:
        return f"{value:.2g}"
    return f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def interval_chart(
    rows: Sequence[ChartRow], name: str, *, log: bool = False, line: float | None = None, width: int = 620
) -> str:
    """Draw dots with intervals, a row a label.

    Parameters
    ----------
    rows : from top to bottom.
    name : of the axis, and of the chart for who cannot see it.
    log : whether ratios are distances; values that are not positive are left out then.
    line : a value that a line is drawn at, such as a ratio of 1.
    width : pixels at full size.

    Returns
    -------
    The SVG.
    """
    left = max([60.0, *(12 + _LETTER * len(row.label) for row in rows)])
    right = max([12.0, *(14 + _LETTER * len(row.text) for row in rows)])
    low, high = _span(rows, log=log, line=line)
    axis = ChartAxis(low, high, left + 8, width - right, log)
    height = 26 + _ROW * len(rows) + 12 * sum(row.head for row in rows)
    parts, top = [], 4.0
    for row in rows:
        top += 12 * row.head
        middle = top + _ROW / 2
        parts.append(f'<path class="rule" d="M{left + 8:.0f} {middle:.1f}H{width - right:.0f}"/>')
        parts.append(_text(left, middle + 4, row.label, "end", "head" if row.head else ""))
        parts += [_mark(mark, axis, middle, n, len(row.marks)) for n, mark in enumerate(row.marks)]
        if row.text:
            parts.append(_text(width, middle + 4, row.text, "end", "small"))
        top += _ROW
    if line is not None:
        x = axis.place(line)
        parts.insert(0, f'<path class="line" d="M{x:.1f} 0V{top:.1f}"/>')
    grid = "".join(f"M{axis.place(tick):.1f} 0V{top:.1f}" for tick in axis.ticks())
    parts.insert(0, f'<path class="grid" d="{grid}"/>')
    parts += [_text(axis.place(tick), top + 15, f"{tick:g}", "middle", "small") for tick in axis.ticks()]
    return _svg(width, height, name, parts)


def strip_chart(
    groups: Sequence[tuple[NDArray[np.float64], ChartMark]], name: str, ends: tuple[float, float], width: int = 300
) -> str:
    """Draw every recording as a dot, a band a group of people, with the group's value and interval before them.

    Parameters
    ----------
    groups : of each its recordings' values (N,), and its pooled value.
    name : for who cannot see it.
    ends : values at the left and right; what lies beyond is drawn there.
    width : pixels at full size.

    Returns
    -------
    The SVG.
    """
    band = 34
    height = band * len(groups) + 22
    axis = ChartAxis(ends[0], max(ends[1], ends[0] + 1e-9), 8, width - 8)
    ticks = axis.ticks()
    parts = [f'<path class="grid" d="{"".join(f"M{axis.place(t):.1f} 0V{height - 20}" for t in ticks)}"/>']
    for row, (values, pooled) in enumerate(groups):
        middle = band * row + band / 2
        known = values[np.isfinite(values)]
        dots = "".join(
            f"M{axis.place(float(value)):.1f} {middle + (n * _GOLDEN % 1 - 0.5) * (band - 12):.1f}h0"
            for n, value in enumerate(np.sort(known))
        )
        parts.append(f'<path class="dots s{pooled.series % SERIES}" d="{dots}"/>')
        parts.append(_mark(pooled, axis, middle, 0, 1, over=True))
    parts += [_text(axis.place(tick), height - 5, f"{tick:g}", "middle", "small") for tick in ticks]
    return _svg(width, height, name, parts)


def line_chart(
    lines: Sequence[tuple[int, NDArray[np.float64]]], name: str, highest: float, width: int = 300, height: int = 130
) -> str:
    """Draw values over minutes with their intervals as bands.

    Parameters
    ----------
    lines : of each its series and (N, 4): time in minutes, value, low, high.
    name : for who cannot see it.
    highest : value at the top.
    width, height : pixels at full size.

    Returns
    -------
    The SVG.
    """
    left = 34
    last = max([1.0, *(float(points[-1, 0]) for _, points in lines if len(points))])
    across = ChartAxis(0, last, left, width - 10)
    up = ChartAxis(0, max(highest, 1e-9), height - 22, 6)
    parts = [f'<path class="grid" d="{"".join(f"M{left} {up.place(t):.1f}H{width - 10}" for t in up.ticks())}"/>']
    for series, points in lines:
        x = [across.place(float(time)) for time in points[:, 0]]
        value, low, high = ([up.place(float(y)) for y in points[:, column]] for column in (1, 2, 3))
        around = [*zip(x, high, strict=True), *reversed(list(zip(x, low, strict=True)))]
        parts.append(f'<path class="band s{series % SERIES}" d="{_through(around)}z"/>')
        parts.append(f'<path class="curve s{series % SERIES}" d="{_through(zip(x, value, strict=True))}"/>')
    parts += [_text(left - 5, up.place(tick) + 4, f"{tick:g}", "end", "small") for tick in up.ticks()]
    parts += [_text(across.place(tick), height - 6, f"{tick:g}", "middle", "small") for tick in across.ticks()]
    return _svg(width, height, name, parts)


def matrix_chart(
    labels: Sequence[str],
    ratio: NDArray[np.float64],
    z: NDArray[np.float64],
    strong: NDArray[np.bool_],
    titles: Sequence[Sequence[str]],
    name: str,
) -> str:
    """Draw a matrix of observed against expected, the darker the more certain, so that noise stays pale.

    Parameters
    ----------
    labels : K of them; rows and columns.
    ratio : (K, K) observed over expected, NaN where there is nothing.
    z : (K, K) in standard deviations of what happens at random.
    strong : (K, K) whether a cell differs from random; it is marked and its ratio written.
    titles : K × K texts, shown at the pointer.
    name : for who cannot see it.

    Returns
    -------
    The SVG.
    """
    numbered = len(labels) > _NAMED
    cell = 31 if numbered else 44
    longest = max([8, *map(len, labels)])
    left = 12 + _LETTER * longest + 26 * numbered
    top = 22 if numbered else 16 + 0.7 * _LETTER * longest
    side = cell * len(labels)
    parts = []
    for i, label in enumerate(labels):
        x, y = left + cell * i + cell / 2 - 1, top + cell * i + cell / 2 + 3
        if numbered:
            parts += [_text(left - 30, y, label, "end"), _text(left - 8, y, str(i + 1), "end", "small")]
            parts.append(_text(x, top - 7, str(i + 1), "middle", "small"))
        else:
            parts.append(_text(left - 6, y, label, "end"))
            parts.append(
                f'<g transform="translate({x:.0f} {top - 6:.0f}) rotate(-42)">{_text(0, 0, label, "start")}</g>'
            )
        for j in range(len(labels)):
            parts.append(
                _cell(
                    left + cell * j,
                    top + cell * i,
                    cell,
                    float(ratio[i, j]),
                    float(z[i, j]),
                    bool(strong[i, j]),
                    titles[i][j],
                )
            )
    right = 4 if numbered else 0.74 * _LETTER * longest
    return _svg(math.ceil(left + side + right), math.ceil(top + side + 2), name, parts)


def barcode(events: Iterable[tuple[str, float, float]], duration: float, width: int = 340, height: int = 18) -> str:
    """Draw a recording's events as a strip, a colour a body part.

    Parameters
    ----------
    events : class of the colour, start and end (seconds) of each.
    duration : of the recording, seconds.
    width, height : pixels.

    Returns
    -------
    The SVG; what falls on the same half pixel is drawn once, so that hours take no more than minutes.
    """
    scale = 2 * width / max(duration, 1e-9)
    pixels: dict[str, set[int]] = {}
    for colour, start, end in events:
        first = int(start * scale)
        pixels.setdefault(colour, set()).update(range(first, min(2 * width, max(first + 2, round(end * scale)))))
    paths = []
    for colour, there in pixels.items():
        runs = "".join(
            f"M{first / 2:g} 0h{(last - first) / 2:g}v{height}h-{(last - first) / 2:g}z" for first, last in _runs(there)
        )
        paths.append(f'<path class="{colour}" d="{runs}"/>')
    return f'<svg class="barcode" width="{width}" height="{height}" aria-hidden="true">{"".join(paths)}</svg>'


def _runs(pixels: set[int]) -> Iterable[tuple[int, int]]:
    """First and behind the last of those that follow each other."""
    ordered = np.array(sorted(pixels))
    cuts = [0, *(np.flatnonzero(np.diff(ordered) > 1) + 1), len(ordered)]
    for first, last in pairwise(cuts):
        yield int(ordered[first]), int(ordered[last - 1]) + 1


def _cell(x: float, y: float, size: int, ratio: float, z: float, strong: bool, title: str) -> str:
    """Full colour from five standard deviations on."""
    known = math.isfinite(z)
    depth = min(1.0, abs(z) / 5) if known else 0.0
    side = "more" if known and z >= 0 else "less"
    box = f'x="{x:.0f}" y="{y:.0f}" width="{size - 2}" height="{size - 2}" rx="4"'
    parts = [f'<g><title>{escape(title)}</title><rect class="cell" {box}/>']
    if known:
        parts.append(f'<rect class="{side}" opacity="{0.85 * depth:.2f}" {box}/>')
    if strong:
        parts.append(f'<rect class="strong" {box}/>')
        parts.append(_text(x + size / 2 - 1, y + size / 2 + 3, number(ratio), "middle", "value"))
    return "".join(parts) + "</g>"


def _mark(mark: ChartMark, axis: ChartAxis, middle: float, place: int, count: int, *, over: bool = False) -> str:
    """One dot with its interval, beside those of other groups."""
    if not math.isfinite(mark.value) or (axis.log and mark.value <= 0):
        return ""
    y = middle + (place - (count - 1) / 2) * min(6.5, 14 / max(count, 1))
    kind = f"s{mark.series % SERIES}" + ("" if mark.strong else " weak") + (" over" if over else "")
    whisker = ""
    if math.isfinite(mark.low) and math.isfinite(mark.high):
        whisker = f'<path d="M{axis.place(mark.low):.1f} {y:.1f}H{axis.place(mark.high):.1f}"/>'
    dot = f'<circle cx="{axis.place(mark.value):.1f}" cy="{y:.1f}" r="{4.2 if over or count < 3 else 3.2}"/>'
    return f'<g class="mark {kind}"><title>{escape(mark.title)}</title>{whisker}{dot}</g>'


def _span(rows: Sequence[ChartRow], *, log: bool, line: float | None) -> tuple[float, float]:
    """Values at the ends of the axis: the dots and most of their intervals."""
    marks = [mark for row in rows for mark in row.marks if math.isfinite(mark.value) and (mark.value > 0 or not log)]
    if not marks:
        return (0.5, 2.0) if log else (0.0, 1.0)
    ends = [x for m in marks for x in (m.value, m.low, m.high) if math.isfinite(x) and (x > 0 or not log)]
    ends += [] if line is None else [line]
    if not log:
        return min(0.0, *ends), max(ends) * 1.04 or 1.0
    values = [mark.value for mark in marks] + ([] if line is None else [line])
    # an interval that reaches far must not squeeze all others
    low, high = max(min(ends), min(values) / 4), min(max(ends), max(values) * 4)
    return low / 1.1, max(high, low * 1.5) * 1.1


def _round_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, no smaller than `rough`."""
    if rough <= 0:
        return 1.0
    ten = 10.0 ** math.floor(math.log10(rough))
    return next(step * ten for step in (1, 2, 5, 10) if step * ten >= rough * (1 - 1e-9))


def _through(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    css = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{css}>{escape(text)}</text>'


def _svg(width: float, height: float, name: str, parts: Iterable[str]) -> str:
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" style="max-width: {width * 1.15:.0f}px"'
    return f'<svg class="chart" role="img" aria-label="{escape(name)}" {size}>{"".join(parts)}</svg>'
