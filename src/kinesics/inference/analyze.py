"""The main job: a recording in, an `Analysis` out; and the same for one pre-cut clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from kinesics.errors import KinesicsError
from kinesics.files import sha256_of
from kinesics.inference.action_events import ONSETS, find_action_events, with_rules
from kinesics.inference.emotion import predict_outcomes
from kinesics.inference.events import ALL_CLASSES, EventRule, find_events
from kinesics.inference.expressions import ExpressionReader
from kinesics.inference.face_model import FaceExpressionModel, face_model
from kinesics.inference.facial_actions import FacialActions, facial_actions
from kinesics.inference.frame_pass import read_requests
from kinesics.inference.hide_faces import FaceHider
from kinesics.inference.previews import PreviewReader
from kinesics.inference.results import Analysis, EmotionPrediction, Expressions, Recording
from kinesics.inference.scorer import Scorer, open_scorer, prior_of, spotter_of
from kinesics.inference.scores import Scores, gesture_names
from kinesics.inference.spotter import SpotterScorer
from kinesics.perception import Observation, OpenPoseFolder, observe
from kinesics.perception.engine import LandmarkEngine
from kinesics.perception.engines import DEFAULT_ENGINE
from kinesics.progress import Progress, part_of
from kinesics.skeleton import SkeletonSequence
from kinesics.timeline import Event, Timeline
from kinesics.timeline.labels import match_label
from kinesics.weights.specification import DEFAULT, Specification

Shown = Literal["mosaic", "fill", "skeleton"]  # how a video may be shown
_OFTEN = 0.8  # of the frames in which anybody is seen
_LAST_PASS = 0.1  # of the progress bar; half of the rest is for the network where it reads the video as well


def analyze(
    path: str | Path | OpenPoseFolder,
    *,
    person: str | int = "largest",
    weights: str | Path | Scorer | None = None,
    threshold: float | Mapping[str, float] | None = None,
    engine: LandmarkEngine | str = DEFAULT_ENGINE,
    cache: Path | None = None,
    expressions: bool | FaceExpressionModel = True,
    previews: bool | Shown = False,
    progress: Progress | None = None,
) -> Analysis:
    """Find the micro-gestures of a recording.

    Parameters
    ----------
    path : a video, a folder of OpenPose JSON files, the same with its rate (`OpenPoseFolder`), or a `.skeleton.npz`.
    person : "largest", "all", or a person's number.
    weights : a file of a skeleton network, of a GestureNet, which reads frames as well, or an export of either; or
        what `open_scorer` made of one; by default those that are shipped.
    threshold : score (0..1) at which an event begins; one for all classes, or a mapping from the names of some, with
        `ALL_CLASSES` for the others. Where nothing is given the weights' own hold. The rules of facial actions have
        names as well (`kinesics.inference.action_events.RULES`).
    engine : the landmark engine, or its name in `kinesics.perception.engine.ENGINES`.
    cache : a `.skeleton.npz` for the landmarks, with the facial expressions beside it, so that a second run does not
        track anybody again.
    expressions : whether to classify facial expressions in a video, or the network for it in place of the shipped one.
    previews : whether to keep small images for a report, from the pass of the video in which faces are read; or how
        the video may be shown in all that is made of the analysis: with faces as a "mosaic" or a "fill", or as a
        "skeleton" alone.
    progress : called with the share done, 0..1.

    Returns
    -------
    The events, with the scores, skeletons, facial actions and expressions behind them.

    Raises
    ------
    KinesicsError
        for a recording that cannot be read, in which nobody is found, or that has no such person; for weights that
        name no gestures, and for a threshold of a class that they do not know.
    """
    source, scorer = _source(path), _scorer(weights)
    specification = scorer.specification
    rule = event_rule(specification, threshold)
    scored = 1 - _LAST_PASS if expressions or previews else 1.0
    tracked = scored / 2 if scorer.reads_video else scored
    least = specification.fps or None
    observation = observe(source, least=least, cache=cache, progress=part_of(progress, 0, tracked), engine=engine)
    people = choose(observation.people, person)
    scores = scorer.score(people, observation, part_of(progress, tracked, scored))
    recording, actions = _recording(source, observation, people), facial_actions(observation, people)
    spotter = spotter_of(scorer)
    if spotter is None:
        timeline = _timeline(scores, rule, recording.duration, specification.name)
    else:
        timeline = _spotted(spotter, people, rule, recording.duration)
    ruled = _ruled(actions, rule, specification, recording.duration)
    analysis = Analysis(
        recording,
        people,
        scores,
        replace(timeline, events=with_rules(timeline, ruled)),
        asdict(specification) | {"sha256": scorer.sha256, "rule": asdict(rule), "prior": prior_of(scorer)},
        actions,
    )
    if isinstance(previews, str):
        hider = None if previews == "skeleton" else FaceHider(observation.people, previews)
        analysis = replace(analysis, hider=hider, skeleton_only=previews == "skeleton")
    wanted = bool(previews) and not analysis.skeleton_only
    analysis = _read_video(analysis, observation, expressions, wanted, cache, part_of(progress, scored, 1))
    return replace(analysis, emotion_predictions=_predictions(analysis, scorer))


@dataclass(frozen=True)
class Ranked:
    """One class of a classified clip, its index among the weights' gestures, and its probability (0..1)."""

    label: str
    index: int
    probability: float


