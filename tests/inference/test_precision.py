"""Thresholds by the precision that is wanted."""

from itertools import pairwise

import numpy as np
import pytest

from kinesics.cli import main
from kinesics.errors import KinesicsError
from kinesics.inference.precision import NEVER, chosen_thresholds, expected_precision, precise_thresholds
from kinesics.inference.scorer import open_scorer
from kinesics.inference.scores import gesture_names

TABLE = {
    "thresholds": [0.3, 0.5, 0.7],
    "counts": {"often": [[500, 1000], [450, 600], [300, 310]], "wrong": [[0, 500], [0, 300], [0, 200]]},
}


def test_the_least_threshold_that_is_precise_enough_is_chosen():
    assert chosen_thresholds(TABLE, ["often"], 0.7) == {"often": 0.5}
    assert chosen_thresholds(TABLE, ["often", "wrong"], 0.9) == {"often": 0.7, "wrong": NEVER}


def test_a_class_without_events_is_as_precise_as_all():
    counts = np.array([[[90, 100]], [[0, 0]]], float)
    assert expected_precision(counts)[1, 0] == pytest.approx(0.9)


def test_more_precision_never_lowers_a_threshold():
    scorer = open_scorer()
    chosen = [precise_thresholds(scorer.specification, scorer.sha256, wanted) for wanted in (0.3, 0.5, 0.7, 0.9)]
    for lower, higher in pairwise(chosen):
        assert all(lower[label] <= higher[label] for label in gesture_names(scorer.specification.classes))
    assert chosen[0] != chosen[-1]


def test_other_weights_and_shares_that_are_none_are_refused():
    scorer = open_scorer()
    with pytest.raises(KinesicsError, match="weights that ship"):
        precise_thresholds(scorer.specification, "0" * 64, 0.8)
    for wrong in (0.0, 1.0, 80.0):
        with pytest.raises(KinesicsError, match="between 0 and 1"):
            precise_thresholds(scorer.specification, scorer.sha256, wrong)


def test_the_command_line_takes_one_or_the_other(tmp_path, capsys):
    (tmp_path / "a.mp4").write_bytes(b"")
    assert main(["analyze", str(tmp_path / "a.mp4"), "--precision", "0.8", "--threshold", "0.5"]) == 2
    assert "--precision" in capsys.readouterr().err
