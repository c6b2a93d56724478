"""Agreement, by published worked examples, by other libraries, and by what must hold of any coding."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from kinesics.metrics.agreement import (
    Link,
    align_events,
    alpha_of,
    coded_units,
    cohen_kappa,
    coincidences,
    edge_differences,
    event_kappa,
    event_table,
    fitted_table,
    krippendorff_alpha,
    link_events,
    one_class,
    overlap_f1,
    time_unit_table,
    unit_states,
)

# ── published worked examples ────────────────────────────────────────────────────────────────────────────────

PUBLISHED_KAPPAS = {
    # Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20, 1960,
    # table 2 (two psychologists, 200 patients: personality disorder, neurosis, psychosis)
    "Cohen 1960": ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.492, 3),
    # Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd edition 2003, table 18.1
    # (two raters, 100 subjects: psychotic, neurotic, organic)
    "Fleiss, Levin and Paik 2003": ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], 0.68, 2),
    # SAS/STAT 9.2 User's Guide, the FREQ procedure; kept in the tests of statsmodels as `table10`
    "SAS, PROC FREQ": ([[0, 4, 1], [0, 8, 0], [0, 1, 5]], 0.4842, 4),
}
_ = np.nan
# Krippendorff, Computing Krippendorff's Alpha-Reliability, University of Pennsylvania, 2011, examples A to C
ALPHA_A = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
ALPHA_B = ["aabbdcccedda", "babbbccceddd"]
ALPHA_C = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]


@pytest.mark.parametrize("source", PUBLISHED_KAPPAS)
def test_kappa_is_as_published(source):
    table, published, digits = PUBLISHED_KAPPAS[source]
    assert round(cohen_kappa(np.array(table, float)), digits) == published


def test_alpha_is_as_published():
    letters = np.array([["abcde".index(letter) for letter in row] for row in ALPHA_B], float)
    for ratings, published in ((ALPHA_A, 0.095), (letters, 0.692), (ALPHA_C, 0.743)):
        ratings = np.array(ratings, float)
        assert round(krippendorff_alpha(ratings), 3) == published
        assert round(alpha_of(coincidences(ratings, 6)), 3) == published


# ── the same input given to others ───────────────────────────────────────────────────────────────────────────

TOUCH, FOLD, RUB = range(3)
FIRST = [(TOUCH, 1.0, 4.2), (FOLD, 6.0, 9.9), (TOUCH, 12.3, 15.0), (RUB, 17.1, 19.4)]
SECOND = [(TOUCH, 1.6, 4.8), (FOLD, 6.4, 9.0), (RUB, 12.6, 14.4), (RUB, 17.0, 19.8), (TOUCH, 21.0, 22.0)]
# BORIS 8.27.4 (boris-behav-obs), boris.irr.cohen_kappa on a database of aggregated events with the two codings above
# as state events of one subject, by the time unit in seconds
BORIS = {"1.0": 0.491, "0.5": 0.473, "0.25": 0.501, "0.1": 0.541}


@pytest.mark.parametrize("unit", BORIS)
def test_time_unit_kappa_is_that_of_boris_and_of_scikit_learn(unit):
    begin, end, step = 1.0, 22.0, float(unit)  # BORIS goes from the first start to the last stop
    times = np.round(begin + step * np.arange(int(round((end - begin) / step, 6)) + 1), 6)
    (first, second), count = unit_states([coded_units(events, times, 3) for events in (FIRST, SECOND)])
    kappa = cohen_kappa(time_unit_table(first, second, count))
    assert round(kappa, 3) == BORIS[unit]
    assert kappa == pytest.approx(cohen_kappa_score(first, second))


codes = st.lists(st.integers(0, 3), min_size=2, max_size=60)


@given(st.data())
def test_kappa_and_alpha_are_those_of_the_libraries(data):
    first = np.array(data.draw(codes))
    second = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(first), max_size=len(first))))
    table = time_unit_table(first, second, 4)
    if len({*first.tolist(), *second.tolist()}) > 1:
        assert cohen_kappa(table) == pytest.approx(cohen_kappa_score(first, second), nan_ok=True)
        ratings = np.array([first, second], float)
        theirs = krippendorff.alpha(reliability_data=ratings, level_of_measurement="nominal")
        assert krippendorff_alpha(ratings) == pytest.approx(theirs)
        assert alpha_of(coincidences(ratings, 4)) == pytest.approx(theirs)
    else:
        assert np.isnan(cohen_kappa(table))
        assert np.isnan(krippendorff_alpha(np.array([first, second], float)))


def test_coincidences_of_parts_add_up():
    ratings = np.array(ALPHA_C)
    parts = coincidences(ratings[:, :5], 6) + coincidences(ratings[:, 5:], 6)
    np.testing.assert_allclose(parts, coincidences(ratings, 6))


# ── units of time ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_tolerance_forgives_edges_and_nothing_else():
    first = np.array([0, 0, 1, 1, 1, 0, 0, 0, 2, 0])
    second = np.array([0, 0, 0, 1, 1, 1, 0, 0, 0, 0])  # a unit later; the last event is missing
    strict = time_unit_table(first, second, 3)
    loose = time_unit_table(first, second, 3, tolerance=1)
    assert strict.sum() == loose.sum() == len(first)
    assert np.trace(strict) == 7
    # the event that is a unit late agrees; the missing one does so seen from the second coder alone
    assert loose[1, 1] == 3
    assert loose[2, 0] == 0.5
    assert cohen_kappa(loose) > cohen_kappa(strict)
    np.testing.assert_array_equal(time_unit_table(second, first, 3, tolerance=1), loose.T)


def test_events_at_one_time_are_a_state_of_their_own():
    times = np.arange(0, 4.0)
    both = coded_units([(0, 0, 2), (1, 1, 3)], times, 2)
    (states,), count = unit_states([both])
    assert count == 3, "the first alone, both, the second alone"
    assert states[1] == states[2] not in (states[0], states[3])


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_events_that_share_most_are_linked_first():
    first = [(0, 0.0, 10.0), (1, 20.0, 22.0)]
    second = [(0, 0.0, 6.5), (1, 1.0, 9.5), (1, 20.0, 24.0)]
    links = link_events(first, second)
    assert links[0] == Link(0, 1, pytest.approx(0.85)), "whatever they are called"
    assert set(links[1:]) == {Link(1, None), Link(None, 0), Link(None, 2)}, "half of the longer one is not enough"
    assert Link(1, 2, 0.5) in link_events(first, second, 0.5)


def test_a_pair_that_agrees_goes_before_one_that_shares_as_much():
    assert link_events([(3, 0.0, 2.0)], [(1, 0.0, 2.0), (3, 0.0, 2.0)])[0] == Link(0, 1, 1.0)


def test_the_table_is_that_of_easydiag():
    """What `reduce_mapping_to_single_square` of EasyDIAg 1.01 counts: pairs twice, single events beside them."""
    table = event_table(link_events(FIRST, SECOND, 0.6), FIRST, SECOND, 3)
    expected = np.zeros((4, 4))
    expected[TOUCH, TOUCH] = expected[FOLD, FOLD] = expected[RUB, RUB] = 2
    expected[TOUCH, RUB] = 2
    expected[3, TOUCH] = 1
    np.testing.assert_array_equal(table, expected)


def test_expected_counts_keep_all_totals_but_never_the_last_cell():
    table = np.array([[10.0, 2, 3], [1, 12, 2], [4, 3, 0]])
    fitted = fitted_table(table)
    np.testing.assert_allclose(fitted.sum(0), table.sum(0))
    np.testing.assert_allclose(fitted.sum(1), table.sum(1))
    assert fitted[2, 2] == 0
    # independent but for that cell: all other odds ratios are one
    assert fitted[0, 0] * fitted[1, 1] == pytest.approx(fitted[0, 1] * fitted[1, 0])
    assert fitted[0, 0] * fitted[1, 2] == pytest.approx(fitted[0, 2] * fitted[1, 0])
    twenty = _easydiag(table)
    assert event_kappa(table).kappa == pytest.approx(twenty, abs=5e-4)


def _easydiag(table):
    """Kappa by the formulas in EasyDIAg's `ckappa` and `ipf`: twenty steps of fitting."""
    fitted = np.ones_like(table)
    fitted[-1, -1] = 0
    for _step in range(20):
        fitted = np.diag(table.sum(1) / fitted.sum(1)) @ fitted
        fitted = fitted @ np.diag(table.sum(0) / fitted.sum(0))
    agreed, expected = np.trace(table) / table.sum(), np.trace(fitted) / table.sum()
    return (agreed - expected) / (1 - expected)


