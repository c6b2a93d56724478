import json

import numpy as np
import pandas as pd
import pytest
from support.recordings import event
from support.studies import random_events, write_recording, write_study

from kinesics.errors import KinesicsError
from kinesics.study.recordings import read_study
from kinesics.study.tables import check_tables, study_tables, table_names, write_tables


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    return read_study(folder, groups=write_study(folder, 8))


@pytest.fixture(scope="module")
def tables(study):
    told: list[float] = []
    found = study_tables(study, width=30, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    return found


def test_every_table_is_there_and_joins(tables, study):
    found = tables.by_name()
    assert set(found) == {
        "people", "events", "rates", "bins", "faces", "pooled", "transitions", "co_occurrence", "synchrony", "tests",
        "comparison", "models",
    }  # fmt: skip
    assert tables.rates.query("level == 'class'")["count"].sum() == len(tables.events)
    assert tables.bins.query("level == 'class'")["count"].sum() == len(tables.events)
    assert tables.tests["test"].tolist() == ["transitions", "co-occurrence"] * 2
    every = tables.pooled.query("group == 'everybody' and measure == 'rate' and level == 'all'").iloc[0]
    micro = tables.rates.query("level == 'all'")
    assert every["value"] == pytest.approx(micro["count"].sum() * 60 / micro["seen"].sum())
    assert set(tables.comparison["group"]) == {"tense"}


def test_files_say_the_same(tables, study, tmp_path):
    written = write_tables(tables, tmp_path, "<html>")
    assert [path.name for path in written] == list(table_names(study.groups))
    assert (tmp_path / "study.html").read_text() == "<html>"
    for name, table in tables.by_name().items():
        again = pd.read_parquet(tmp_path / f"{name}.parquet")
        assert len(again) == len(table)
        text = pd.read_csv(tmp_path / f"{name}.csv", dtype={"subject": str}, keep_default_na=True)
        assert list(text.columns) == list(again.columns) == list(table.columns)
        for column in table.select_dtypes("number"):
            assert np.allclose(text[column].to_numpy(float), again[column].to_numpy(float), rtol=1e-4, equal_nan=True)


def test_without_groups_nothing_is_compared(tmp_path):
    write_recording(tmp_path / "a", [event("touching ears", 1, 2)])
    tables = study_tables(read_study(tmp_path))
    assert tables.comparison is None
    assert "models" not in tables.by_name()
    assert tables.transitions.empty  # one event is too little to follow another
    assert tables.tests["p"].isna().all()


def test_a_study_of_nothing_has_tables(tmp_path):
    write_recording(tmp_path / "a", [], duration=0.0)
    tables = study_tables(read_study(tmp_path))
    assert tables.events.empty
    assert (tables.rates["count"] == 0).all()
    write_tables(tables, tmp_path, "")


def test_two_people_are_compared(tmp_path):
    rng = np.random.default_rng(0)
    for name in "ab":
        found = [e for person in (1, 2) for e in random_events(rng, person=person)]
        write_recording(tmp_path / name, found, seen={1: 1.0, 2: 1.0})
    tables = study_tables(read_study(tmp_path))
    assert tables.synchrony["recording"].tolist() == ["a", "b"]
    last = tables.tests.iloc[-1]
    assert (last["test"], last["of"], last["n"]) == ("synchrony", "gestures", 2)
    assert 0 < last["p"] <= 1


def test_what_others_changed_is_not_overwritten(tables, study, tmp_path):
    names = table_names(study.groups)
    check_tables(tmp_path, names)
    write_tables(tables, tmp_path, "")
    check_tables(tmp_path, names)
    (tmp_path / "rates.csv").write_text("mine")
    with pytest.raises(
        KinesicsError, match=r"rates\.csv: expected a file as Kinesics wrote it, found one that somebody"
    ):
        check_tables(tmp_path, names)
    ledger = json.loads((tmp_path / ".kinesics.json").read_text())["study"]
    assert set(ledger) == set(names)


def test_names_that_a_spreadsheet_would_calculate_are_texts(tmp_path):
    write_recording(tmp_path / "=SUM(1)", [event("touching ears", 1, 2)])
    write_tables(study_tables(read_study(tmp_path)), tmp_path, "")
    assert "\n'=SUM(1)," in (tmp_path / "events.csv").read_text("utf-8-sig")
