import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_auroc

from kinesics.metrics import emotion_report, roc_curve


def test_the_area_under_the_roc_curve_is_the_auc():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    score = np.round(rng.normal(labels, 1), 1)  # rounded: some are equal
    false, true = roc_curve(score, labels)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    auc = emotion_report(score.astype(np.float32), labels)["auc"]
    assert auc == pytest.approx(binary_auroc(torch.from_numpy(score), torch.from_numpy(labels)).item(), abs=1e-6)


def test_with_one_class_alone_there_is_no_curve():
    assert np.isnan(emotion_report(np.array([1, -1], np.float32), np.array([1, 1]))["auc"])


def test_emotion_by_hand():
    report = emotion_report(np.array([2, 1, -1, 0.5], np.float32), np.array([1, 1, 1, 0]))
    assert report == {
        "accuracy": 0.5,
        "balanced_accuracy": pytest.approx((2 / 3 + 0) / 2),
        "f1": pytest.approx(4 / 6),
        "weighted_f1": pytest.approx(0.75 * 4 / 6),  # the only negative is missed
        "auc": pytest.approx(2 / 3),
    }
