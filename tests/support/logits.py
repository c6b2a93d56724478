"""Logits that are right more often than not."""

import numpy as np

CLASSES = tuple("abcde")


def drawn(count=400, seed=0, classes=5):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    logits = rng.standard_normal((count, classes)).astype(np.float32)
    logits[np.arange(count), labels] += 1.5
    return logits, labels
