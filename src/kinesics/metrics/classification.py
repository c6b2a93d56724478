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
    """How well clips are classified; all shares are in 0..1.

    clips: how many.
    classes: in the order of the logits.
    top1, top5: shares of clips whose true class is the likeliest, or among the five likeliest.
    mean_class: the mean recall of the classes that occur.
    macro_f1: the mean F1 of the classes that occur or are predicted.
    by_class: for each class that occurs, its clips, recall, precision and F1.
    confusion: (C, C) counts, row = truth, column = prediction.
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
    """Compute the share of clips whose true class is among the k likeliest.

    Parameters
    ----------
    logits : (N, C).
    labels : (N,).
    k : how many classes count.

    Returns
    -------
    The share, 0..1.
    """
    k = min(k, logits.shape[1])
    best = np.argpartition(-logits, k - 1, axis=1)[:, :k]
    return float((best == labels[:, None]).any(1).mean())


def confusion_matrix(logits: Logits, labels: Labels) -> NDArray[np.int64]:
    """Count clips by truth and prediction.

    Parameters
    ----------
    logits : (N, C).
    labels : (N,).

    Returns
    -------
    (C, C) counts, row = truth, column = prediction.
    """
    matrix = np.zeros((logits.shape[1],) * 2, np.int64)
    np.add.at(matrix, (labels, logits.argmax(1)), 1)
    return matrix


def mean_class_accuracy(logits: Logits, labels: Labels) -> float:
    """Compute the mean recall of the classes that occur.

    Parameters
    ----------
    logits : (N, C).
    labels : (N,).

    Returns
    -------
    The mean, 0..1.
    """
    matrix = confusion_matrix(logits, labels)
    count = matrix.sum(1)
    return float((matrix.diagonal()[count > 0] / count[count > 0]).mean())


def classify_report(logits: Logits, labels: Labels, classes: tuple[str, ...]) -> Classification:
    """Compute all figures of a classification.

    Parameters
    ----------
    logits : (N, C).
    labels : (N,).
    classes : C names, in the order of the logits.

    Returns
    -------
    The figures.

    Raises
    ------
    ValueError : without any clip.
    """
    if not len(labels):
        raise ValueError("expected at least one labelled clip, found none")
    matrix = confusion_matrix(logits, labels)
    correct, true, predicted = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    f1 = 2 * correct / np.maximum(true + predicted, 1)
    by_class = {
        name: {
            "clips": int(true[i]),
            "recall": float(correct[i] / true[i]),
            "precision": float(correct[i] / predicted[i]) if predicted[i] else 0.0,
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
        macro_f1=float(f1[(true + predicted) > 0].mean()),
        by_class=by_class,
        confusion=matrix.tolist(),
    )
