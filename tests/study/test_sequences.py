"""Transitions and co-occurrence against counts by hand, and the level of their tests on a small scale.

The levels of 1,000 studies stand in benchmarks/results/study_levels.md.
"""

import numpy as np
import pandas as pd
import pytest

from kinesics.study.sequences import co_occurrence_test, pair_table, pair_test, presence, transition_test


def test_transitions_are_counted_within_sequences():
    codes, sequences = np.array([0, 1, 0, 1, 1, 2, 0]), np.array([0, 0, 0, 1, 1, 2, 2])
    test = transition_test(codes, sequences, 2, draws=4000)
    assert test.observed.tolist() == [[0, 1], [1, 1]]  # label 2 takes its turn and is not reported
    # in random order a pair (a, b) of a sequence of n is met n_a n_b / n times, and (a, a) n_a (n_a − 1) / n times
    expected = [[2 * 1 / 3, 2 * 1 / 3], [2 * 1 / 3, 2 * 1 / 2]]
    assert test.expected == pytest.approx(np.array(expected), abs=0.03)


def test_what_cannot_be_otherwise_has_no_p():
    test = transition_test(np.zeros(9, np.int64), np.zeros(9, np.int64), 1, draws=99)
    assert test.observed.tolist() == [[8]]
    assert np.isnan(test.p).all()
    assert np.isnan(test.overall)


def test_co_occurrence_is_the_time_in_common():
    rng = np.random.default_rng(0)
    sequences = [rng.random((3, steps)) < 0.2 for steps in (60, 45)]
    test = co_occurrence_test(sequences, draws=4000)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert test.observed[a, b] == test.observed[b, a] == sum((one[a] & one[b]).sum() for one in sequences)
        mean = sum(one[a].sum() * one[b].sum() / one.shape[1] for one in sequences)  # over all shifts
        assert test.expected[a, b] == pytest.approx(mean, rel=0.03)
    assert np.isnan(np.diag(test.p)).all()


def test_shifts_keep_each_label_as_it_is():
    """Two labels that always go together: only the shifts at which they meet again are as good."""
    there = np.zeros((2, 100), bool)
    there[:, ::10] = True
    test = co_occurrence_test([there], draws=2000)
    assert test.observed[0, 1] == 10
    assert test.p[0, 1] == pytest.approx(0.1, abs=0.02)  # every tenth shift brings them together


def test_the_family_is_corrected():
    rng = np.random.default_rng(1)
    drawn = rng.normal(size=(999, 4, 4))
    observed = np.zeros((4, 4))
    observed[1, 2] = 2.5
    test = pair_test(observed, drawn, np.ones((4, 4), bool))
    assert test.p[1, 2] == pytest.approx(0.0124, abs=0.008)  # two-sided, of one normal number
    assert test.p_adjusted[1, 2] == pytest.approx(1 - (1 - 0.0124) ** 16, abs=0.04)  # of the largest of 16


def null_study(seed, planted=0.0):
    rng = np.random.default_rng(seed)
    codes, sequences = [], []
    for number in range(15):
        labels = rng.choice(4, 20, p=rng.dirichlet((4, 3, 2, 1)))
        for i in range(1, 20):
            if labels[i - 1] == 0 and rng.random() < planted:
                labels[i] = 2
        codes.append(labels)
        sequences.append(np.full(20, number))
    return np.concatenate(codes), np.concatenate(sequences)


def test_transitions_keep_their_level_and_find_what_is_planted():
    null = [transition_test(*null_study(seed), 4, draws=99, seed=seed) for seed in range(200)]
    assert 3 <= sum(test.overall <= 0.05 for test in null) <= 20  # 10 are expected; outside is once in a few hundred
    assert 3 <= sum(np.nanmin(test.p_adjusted) <= 0.05 for test in null) <= 20
    planted = [transition_test(*null_study(seed, 0.35), 4, draws=99, seed=seed) for seed in range(20)]
    assert sum(test.p_adjusted[0, 2] <= 0.05 for test in planted) >= 18


def shown(seed, planted=0.0):
    rng = np.random.default_rng(seed)
    sequences = []
    for _ in range(15):
        starts = [np.flatnonzero(rng.random(180) < rate) for rate in (0.08, 0.05, 0.02)]
        led = starts[0][rng.random(len(starts[0])) < planted]
        there = np.zeros((3, 180), bool)
        for row, begin in zip(there, [starts[0], np.concatenate([starts[1], led]), starts[2]], strict=True):
            for start in begin:
                row[start : start + 3] = True
        sequences.append(there)
    return sequences


def test_co_occurrence_keeps_its_level_and_finds_what_is_planted():
    null = [co_occurrence_test(shown(seed), draws=99, seed=seed) for seed in range(200)]
    assert 3 <= sum(test.overall <= 0.05 for test in null) <= 20
    assert 3 <= sum(np.nanmin(test.p_adjusted) <= 0.05 for test in null) <= 20
    planted = [co_occurrence_test(shown(seed, 0.3), draws=99, seed=seed) for seed in range(20)]
    assert sum(test.p_adjusted[0, 1] <= 0.05 for test in planted) >= 18


def test_presence_reaches_a_second_out():
    events = pd.DataFrame({"label": ["a", "b", "z"], "start": [3.2, 0.0, 5.0], "end": [4.1, 0.5, 6.0]})
    there = presence(events, ["a", "b"], 8.0)
    assert there.shape == (2, 8)
    assert np.flatnonzero(there[0]).tolist() == [2, 3, 4, 5]
    assert np.flatnonzero(there[1]).tolist() == [0, 1]


def test_a_table_has_a_row_a_pair():
    test = transition_test(*null_study(0), 4, draws=99)
    whole = pair_table(test, "class", list("abcd"), ("first", "next"))
    assert len(whole) == 16
    assert whole.loc[1, ["first", "next"]].tolist() == ["a", "b"]
    assert whole.loc[1, "observed"] == test.observed[0, 1]
    half = pair_table(test, "class", list("abcd"), ("one", "other"), half=True)
    assert len(half) == 6
    assert (half["one"] != half["other"]).all()


def test_an_empty_study_has_no_pairs():
    none = np.zeros(0, np.int64)
    assert transition_test(none, none, 0).observed.shape == (0, 0)
    assert np.isnan(co_occurrence_test([]).overall)
