"""What an analysis hands on: the recording's facts, `Scores` over time, and all of it as one `Analysis`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kinesics.inference.facial_actions import NETWORK, FacialActions
from kinesics.inference.hide_faces import FaceHider
from kinesics.inference.previews import Preview
from kinesics.inference.scores import Scores
from kinesics.perception.actions import ACTIONS
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.timeline import Timeline

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Recording:
    """The facts of what was analysed.

    Attributes
    ----------
    path : of the video, or of the landmarks.
    kind : whether it is a video, or landmarks that somebody else's engine found.
    duration : seconds.
    fps : frames a second.
    frames : how many there are.
    width, height : pixels as shown, 0 where landmarks do not tell.
    notes : sentences on what the recording lacks or claims falsely, and on who was left out.
    """

    path: Path
    kind: Literal["video", "landmarks"]
    duration: float
    fps: float
    frames: int
    width: int = 0
    height: int = 0
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; by name alone, for a path may say more than one wants to pass on."""
        facts = {
            "name": self.path.name or self.path.resolve().name,
            "kind": self.kind,
            "duration": self.duration,
            "fps": self.fps,
            "frames": self.frames,
            "width": self.width,
            "height": self.height,
        }
        return facts | ({"notes": list(self.notes)} if self.notes else {})


@dataclass(frozen=True, eq=False)
class Expressions:
    """How one person's face looked over time; never what somebody felt.

    Attributes
    ----------
    times : (N,) float32, seconds; row n is valid around `times[n]`.
    probability : (N, C) float32, column c belongs to `classes[c]`; NaN where no face was found or a hand was before it.
    classes : names of the C expressions.
    person : the person's number, from 1.
    model : facts of the network's weights.
    tokens : (N, W) float32, the network's features at the same moments, or None where it gives none.
    """

    times: FloatArray
    probability: FloatArray
    classes: tuple[str, ...]
    person: int
    model: Mapping[str, Any]
    tokens: FloatArray | None = None

    @property
    def readable(self) -> float:
        """The share of the time, 0..1, in which the face could be read."""
        return float((~np.isnan(self.probability[:, 0])).mean()) if len(self.times) else 0.0

    def shares(self) -> dict[str, float]:
        """Each class's mean probability over the time in which the face could be read, largest first; {} without."""
        if not self.readable:
            return {}
        means = np.nanmean(self.probability, 0)
        return {self.classes[c]: float(means[c]) for c in np.argsort(-means)}

    def to_dict(self) -> dict[str, Any]:
        """Plain data in sum, for JSON."""
        shares = {label: round(share, 4) for label, share in self.shares().items()}
        return {"person": self.person, "seen": round(self.readable, 3), "shares": shares}


@dataclass(frozen=True)
class EmotionPrediction:
    """What InterFusion predicts from one person's face and micro-gestures.

    It is an illustration: the network has seen simulated people alone.

    Attributes
    ----------
    person : the person's number, from 1.
    positive : probability (0..1) of the second of `classes`; the mean over stretches of the recording.
    classes : the names of both outcomes.
    alone : the same from each stream alone, by its name.
    faces, gestures : how many of each it was given.
    model : facts of its weights.
    by_stretch : of each stretch of the recording its start and end in seconds and its probability, None where the
        network abstains because no face could be read.
    """

    person: int
    positive: float
    classes: tuple[str, ...]
    alone: Mapping[str, float]
    faces: int
    gestures: int
    model: Mapping[str, Any]
    by_stretch: tuple[tuple[float, float, float | None], ...] = ()

    @property
    def abstained(self) -> int:
        """In how many stretches nothing is predicted."""
        return sum(positive is None for _, _, positive in self.by_stretch)

    @property
    def strongest(self) -> tuple[float, float, float] | None:
        """The stretch that leans furthest to either side, as start, end and probability; None without any."""
        known = [(start, end, positive) for start, end, positive in self.by_stretch if positive is not None]
        return max(known, key=lambda stretch: abs(stretch[2] - 0.5), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "person": self.person,
            "positive": round(self.positive, 3),
            "alone": {name: round(value, 3) for name, value in self.alone.items()},
            "faces": self.faces,
            "gestures": self.gestures,
            "stretches": len(self.by_stretch),
            "abstained": self.abstained,
            "strongest": None if self.strongest is None else [round(value, 3) for value in self.strongest],
        }


@dataclass(frozen=True, eq=False)
class Analysis:
    """One analysed recording, with all that its files and its report need.

    Attributes
    ----------
    recording : its facts.
    people : who was analysed.
    scores : of each of `people`, in their order.
    timeline : the events of all of them.
    model : facts of the gesture weights and the rule by which events were found.
    actions : how strongly each of `people` shows each facial action, or empty where none were read.
    expressions : of each of `people`, or empty where faces were not read.
    emotion_predictions : of those of them whose face was found for long enough.
    previews : small images of the video, or empty where none were asked for.
    hider : hides the faces in every image of the video; None where they may be shown.
    skeleton_only : whether no image of the video may be shown at all.
    """

    recording: Recording
    people: tuple[SkeletonSequence, ...]
    scores: tuple[Scores, ...]
    timeline: Timeline
    model: Mapping[str, Any]
    actions: tuple[FacialActions, ...] = ()
    expressions: tuple[Expressions, ...] = ()
    emotion_predictions: tuple[EmotionPrediction, ...] = ()
    previews: tuple[Preview, ...] = ()
    hider: FaceHider | None = None
    skeleton_only: bool = False

    def actions_dataframe(self) -> pd.DataFrame:
        """Everybody's facial actions, one row a moment; columns person, time, then each of `ACTIONS`.

        NaN stands where a face could not be read; without any actions there is no row.
        """
        import pandas as pd  # heavy, and only wanted here

        empty = pd.DataFrame(columns=["person", "time", *ACTIONS])
        return pd.concat([one.to_dataframe() for one in self.actions], ignore_index=True) if self.actions else empty

    def to_dict(self) -> dict[str, Any]:
        """The facts that `timeline.json` holds beside the events: recording, model, who was seen, faces in sum."""
        facts: dict[str, Any] = {"recording": self.recording.to_dict(), "model": dict(self.model)}
        facts["people"] = [{"person": one.person, "seen": self._seen(one)} for one in self.people]
        if self.actions:
            facts["actions"] = {"people": [one.to_dict() for one in self.actions], "model": dict(NETWORK)}
        for name, found in (("expressions", self.expressions), ("readings", self.emotion_predictions)):
            if found:
                facts[name] = {"people": [one.to_dict() for one in found], "model": dict(found[0].model)}
        return facts

    def _seen(self, one: SkeletonSequence) -> float:
        """The share of the recording, 0..1, in which somebody was seen."""
        seconds = float(one.score.any(1).sum()) / one.fps
        return round(min(1.0, seconds / self.recording.duration), 4) if self.recording.duration > 0 else 0.0