def test_perfect_coders_agree_perfectly_and_single_ones_do_not():
    perfect = event_kappa(event_table(link_events(FIRST, FIRST), FIRST, FIRST, 3))
    assert perfect == pytest.approx((1, 1, 1))
    alone = event_kappa(event_table(link_events(FIRST, []), FIRST, [], 3))
    assert alone.raw == 0
    assert np.isnan(event_kappa(event_table([], [], [], 3)).kappa)


def test_one_class_against_all_others():
    table = np.array([[4.0, 2, 1], [0, 6, 3], [2, 1, 0]])
    np.testing.assert_array_equal(one_class(table, 0), [[4, 3], [2, 10]])
    assert one_class(table, 1).sum() == table.sum()


def test_alignment_keeps_the_order_and_pairs_only_what_overlaps():
    first = [(0, 0.0, 1.0), (1, 2.0, 3.0), (2, 5.0, 6.0)]
    second = [(0, 0.2, 1.2), (2, 2.5, 3.5), (2, 8.0, 9.0)]
    pairs = [Link(0, 0, pytest.approx(0.8)), Link(1, 1, pytest.approx(0.5))]
    assert align_events(first, second) == [*pairs, Link(None, 2), Link(2, None)]


def test_alignment_would_rather_agree():
    """One long event of the first over two of the second: the one of its class is its partner."""
    links = align_events([(1, 0.0, 4.0)], [(0, 0.0, 2.0), (1, 2.0, 4.0)])
    assert links == [Link(None, 0), Link(0, 1, 0.5)]


