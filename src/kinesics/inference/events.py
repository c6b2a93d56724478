"""From scores over time to events: hysteresis, merged gaps, a minimum length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinesics.inference.scores import Scores
from kinesics.timeline import Event
from kinesics.weights.specification import NONE


@dataclass(frozen=True)
class EventRule:
    """When a run of scores is an event.

    It begins where a class reaches its threshold (`by_class`, else `threshold`), lasts while the score stays above
    `keep` times that, is joined with the next over gaps up to `gap` seconds, and must last `shortest` seconds.
    """

    threshold: float = 0.5
    keep: float = 0.6
    gap: float = 0.35
    shortest: float = 0.3
    by_class: Mapping[str, float] | None = None

    def begin(self, label: str) -> float:
        return (self.by_class or {}).get(label, self.threshold)


def find_events(scores: Scores, rule: EventRule, *, start: float, end: float, source: str) -> Iterator[Event]:
    """Events of one person inside start..end (seconds), class by class; an event's score is its peak."""
    if len(scores.times) == 0:
        return
    half = (scores.times[1] - scores.times[0]) / 2 if len(scores.times) > 1 else (end - start) / 2
    for index, label in enumerate(scores.classes):
        if label == NONE:
            continue
        column = scores.probability[:, index]
        for first, last in _joined(_runs(column, rule.begin(label), rule.keep), rule.gap, scores.times):
            begins = max(start, float(scores.times[first] - half))
            ends = min(end, float(scores.times[last] + half))
            if ends - begins >= rule.shortest:
                yield Event(
                    label, index, round(begins, 3), round(ends, 3), _peak(column, first, last), scores.person, source
                )


def _peak(column: NDArray[np.float32], first: int, last: int) -> float:
    return round(float(column[first : last + 1].max()), 4)


def _runs(column: NDArray[np.float32], begin: float, keep: float) -> list[tuple[int, int]]:
    """(first, last) of stretches above begin·keep that reach `begin` somewhere."""
    above = np.concatenate([[False], column >= begin * keep, [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    runs = zip(edges[::2], edges[1::2] - 1, strict=True)
    return [(int(first), int(last)) for first, last in runs if column[first : last + 1].max() >= begin]


def _joined(runs: list[tuple[int, int]], gap: float, times: NDArray[np.float32]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in runs:
        if joined and times[first] - times[joined[-1][1]] <= gap + (times[1] - times[0]):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined
