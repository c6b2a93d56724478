"""What InterFusion makes of a person's face and micro-gestures: won or lost, as simulated people show it.

Nobody knows how far this carries over to real people; it is shown with that said, and beside what each stream alone
would say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from kinesics.inference.results import EmotionPrediction, Expressions
from kinesics.models.emotion.net import EmotionNet
from kinesics.models.emotion.streams import Gestures, Stream
from kinesics.timeline import Event
from kinesics.weights.load import load_network
from kinesics.weights.specification import EMOTION

Rows = NDArray[np.int64]

RATE = 2.5  # faces a second, as in training
_STRETCH = 60.0  # seconds of a recording that are read at a time: as long as those of training
_LEAST = 25  # faces; with fewer there is nothing to read


@torch.no_grad()
def predict_outcome(
    face: Expressions, events: Sequence[Event], duration: float, path: Path = EMOTION
) -> EmotionPrediction | None:
    """The reading of one person's `face` and `events`, found by the shipped weights at their thresholds.

    None where the face was not seen for long enough, or its network gives no features. Raises KinesicsError for
    weights that cannot be read.
    """
    network, specification, sha256 = load_network(path)
    assert isinstance(network, EmotionNet)
    moments = _moments(face)
    if len(moments) < _LEAST:
        return None
    fused, alone = [], []
    for first, last in _stretches(duration):
        at = moments[(face.times[moments] >= first) & (face.times[moments] < last)]
        mine = [event for event in events if first <= event.start < last]
        if len(at) == 0:
            continue
        out = network.fuse(_stream(face, at, first), None, _gestures(mine, first))
        fused.append(out.logit.sigmoid().item())
        streams = out.stream_logits
        alone.append([np.nan if x is None else x.sigmoid().item() for x in (streams.face, streams.gestures)])
    each = np.array(alone)
    means = {
        name: float(np.nanmean(each[:, i]))
        for i, name in enumerate(("face", "gestures"))
        if (~np.isnan(each[:, i])).any()
    }
    facts = asdict(specification) | {"sha256": sha256}
    return EmotionPrediction(
        face.person, float(np.mean(fused)), specification.classes, means, len(moments), len(events), facts
    )


def _moments(face: Expressions) -> Rows:
    """Rows of `face` with features, about `RATE` a second."""
    if face.tokens is None or len(face.times) < 2:
        return np.zeros(0, np.int64)
    step = max(1, round(1 / RATE / float(face.times[1] - face.times[0])))
    rows = np.arange(0, len(face.times), step)
    readable: Rows = rows[~np.isnan(face.tokens[rows, 0])]
    return readable


def _stretches(duration: float) -> Iterator[tuple[float, float]]:
    count = max(1, round(duration / _STRETCH))
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
