import numpy as np
import pytest

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference.scores import Scores
from kinesics.simulator.rendering.render import NoGraphicsError
from kinesics.training.shipped import event_thresholds as thresholds
from kinesics.training.shipped.event_thresholds import (
    ScoredRecording,
    event_figures,
    fit_event_thresholds,
    score_recordings,
    shift_thresholds,
)
from kinesics.weights.load import load_weights


def recording(peaks, truth):
    """A recording of 40 s in which class 3 reaches `peaks` for two seconds each, ten seconds apart."""
    times = np.arange(0, 40, 0.32, dtype=np.float32)
    probability = np.zeros((len(times), 33), np.float32)
    for n, peak in enumerate(peaks):
        probability[(times > 10 * n + 2) & (times < 10 * n + 4), 3] = peak
    return ScoredRecording(
        Scores(times, probability, (*CLASSES, "none")), [(3, 10 * n + 2.0, 10 * n + 4.0) for n in truth]
    )


def test_the_threshold_lies_between_what_is_true_and_what_is_not():
    recordings = [recording((0.8, 0.5, 0.85), truth=(0, 2)), recording((0.45,), truth=())]
    fitted = fit_event_thresholds(recordings)
    assert 0.5 < fitted[CLASSES[3]] <= 0.8
    assert set(fitted) == set(CLASSES)
    figures = event_figures(recordings, fitted)
    assert figures["event_f1"] == 1.0
    assert figures["false_alarms_a_minute"] == 0.0
    loose = event_figures(recordings, dict.fromkeys(CLASSES, 0.4))
    assert loose["event_precision"] == pytest.approx(2 / 4)
    assert loose["event_recall"] == 1.0
    assert loose["false_alarms_a_minute"] == pytest.approx(1 / (40 / 60))


def test_a_class_of_few_events_leans_on_the_others():
    rare = recording((0.35,), truth=(0,))
    rare.truth[0] = (5, *rare.truth[0][1:])
    rare.scores.probability[:, [3, 5]] = rare.scores.probability[:, [5, 3]]
    common = [recording((0.8, 0.5, 0.85, 0.5), truth=(0, 2)) for _ in range(10)]
    fitted = fit_event_thresholds([rare, *common])
    assert 0.5 < fitted[CLASSES[5]] <= 0.8, "what all others need, for one event at 0.35 says little"
    assert 0.5 < fitted[CLASSES[3]] <= 0.8


def test_tracked_recordings_shift_all_thresholds_alike():
    low = dict.fromkeys(CLASSES, 0.5)
    noisy = [recording((0.9, 0.72), truth=(0, 1)), recording((0.62, 0.6, 0.61), truth=())]
    raised = shift_thresholds(noisy, low)
    assert raised == dict.fromkeys(CLASSES, 0.7), "the true one at 0.72 is kept, those at 0.62 are not"
    faint = [recording((0.9, 0.42), truth=(0, 1)), recording((0.1,), truth=())]
    assert shift_thresholds(faint, low) == dict.fromkeys(CLASSES, 0.4), "no lower than the one at 0.42 needs"
    hopeless = [recording((0.99, 0.99, 0.99), truth=())]
    assert shift_thresholds(hopeless, low) == dict.fromkeys(CLASSES, 0.9)


def test_recordings_are_of_gestures_and_of_background(monkeypatch):
    monkeypatch.setattr(thresholds, "SECONDS", 8.0)
    network, specification, _ = load_weights()
    told = []
    recordings = score_recordings(network, specification, 3, 5, told.append)
    assert told[-1] == 1.0
    assert [bool(one.truth) for one in recordings] == [False, True, True]
    assert all(0 <= start < end <= 8 for one in recordings for _, start, end in one.truth)
    assert all(len(one.scores.times) == round(8 / 0.32) for one in recordings)
    again = score_recordings(network, specification, 2, 5)
    np.testing.assert_array_equal(again[1].scores.probability, recordings[1].scores.probability)


def test_rendered_recordings_are_tracked(monkeypatch):
    monkeypatch.setattr(thresholds, "SECONDS", 4.0)
    network, specification, _ = load_weights()
    try:
        (background,) = score_recordings(network, specification, 1, 5, tracked=True)
    except NoGraphicsError as error:
        pytest.skip(f"no OpenGL context here ({error}); on Debian: apt install libegl1 libgl1-mesa-dri")
    assert not background.truth
    assert len(background.scores.times) in (12, 13)
    assert (background.scores.probability[:, specification.classes.index("none")] < 1).any(), "somebody is seen"
