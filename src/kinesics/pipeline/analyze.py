"""The main job: a recording in, an `Analysis` out; and the same for one pre-cut clip."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.errors import KinesicsError
from kinesics.models.exported import SUFFIXES, read_exported
from kinesics.models.specification import DEFAULT, NONE, Specification
from kinesics.perception import Observation, observe
from kinesics.pipeline.results import Analysis, Expressions, Recording
from kinesics.skeleton import SkeletonSequence
from kinesics.tasks.events import EventRule, find_events
from kinesics.tasks.windows import classify_clip, score
from kinesics.timeline import Timeline

if TYPE_CHECKING:  # an exported network needs no torch
    from kinesics.pipeline.expressions import FaceExpressionModel
    from kinesics.tasks.windows import SkeletonNetwork

Progress = Callable[[float], None]

_LANDMARKS = 0.9  # of the progress bar; the rest is for the faces


def analyze(
    path: str | Path,
    *,
    person: str | int = "largest",
    weights: Path | None = None,
    threshold: float | None = None,
    labels: Mapping[str, float] | None = None,
    cache: Path | None = None,
    expressions: bool | FaceExpressionModel = True,
    progress: Progress | None = None,
) -> Analysis:
    """Find the micro-gestures of a recording: a video, a folder of OpenPose JSON files, or a `.skeleton.npz`.

    person: "largest", "all", or a person's number. threshold: the score (0..1) at which an event begins, for all
    classes; `labels` sets it for single ones. cache: where the landmarks are kept, and the facial expressions beside
    them, so that a second run does not look at the video again. expressions: whether to read facial expressions from
    a video as well, or the network to do it with instead of the one that is shipped. progress: called with the share
    done, 0..1. Raises KinesicsError for a recording that cannot be read, in which nobody is found, or that has no
    such person.
    """
    network, specification, digest = _network(weights or DEFAULT)
    told = progress or (lambda _: None)
    share = _LANDMARKS if expressions else 1.0
    observation = observe(Path(path), cache=cache, progress=lambda done: told(share * done))
    people = choose(observation.people, person)
    looks = _expressions(observation, expressions, cache, lambda done: told(share + (1 - share) * done))
    recording = _recording(Path(path), observation)
    rule = _rule(specification, threshold, labels)
    scores = tuple(score(sequence, network, specification) for sequence in people)
    events = [
        event
        for one in scores
        for event in find_events(one, rule, start=0.0, end=recording.duration, source=specification.name)
    ]
    model = asdict(specification) | {"sha256": digest, "rule": asdict(rule)}
    chosen = tuple(look for look in looks if look.person in [one.person for one in people])
    return Analysis(recording, people, scores, Timeline(tuple(events), recording.duration), model, chosen)


@dataclass(frozen=True)
class Ranked:
    """One class of a classified clip."""

    label: str
    index: int
    probability: float


def classify(
    path: str | Path, *, person: str | int = "largest", weights: Path | None = None, progress: Progress | None = None
) -> list[Ranked]:
    """The gestures of one pre-cut clip by probability, best first; input and errors as in `analyze`."""
    network, specification, _ = _network(weights or DEFAULT)
    people = choose(observe(Path(path), progress=progress).people, person)
    if len(people) != 1:
        raise KinesicsError(f"{path}: classify looks at one person, found {len(people)}; name one with --person")
    probability = classify_clip(people[0], network, specification)
    names = [name for name in specification.classes if name != NONE]
    order = sorted(range(len(names)), key=lambda i: -probability[i])
    return [Ranked(names[i], i, float(probability[i])) for i in order]


def choose(people: tuple[SkeletonSequence, ...], person: str | int) -> tuple[SkeletonSequence, ...]:
    """The people asked for, from a list whose largest comes first; raises KinesicsError for one who is not there."""
    if person == "all":
        return people
    if person == "largest":
        return people[:1]
    chosen = tuple(one for one in people if str(one.person) == str(person))
    if not chosen:
        there = ", ".join(str(one.person) for one in people)
        raise KinesicsError(f"--person {person}: no such person in this recording; expected largest, all, or {there}")
    return chosen


def _network(path: Path) -> tuple[SkeletonNetwork, Specification, str]:
    """The skeleton network of a weights file, as it answers fastest here, its specification and the file's sha256."""
    if path.suffix in SUFFIXES:
        exported = read_exported(path)
        if exported.specification.network != "two_stream_agcn":
            raise KinesicsError(
                f"{path}: expected an exported skeleton network two_stream_agcn, found "
                f"{exported.specification.network}; export other weights"
            )
        return exported, exported.specification, exported.sha256
    if not has_torch():
        raise KinesicsError(
            f"{path}: expected PyTorch to run these weights, found none; pip install 'kinesics[torch]', or name a file "
            "of `kinesics export` with --weights"
        )
    from kinesics.models.agcn_inference import InferenceAGCN
    from kinesics.models.inference import best_dtype
    from kinesics.models.weights import load_weights

    network, specification, sha256 = load_weights(path)
    return InferenceAGCN(network, best_dtype()), specification, sha256


def has_torch() -> bool:
    """Without it exported networks still run; facial expressions are not read."""
    try:
        return bool(importlib.import_module("torch"))
    except ImportError:
        return False


def _expressions(
    observation: Observation, wanted: bool | FaceExpressionModel, cache: Path | None, progress: Progress
) -> tuple[Expressions, ...]:
    """Of everybody, so that what is kept serves any choice of people."""
    if not wanted or observation.video is None or not has_torch():
        return ()
    from kinesics.pipeline.expressions import face_model, read_expressions

    model = face_model() if wanted is True else wanted
    return read_expressions(observation.video, observation.people, model, landmarks=cache, progress=progress)


def _recording(path: Path, observation: Observation) -> Recording:
    info = observation.video
    first = observation.people[0]
    if info is None:
        return Recording(path, "landmarks", first.start + first.duration, first.fps, len(first))
    return Recording(path, "video", info.duration, info.fps, info.frames, info.width, info.height)


def _rule(specification: Specification, threshold: float | None, labels: Mapping[str, float] | None) -> EventRule:
    rule = EventRule(by_class={**specification.thresholds, **(labels or {})})
    if threshold is None:
        return rule
    return replace(rule, threshold=threshold, by_class=dict(labels or {}))
