"""The main job: a recording in, an `Analysis` out; and the same for one pre-cut clip."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinesics.errors import KinesicsError
from kinesics.inference.events import EventRule, find_events
from kinesics.inference.fused import FusedNetwork, classify_fused, exported_fused_network, fused_network, score_fused
from kinesics.inference.results import Analysis, EmotionPrediction, Expressions, Recording
from kinesics.inference.scores import Scores
from kinesics.inference.skeleton import classify_clip, score
from kinesics.perception import Observation, observe
from kinesics.progress import Progress, part_of
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.timeline import Timeline
from kinesics.weights.exported import SUFFIXES, read_exported
from kinesics.weights.specification import DEFAULT, NONE, Specification

if TYPE_CHECKING:  # an exported network needs no torch
    from kinesics.inference.expressions import FaceExpressionModel
    from kinesics.inference.skeleton import SkeletonNetwork

_FACES = 0.1  # of the progress bar; half of the rest is for the network where it looks at the pictures as well


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

    person: "largest", "all", or a person's number. weights: of a skeleton network, of a GestureNet, which looks at the
    pictures as well, or an export of either; by default those that are shipped. threshold: the score (0..1) at which an
    event begins, for all classes; `labels` sets it for single ones. cache: where the landmarks are kept, and the facial
    expressions beside them, so that a second run does not look for them again. expressions: whether to read facial
    expressions from a video as well, or the network to do it with instead of the one that is shipped. progress: called
    with the share done, 0..1. Raises KinesicsError for a recording that cannot be read, in which nobody is found, or
    that has no such person, and for weights that do not read gestures.
    """
    network, specification, digest = _network(weights or DEFAULT)
    before_faces = 1 - _FACES if expressions else 1.0
    share = before_faces / 2 if isinstance(network, FusedNetwork) else before_faces
    observation = observe(
        Path(path), least=specification.fps or None, cache=cache, progress=part_of(progress, 0, share)
    )
    people = choose(observation.people, person)
    scores = _scores(people, observation, network, specification, part_of(progress, share, before_faces))
    looks = _expressions(observation, expressions, cache, part_of(progress, before_faces, 1))
    recording = _recording(Path(path), observation)
    rule = _rule(specification, threshold, labels)
    events = [
        event
        for one in scores
        for event in find_events(one, rule, start=0.0, end=recording.duration, source=specification.name)
    ]
    model = asdict(specification) | {"sha256": digest, "rule": asdict(rule)}
    chosen = tuple(look for look in looks if look.person in [one.person for one in people])
    readings = _readings(chosen, scores, specification, recording.duration) if weights is None else ()
    return Analysis(recording, people, scores, Timeline(tuple(events), recording.duration), model, chosen, readings)


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
    observation = observe(Path(path), least=specification.fps or None, progress=progress)
    people = choose(observation.people, person)
    if len(people) != 1:
        raise KinesicsError(f"{path}: classify looks at one person, found {len(people)}; name one with --person")
    if isinstance(network, FusedNetwork):
        _refuse_landmarks_alone(observation, network)
        probability = classify_fused(people[0], observation.video, network, others_in_view=len(observation.people) > 1)
    else:
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


def _network(path: Path) -> tuple[SkeletonNetwork | FusedNetwork, Specification, str]:
    """The network of a weights file, as it answers fastest here, its specification and the file's sha256."""
    if path.suffix in SUFFIXES:
        exported = read_exported(path)
        _check(path, exported.specification)
        fused = exported.specification.network == "gesture_net"
        return exported_fused_network(exported) if fused else exported, exported.specification, exported.sha256
    if not has_torch():
        raise KinesicsError(
            f"{path}: expected PyTorch to run these weights, found none; pip install 'kinesics[torch]', or name a file "
            "of `kinesics export` with --weights"
        )
    from kinesics.models.optimised import best_dtype
    from kinesics.models.skeleton.agcn_inference import InferenceAGCN
    from kinesics.weights.load import load_network

    loaded, specification, sha256 = load_network(path)
    _check(path, specification)
    network: Any = loaded
    if specification.network == "gesture_net":
        return fused_network(network, specification), specification, sha256
    return InferenceAGCN(network, best_dtype()), specification, sha256


def _check(path: Path, specification: Specification) -> None:
    """Raises KinesicsError for weights that do not read gestures from what is seen of a recording."""
    if specification.network not in ("two_stream_agcn", "gesture_net"):
        raise KinesicsError(
            f"{path}: expected weights of two_stream_agcn or gesture_net, found {specification.network}, which names "
            "no gestures of a recording; leave --weights away to use the ones that are shipped"
        )
    if specification.layout != UPPER_BODY.name or specification.own_layout:
        raise KinesicsError(
            f"{path}: expected weights for the joints {UPPER_BODY.name}, which are those found in recordings, found "
            f"{specification.layout or 'none'}; train on data in this layout"
        )


def _scores(
    people: tuple[SkeletonSequence, ...],
    observation: Observation,
    network: SkeletonNetwork | FusedNetwork,
    specification: Specification,
    progress: Progress,
) -> tuple[Scores, ...]:
    if not isinstance(network, FusedNetwork):
        return tuple(score(sequence, network, specification) for sequence in people)
    _refuse_landmarks_alone(observation, network)
    others_in_view = len(observation.people) > 1
    return score_fused(people, observation.video, network, others_in_view=others_in_view, progress=progress)


def _refuse_landmarks_alone(observation: Observation, network: FusedNetwork) -> None:
    if observation.video is None and network.video_alone:
        raise KinesicsError(
            f"weights {network.specification.name}: expected a video, for they know pictures alone, found landmarks; "
            "give the video, or leave --weights away"
        )


def has_torch() -> bool:
    """Without it exported networks still run; facial expressions are not read."""
    try:
        return bool(importlib.import_module("torch"))
    except ImportError:
        return False


def unread_faces(analysis: Analysis) -> str:
    """One sentence where facial expressions of a video could not be read; "" where they were, or need not be."""
    if analysis.recording.kind != "video" or analysis.expressions or has_torch():
        return ""
    return "Facial expression was not read: it needs PyTorch (pip install 'kinesics[torch]')."


def _expressions(
    observation: Observation, wanted: bool | FaceExpressionModel, cache: Path | None, progress: Progress
) -> tuple[Expressions, ...]:
    """Of everybody, so that what is kept serves any choice of people."""
    if not wanted or observation.video is None or not has_torch():
        return ()
    from kinesics.inference.expressions import face_model, read_expressions

    model = face_model() if wanted is True else wanted
    return read_expressions(observation.video, observation.people, model, landmarks=cache, progress=progress)


def _readings(
    looks: tuple[Expressions, ...], scores: tuple[Scores, ...], specification: Specification, duration: float
) -> tuple[EmotionPrediction, ...]:
    """Of those whose face was seen for long enough, with events at the thresholds that it was trained with."""
    if not looks:
        return ()
    from kinesics.inference.emotion import predict_outcome

    rule = _rule(specification, None, None)
    found = {one.person: list(find_events(one, rule, start=0.0, end=duration, source="")) for one in scores}
    read = (predict_outcome(look, found[look.person], duration) for look in looks)
    return tuple(one for one in read if one is not None)


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
