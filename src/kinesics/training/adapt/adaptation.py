"""Weights adapted to an observer's corrections, and what that gains on people whom they have not seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.inference.events import EventRule
from kinesics.inference.scores import gesture_names
from kinesics.metrics.detection import Instance, detection_score
from kinesics.metrics.intervals import Interval, Rows, bootstrap
from kinesics.models.optimised import best_dtype
from kinesics.models.skeleton.agcn import TwoStreamAGCN
from kinesics.models.skeleton.agcn_inference import InferenceAGCN
from kinesics.progress import Progress, part_of
from kinesics.training.adapt.last_layer import (
    LEAST_EXAMPLES,
    LastLayer,
    RecordingTokens,
    examples,
    first_layer,
    fit_last_layer,
    recording_tokens,
)
from kinesics.training.adapt.reviewed import ReviewedRecording
from kinesics.training.shipped.event_thresholds import ScoredRecording, fit_event_thresholds, found_instances
from kinesics.weights.load import load_weights, save_weights
from kinesics.weights.specification import DEFAULT, Specification

PULLS = (float("inf"), 3e-3, 3e-4, 3e-5)  # of which one is chosen by people left out; infinite: the bias alone
LEAST_PEOPLE = 3
_FOLDS, _INNER_FOLDS = 6, 3
_GRID = tuple(round(0.1 + 0.05 * step, 2) for step in range(18))  # 0.1 … 0.95
_SHARED = 10.0  # events more, as those of all classes, that a threshold is fitted to
_LOOKING = 0.3  # of the progress
_TIOU = 0.3


@dataclass(frozen=True, eq=False)
class Adaptation:
    """Adapted weights, and what they gain.

    Attributes
    ----------
    layer : the fitted last layer, with its thresholds in its specification.
    network : the weights that were adapted, or None where only tokens were given.
    before, after : F1 of the events of all who were reviewed, each by weights that did not learn from that person.
    gain : after less before.
    own : classes that the weights did not know, with the share of their events that is found.
    counts : reviewed events by class.
    people, recordings : how many were reviewed.
    """

    layer: LastLayer
    network: TwoStreamAGCN | None
    before: Interval
    after: Interval
    gain: Interval
    own: dict[str, float]
    counts: dict[str, int]
    people: int
    recordings: int

    def save(self, path: Path) -> None:
        """Write an ordinary weights file, which `kinesics analyze --weights` takes; raises KinesicsError."""
        assert self.network is not None
        specification, width = self.layer.specification, self.network.joint.fc.in_features
        network = TwoStreamAGCN(self.network.layout, replace(self.network.config, classes=len(specification.classes)))
        state = self.network.state_dict()
        for stream, columns in (("joint", slice(0, width)), ("bone", slice(width, None))):
            state[f"{stream}.fc.weight"] = self.layer.weight[:, columns]
            state[f"{stream}.fc.bias"] = self.layer.bias / 2
        network.load_state_dict(state)
        save_weights(path, network, specification)


def adapt(
    recordings: Sequence[ReviewedRecording],
    weights: Path = DEFAULT,
    *,
    name: str = "gesture-skeleton-adapted",
    progress: Progress | None = None,
) -> Adaptation:
    """Adapt weights to what an observer has accepted, rejected and added.

    Shares of the classes and thresholds are fitted always; the last layer for classes with `LEAST_EXAMPLES` or more,
    those that the weights do not know among them, where that helps people who were left out. What is gained is measured
    on each person by weights, thresholds and choices that come from the others alone.

    Parameters
    ----------
    recordings : that were reviewed, of `LEAST_PEOPLE` people at least.
    weights : of the skeleton network.
    name : of the adapted weights.
    progress : called with the share done, 0..1.

    Returns
    -------
    The adapted weights with their figures.

    Raises
    ------
    KinesicsError
        for too few people or events, and where nothing is gained for certain: the interval of the gain holds 0.
    """
    network, specification, sha256 = load_weights(weights)
    counts = examples(recordings)
    _enough({one.subject for one in recordings}, counts)
    recordings, own = _known(recordings, specification, counts)
    looking, quick = part_of(progress, 0, _LOOKING), InferenceAGCN(network, best_dtype())
    looked = []
    for one in recordings:
        looked.append(recording_tokens(quick, specification, one))
        looking(len(looked) / len(recordings))
    before = first_layer(network, specification, own)
    adapted = adapt_layer(before, looked, part_of(progress, _LOOKING, 1))
    layer = replace(adapted.layer, specification=_described(adapted, name, sha256))
    return replace(adapted, layer=layer, network=network)


def adapt_layer(
    before: LastLayer, recordings: Sequence[RecordingTokens], progress: Progress = lambda _: None
) -> Adaptation:
    """Adapt the last layer alone, on tokens that are there already: what `adapt` does after it has looked.

    Parameters
    ----------
    before : the layer as it is, of all classes in the recordings.
    recordings : that were reviewed.
    progress : called with the share done, 0..1.

    Returns
    -------
    The adapted layer with its figures, without a network.

    Raises
    ------
    KinesicsError
        where nothing is gained for certain.
    """
    judged = [_instances(before, one) for one in recordings]
    folds = _folds(recordings, _FOLDS)
    learned: list[list[Instance]] = [[] for _ in recordings]
    for number, held in enumerate(folds):
        layer = _fit(before, [one for row, one in enumerate(recordings) if row not in held])
        for row in held:
            learned[row] = _instances(layer, recordings[row])
        progress((number + 1) / (len(folds) + 1))
    groups = [one.recording.subject for one in recordings]
    figures = _figures(recordings, before.specification.classes, judged, learned, groups)
    _refuse_without_gain(figures[2])
    layer = _fit(before, recordings)
    progress(1.0)
    classes = layer.specification.classes
    counts = examples([one.recording for one in recordings])
    own = [label for label in classes if not before.weight[classes.index(label)].any()]
    found = _found_shares(recordings, classes, learned, own)
    return Adaptation(layer, None, *figures, found, dict(counts), len(set(groups)), len(recordings))


def _enough(people: Collection[str], counts: dict[str, int]) -> None:
    if len(people) < LEAST_PEOPLE:
        raise KinesicsError(
            f"adapt: expected reviewed recordings of {LEAST_PEOPLE} people or more, found {len(people)}; what is "
            "learned from one must be tried on another"
        )
    if not any(count >= LEAST_EXAMPLES for count in counts.values()):
        raise KinesicsError(
            f"adapt: expected a class with {LEAST_EXAMPLES} events or more, found "
            f"{max(counts.values(), default=0)} at most; review more recordings"
        )


def _known(
    recordings: Sequence[ReviewedRecording], specification: Specification, counts: dict[str, int]
) -> tuple[list[ReviewedRecording], list[str]]:
    """The recordings with the events that can be learned, and the classes of one's own with enough of them."""
    known = gesture_names(specification.classes)
    own = sorted(label for label, count in counts.items() if label not in known and count >= LEAST_EXAMPLES)
    there = {*known, *own}
    kept = [replace(one, events=tuple(event for event in one.events if event[0] in there)) for one in recordings]
    return kept, own


