from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesics.inference.events import EventRule, find_events
from kinesics.inference.scores import Scores

CLASSES = ("a", "b", "none")


def scores(column_a, step=0.32):
    column_a = np.asarray(column_a, np.float32)
    probability = np.stack([column_a, np.zeros_like(column_a), 1 - column_a], 1)
    return Scores(np.arange(len(column_a), dtype=np.float32) * step, probability, CLASSES, person=3)


def find(column_a, rule=None, **where):
    where = {"start": 0.0, "end": 100.0, "source": "test"} | where
    return list(find_events(scores(column_a), rule or EventRule(), **where))


def test_an_event_begins_at_its_onset_and_lasts_down_to_its_offset():
    events = find([0, 0.35, 0.6, 0.35, 0.2, 0])
    assert [(e.label, e.index, e.person, e.source) for e in events] == [("a", 0, 3, "test")]
    assert events[0].start == pytest.approx(0.16)
    assert events[0].end == pytest.approx(3.5 * 0.32)
    assert events[0].score == pytest.approx(0.6)


def test_what_never_reaches_the_onset_is_no_event():
    assert find([0.45, 0.49, 0.4]) == []


def test_short_gaps_are_bridged_and_long_ones_are_not():
    assert len(find([0, 0.7, 0, 0.7, 0])) == 1
    assert len(find([0, 0.7, 0, 0, 0, 0.7, 0])) == 2


def test_onsets_by_class_and_the_shortest_duration():
    assert find([0, 0.4, 0], EventRule(by_class={"a": 0.3}))
    assert not find([0, 0.9, 0], EventRule(min_duration=0.5))


def test_none_is_never_an_event_and_no_scores_give_none():
    assert find([0, 0, 0]) == []
    assert find([]) == []


def test_a_single_score_covers_the_recording():
    assert [(e.start, e.end) for e in find([0.9], end=2.0)] == [(0, 1.0)]


@given(st.lists(st.floats(0, 1, width=32), max_size=60), st.floats(0.1, 0.9))
def test_events_are_inside_apart_and_long_enough(column, threshold):
    rule = EventRule(onset=threshold)
    events = find(column, rule, end=max(0.5, len(column) * 0.32))
    for event in events:
        assert 0 <= event.start < event.end <= max(0.5, len(column) * 0.32) + 1e-3
        assert event.end - event.start >= rule.min_duration - 1e-3
        assert event.score >= threshold - 1e-3
    for before, after in pairwise(events):
        assert after.start - before.end > 0


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60))
def test_a_lower_onset_never_covers_less(column):
    def covered(threshold):
        return sum(event.end - event.start for event in find(column, EventRule(onset=threshold)))

    assert covered(0.3) >= covered(0.6) - 1e-6
