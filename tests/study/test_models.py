"""The ready-made models against the same analysis written out with statsmodels' formulas."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.multitest import multipletests
from support.studies import write_study

from kinesics.study.comparison import measure_table
from kinesics.study.measures import ALL, event_table, face_table, rate_table
from kinesics.study.models import MODELS, model_table
from kinesics.study.recordings import read_study

GROUPS = ("calm", "tense")


@pytest.fixture(scope="module")
def measures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    people = write_study(folder, 24)
    study = read_study(folder, groups=people)
    return measure_table(rate_table(study, event_table(study)), face_table(study))


def only(table, measure, label=ALL):
    return table[(table["measure"] == measure) & (table["label"] == label)].copy()


@pytest.fixture(scope="module")
def models(measures):
    return model_table(measures, GROUPS)


def test_rates_are_compared_as_written_out(measures, models):
    rows = only(measures, "rate")
    written = smf.gee(
        "numerator ~ C(group, Treatment('calm'))", "cluster", rows, offset=np.log(rows["denominator"]),
        family=sm.families.Poisson(), cov_struct=sm.cov_struct.Independence(),
    ).fit(cov_type="bias_reduced")  # fmt: skip
    effect, error = written.params.iloc[1], written.bse.iloc[1]
    own = only(models, "rate").iloc[0]
    assert own["estimate"] == pytest.approx(np.exp(effect))
    pooled = rows.groupby("group")[["numerator", "denominator"]].sum()
    rate = pooled["numerator"] / pooled["denominator"]
    assert own["estimate"] == pytest.approx(rate["tense"] / rate["calm"])
    half = stats.t.ppf(0.975, 12 - 2) * error
    assert [own["low"], own["high"]] == pytest.approx([np.exp(effect - half), np.exp(effect + half)])
    assert own["p"] == pytest.approx(2 * stats.t.sf(abs(effect / error), 12 - 2))
    assert (own["rows"], own["clusters"], own["note"]) == (24, 12, "")


def test_shares_are_compared_as_written_out(measures, models):
    rows = only(measures, "share").assign(share=lambda table: table["numerator"] / table["denominator"])
    written = smf.mixedlm("share ~ C(group, Treatment('calm'))", rows, groups=rows["cluster"]).fit(reml=True)
    own = only(models, "share").iloc[0]
    assert own["estimate"] == pytest.approx(written.params.iloc[1], rel=1e-4)
    error = (own["high"] - own["estimate"]) / stats.t.ppf(0.975, 10)
    assert error == pytest.approx(written.bse.iloc[1], rel=1e-3)
    assert own["p"] == pytest.approx(2 * stats.t.sf(abs(written.tvalues.iloc[1]), 10), rel=1e-2)


def test_where_nobody_recurs_it_is_least_squares(measures):
    rows = only(measures, "share").assign(cluster=lambda table: table["recording"])
    own = model_table(rows, GROUPS).iloc[0]
    rows["share"] = rows["numerator"] / rows["denominator"]
    written = smf.ols("share ~ C(group, Treatment('calm'))", rows).fit(cov_type="HC3", use_t=True)
    assert own["estimate"] == pytest.approx(written.params.iloc[1])
    assert own["p"] == pytest.approx(written.pvalues.iloc[1])
    assert [own["low"], own["high"]] == pytest.approx(written.conf_int().iloc[1].tolist())


def test_a_family_is_corrected_together(models):
    family = models[(models["measure"] == "rate") & (models["level"] == "class") & models["p"].notna()]
    assert len(family) > 5
    assert family["p_adjusted"].tolist() == pytest.approx(multipletests(family["p"], method="fdr_bh")[1].tolist())


def test_three_groups_are_each_compared_with_the_first():
    rng = np.random.default_rng(0)
    rows = [
        (f"r{n}", f"s{n}", "abc"[n % 3], rng.poisson((4, 8, 16)[n % 3] * 2), 2.0) for n in range(60)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["recording", "cluster", "group", "numerator", "denominator"])
    found = model_table(table.assign(measure="rate", level="all", label="x"), ("a", "b", "c"))
    assert found["group"].tolist() == ["b", "c"]
    assert found["estimate"].tolist() == pytest.approx([2, 4], rel=0.2)
    assert (found["p"] < 1e-6).all()


def test_too_little_is_told_and_not_fitted():
    few = [("1", "1", "a", 3, 1.0), ("2", "2", "b", 9, 1.0), ("3", "3", "b", 9, 1.0)]
    rare = [(str(n), str(n), "ab"[n % 2], int(n == 0), 1.0) for n in range(20)]
    same = [(str(n), str(n), "ab"[n % 2], 0.5, 1.0) for n in range(20)]
    tables = [
        pd.DataFrame(rows, columns=["recording", "cluster", "group", "numerator", "denominator"]).assign(
            measure=measure, level="all", label=label
        )
        for rows, measure, label in ((few, "rate", "few"), (rare, "rate", "rare"), (same, "share", "same"))
    ]
    found = model_table(pd.concat(tables), ("a", "b")).set_index("label")
    assert found["p"].isna().all()
    assert found.loc["few", "note"] == "fewer than 3 people in a"
    assert "fewer than 10 events" in found.loc["rare", "note"]
    assert "nothing varies" in found.loc["same", "note"]


def test_people_who_differ_much_more_than_their_recordings_are_fitted():
    """With an exchangeable correlation this ran away to a ratio of 1e-29."""
    own = (3, 60, 5, 11, 40, 8, 90, 2, 25)
    rows = [(f"{n}{k}", str(n), "ab"[n % 2], rate * 3, 3.0) for n, rate in enumerate(own) for k in (0, 1)]
    table = pd.DataFrame(rows, columns=["recording", "cluster", "group", "numerator", "denominator"])
    found = model_table(table.assign(measure="rate", level="all", label="x"), ("a", "b")).iloc[0]
    assert found["note"] == ""
    assert found["estimate"] == pytest.approx(np.mean(own[1::2]) / np.mean(own[::2]))
    assert found["low"] < found["estimate"] < found["high"]


def test_every_model_says_what_it_assumes():
    assert set(MODELS) == {"rate", "share", "length", "mean"}
    assert all(len(model.assumes) > 100 for model in MODELS.values())
