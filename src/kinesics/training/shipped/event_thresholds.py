"""The score at which an event begins, class by class: what finds the events of simulated recordings best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kinesics.inference.events import EventRule, find_events
from kinesics.inference.scores import Scores, gesture_names
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
_MOST_ALARMS = 2.0  # a minute: with more of them nobody looks at the timeline any longer
_SHARED_EVENTS = 30.0
_BACKGROUND_EACH = 3  # every third recording has no gesture in it


@dataclass(frozen=True, eq=False)
class ScoredRecording:
    """The scores of a recording, the gestures that are in it, and its length in seconds, `SECONDS` where it is 0."""

    scores: Scores
    truth: Sequence[Instance]
    seconds: float = 0.0


def score_recordings(
    network: TwoStreamAGCN,
    specification: Specification,
    count: int,
    seed: int,
    progress: Progress = lambda _: None,
    *,
    tracked: bool = False,
) -> list[ScoredRecording]:
    """Simulate recordings of random people before random cameras, and score them; every third is background alone.

    Parameters
    ----------
    network : in eval mode.
    specification : of its classes, window and temperature; all gestures are expected alike, as recordings show them.
    count : how many recordings.
    seed : of the recordings.
    progress : called with the share that is done, 0..1.
    tracked : by the landmark engine in rendered videos, in place of simulated detections.

    Returns
    -------
    The recordings, each `SECONDS` long.
    """
    found = []
    scorer = skeleton_scorer(InferenceAGCN(network), specification)
    make = partial(_recording, seed, SECONDS, tracked)
    with worker_pool() as pool:
        for clip in pool.imap(make, range(count)):
            found.append(ScoredRecording(scorer.score_person(clip.detected), clip.motion.events))
            progress(len(found) / count)
    return found


def _recording(seed: int, seconds: float, tracked: bool, n: int) -> SimulatedClip:
    make = track_recording if tracked else simulate_recording
    return make((seed, 3000, n), seconds=seconds, gestures=n % _BACKGROUND_EACH > 0)


def fit_event_thresholds(
    recordings: Sequence[ScoredRecording], *, grid: Sequence[float] = GRID, shared: float = _SHARED_EVENTS
) -> dict[str, float]:
    """Choose for each gesture the threshold with the best F1 of its own events; of equal ones the middle.

    A class has a few events only, by which alone its threshold would be random: so it is judged as if it had some more,
    found and missed as those of all classes are on average.

    Parameters
    ----------
    recordings : with their scores.
    grid : thresholds to choose from.
    shared : how many events more a class is judged as if it had.

    Returns
    -------
    The threshold of each gesture.
    """
    counts = np.array([_by_class(recordings, EventRule(onset=threshold)) for threshold in grid], float)  # (G, C, 3)
    everybody = counts.sum(1, keepdims=True)
    matched, predicted, true = np.moveaxis(counts + shared * everybody / max(everybody[..., 2].max(), 1), -1, 0)
    f1 = 2 * matched / np.maximum(predicted + true, 1e-9)
    thresholds = {}
    for label, column in zip(gesture_names(recordings[0].scores.classes), f1.T, strict=True):
        best = np.flatnonzero(column >= column.max() - 1e-9)
        thresholds[label] = grid[best[len(best) // 2]]
    return thresholds


def shift_thresholds(recordings: Sequence[ScoredRecording], thresholds: Mapping[str, float]) -> dict[str, float]:
    """Raise or lower all thresholds alike for tracked recordings, which err otherwise than simulated detections.

    What each lacks of 1 is multiplied by one of `FACTORS`: that with the best F1, the strictest of equal ones, among
    those with at most `_MOST_ALARMS` false alarms a minute of background; the smallest where none has so few.
    """
    best, most = FACTORS[0], -1.0
    for factor in FACTORS:
        figures = event_figures(recordings, _shifted(thresholds, factor))
        if figures["false_alarms_a_minute"] <= _MOST_ALARMS and figures["event_f1"] > most:
            best, most = factor, figures["event_f1"]
    return _shifted(thresholds, best)


def _shifted(thresholds: Mapping[str, float], factor: float) -> dict[str, float]:
    return {label: round(max(1 - factor * (1 - threshold), GRID[0]), 3) for label, threshold in thresholds.items()}


def event_figures(recordings: Sequence[ScoredRecording], thresholds: Mapping[str, float]) -> dict[str, float]:
    """Compute F1, precision and recall of events (labels equal, overlap above 0.3), and false alarms a minute.

    False alarms are counted where there is no gesture at all.
    """
    found = {str(n): found_instances(one, EventRule(by_class=thresholds)) for n, one in enumerate(recordings)}
    total = detection_score(found, {str(n): one.truth for n, one in enumerate(recordings)})
    background = [n for n, one in enumerate(recordings) if not one.truth]
    alarms = sum(len(found[str(n)]) for n in background)
    return {
        "event_f1": total.f1,
        "event_precision": total.precision,
        "event_recall": total.recall,
        "false_alarms_a_minute": alarms / max(len(background) * SECONDS / 60, 1e-9),
    }


def found_instances(recording: ScoredRecording, rule: EventRule) -> list[Instance]:
    """The events of a recording by a rule, as (label, start, end)."""
    events = find_events(recording.scores, rule, start=0.0, end=recording.seconds or SECONDS, source="")
    return [(event.index, event.start, event.end) for event in events]


def _by_class(recordings: Sequence[ScoredRecording], rule: EventRule) -> NDArray[np.int64]:
    """(C, 3) of each class: how many events are matched, predicted and true."""
    counts = np.zeros((len(gesture_names(recordings[0].scores.classes)), 3), np.int64)
    for one in recordings:
        found = found_instances(one, rule)
        for label in {event[0] for event in (*found, *one.truth)}:
            predicted, true = ([event for event in events if event[0] == label] for events in (found, one.truth))
            score = detection_score({"": predicted}, {"": true})
            counts[label] += (score.matched, score.predicted, score.true)
    return counts