def _folds(recordings: Sequence[RecordingTokens], most: int) -> list[set[int]]:
    """Recordings by people, dealt out so that the folds are about as long."""
    rows: dict[str, set[int]] = {}
    for row, one in enumerate(recordings):
        rows.setdefault(one.recording.subject, set()).add(row)
    folds: list[set[int]] = [set() for _ in range(min(most, len(rows)))]
    for group in sorted(rows.values(), key=len, reverse=True):
        min(folds, key=len).update(group)
    return folds


def _fit(before: LastLayer, recordings: Sequence[RecordingTokens]) -> LastLayer:
    """Fit layer and thresholds; how strongly the layer is held, by people left out in turn."""
    best: tuple[float, float, dict[str, float]] = (-1.0, PULLS[0], {})
    folds = _folds(recordings, _INNER_FOLDS)
    for pull in PULLS:
        scored: list[ScoredRecording] = []
        for held in folds:
            layer = fit_last_layer(before, [one for row, one in enumerate(recordings) if row not in held], pull)
            scored += [_scored(layer, recordings[row]) for row in sorted(held)]
        thresholds = fit_event_thresholds(scored, grid=_GRID, shared=_SHARED)
        counts = [_counts(found_instances(one, EventRule(by_class=thresholds)), one.truth) for one in scored]
        f1 = _f1(np.array(counts, float).sum(0))
        if f1 > best[0]:
            best = (f1, pull, thresholds)
    layer = fit_last_layer(before, recordings, best[1])
    return replace(layer, specification=replace(layer.specification, thresholds=best[2]))


