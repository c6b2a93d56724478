import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinesics.study.comparison import EVERYBODY, cliffs_delta, comparison_table, hedges_g, pooled_table


def measures(values, measure="rate"):
    """Rows (recording, cluster, group, numerator, denominator) of one label."""
    table = pd.DataFrame(values, columns=["recording", "cluster", "group", "numerator", "denominator"])
    return table.assign(person=1, measure=measure, level="all", label="x")


def people(seed=0, count=30, ratio=2.0):
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        group = "ab"[number % 2]
        minutes = rng.uniform(1, 4)
        events = rng.poisson(rng.gamma(6, 0.7) * minutes * (ratio if group == "b" else 1))
        rows.append((f"r{number}", f"s{number}", group, events, minutes))
    return measures(rows)


def test_a_small_comparison_by_hand():
    table = measures([
        ("1", "p", "a", 2, 1.0), ("2", "p", "a", 4, 2.0), ("3", "q", "a", 3, 1.0), ("4", "r", "b", 8, 2.0),
        ("5", "s", "b", 6, 1.0), ("6", "t", "b", 3, 1.0),
    ])  # fmt: skip
    row = comparison_table(table, ("a", "b")).iloc[0]
    assert row["reference_value"] == pytest.approx(9 / 4)
    assert row["value"] == pytest.approx(17 / 4)
    assert row["difference"] == pytest.approx(2.0)
    assert row["ratio"] == pytest.approx(17 / 9)
    # people's own values: a 2, 3; b 4, 6, 3
    spread = np.sqrt((np.var([2, 3], ddof=1) * 1 + np.var([4, 6, 3], ddof=1) * 2) / 3)
    assert row["hedges_g"] == pytest.approx((13 / 3 - 2.5) / spread * (1 - 3 / 11))
    assert row["cliffs_delta"] == pytest.approx((2 + 2 + 1) / 6)  # 4 and 6 are above both, 3 above one and as much
    assert (row["clusters"], row["reference_clusters"]) == (3, 2)
    pooled = pooled_table(table).set_index("group")
    assert pooled.loc[EVERYBODY, "value"] == pytest.approx(26 / 8)
    assert pooled.loc["a", ["recordings", "clusters"]].tolist() == [3, 2]


def test_effect_sizes_agree_with_scipy():
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 6, (12, 3)).astype(float), rng.integers(0, 5, (15, 3)).astype(float)
    once = np.ones((1, 12)), np.ones((1, 15))
    delta, g = (effect(first, second, *once)[0] for effect in (cliffs_delta, hedges_g))
    for item in range(3):
        u = stats.mannwhitneyu(first[:, item], second[:, item]).statistic
        assert delta[item] == pytest.approx(2 * u / (12 * 15) - 1)
        t = stats.ttest_ind(first[:, item], second[:, item]).statistic
        assert g[item] == pytest.approx(t * np.sqrt(1 / 12 + 1 / 15) * (1 - 3 / (4 * 25 - 1)))


def test_weights_are_repetitions():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(5, 1)), rng.normal(size=(4, 1))
    first[2] = np.nan
    weights = np.array([[2.0, 0, 1, 1, 1]]), np.array([[1.0, 1, 0, 2]])
    repeated = [np.repeat(v, w[0].astype(int), axis=0) for v, w in zip((first, second), weights, strict=True)]
    ones = [np.ones((1, len(v))) for v in repeated]
    for effect in (cliffs_delta, hedges_g):
        assert effect(first, second, *weights) == pytest.approx(effect(*repeated, *ones))


def test_intervals_agree_with_scipy_where_nobody_recurs():
    table = people()
    row = comparison_table(table, ("a", "b"), draws=4000).iloc[0]
    a, b = (table[table["group"] == group] for group in "ab")

    def ratio(n1, d1, n2, d2, axis=-1):
        return n1.sum(axis) / d1.sum(axis) / (n2.sum(axis) / d2.sum(axis))

    def paired(rows):
        return rows["numerator"].to_numpy(float), rows["denominator"].to_numpy(float)

    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(4000):
        i, j = rng.integers(0, len(b), len(b)), rng.integers(0, len(a), len(a))
        drawn.append(ratio(*(v[i] for v in paired(b)), *(v[j] for v in paired(a))))
    assert [row["ratio_low"], row["ratio_high"]] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), rel=0.04)
    one = stats.bootstrap((b["numerator"] / b["denominator"],), np.mean, method="percentile", n_resamples=4000)
    own = measures(b.assign(numerator=b["numerator"] / b["denominator"], denominator=1.0)[
        ["recording", "cluster", "group", "numerator", "denominator"]
    ].to_numpy().tolist())  # fmt: skip
    row = pooled_table(own, draws=4000).iloc[0]
    assert [row["low"], row["high"]] == pytest.approx(list(one.confidence_interval), rel=0.04)


def test_who_recurs_counts_once_for_intervals():
    once = people(count=20)
    again = pd.concat([once.assign(recording=once["recording"] + str(n)) for n in range(9)])
    wide, same = (comparison_table(table, ("a", "b")).iloc[0] for table in (once, again))
    assert same["ratio"] == pytest.approx(wide["ratio"])
    assert same["ratio_low"] == pytest.approx(wide["ratio_low"])
    assert same["hedges_g_high"] == pytest.approx(wide["hedges_g_high"])


def test_who_is_in_both_groups_is_drawn_for_both():
    """Everybody doubles: people differ widely, the ratio does not."""
    rng = np.random.default_rng(4)
    rows = []
    for number in range(10):
        events = int(rng.integers(1, 40))
        rows += [(f"a{number}", f"s{number}", "a", events, 1.0), (f"b{number}", f"s{number}", "b", 2 * events, 1.0)]
    row = comparison_table(measures(rows), ("a", "b")).iloc[0]
    assert [row["ratio_low"], row["ratio_high"]] == pytest.approx([2.0, 2.0])


def test_nothing_in_a_group_is_no_number():
    row = comparison_table(measures([("1", "p", "a", 0, 1.0), ("2", "q", "b", 3, 1.0)]), ("a", "b")).iloc[0]
    assert np.isnan(row["ratio"])
    assert np.isnan(row["hedges_g"])
    assert row["difference"] == 3