def classify(
    path: str | Path | OpenPoseFolder,
    *,
    person: str | int = "largest",
    weights: str | Path | Scorer | None = None,
    engine: LandmarkEngine | str = DEFAULT_ENGINE,
    progress: Progress | None = None,
) -> list[Ranked]:
    """Rank the gestures of one pre-cut clip.

    Parameters
    ----------
    path, person, weights, engine, progress : as in `analyze`.

    Returns
    -------
    Every gesture of the weights, the most probable first.

    Raises
    ------
    KinesicsError
        as `analyze` does, where not one person is meant, and where nobody is seen.
    """
    scorer = _scorer(weights)
    observation = observe(_source(path), least=scorer.specification.fps or None, progress=progress, engine=engine)
    people = choose(observation.people, person)
    if len(people) != 1:
        raise KinesicsError(f"{path}: classify takes one person, found {len(people)}; name one with --person")
    probability = scorer.classify(people[0], observation)
    if not probability.any():
        raise KinesicsError(
            f"{path}: expected a person throughout the clip, nobody seen in most of it; give another clip"
        )
    names = gesture_names(scorer.specification.classes)
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


def event_rule(specification: Specification, threshold: float | Mapping[str, float] | None = None) -> EventRule:
    """The weights' own rule and the onsets of facial actions, or with other onsets, as `threshold` of `analyze`.

    Raises KinesicsError, with the names nearest to it, for a name that is neither a class nor a rule's.
    """
    given = {ALL_CLASSES: threshold} if isinstance(threshold, float | int) else dict(threshold or {})
    every = given.pop(ALL_CLASSES, None)
    names = (*gesture_names(specification.classes), *ONSETS)
    single = {names[match_label(label, names)]: onset for label, onset in given.items()}
    if every is None:
        return EventRule(by_class={**specification.thresholds, **ONSETS, **single})
    return EventRule(onset=every, by_class=single)


def _scorer(weights: str | Path | Scorer | None) -> Scorer:
    if weights is None or isinstance(weights, str | Path):
        return open_scorer(Path(weights or DEFAULT))
    return weights


def _timeline(scores: tuple[Scores, ...], rule: EventRule, duration: float, source: str) -> Timeline:
    starts = (float(one.times[0]) if len(one.times) else 0.0 for one in scores)
    events = (
        event
        for one, start in zip(scores, starts, strict=True)
        for event in find_events(one, rule, start=start, end=duration, source=source)
    )
    return Timeline(tuple(events), duration)


