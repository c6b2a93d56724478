"""`kinesics submit` from a spotting run."""

import numpy as np
import pytest

from kinesics.cli import main
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.evaluation import check_submission
from kinesics.evaluation.spots import SpottedRecordings
from kinesics.weights.run_folder import RunFolder


def write(path, names, found, classes=tuple(CLASSES)):
    truth = np.array([(0, 0, 1.0, 2.0)])
    table = np.array(found, float).reshape(-1, 5)
    SpottedRecordings(names, classes, np.full(len(names), 20.0), 25.0, table, truth).save(path)


def test_track_2_from_the_events_of_a_run(tmp_path, capsys):
    run = RunFolder(tmp_path)
    write(run.events("val"), ("0001",), [(0, 0, 1.0, 2.0, 0.9), (0, 1, 5.0, 6.0, 0.3)])
    write(run.events("test"), ("0211", "0212"), [(0, 0, 1.0, 2.0, 0.9), (0, 2, 3.0, 4.0, 0.2), (1, 31, 4.0, 4.4, 0.95)])
    assert main(["submit", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    assert not check_submission(tmp_path / "out", ids=["0211", "0212"])
    assert (tmp_path / "out" / "0211_prediction.csv").read_text().split() == ["1,25,49"]
    assert (tmp_path / "out" / "0212_prediction.csv").read_text().split() == ["99,100,109"]


@pytest.mark.parametrize("classes", [("ONE", "TWO")])
def test_classes_of_another_set_are_refused(tmp_path, capsys, classes):
    run = RunFolder(tmp_path)
    write(run.events("val"), ("0001",), [], classes)
    write(run.events("test"), ("0211",), [], classes)
    assert main(["submit", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "expected the classes of iMiGUE" in capsys.readouterr().err


def test_without_validation_there_is_no_threshold(tmp_path, capsys):
    write(RunFolder(tmp_path).events("test"), ("0211",), [(0, 0, 1.0, 2.0, 0.9)])
    assert main(["submit", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "validation" in capsys.readouterr().err
