"""Videos of one gesture and of an interview."""

import csv
import json

import numpy as np
import pytest

pytest.importorskip("anny", reason="needs the simulate extra (anny)")

from kinesics.errors import KinesicsError
from kinesics.simulator.examples import simulate_class, simulate_interview
from kinesics.timeline.formats import kinesics_json, table
from kinesics.video import probe, read_frames


def test_a_class_is_rendered(tmp_path):
    out = tmp_path / "clip.gif"
    shares = []
    simulate_class("head up", out, 1, size=(160, 120), progress=shares.append)
    facts = probe(out)
    assert (facts.width, facts.height) == (160, 120)
    assert facts.duration == pytest.approx(4, abs=0.1)
    frames = [frame.image.astype(int) for frame in read_frames(out)]
    assert np.abs(frames[0] - frames[len(frames) // 2]).max() > 30  # somebody moves
    assert shares[-1] == 1


def test_an_interview_comes_with_its_truth(tmp_path):
    out = tmp_path / "interview.mp4"
    simulate_interview(out, 7, 3, size=(160, 90))
    assert probe(out).duration == pytest.approx(7, abs=0.1)
    truth = kinesics_json.read(tmp_path / "interview.truth.json")
    assert len(truth) > 0
    assert all(0 <= event.start < event.end <= 7.01 for event in truth)
    assert [event.label for event in table.read(tmp_path / "interview.truth.csv")] == [event.label for event in truth]
    rows = list(csv.reader((tmp_path / "interview_label.csv").open()))
    assert len(rows) == len(truth)
    for row, event in zip(rows, truth, strict=True):
        assert int(row[0]) == (99 if event.label == "illustrative" else event.index + 1)
        assert int(row[1]) == round(event.start * 25)
        assert int(row[2]) == round(event.end * 25) - 1
    assert json.loads((tmp_path / "interview.truth.json").read_text())["recording"]["fps"] == 25


@pytest.mark.parametrize(
    ("name", "out", "says"),
    [
        ("touch sky", "clip.gif", "touch sky"),
        ("touching or scratching neck", "clip.avi", ".mp4 or .gif"),
        ("touching or scratching neck", "missing/clip.gif", "cannot be written"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path, name, out, says):
    with pytest.raises(KinesicsError, match=says) as error:
        simulate_class(name, tmp_path / out, 1, size=(64, 48))
    assert "\n" not in str(error.value)


def test_an_interview_has_a_length(tmp_path):
    with pytest.raises(KinesicsError, match="at least 1 second"):
        simulate_interview(tmp_path / "a.mp4", 0, 1)
