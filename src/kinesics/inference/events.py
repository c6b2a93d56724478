"""From scores over time to events: hysteresis, bridged gaps, a minimum duration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinesics.inference.scores import Scores
from kinesics.timeline import Event
from kinesics.weights.specification import NONE

ALL_CLASSES = "*"  # in `threshold` of `analyze`: all classes that are not named


@dataclass(frozen=True)
class EventRule:
    """When a run of scores is an event: two thresholds, as in voice activity detection (hysteresis).

    Attributes
    ----------
    onset : score (0..1) at which an event begins.
    offset : share of the onset; an event lasts while the score stays above `offset` times its onset.
    min_gap : seconds; events of one class that are no further apart become one.
    min_duration : seconds; shorter events are dropped.
    by_class : by the name of a class its own onset, in place of `onset`.
    """

    onset: float = 0.5
    offset: float = 0.6
    min_gap: float = 0.35
    min_duration: float = 0.3
    by_class: Mapping[str, float] | None = None

    def onset_of(self, label: str) -> float:
        """The score at which an event of this class begins."""
        return (self.by_class or {}).get(label, self.onset)


def find_events(scores: Scores, rule: EventRule, *, start: float, end: float, source: str) -> Iterator[Event]:
    """Find the events of one person, class by class; an event's score is its peak.

    Parameters
    ----------
    scores : of the person over the recording.
    rule : when a run of scores is an event.
    start, end : seconds; events are cut to lie between.
    source : the name that the events bear as theirs.

    Yields
    ------
    Events by class, those of one class in order of time.
    """
    if len(scores.times) == 0:
        return
    half = (scores.times[1] - scores.times[0]) / 2 if len(scores.times) > 1 else (end - start) / 2
    for index, label in enumerate(scores.classes):
        if label == NONE:
            continue
        column, onset = scores.probability[:, index], rule.onset_of(label)
        for first, last in _bridged(_runs(column, onset, onset * rule.offset), rule.min_gap, scores.times):
            begins = max(start, float(scores.times[first] - half))
            ends = min(end, float(scores.times[last] + half))
            if ends - begins >= rule.min_duration:
                peak = round(float(column[first : last + 1].max()), 4)
                yield Event(label, index, round(begins, 3), round(ends, 3), peak, scores.person, source)


def _runs(column: NDArray[np.float32], onset: float, offset: float) -> list[tuple[int, int]]:
    """(first, last) of stretches above `offset` that reach `onset` somewhere."""
    above = np.concatenate([[False], column >= offset, [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    runs = zip(edges[::2], edges[1::2] - 1, strict=True)
    return [(int(first), int(last)) for first, last in runs if column[first : last + 1].max() >= onset]


def _bridged(runs: list[tuple[int, int]], min_gap: float, times: NDArray[np.float32]) -> list[tuple[int, int]]:
    bridged: list[tuple[int, int]] = []
    for first, last in runs:
        if bridged and times[first] - times[bridged[-1][1]] <= min_gap + (times[1] - times[0]):
            bridged[-1] = (bridged[-1][0], last)
        else:
            bridged.append((first, last))
    return bridged
