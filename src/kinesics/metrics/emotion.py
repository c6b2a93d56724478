"""The emotion track: positive or negative, one prediction a video."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def emotion_report(logit: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Compute accuracy, balanced accuracy, the area under the ROC curve, and F1 of the positive class and of both.

    Parameters
    ----------
    logit : (N,), above 0 means positive.
    labels : (N,) 0 or 1 (positive).

    Returns
    -------
    By name, in 0..1; "auc" is nan with one class alone. "weighted_f1" is the mean F1 of both classes by their size.
    """
    predicted, true = logit > 0, labels == 1
    recalls = [float((predicted[true == side] == side).mean()) for side in (True, False) if (true == side).any()]
    auc = float("nan")
    if len(recalls) == 2:
        false_rate, true_rate = roc_curve(logit, labels)
        auc = float(((true_rate[1:] + true_rate[:-1]) / 2 * np.diff(false_rate)).sum())
    return {
        "accuracy": float((predicted == true).mean()),
        "balanced_accuracy": float(np.mean(recalls)),
        "f1": _f1(predicted, true),
        "weighted_f1": float(true.mean()) * _f1(predicted, true) + float((~true).mean()) * _f1(~predicted, ~true),
        "auc": auc,
    }


def _f1(predicted: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return 2 * float((predicted & true).sum()) / max(1, int(predicted.sum() + true.sum()))


def roc_curve(
    score: NDArray[np.floating[Any]], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute the receiver operating characteristic, from the highest threshold down.

    Parameters
    ----------
    score : (N,), the higher the likelier positive.
    labels : (N,) 0 or 1 (positive), each at least once.

    Returns
    -------
    The shares of negatives and of positives above each threshold, both (K,) in 0..1.
    """
    order = np.argsort(-score, kind="stable")
    last_of_equals = np.append(np.diff(score[order]) != 0, True)
    rates = [np.append(0, np.cumsum(labels[order] == side)[last_of_equals]) / (labels == side).sum() for side in (0, 1)]
    return rates[0], rates[1]
