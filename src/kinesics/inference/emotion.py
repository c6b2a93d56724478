"""What InterFusion predicts from a person's face and micro-gestures: won or lost, as simulated people show it.

Nobody knows how far this carries over to real people; it is shown with that said, and beside what each stream alone
predicts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from kinesics.inference.results import EmotionPrediction, Expressions
from kinesics.models.emotion.net import EmotionNet
from kinesics.models.emotion.streams import Gestures, Stream
from kinesics.timeline import Event
from kinesics.weights.load import load_network
from kinesics.weights.specification import EMOTION, Serving

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
    path : of the emotion weights, which are loaded once.

    Raises
    ------
    KinesicsError
        for weights that cannot be read.
    """
    loaded, specification, sha256 = load_network(path)
    network, facts = cast(EmotionNet, loaded), asdict(specification) | {"sha256": sha256}
    found = (
        _predict(
            network, facts, specification.serving, face, [one for one in events if one.person == face.person], duration
        )
        for face in faces
    )
    return tuple(one for one in found if one is not None)


@torch.no_grad()
def _predict(
    network: EmotionNet,
    facts: Mapping[str, Any],
    serving: Serving,
    face: Expressions,
    events: Sequence[Event],
    duration: float,
) -> EmotionPrediction | None:
    """One person's prediction: the mean over stretches of the recording."""
    rows = _rows_with_features(face, serving.face_rate)
    if len(rows) < _FEWEST:
        return None
    fused, alone = [], []
    for first, last in _stretches(duration, serving.stretch):
        inside = rows[(face.times[rows] >= first) & (face.times[rows] < last)]
        if len(inside) == 0:
            continue
        own = [event for event in events if first <= event.start < last]
        out = network.fuse(_stream(face, inside, first), None, _gestures(own, first))
        fused.append(out.logit.sigmoid().item())
        logits = out.stream_logits
        alone.append([np.nan if x is None else x.sigmoid().item() for x in (logits.face, logits.gestures)])
    each = np.array(alone)
    means = {
        name: float(np.nanmean(column))
        for name, column in zip(_STREAMS, each.T, strict=True)
        if (~np.isnan(column)).any()
    }
    positive = float(np.mean(fused))
    return EmotionPrediction(face.person, positive, facts["classes"], means, len(rows), len(events), facts)


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


def _stream(face: Expressions, rows: Rows, start: float) -> Stream:
    assert face.tokens is not None
    return Stream(
        torch.from_numpy(face.tokens[rows])[None], torch.from_numpy(face.times[rows] - np.float32(start))[None]
    )


def _gestures(events: Sequence[Event], start: float) -> Gestures | None:
    if not events:
        return None
    facts = np.array([(event.score, event.start - start, event.end - event.start) for event in events], np.float32)
    score, begin, length = torch.from_numpy(facts.T.copy())[:, None]
    return Gestures(torch.tensor([[event.index for event in events]]), score, begin, length)
