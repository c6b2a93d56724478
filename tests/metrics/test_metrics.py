"""Each figure against a second way to get it, on cases small enough to check by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_calibration_error,
    multiclass_f1_score,
)

from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions
from kinesics.metrics import (
    bootstrap,
    classify_report,
    detection_score,
    emotion_report,
    expected_calibration_error,
    fit_temperature,
    roc_curve,
)

CLASSES = tuple("abcde")


def drawn(count=400, seed=0, classes=5):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    logits = rng.standard_normal((count, classes)).astype(np.float32)
    logits[np.arange(count), labels] += 1.5
    return logits, labels


def test_classification_agrees_with_torchmetrics():
    logits, labels = drawn()
    report = classify_report(logits, labels, CLASSES)
    x, y = torch.from_numpy(logits), torch.from_numpy(labels)
    assert report.top1 == pytest.approx(multiclass_accuracy(x, y, 5, average="micro").item())
    assert report.mean_class == pytest.approx(multiclass_accuracy(x, y, 5, average="macro").item())
    assert report.macro_f1 == pytest.approx(multiclass_f1_score(x, y, 5, average="macro").item())
    assert report.top5 == 1
    assert np.sum(report.confusion) == 400


def test_a_class_without_clips_counts_neither_way():
    logits = np.eye(5, dtype=np.float32)[[0, 0, 1, 2]]
    report = classify_report(logits, np.array([0, 0, 1, 1]), CLASSES)
    assert report.mean_class == pytest.approx((1 + 0.5) / 2)
    assert set(report.by_class) == {"a", "b"}
    assert report.by_class["b"] == {"clips": 2, "recall": 0.5, "precision": 1.0, "f1": pytest.approx(2 / 3)}


def test_calibration_error_agrees_with_torchmetrics_and_temperature_mends_it():
    logits, labels = drawn(4000)
    logits *= 3  # far too sure
    softmax = torch.from_numpy(logits).softmax(1)
    ece = expected_calibration_error(softmax.numpy(), labels)
    assert ece == pytest.approx(
        multiclass_calibration_error(softmax, torch.from_numpy(labels), 5, n_bins=15).item(), abs=1e-3
    )
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(3, rel=0.35)
    mended = torch.from_numpy(logits / temperature).softmax(1).numpy()
    assert expected_calibration_error(mended, labels) < ece / 2


def test_detection_one_to_one_and_as_the_organisers_count():
    truth = {"a": [(1, 0, 10), (1, 10, 20)], "b": [(2, 0, 10)]}
    predictions = {"a": [(1, 0, 20), (3, 0, 10)], "c": [(1, 0, 5)]}
    sane = detection_score(predictions, truth)
    assert (sane.matched, sane.predicted, sane.true) == (1, 3, 3)
    assert sane.f1 == pytest.approx(1 / 3)
    assert detection_score(predictions, truth, matching="organisers").matched == 2


def test_detection_needs_more_than_the_least_overlap_and_the_label():
    truth = {"a": [(1, 0.0, 10.0)]}
    assert detection_score({"a": [(1, 0.0, 3.0)]}, truth).matched == 0  # exactly 0.3
    assert detection_score({"a": [(1, 0.0, 3.1)]}, truth).matched == 1
    assert detection_score({"a": [(2, 0.0, 10.0)]}, truth).matched == 0
    assert detection_score({}, truth).f1 == 0


def test_matching_finds_the_most_pairs():
    # taken first come, first served, the long prediction would block the second one
    truth = {"a": [(1, 0, 10), (1, 8, 14)]}
    predictions = {"a": [(1, 4, 13), (1, 1, 9)]}
    assert detection_score(predictions, truth).matched == 2


instances = st.lists(
    st.tuples(st.integers(0, 2), st.floats(0, 50), st.floats(0.1, 20)).map(lambda x: (x[0], x[1], x[1] + x[2])),
    max_size=8,
)


@given(instances, instances)
def test_one_to_one_never_counts_more_than_there_are(predicted, true):
    sane = detection_score({"a": predicted}, {"a": true})
    assert sane.matched <= min(len(predicted), len(true))
    assert sane.matched <= detection_score({"a": predicted}, {"a": true}, matching="organisers").matched
    assert 0 <= sane.f1 <= 1


def test_the_area_under_the_roc_curve_is_the_auc():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    score = np.round(rng.normal(labels, 1), 1)  # rounded: some are equal
    false, true = roc_curve(score, labels)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    area = float(((true[1:] + true[:-1]) / 2 * np.diff(false)).sum())
    assert area == pytest.approx(emotion_report(score.astype(np.float32), labels)["auc"], abs=1e-6)


def test_emotion_by_hand():
    report = emotion_report(np.array([2, 1, -1, 0.5], np.float32), np.array([1, 1, 1, 0]))
    assert report == {
        "accuracy": 0.5,
        "balanced_accuracy": pytest.approx((2 / 3 + 0) / 2),
        "f1": pytest.approx(4 / 6),
        "auc": pytest.approx(2 / 3),
    }


def test_intervals_resample_subjects_not_clips():
    rng = np.random.default_rng(0)
    right = np.repeat(rng.random(10) < 0.5, 100).astype(float)  # a subject's clips are all right or all wrong
    subjects = [str(i // 100) for i in range(1000)]
    by_subject = bootstrap(lambda rows: float(right[rows].mean()), subjects)
    by_clip = bootstrap(lambda rows: float(right[rows].mean()), [str(i) for i in range(1000)])
    assert by_subject.low <= by_subject.value <= by_subject.high
    assert by_subject.high - by_subject.low > 4 * (by_clip.high - by_clip.low)


def test_predictions_come_back_as_they_went(tmp_path):
    logits, labels = drawn(6)
    before = Predictions(tuple(f"0001_{i}" for i in range(6)), logits, labels, ("s1", "", *["s2"] * 4), CLASSES)
    before.save(tmp_path / "p.npz")
    after = Predictions.load(tmp_path / "p.npz")
    assert after.ids == before.ids
    assert after.classes == CLASSES
    assert np.array_equal(after.logits, logits)
    assert after.groups[:3] == ("s1", "0001", "s2")
    assert np.allclose(after.probability.sum(1), 1)


def test_predictions_that_are_something_else_are_told(tmp_path):
    (tmp_path / "p.npz").write_bytes(b"not a zip")
    np.savez(tmp_path / "q.npz", a=np.zeros(3))
    for name, found in (("p.npz", "expected predictions"), ("q.npz", "ids"), ("none.npz", "no such file")):
        with pytest.raises(KinesicsError, match=found):
            Predictions.load(tmp_path / name)
