"""Candidates to events."""

import numpy as np
import pytest

from kinesics.inference.spotting import (
    Candidates,
    SuppressionRule,
    candidates_of,
    runs_of,
    spots_of,
    suppress,
)

RULE = SuppressionRule()


def candidates(*rows):
    table = np.array(rows, float).reshape(-1, 4)
    return Candidates(table[:, 0].astype(int), table[:, 1:3], table[:, 3])


def test_points_become_spans_around_them():
    probability = np.array([[0.9, 0.0], [0.01, 0.5]], np.float32)
    distances = np.array([[2, 3], [30, 30]], np.float32)
    found = candidates_of(probability, distances, np.array([10, 20], np.float32), length=40)
    assert found.label.tolist() == [0, 1]
    assert found.span.tolist() == [[8, 13], [-0.5, 39.5]]


def test_the_weaker_of_two_alike_is_lowered_by_their_overlap():
    found = suppress(candidates((0, 0, 10, 0.9), (0, 0, 10, 0.8), (0, 20, 30, 0.7)), RULE)
    np.testing.assert_allclose(found.span[:2], [[0, 10], [20, 30]], atol=1e-9)
    assert found.score[:2].tolist() == [0.9, 0.7]
    assert found.score[2] == pytest.approx(0.8 * np.exp(-1 / 0.4))


def test_classes_suppress_each_other_only_where_one_gesture_excludes_another():
    two = candidates((0, 0, 10, 0.9), (1, 1, 11, 0.8))
    assert suppress(two, RULE).score.tolist() == [0.9, 0.8]
    assert suppress(two, SuppressionRule(exclusive=True)).score[1] < 0.3


def test_edges_are_voted_and_their_spread_is_their_doubt():
    found = suppress(candidates((0, 0, 10, 0.8), (0, 1, 11, 0.8), (0, 50, 60, 0.6)), RULE)
    assert 0 < found.span[0, 0] < 1
    assert found.doubt[0, 0] > 0.3
    alone = found.span[:, 0] == 50
    assert found.doubt[alone].tolist() == [[0, 0]]


def test_labelled_tokens_become_runs():
    probability = np.array([[0.1, 0.9, 0.7, 0.1, 0.6]], np.float32).T
    found = runs_of(probability, 0.5)
    assert found.span.tolist() == [[0.5, 2.5], [3.5, 4.5]]
    assert found.score == pytest.approx([0.8, 0.6])


def test_nothing_gives_nothing():
    nothing = np.zeros((8, 3), np.float32)
    place = np.arange(8, dtype=np.float32)
    for distances in (None, np.ones((8, 2), np.float32)):
        found = spots_of(nothing, distances, place, length=8, rule=RULE)
        assert found.span.shape == found.doubt.shape == (0, 2)
        assert len(found.above(0.5).label) == 0
    assert len(suppress(candidates(), RULE).label) == 0


def test_each_class_has_a_threshold_of_its_own():
    found = suppress(candidates((0, 0, 10, 0.6), (1, 20, 30, 0.6)), RULE)
    assert found.above(np.array([0.5, 0.7])).label.tolist() == [0]
