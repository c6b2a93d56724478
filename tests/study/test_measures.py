"""Tables of a small study against numbers that were worked out by hand."""

import pandas as pd
import pytest
from support.recordings import event
from support.studies import faces, write_recording

from kinesics.study.measures import (
    ALL,
    bin_table,
    body_part,
    event_table,
    face_table,
    frequent_labels,
    rate_table,
)
from kinesics.study.recordings import read_study
from kinesics.timeline import Event

EARS, TORSO = "touching ears", "moving torso"


@pytest.fixture
def study(tmp_path):
    """One who touches an ear twice at a time and leans once, two who do nothing, and one whose brows a rule saw."""
    write_recording(
        tmp_path / "a",
        [event(EARS, 1, 3), event(EARS, 2, 5), event(TORSO, 10, 12), event("illustrative", 40, 50)],
        duration=60,
        seen={1: 0.5},
    )
    write_recording(tmp_path / "b", [], duration=90, seen={1: 1.0, 2: 0.0})
    write_recording(tmp_path / "c", [Event("brows raised", -1, 7, 8, 0.8, 1, "rule")], duration=30, seen={1: 1.0})
    return read_study(tmp_path)


def row(table, **wanted):
    for name, value in wanted.items():
        table = table[table[name] == value]
    assert len(table) == 1, wanted
    return table.iloc[0]


def test_rates_are_those_worked_out_by_hand(study):
    table = rate_table(study, event_table(study))
    ears = row(table, recording="a", level="class", label=EARS)
    expected = {
        "count": 2, "rate": 2.0, "share": 4 / 60, "mean_length": 2.5, "median_length": 2.5, "latency": 1.0,
        "duration": 60.0, "coverage": 0.5, "rate_seen": 4.0, "share_seen": 4 / 30, "seen": 30.0, "seconds": 4.0,
    }  # fmt: skip
    assert {name: ears[name] for name in expected} == pytest.approx(expected)
    part = row(table, recording="a", level="body part", label="head and hand")
    assert (part["count"], part["seconds"]) == (2, 4.0)
    every = row(table, recording="a", level="all", label=ALL)  # without what goes with speech
    assert (every["count"], every["seconds"], every["latency"]) == (3, 6.0, 1.0)
    assert every["median_length"] == 2.0  # of 2, 3 and 2 s
    assert row(table, recording="a", label="illustrative", level="body part")["share"] == pytest.approx(1 / 6)


def test_who_does_nothing_has_rows_of_nothing(study):
    table = rate_table(study, event_table(study))
    quiet = row(table, recording="b", person=1, level="class", label=EARS)
    assert (quiet["count"], quiet["rate"], quiet["share"]) == (0, 0, 0)
    assert pd.isna(quiet["latency"])
    assert pd.isna(quiet["mean_length"])
    away = row(table, recording="b", person=2, level="all", label=ALL)
    assert away["rate"] == 0
    assert pd.isna(away["rate_seen"])  # never seen: nothing can be said
    assert table.groupby(["recording", "person"]).size().nunique() == 1


def test_a_rule_of_the_face_is_no_micro_gesture(study):
    table = rate_table(study, event_table(study))
    assert row(table, recording="c", level="all", label=ALL)["count"] == 0
    assert row(table, recording="c", level="body part", label="face")["count"] == 1
    assert body_part("brows raised") == "face"
    assert body_part("crossing legs") == "other"
    assert body_part(EARS) == "head and hand"


def test_bins_count_what_begins_in_them(study):
    table = bin_table(study, event_table(study), 25)
    ears = table[(table["recording"] == "a") & (table["label"] == EARS)]
    assert ears["start"].tolist() == [0, 25, 50]
    assert ears["length"].tolist() == [25, 25, 10]
    assert ears["count"].tolist() == [2, 0, 0]
    assert ears["rate"].tolist() == pytest.approx([2 * 60 / 25, 0, 0])
    every = table[(table["recording"] == "b") & (table["level"] == "all") & (table["person"] == 2)]
    assert every["length"].tolist() == [25, 25, 25, 15]
    assert not ((table["recording"] == "b") & (table["level"] == "class")).any()


def test_events_hold_everything(study):
    table = event_table(study)
    assert len(table) == 5
    first = table.iloc[0]
    assert (first["recording"], first["label"], first["body_part"], first["length"]) == (
        "a",
        EARS,
        "head and hand",
        2.0,
    )
    assert frequent_labels(table, "class", 2) == [EARS]


def test_faces_come_in_sum(tmp_path):
    import numpy as np

    more = faces(np.random.default_rng(0))
    write_recording(tmp_path / "a", [], more=more)
    write_recording(tmp_path / "b", [])
    table = face_table(read_study(tmp_path))
    smile = row(table, label="smile")
    assert [smile["mean"], smile["p95"]] == more["actions"]["people"][0]["mean_and_p95"]["smile"]
    assert (smile["level"], smile["readable"]) == ("action", 0.8)
    neutral = row(table, label="neutral")
    assert neutral["mean"] == more["expressions"]["people"][0]["shares"]["neutral"]
    assert pd.isna(neutral["p95"])
    assert set(table["recording"]) == {"a"}