def test_edges_and_f1():
    links = link_events(FIRST, SECOND, 0.5)
    onset, offset = edge_differences(links, FIRST, SECOND)
    np.testing.assert_allclose(sorted(onset), [-0.1, 0.4, 0.6])
    np.testing.assert_allclose(sorted(offset), [-0.9, 0.4, 0.6])
    assert overlap_f1(FIRST, SECOND, 0.5) == (3, 9)
    assert overlap_f1(SECOND, FIRST, 0.7) == overlap_f1(FIRST, SECOND, 0.7) == (1, 9)


events = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(1, 10)).map(
        lambda e: (e[0], e[1] / 2, (e[1] + e[2]) / 2)
    ),
    max_size=8,
).map(lambda found: sorted(found, key=lambda event: event[1:]))


@given(events, events, st.sampled_from((0.1, 0.6, 0.9)))
def test_every_event_stands_in_one_link(first, second, overlap):
    for links in (link_events(first, second, overlap), align_events(first, second)):
        assert sorted(one.first for one in links if one.first is not None) == list(range(len(first)))
        assert sorted(one.second for one in links if one.second is not None) == list(range(len(second)))
        table = event_table(links, first, second, 3)
        assert table.sum() == len(first) + len(second)
        assert table[3, 3] == 0
        kappa = event_kappa(table)
        assert np.isnan(kappa.kappa) or kappa.kappa <= kappa.maximum + 1e-9
        back = event_kappa(event_table([Link(b, a, o) for a, b, o in links], second, first, 3))
        assert back.kappa == pytest.approx(kappa.kappa, abs=1e-6, nan_ok=True)
