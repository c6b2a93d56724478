"""How often each gesture is expected, and what that makes of a network's probabilities.

A network believes in the shares of the classes that it was trained with. Where they occur in others, each probability
is multiplied by the ratio of both and all are scaled to sum to 1 (Saerens, Latinne and Decaestecker, Adjusting the
Outputs of a Classifier to New a Priori Probabilities, Neural Computation 14, 2002).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesics.data.sets.imigue.classes import CLASSES, TRAIN_CLIPS
from kinesics.errors import KinesicsError
from kinesics.inference.scores import Scores, gesture_names
from kinesics.skeleton.sequence import FloatArray
from kinesics.timeline.labels import match_label
from kinesics.weights.specification import EVEN, INTERVIEW, NONE, RECORDING

PRIORS = {
    EVEN: "all gestures alike",
    INTERVIEW: "as in press interviews: iMiGUE's counts, tempered by the square root",
    RECORDING: "learned from the recording itself without labels, held by the shares of interviews",
}
_STEPS = 20  # of expectation and maximisation
_HELD_BY = 20.0  # windows for which the first shares count


def prior_ratio(prior: str, classes: Sequence[str]) -> FloatArray:
    """How many times as often as in training each class is expected.

    Parameters
    ----------
    prior : a name in `PRIORS` (of "recording" the shares that it begins with), or a JSON file {class: share}.
    classes : of weights whose gestures were equally frequent in training, with "none" or without.

    Returns
    -------
    (C,) with the mean 1 over the gestures, and 1 for "none".

    Raises
    ------
    KinesicsError : for a file that cannot be read or names no class, and for "interview" with other classes.
    """
    names = gesture_names(classes)
    shares: NDArray[np.float64]
    if prior == EVEN:
        shares = np.ones(len(names))
    elif prior in PRIORS:
        if names != CLASSES:
            raise KinesicsError(
                f"--prior {prior}: expected weights of iMiGUE's {len(CLASSES)} classes, found {len(names)} others; "
                "give a JSON file {class: share}"
            )
        shares = np.sqrt(np.array(TRAIN_CLIPS) + 1.0)
    else:
        shares = _shares_in(Path(prior), names)
    ratio = dict(zip(names, shares / shares.mean(), strict=True))
    return np.array([ratio.get(name, 1.0) for name in classes], np.float32)


def _shares_in(path: Path, names: Sequence[str]) -> NDArray[np.float64]:
    expected = f"{path}: expected a prior, one of {', '.join(PRIORS)} or a JSON file {{class: share}}"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        given = {str(label): float(share) for label, share in found.items()}
    except OSError as error:
        raise KinesicsError(f"{expected}; found no such file ({error.strerror})") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise KinesicsError(f"{expected}; found something else ({error})") from error
    shares = np.zeros(len(names))
    for label, share in given.items():
        shares[match_label(label, names)] = share
    if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.any()):
        raise KinesicsError(f"{expected}; found shares below 0 or none above it; give each class a number above 0")
    return shares


def with_ratio(probability: FloatArray, ratio: FloatArray) -> FloatArray:
    """Carry probabilities to other shares of the classes.

    Parameters
    ----------
    probability : (…, C), each row summing to 1.
    ratio : (C,) how many times as often as in training each class is expected.

    Returns
    -------
    (…, C), each row summing to 1.
    """
    weighted = probability * ratio
    carried: FloatArray = weighted / np.maximum(weighted.sum(-1, keepdims=True), 1e-9)
    return carried.astype(np.float32)


def learned_ratio(probability: FloatArray, first: FloatArray, classes: Sequence[str]) -> FloatArray:
    """Learn from a recording in which shares its gestures occur: expectation and maximisation (Saerens et al., 2002).

    Parameters
    ----------
    probability : (N, C) of the recording's windows, by even shares; row sums are 1.
    first : (C,) the ratio to begin with, which counts as much as `_HELD_BY` windows with a gesture.
    classes : of the columns; "none" keeps its share.

    Returns
    -------
    (C,) with the mean 1 over the gestures, and 1 for "none".
    """
    gestures = np.array([name != NONE for name in classes])
    found, held = probability[:, gestures], first[gestures] / first[gestures].sum()
    weight = found.sum(1, keepdims=True)
    shares = held
    for _ in range(_STEPS):
        expected = (weight * with_ratio(found, shares)).sum(0)
        shares = (expected + _HELD_BY * held) / (weight.sum() + _HELD_BY)
    ratio = np.ones(len(classes), np.float32)
    ratio[gestures] = shares * gestures.sum()
    return ratio


def with_prior(scores: Scores, prior: str) -> Scores:
    """Carry one person's scores, of even shares, to those of a prior, named as `prior_ratio` takes it."""
    ratio = prior_ratio(prior, scores.classes)
    if prior == RECORDING:
        ratio = learned_ratio(scores.probability, ratio, scores.classes)
    return replace(scores, probability=with_ratio(scores.probability, ratio))