def _scored(layer: LastLayer, one: RecordingTokens) -> ScoredRecording:
    return ScoredRecording(layer.scores(one), _truth(one, layer.specification.classes), one.recording.seconds)


def _truth(one: RecordingTokens, classes: Sequence[str]) -> list[Instance]:
    return [(classes.index(label), start, end) for label, start, end in one.recording.events]


def _instances(layer: LastLayer, one: RecordingTokens) -> list[Instance]:
    return found_instances(_scored(layer, one), EventRule(by_class=layer.specification.thresholds))


def _counts(found: Sequence[Instance], truth: Sequence[Instance]) -> tuple[int, int, int]:
    score = detection_score({"": found}, {"": truth}, tiou=_TIOU)
    return score.matched, score.predicted, score.true


def _f1(counts: NDArray[np.float64]) -> float:
    matched, predicted, true = counts
    return float(2 * matched / max(predicted + true, 1))


def _figures(
    recordings: Sequence[RecordingTokens],
    classes: Sequence[str],
    before: Sequence[list[Instance]],
    after: Sequence[list[Instance]],
    groups: Sequence[str],
) -> tuple[Interval, Interval, Interval]:
    """F1 before and after, and the gain, with intervals by people."""
    truth = [_truth(one, classes) for one in recordings]
    old, new = (
        np.array([_counts(found, true) for found, true in zip(all_found, truth, strict=True)], float)
        for all_found in (before, after)
    )

    def gain(rows: Rows) -> float:
        return _f1(new[rows].sum(0)) - _f1(old[rows].sum(0))

    return (
        bootstrap(lambda rows: _f1(old[rows].sum(0)), groups),
        bootstrap(lambda rows: _f1(new[rows].sum(0)), groups),
        bootstrap(gain, groups),
    )


def _refuse_without_gain(gain: Interval) -> None:
    if not gain.low > 0:
        raise KinesicsError(
            "adapt: expected that the corrections teach what holds for other people, found a gain of "
            f"{100 * gain.value:+.1f} points of event F1 ({100 * gain.low:+.1f} to {100 * gain.high:+.1f}) on others; "
            "no weights were written; review more recordings, or see whether the codings fit them"
        )


def _found_shares(
    recordings: Sequence[RecordingTokens], classes: Sequence[str], found: Sequence[list[Instance]], own: Sequence[str]
) -> dict[str, float]:
    """Of each class of one's own the share of its events that is found."""
    shares = {}
    for label in own:
        place, matched, true = classes.index(label), 0, 0
        for one, instances in zip(recordings, found, strict=True):
            of_class = [event for event in instances if event[0] == place]
            counts = _counts(of_class, [event for event in _truth(one, classes) if event[0] == place])
            matched, true = matched + counts[0], true + counts[2]
        shares[label] = matched / true
    return shares


def _described(adapted: Adaptation, name: str, sha256: str) -> Specification:
    """What the adapted weights say of themselves."""
    specification, gain = adapted.layer.specification, adapted.gain
    metrics = {"adapted/event_f1_before": adapted.before.value, "adapted/event_f1": adapted.after.value}
    metrics |= {"adapted/gain": gain.value, "adapted/gain_low": gain.low, "adapted/gain_high": gain.high}
    learned = (
        f"{specification.training_data}; adapted to {sum(adapted.counts.values())} events of {adapted.people} people "
        f"in {adapted.recordings} recordings that an observer reviewed, from {specification.name} "
        f"(sha256 {sha256[:16]})"
    )
    return replace(specification, name=name, training_data=learned, metrics=dict(specification.metrics) | metrics)
