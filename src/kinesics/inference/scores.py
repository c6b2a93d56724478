"""`Scores`: what a network says over time, and how its logits become probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton.sequence import FloatArray
from kinesics.weights.specification import NONE, Specification


@dataclass(frozen=True, eq=False)
class Scores:
    """Class probabilities of one person on a steady clock.

    probability: (N, C) float32, column c belongs to `classes[c]`; row n is valid around `times[n]`
        (seconds). `by_modality` holds the same shape from each stream or modality alone, NaN where it is missing.
    """

    times: FloatArray
    probability: FloatArray
    classes: tuple[str, ...]
    person: int = 0
    by_modality: Mapping[str, FloatArray] = field(default_factory=dict)


def probabilities(logits: FloatArray, seen: NDArray[np.bool_], specification: Specification) -> FloatArray:
    """(N, C); where nobody is seen, "none" is certain (weights that know no "none" give nothing)."""
    scaled = logits / specification.temperature
    powers: FloatArray = np.exp(scaled - scaled.max(1, keepdims=True))
    nobody = np.array([name == NONE for name in specification.classes], np.float32)
    return np.where(seen[:, None], powers / powers.sum(1, keepdims=True), nobody)


def gestures_alone(probability: FloatArray, specification: Specification) -> FloatArray:
    """One window's probabilities (C,) without "none"; they sum to 1."""
    gestures = probability[[i for i, name in enumerate(specification.classes) if name != NONE]]
    total: FloatArray = gestures / max(float(gestures.sum()), 1e-9)
    return total
