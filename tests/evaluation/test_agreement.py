"""Coders against one another and against Kinesics, from their files to the tables; and `kinesics agree`."""

import csv
import json
import math

import numpy as np
import pytest

from kinesics.cli import main
from kinesics.data.codings import CodedTier
from kinesics.errors import KinesicsError
from kinesics.evaluation.agreement import AgreementRule, compare_tiers
from kinesics.timeline import Event, Timeline

RULE = AgreementRule(draws=50)


def tier(name, recordings, duration=30.0):
    timelines = {
        key: Timeline(tuple(Event(label, -1, start, end, person=who) for label, start, end, *more in found
                            for who in [more[0] if more else 0]), duration)
        for key, found in recordings.items()
    }  # fmt: skip
    return CodedTier(name, timelines)


ANNA = tier("Anna", {"one": [("neck", 1, 4.2), ("fold", 6, 9.9), ("neck", 12.3, 15), ("rub", 17.1, 19.4)],
                     "two": [("neck", 3, 6), ("rub", 20, 22)]})  # fmt: skip
BEN = tier("Ben", {"one": [("neck", 1.6, 4.8), ("fold", 6.4, 9.4), ("rub", 12.6, 14.8), ("rub", 17, 19.8),
                           ("neck", 21, 22)], "two": [("neck", 3.2, 6.4)], "three": []})  # fmt: skip


def test_two_coders():
    found = compare_tiers([ANNA, BEN], RULE)
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.recordings) == ("Anna", "Ben", 2)
    assert found.recordings == ("one", "two")
    assert found.notes == ("'three' was coded by Ben alone",)
    assert (pair.overall.first, pair.overall.second, pair.overall.linked) == (6, 6, 4)
    # of 12 events 8 are in pairs that agree, 2 in the pair of two names; 1 and 1 alone
    assert pair.overall.raw == pytest.approx(8 / 12)
    assert pair.overall.time_kappa.value < pair.overall.tolerant_kappa.value < 1
    assert pair.overall.event_kappa.low <= pair.overall.event_kappa.value <= pair.overall.event_kappa.high
    assert pair.by_class["fold"].event_kappa.value == 1
    assert pair.by_class["fold"].f1[0.5].value == 1
    assert pair.by_class["fold"].onset == pytest.approx((0.4, 0.4))
    assert pair.by_class["fold"].offset == pytest.approx((-0.5, 0.5))
    assert set(pair.by_class) == {"neck", "fold", "rub"}
    assert 0 < found.alpha.value < 1
    assert found.alpha_by_class["fold"].value > found.alpha_by_class["rub"].value


def test_disagreements_come_longest_first():
    found = compare_tiers([ANNA, BEN], RULE).disagreements
    assert [(d.recording, d.first_label, d.second_label) for d in found] == [
        ("one", "neck", "rub"),
        ("two", "rub", ""),
        ("one", "", "neck"),
    ]
    assert [d.duration for d in found] == pytest.approx([2.7, 2.0, 1.0])


def test_a_coder_agrees_with_a_copy_of_their_work():
    found = compare_tiers([ANNA, CodedTier("copy", ANNA.recordings)], RULE)
    figures = found.pairs[0].overall
    for one in (figures.time_kappa, figures.tolerant_kappa, figures.event_kappa, found.alpha, *figures.f1.values()):
        assert one == pytest.approx((1, 1, 1))
    assert figures.onset == (0, 0)
    assert found.disagreements == ()


def test_random_coders_agree_by_chance_alone():
    rng = np.random.default_rng(3)

    def random(name):
        starts = {f"r{n}": np.sort(rng.uniform(0, 590, 60)) for n in range(8)}
        return tier(name, {key: [(str(rng.choice(["a", "b", "c"])), s, s + rng.uniform(1, 9)) for s in found]
                           for key, found in starts.items()}, 600.0)  # fmt: skip

    found = compare_tiers([random("x"), random("y")], RULE)
    figures = found.pairs[0].overall
    assert abs(figures.time_kappa.value) < 0.06
    assert figures.event_kappa.value < 0.15
    assert abs(found.alpha.value) < 0.06


def test_three_coders_and_a_missing_recording():
    third = tier("Kinesics", {"two": [("neck", 3, 6)]})
    found = compare_tiers([ANNA, BEN, third], RULE)
    assert [(p.first, p.second, p.recordings) for p in found.pairs] == [
        ("Anna", "Ben", 2),
        ("Anna", "Kinesics", 1),
        ("Ben", "Kinesics", 1),
    ]
    assert math.isnan(found.pairs[1].overall.time_kappa.low), "one recording has no interval"
    assert len(found.to_dataframe()) == len(found.pairs) + sum(len(pair.by_class) for pair in found.pairs)


