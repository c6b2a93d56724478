"""What an analysis hands on: the recording's facts, `Scores` over time, and all of it as one `Analysis`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

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
class Scores:
    """Class probabilities of one person on a steady clock.

    probability: (N, C) float32, column c belongs to `classes[c]`; row n is valid around `times[n]`
        (seconds). `by_modality` holds the same shape from each stream alone.
    """

    times: FloatArray
    probability: FloatArray
    classes: tuple[str, ...]
    person: int = 0
    by_modality: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Analysis:
    """One analysed recording. `people` and `scores` are in the same order; `model` is the weights' specification."""

    recording: Recording
    people: tuple[SkeletonSequence, ...]
    scores: tuple[Scores, ...]
    timeline: Timeline
    model: Mapping[str, Any]
