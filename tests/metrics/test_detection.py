import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesics.metrics import detection_score


def test_detection_one_to_one_and_as_the_organisers_count():
    truth = {"a": [(1, 0, 10), (1, 10, 20)], "b": [(2, 0, 10)]}
    predictions = {"a": [(1, 0, 20), (3, 0, 10)], "c": [(1, 0, 5)]}
    sane = detection_score(predictions, truth)
    assert (sane.matched, sane.predicted, sane.true) == (1, 3, 3)
    assert sane.f1 == pytest.approx(1 / 3)
    assert detection_score(predictions, truth, matching="organisers").matched == 2


def test_detection_needs_more_than_the_least_overlap_and_the_label():
    truth = {"a": [(1, 0.0, 10.0)]}
    assert detection_score({"a": [(1, 0.0, 3.0)]}, truth).matched == 0  # exactly 0.3
    assert detection_score({"a": [(1, 0.0, 3.1)]}, truth).matched == 1
    assert detection_score({"a": [(2, 0.0, 10.0)]}, truth).matched == 0
    assert detection_score({}, truth).f1 == 0


def test_matching_finds_the_most_pairs():
    # taken first come, first served, the long prediction would block the second one
    truth = {"a": [(1, 0, 10), (1, 8, 14)]}
    predictions = {"a": [(1, 4, 13), (1, 1, 9)]}
    assert detection_score(predictions, truth).matched == 2


instances = st.lists(
    st.tuples(st.integers(0, 2), st.floats(0, 50), st.floats(0.1, 20)).map(lambda x: (x[0], x[1], x[1] + x[2])),
    max_size=8,
)


@given(instances, instances)
def test_one_to_one_never_counts_more_than_there_are(predicted, true):
    sane = detection_score({"a": predicted}, {"a": true})
    assert sane.matched <= min(len(predicted), len(true))
    assert sane.matched <= detection_score({"a": predicted}, {"a": true}, matching="organisers").matched
    assert 0 <= sane.f1 <= 1
