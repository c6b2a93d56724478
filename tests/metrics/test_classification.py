import numpy as np
import pytest
import torch
from support.logits import CLASSES, drawn
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from kinesics.metrics import classify_report


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
