"""What InterFusion predicts from a person's face and micro-gestures: won or lost, as simulated people show it.

Nobody knows how far this carries over to real people; it is shown with that said, and beside what each stream alone
predicts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.inference.results import EmotionPrediction, Expressions
from kinesics.timeline import Event
from kinesics.weights.exported import OPENVINO, ExportedNetwork, read_exported
from kinesics.weights.specification import EMOTION

Rows = NDArray[np.int64]

_FEWEST = 25  # faces; with fewer there is no prediction
_STREAMS = ("face", "gestures")


def predict_outcomes(
    faces: Sequence[Expressions], events: Sequence[Event], duration: float, path: Path = EMOTION
) -> tuple[EmotionPrediction, ...]:
    """Predict the outcome of everybody whose face was found for long enough.

    Parameters
    ----------
    faces : of each person; without features in them there is no prediction.
    events : of everybody, found by the shipped gesture weights at their own thresholds.
    duration : seconds of the recording.
    path : of the emotion weights, whose export lies beside them and is opened once.

    Returns
    -------
    One prediction each of those people, in the order of `faces`.

    Raises
    ------
    KinesicsError
        for weights that cannot be read.
    """
    network = read_exported(path.with_suffix(OPENVINO), "f32")
    facts = asdict(network.specification) | {"sha256": network.sha256}
    found = (
        _predict(network, facts, face, [event for event in events if event.person == face.person], duration)
        for face in faces
    )
    return tuple(one for one in found if one is not None)


def _predict(
    network: ExportedNetwork, facts: Mapping[str, Any], face: Expressions, events: Sequence[Event], duration: float
) -> EmotionPrediction | None:
    """One person's prediction: the mean over stretches of the recording."""
    serving = network.specification.serving
    rows = _rows_with_features(face, serving.face_rate)
    if face.tokens is None or len(rows) < _FEWEST:
        return None
    positive: list[dict[str, float]] = []  # of each stretch, from both streams and from each
    by_stretch: list[tuple[float, float, float | None]] = []
    for first, last in _stretches(duration, serving.stretch):
        inside = rows[(face.times[rows] >= first) & (face.times[rows] < last)]
        if len(inside) == 0:
            by_stretch.append((first, min(last, duration), None))
            continue
        own = [event for event in events if first <= event.start < last]
        times = face.times[inside] - np.float32(first)
        logits = network(tokens=face.tokens[inside][None], seconds=times[None], **_gestures(own, first))
        silent = () if own else ("gestures",)
        positive.append({name: 1 / (1 + math.exp(-x[0])) for name, x in logits.items() if name not in silent})
        by_stretch.append((first, min(last, duration), positive[-1]["both"]))
    means = {
        name: float(np.mean([one[name] for one in positive if name in one]))
        for name in ("both", *_STREAMS)
        if any(name in one for one in positive)
    }
    both = means.pop("both")
    return EmotionPrediction(
        face.person, both, facts["classes"], means, len(rows), len(events), facts, tuple(by_stretch)
    )


def _rows_with_features(face: Expressions, rate: float) -> Rows:
    """Rows of `face` with features, about `rate` a second."""
    if face.tokens is None or len(face.times) < 2:
        return np.zeros(0, np.int64)
    step = max(1, round(1 / rate / float(face.times[1] - face.times[0])))
    rows = np.arange(0, len(face.times), step)
    known: Rows = rows[~np.isnan(face.tokens[rows, 0])]
    return known


def _stretches(duration: float, length: float) -> Iterator[tuple[float, float]]:
    count = max(1, round(duration / length))
    ends = np.linspace(0, duration, count + 1)
    ends[-1] += 1  # the last moment belongs to the last stretch
    yield from zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)


def _gestures(events: Sequence[Event], start: float) -> dict[str, NDArray[Any]]:
    """The network's inputs (1, K) that tell of micro-gestures; where there is none, of one that is masked."""
    facts = [(event.score, event.start - start, event.end - event.start) for event in events] or [(0.0, 0.0, 0.0)]
    score, begin, length = np.array(facts, np.float32).T[:, None]
    label = np.array([[event.index for event in events] or [0]])
    mask = np.full(label.shape, bool(events))
    return {"label": label, "score": score, "start": begin, "length": length, "mask": mask}
