"""Events of whole recordings, kept and judged."""

import numpy as np
import pytest

from kinesics.errors import KinesicsError
from kinesics.evaluation.spots import SpottedRecordings, choose_threshold, evaluate_spots, label_frames


def spotted(found, truth, count=3):
    names = tuple(f"r{i}" for i in range(count))
    tables = np.array(found, float).reshape(-1, 5), np.array(truth, float).reshape(-1, 4)
    return SpottedRecordings(names, ("a", "b"), np.full(count, 30.0), 25.0, *tables)


TRUTH = [(0, 0, 2.0, 4.0), (0, 1, 10.0, 13.0), (1, 1, 5.0, 6.0), (2, 0, 1.0, 3.0)]
PERFECT = [(*event, 0.9) for event in TRUTH]


def test_a_perfect_answer_is_perfect_by_every_figure():
    judged = evaluate_spots(spotted(PERFECT, TRUTH), draws=20)
    ones = {
        name: figure.value for name, figure in judged.figures.items() if not name.endswith(("_ms", "positive_rate"))
    }
    assert set(ones.values()) == {1.0}, ones
    assert judged.figures["false_positive_rate"].value == 0
    assert judged.figures["start_error_ms"].value == 0
    assert judged.by_class == {"a": (2, 2, 2), "b": (2, 2, 2)}


def test_figures_by_hand():
    found = [(0, 0, 2.5, 4.5, 0.8), (0, 1, 20.0, 23.0, 0.7), (1, 0, 5.0, 6.0, 0.6)]
    judged = evaluate_spots(spotted(found, TRUTH), threshold=0.5, draws=20)
    assert judged.figures["precision"].value == pytest.approx(1 / 3)
    assert judged.figures["recall"].value == pytest.approx(1 / 4)
    assert judged.figures["detection_rate"].value == pytest.approx(1 / 4)
    assert judged.figures["false_positive_rate"].value == pytest.approx(2 / 4), "one wrong, one alarm"
    assert judged.figures["start_error_ms"].value == pytest.approx(500)
    assert judged.chosen_on == "nothing"


def test_the_threshold_is_chosen_on_validation():
    noisy = [*PERFECT, *[(0, 0, 15.0 + i, 15.5 + i, 0.4) for i in range(5)]]
    assert 0.4 < choose_threshold(spotted(noisy, TRUTH)) <= 0.9
    judged = evaluate_spots(spotted(noisy, TRUTH), spotted(noisy, TRUTH), draws=5)
    assert judged.figures["f1"].value == 1
    assert judged.chosen_on == "validation"


def test_events_come_back_from_their_file(tmp_path):
    spotted(PERFECT, TRUTH).save(tmp_path / "events_test.npz")
    again = SpottedRecordings.load(tmp_path / "events_test.npz")
    assert again.events(0.5) == spotted(PERFECT, TRUTH).events(0.5)
    assert again.true_events() == spotted(PERFECT, TRUTH).true_events()
    with pytest.raises(KinesicsError, match="no such file"):
        SpottedRecordings.load(tmp_path / "none.npz")


def test_a_file_of_others_is_told(tmp_path):
    broken = spotted([(7, 0, 1.0, 2.0, 0.5)], TRUTH)
    broken.save(tmp_path / "a.npz")
    with pytest.raises(KinesicsError, match="events that Kinesics found"):
        SpottedRecordings.load(tmp_path / "a.npz")


def test_hidden_events_cannot_be_judged():
    with pytest.raises(KinesicsError, match="hidden"):
        evaluate_spots(spotted(PERFECT, []))


def test_recordings_without_any_answer_are_judged():
    judged = evaluate_spots(spotted([], TRUTH), draws=5)
    assert judged.figures["f1"].value == 0
    assert "start_error_ms" not in judged.figures


def test_frames_bear_the_label_of_the_later_event():
    frames = label_frames([(0, 0.0, 0.2), (1, 0.1, 0.3)], 0.4, 10)
    assert frames.tolist() == [1, 2, 2, 0]