def test_people_are_told_apart_where_both_number_them():
    both = {"one": [("neck", 1, 3, 1), ("neck", 1, 3, 2)]}
    swapped = {"one": [("neck", 1, 3, 1), ("neck", 5, 7, 2)]}
    found = compare_tiers([tier("a", both), tier("b", swapped)], RULE)
    assert found.pairs[0].overall.linked == 1
    unnumbered = {"one": [("neck", 1, 3), ("neck", 5, 7)]}
    found = compare_tiers([tier("a", swapped), tier("b", unnumbered)], RULE)
    assert found.pairs[0].overall.linked == 2, "who does not number people speaks of all"


def test_recordings_of_two_names_are_one_where_each_has_one():
    found = compare_tiers([tier("a", {"x": [("neck", 1, 2)]}), tier("b", {"y": [("neck", 1, 2)]})], RULE)
    assert found.pairs[0].overall.linked == 1
    assert found.notes == ("'y' is taken for 'x': each coder has one recording",)
    with pytest.raises(KinesicsError, match="expected a recording that two coders have coded"):
        compare_tiers([tier("a", {"x": [], "z": []}), tier("b", {"y": []})], RULE)
    with pytest.raises(KinesicsError, match="coders of different names, found a, a"):
        compare_tiers([tier("a", {"x": []}), tier("a", {"x": []})], RULE)


def test_rules_of_kinesics_that_nobody_codes_are_left_out():
    kinesics = tier("Kinesics", {"one": [("neck", 1, 4), ("jaw open", 5, 6)]})
    found = compare_tiers([tier("Anna", {"one": [("neck", 1, 4)]}), kinesics], RULE)
    assert found.disagreements == ()
    assert found.notes == ("'jaw open' is a rule of Kinesics that no coder codes, and is left out",)
    coded = tier("Anna", {"one": [("neck", 1, 4), ("jaw open", 5, 6)]})
    assert compare_tiers([coded, kinesics], RULE).pairs[0].overall.linked == 2


def test_nothing_coded_by_anybody():
    found = compare_tiers([tier("a", {"x": []}), tier("b", {"x": []})], RULE)
    assert math.isnan(found.pairs[0].overall.event_kappa.value)
    json.dumps(found.to_dict(), allow_nan=False)


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def files(tmp_path):
    rows = {"anna": ["t.mp4,N,1,4.2", "t.mp4,fold,6,9.9", "u.mp4,N,3,6"],
            "ben": ["t.mp4,touching or scratching neck,1.6,4.8", "t.mp4,talk,6,9", "u.mp4,n,3,5.5"]}  # fmt: skip
    for name, lines in rows.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(["video,label,start,end", *lines]) + "\n")
    (tmp_path / "map.csv").write_text("code,class\nn,touching or scratching neck\nfold,folding arms\ntalk,\n")
    return tmp_path


def test_the_command_shows_and_writes(files, capsys):
    out = files / "out"
    arguments = [str(files / "anna.csv"), f"Kinesics={files / 'ben.csv'}", "--map", str(files / "map.csv")]
    assert main(["agree", *arguments, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "anna and Kinesics, 2 recordings" in shown
    assert "Krippendorff's alpha of anna, Kinesics" in shown
    assert "t, 6.00 to 9.90 s: anna: folding arms; Kinesics: nothing" in shown
    written = json.loads((out / "agreement.json").read_text(encoding="utf-8"))
    assert written["pairs"][0]["overall"]["linked"] == 2
    rows = list(csv.DictReader((out / "agreement.csv").open(encoding="utf-8-sig")))
    assert [row["class"] for row in rows] == ["all", "folding arms", "touching or scratching neck"]
    assert len(list(csv.DictReader((out / "disagreements.csv").open(encoding="utf-8-sig")))) == 1
    assert main(["agree", *arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["coders"] == ["anna", "Kinesics"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["anna.csv"], "expected two or more coders"),
        (["anna.csv", "nobody.eaf"], "no such file or folder"),
        (["anna.csv", "ben.csv", "--unit", "0"], "--unit 0: expected seconds"),
        (["anna.csv", "ben.csv", "--tolerance", "-1"], "--tolerance -1: expected seconds"),
        (["anna.csv", "ben.csv", "--overlap", "2"], "--overlap 2: expected a number above 0 and up to 1"),
        (["anna.csv", "ben.csv", "--map", "anna.csv"], "expected a CSV with the columns code,class"),
    ],
)
def test_mistakes_are_one_line(files, capsys, monkeypatch, arguments, says):
    monkeypatch.chdir(files)
    assert main(["agree", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
