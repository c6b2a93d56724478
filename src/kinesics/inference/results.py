"""What an analysis hands on: the recording's facts, `Scores` over time, and all of it as one `Analysis`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kinesics.inference.scores import Scores
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.timeline import Timeline


@dataclass(frozen=True)
class Recording:
    """The facts of what was analysed; `width` and `height` in pixels as shown (0 if landmarks do not know them)."""

    path: Path
    kind: Literal["video", "landmarks"]
    duration: float
    fps: float
    frames: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True, eq=False)
class Expressions:
    """How one person's face looked over time; never what somebody felt.

    probability: (N, C) float32, column c belongs to `classes[c]`; row n is valid around `times[n]` (seconds), NaN
        where no face was found or a hand was before it. `model` holds the facts of the network's weights. tokens:
        (N, W) float32, the network's features at the same moments, or None where it gives none.
    """

    times: FloatArray
    probability: FloatArray
    classes: tuple[str, ...]
    person: int
    model: Mapping[str, Any]
    tokens: FloatArray | None = None

    @property
    def seen(self) -> float:
        """The share of the time, 0..1, in which the face could be read."""
        return float((~np.isnan(self.probability[:, 0])).mean()) if len(self.times) else 0.0

    def shares(self) -> dict[str, float]:
        """Each class's mean probability over the time in which the face could be read, largest first; {} without."""
        if not self.seen:
            return {}
        means = np.nanmean(self.probability, 0)
        return {self.classes[c]: float(means[c]) for c in np.argsort(-means)}


@dataclass(frozen=True)
class EmotionPrediction:
    """What InterFusion makes of one person's face and micro-gestures; a game, for it knows simulated people alone.

    positive: 0..1, above a half where it leans to the second of `classes`; the mean over stretches of the recording.
    alone: the same as each stream alone would have it. faces, gestures: how many of each it had. `model` holds the
    facts of its weights.
    """

    person: int
    positive: float
    classes: tuple[str, ...]
    alone: Mapping[str, float]
    faces: int
    gestures: int
    model: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Analysis:
    """One analysed recording. `people` and `scores` are in the same order; `model` is the weights' specification.

    `expressions` are those of the same people, or empty for a recording without pictures; `readings` of those of them
    of whom there is enough to read.
    """

    recording: Recording
    people: tuple[SkeletonSequence, ...]
    scores: tuple[Scores, ...]
    timeline: Timeline
    model: Mapping[str, Any]
    expressions: tuple[Expressions, ...] = ()
    readings: tuple[EmotionPrediction, ...] = ()
