"""The emotion track: positive or negative, one answer a video."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torchmetrics.functional.classification import binary_auroc


def emotion_report(logit: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Accuracy, balanced accuracy, F1 of the positive class, and ROC-AUC (nan with one class alone).

    logit: (N,), above 0 means positive (1). labels: (N,) 0 or 1.
    """
    called, true = logit > 0, labels == 1
    recalls = [float((called[true == side] == side).mean()) for side in (True, False) if (true == side).any()]
    both = len(recalls) == 2
    auc = float(binary_auroc(torch.from_numpy(logit), torch.from_numpy(labels))) if both else float("nan")
    return {
        "accuracy": float((called == true).mean()),
        "balanced_accuracy": float(np.mean(recalls)),
        "f1": 2 * float((called & true).sum()) / max(1, int(called.sum() + true.sum())),
        "auc": auc,
    }


def roc_curve(score: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The shares of negatives and of positives (both 0..1) above each threshold, from the highest down.

    score: (N,), the higher the likelier positive. labels: (N,) 0 or 1, each at least once.
    """
    order = np.argsort(-score, kind="stable")
    last_of_equals = np.append(np.diff(score[order]) != 0, True)
    rates = [np.append(0, np.cumsum(labels[order] == side)[last_of_equals]) / (labels == side).sum() for side in (0, 1)]
    return rates[0], rates[1]