def _spotted(
    spotter: SpotterScorer, people: tuple[SkeletonSequence, ...], rule: EventRule, duration: float
) -> Timeline:
    name = spotter.specification.name
    return Timeline(tuple(event for person in people for event in spotter.find(person, rule, name)), duration)


def _ruled(
    actions: tuple[FacialActions, ...], rule: EventRule, specification: Specification, duration: float
) -> Iterator[Event]:
    classes = gesture_names(specification.classes)
    for one in actions:
        start = float(one.times[0]) if len(one.times) else 0.0
        yield from find_action_events(one, rule, classes, start=start, end=duration)


def _source(path: str | Path | OpenPoseFolder) -> Path | OpenPoseFolder:
    return path if isinstance(path, OpenPoseFolder) else Path(path)


def _recording(
    source: Path | OpenPoseFolder, observation: Observation, people: tuple[SkeletonSequence, ...]
) -> Recording:
    path = source.path if isinstance(source, OpenPoseFolder) else source
    info, notes = observation.video, observation.notes
    if len(people) < len(observation.people):
        numbers = ", ".join(str(person.person) for person in people)
        notes += (f"{len(observation.people)} people were found; this is person {numbers} (--person all: everybody).",)
    notes += tuple(_seldom_seen(observation.people, people))
    if info is None:
        first = observation.people[0]
        return Recording(path, "landmarks", first.start + first.duration, first.fps, len(first), notes=notes)
    return Recording(path, "video", info.duration, info.fps, info.frames, info.width, info.height, notes)


def _seldom_seen(everybody: Sequence[SkeletonSequence], people: Sequence[SkeletonSequence]) -> Iterator[str]:
    """A warning for each chosen person who is often away while somebody else is seen."""
    anybody = np.any([person.score.any(1) for person in everybody], axis=0).sum()
    for person in people:
        share = person.score.any(1).sum() / max(anybody, 1)
        if share < _OFTEN:
            yield (
                f"Person {person.person} is seen in {share:.0%} of the frames in which anybody is: "
                "the timeline tells of those alone."
            )


def _read_video(
    analysis: Analysis,
    observation: Observation,
    expressions: bool | FaceExpressionModel,
    previews: bool,
    cache: Path | None,
    progress: Progress,
) -> Analysis:
    """With expressions and previews, from one more pass of the video for both."""
    if observation.video is None:
        progress(1.0)
        return analysis
    faces = _expression_reader(observation, expressions, cache)
    images = PreviewReader(analysis.timeline, analysis.hider) if previews else None
    requests = [*(faces.requests() if faces else ()), *((images.request(),) if images else ())]
    read_requests(observation.video.path, requests, progress)
    chosen = {one.person for one in analysis.people}
    # everybody's are read and cached, so that the cache serves any choice of people
    found: tuple[Expressions, ...] = faces.result() if faces else ()
    return replace(
        analysis,
        expressions=tuple(one for one in found if one.person in chosen),
        previews=images.result() if images else (),
    )


def _expression_reader(
    observation: Observation, expressions: bool | FaceExpressionModel, cache: Path | None
) -> ExpressionReader | None:
    if not expressions or observation.video is None:
        return None
    model = face_model() if expressions is True else expressions
    return ExpressionReader(observation.video, observation.people, model, cache)


def _predictions(analysis: Analysis, scorer: Scorer) -> tuple[EmotionPrediction, ...]:
    """From the events of the shipped gesture weights at their own thresholds: the emotion weights know no others."""
    if not analysis.expressions or scorer.sha256 != sha256_of(DEFAULT):
        return ()
    timeline = _timeline(analysis.scores, event_rule(scorer.specification), analysis.recording.duration, "")
    return predict_outcomes(analysis.expressions, timeline.events, analysis.recording.duration)
