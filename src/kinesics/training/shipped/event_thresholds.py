"""The score at which an event begins, class by class: what finds the events of simulated recordings best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference.events import EventRule, find_events
from kinesics.inference.scores import Scores
from kinesics.inference.skeleton import skeleton_scorer
from kinesics.metrics.detection import Instance, detection_score
from kinesics.models.skeleton.agcn import TwoStreamAGCN
from kinesics.models.skeleton.agcn_inference import InferenceAGCN
from kinesics.progress import Progress
from kinesics.simulator.clips import SimulatedClip, simulate_recording, track_recording, worker_pool
from kinesics.weights.specification import Specification

SECONDS = 40.0  # of a recording
GRID = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))  # 0.3 … 0.95
FACTORS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0)
_ALARMS = 2.0  # a minute: more of them, and nobody looks at the timeline any longer
_COMMON = 30.0
_QUIET = 3  # every third recording has no gesture in it


@dataclass(frozen=True, eq=False)
class ScoredRecording:
    """The scores of a recording, and the gestures that are in it."""

    scores: Scores
    truth: Sequence[Instance]


def score_recordings(
    network: TwoStreamAGCN,
    specification: Specification,
    count: int,
    seed: int,
    progress: Progress = lambda _: None,
    *,
    watched: bool = False,
) -> list[ScoredRecording]:
    """`count` simulated recordings of people and cameras of chance, scored; every third is of ordinary life alone.

    watched: in films, by the real landmark engine, in place of the model of one.
    """
    found = []
    scorer = skeleton_scorer(InferenceAGCN(network), specification)
    look = partial(_recording, seed, SECONDS, watched)
    with worker_pool() as pool:
        for clip in pool.imap(look, range(count)):
            found.append(ScoredRecording(scorer.score_person(clip.detected), clip.motion.events))
            progress(len(found) / count)
    return found


def _recording(seed: int, seconds: float, watched: bool, n: int) -> SimulatedClip:
    look = track_recording if watched else simulate_recording
    return look((seed, 3000, n), seconds=seconds, gestures=n % _QUIET > 0)


def fit_event_thresholds(heard: Sequence[ScoredRecording]) -> dict[str, float]:
    """For each gesture the threshold of `GRID` with the best F1 of its own events; of equal ones the middle.

    A class has a few events only, by which alone its threshold would be one of chance: so it is judged as if it had
    `_COMMON` more, found and missed as those of all classes are on average.
    """
    counts = np.array([_by_class(heard, EventRule(onset=threshold)) for threshold in GRID], float)  # (G, C, 3)
    everybody = counts.sum(1, keepdims=True)
    matched, predicted, true = np.moveaxis(counts + _COMMON * everybody / max(everybody[..., 2].max(), 1), -1, 0)
    f1 = 2 * matched / np.maximum(predicted + true, 1e-9)
    thresholds = {}
    for label, column in zip(CLASSES, f1.T, strict=True):
        best = np.flatnonzero(column >= column.max() - 1e-9)
        thresholds[label] = GRID[best[len(best) // 2]]
    return thresholds


def shift(heard: Sequence[ScoredRecording], thresholds: Mapping[str, float]) -> dict[str, float]:
    """The thresholds raised or lowered alike for films, whose mistakes are not those that the model of an engine makes.

    What each lacks of 1 is multiplied by one of `FACTORS`: that with the best F1, the strictest of equal ones, among
    those with at most `_ALARMS` false alarms a minute of ordinary life; the smallest where none has so few.
    """
    best, most = FACTORS[0], -1.0
    for factor in FACTORS:
        figures = event_figures(heard, _shifted(thresholds, factor))
        if figures["false_alarms_a_minute"] <= _ALARMS and figures["event_f1"] > most:
            best, most = factor, figures["event_f1"]
    return _shifted(thresholds, best)


def _shifted(thresholds: Mapping[str, float], factor: float) -> dict[str, float]:
    return {label: round(max(1 - factor * (1 - threshold), GRID[0]), 3) for label, threshold in thresholds.items()}


def event_figures(heard: Sequence[ScoredRecording], thresholds: Mapping[str, float]) -> dict[str, float]:
    """F1, precision and recall of events (labels equal, overlap above 0.3), and false alarms a minute where there is
    no gesture at all.
    """
    found = {str(n): _events(one, EventRule(by_class=thresholds)) for n, one in enumerate(heard)}
    total = detection_score(found, {str(n): one.truth for n, one in enumerate(heard)})
    quiet = [n for n, one in enumerate(heard) if not one.truth]
    alarms = sum(len(found[str(n)]) for n in quiet)
    return {
        "event_f1": total.f1,
        "event_precision": total.precision,
        "event_recall": total.recall,
        "false_alarms_a_minute": alarms / max(len(quiet) * SECONDS / 60, 1e-9),
    }


def _events(heard: ScoredRecording, rule: EventRule) -> list[Instance]:
    events = find_events(heard.scores, rule, start=0.0, end=SECONDS, source="")
    return [(event.index, event.start, event.end) for event in events]


def _by_class(heard: Sequence[ScoredRecording], rule: EventRule) -> list[tuple[int, int, int]]:
    """Of each class: how many events are matched, predicted and true."""
    found = [_events(one, rule) for one in heard]
    counts = []
    for index in range(len(CLASSES)):
        predicted = {str(n): [event for event in events if event[0] == index] for n, events in enumerate(found)}
        truth = {str(n): [event for event in one.truth if event[0] == index] for n, one in enumerate(heard)}
        score = detection_score(predicted, truth)
        counts.append((score.matched, score.predicted, score.true))
    return counts
