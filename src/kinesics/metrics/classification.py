"""Accuracy in its several senses; with a long tail, no single one tells the truth.

In NumPy, since an interval takes each figure a thousand times, and since torchmetrics counts a class that is
predicted but never true as a class with recall 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Classification:
    """Shares in 0..1. by_class: for each class that occurs, its clips, recall, precision and F1.

    classes and confusion: (C, C) counts, row = truth, column = prediction.
    """

    clips: int
    classes: list[str]
    top1: float
    top5: float
    mean_class: float
    macro_f1: float
    by_class: dict[str, dict[str, float]]
    confusion: list[list[int]]


def top_k(logits: Logits, labels: Labels, k: int) -> float:
    """The share of clips whose true class is among the k likeliest."""
    k = min(k, logits.shape[1])
    best = np.argpartition(-logits, k - 1, axis=1)[:, :k]
    return float((best == labels[:, None]).any(1).mean())


def confusion_matrix(logits: Logits, labels: Labels) -> NDArray[np.int64]:
    """(C, C) counts, row = truth, column = prediction."""
    matrix = np.zeros((logits.shape[1],) * 2, np.int64)
    np.add.at(matrix, (labels, logits.argmax(1)), 1)
    return matrix


def mean_class_accuracy(logits: Logits, labels: Labels) -> float:
    """The mean of the recalls of the classes that occur."""
    matrix = confusion_matrix(logits, labels)
    count = matrix.sum(1)
    return float((matrix.diagonal()[count > 0] / count[count > 0]).mean())


def classify_report(logits: Logits, labels: Labels, classes: tuple[str, ...]) -> Classification:
    """All of it. Macro F1 is taken over the classes that occur or are predicted; raises ValueError with no clip."""
    if not len(labels):
        raise ValueError("expected at least one labelled clip, found none")
    matrix = confusion_matrix(logits, labels)
    right, true, called = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    f1 = 2 * right / np.maximum(true + called, 1)
    by_class = {
        name: {
            "clips": int(true[i]),
            "recall": float(right[i] / true[i]),
            "precision": float(right[i] / called[i]) if called[i] else 0.0,
            "f1": float(f1[i]),
        }
        for i, name in enumerate(classes)
        if true[i]
    }
    return Classification(
        clips=len(labels),
        classes=list(classes),
        top1=top_k(logits, labels, 1),
        top5=top_k(logits, labels, 5),
        mean_class=mean_class_accuracy(logits, labels),
        macro_f1=float(f1[(true + called) > 0].mean()),
        by_class=by_class,
        confusion=matrix.tolist(),
    )
