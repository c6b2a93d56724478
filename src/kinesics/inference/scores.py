"""`Scores`: a network's class probabilities over time, and how its logits become probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton.sequence import FloatArray
from kinesics.weights.specification import NONE, Specification


@dataclass(frozen=True, eq=False)
class Scores:
    """Class probabilities of one person on a steady clock.

    Attributes
    ----------
    times : (N,) float32, seconds; row n is valid around `times[n]`.
    probability : (N, C) float32, column c belongs to `classes[c]`.
    classes : names of the C classes, with "none" last where the network knows it.
    person : the person's number, from 1.
    by_modality : by the name of a stream or modality (N, C) from it alone, NaN where it is missing.
    """

    times: FloatArray
    probability: FloatArray
    classes: tuple[str, ...]
    person: int = 0
    by_modality: Mapping[str, FloatArray] = field(default_factory=dict)


def gesture_names(classes: Sequence[str]) -> tuple[str, ...]:
    """The classes without "none"."""
    return tuple(name for name in classes if name != NONE)


def probabilities(logits: FloatArray, present: NDArray[np.bool_], specification: Specification) -> FloatArray:
    """Softmax of the logits over the temperature; where nobody is present, "none" is certain.

    Parameters
    ----------
    logits : (N, C) of N windows.
    present : (N,) whether the window shows the person.
    specification : of the weights; those that know no "none" give zeros where nobody is present.

    Returns
    -------
    (N, C) float32.
    """
    nobody = np.array([name == NONE for name in specification.classes], np.float32)
    return np.where(present[:, None], softmax(logits / specification.temperature), nobody)


def softmax(logits: FloatArray) -> FloatArray:
    """Turn logits into probabilities.

    Parameters
    ----------
    logits : (N, C).

    Returns
    -------
    (N, C), each row summing to 1.
    """
    powers = np.exp(logits - logits.max(1, keepdims=True))
    rows: FloatArray = powers / powers.sum(1, keepdims=True)
    return rows


def without_none(probability: FloatArray, specification: Specification) -> FloatArray:
    """Leave out "none", and scale the gestures so that they sum to 1.

    Parameters
    ----------
    probability : (C,) of one window.
    specification : which of the C classes is "none".

    Returns
    -------
    The probabilities of the gestures alone.
    """
    gestures = probability[[i for i, name in enumerate(specification.classes) if name != NONE]]
    total: FloatArray = gestures / max(float(gestures.sum()), 1e-9)
    return total
