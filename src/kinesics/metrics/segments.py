"""Events and labelled frames in time, by the measures of action segmentation, temporal detection and SHREC'21.

Frame accuracy, edit score and segmental F1: Lea et al., CVPR 2017. Mean average precision: as ActivityNet counts it.
Detection rate, false-positive rate and Jaccard index: the script of the SHREC'21 contest (Caputo et al., 2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinesics.metrics.detection import TIOU, Instance

Scored = tuple[int, float, float, float]  # label, start, end (exclusive), score
Labels = NDArray[np.int64]
OVERLAPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
BACKGROUND = 0  # the label of frames in which nothing happens


# ── labelled frames ──────────────────────────────────────────────────────────────────────────────────────────


def segments_of(frames: Labels, background: int | None = BACKGROUND) -> list[tuple[int, int, int]]:
    """Find the longest runs of one label.

    Parameters
    ----------
    frames : (T,) a label each.
    background : the label whose runs are left out; None keeps all.

    Returns
    -------
    Label, first frame and the frame after the last, in order.
    """
    edges = np.flatnonzero(np.diff(frames)) + 1
    starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(frames)]])
    runs = [(int(frames[s]), int(s), int(e)) for s, e in zip(starts, ends, strict=True) if e > s]
    return [run for run in runs if run[0] != background]


def frame_accuracy(predicted: Labels, true: Labels) -> float:
    """The share (0..1) of frames (T,) that are labelled right, the background included."""
    return float((predicted == true).mean())


def edit_score(predicted: Labels, true: Labels, background: int | None = BACKGROUND) -> float:
    """Compare the order of the segments: 1 less the edit distance of both over the longer one's length.

    Parameters
    ----------
    predicted : (T,) a label each.
    true : (T,) likewise.
    background : the label whose segments are left out; None keeps all.

    Returns
    -------
    0..1; 1 where neither has a segment.
    """
    first, second = ([label for label, _, _ in segments_of(x, background)] for x in (predicted, true))
    longer = max(len(first), len(second))
    return 1 - _edits(first, second) / longer if longer else 1.0


def _edits(first: Sequence[int], second: Sequence[int]) -> int:
    """The Levenshtein distance."""
    row = list(range(len(second) + 1))
    for i, label in enumerate(first, 1):
        before = row
        row = [i]
        for j, other in enumerate(second, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (label != other)))
    return row[-1]


@dataclass(frozen=True)
class SegmentCounts:
    """Segments that were found, that were predicted, and that are true; they add up over sequences."""

    hits: int
    predicted: int
    true: int

    def __add__(self, other: SegmentCounts) -> SegmentCounts:
        return SegmentCounts(self.hits + other.hits, self.predicted + other.predicted, self.true + other.true)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 without a segment."""
        return 2 * self.hits / (self.predicted + self.true) if self.predicted + self.true else 0.0


def segmental_counts(
    predicted: Labels, true: Labels, overlap: float, background: int | None = BACKGROUND
) -> SegmentCounts:
    """Match segments in order: each predicted one to the true one of its class that it overlaps most, if that is free.

    Parameters
    ----------
    predicted : (T,) a label each.
    true : (T,) likewise.
    overlap : the least intersection over union of a hit.
    background : the label whose segments are left out; None keeps all.

    Returns
    -------
    What was found, predicted and is true.
    """
    found, wanted = segments_of(predicted, background), segments_of(true, background)
    table = np.array(wanted, float).reshape(-1, 3)
    free = np.ones(len(wanted), bool)
    hits = 0
    for label, start, end in found if wanted else ():
        shared = np.minimum(end, table[:, 2]) - np.maximum(start, table[:, 1])
        union = np.maximum(end, table[:, 2]) - np.minimum(start, table[:, 1])
        overlaps = shared / union * (table[:, 0] == label)
        best = int(overlaps.argmax())
        if overlaps[best] >= overlap and free[best]:
            free[best] = False
            hits += 1
    return SegmentCounts(hits, len(found), len(wanted))


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────


def overlap_table(first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Compute the intersection over union in time of each two events of one class.

    Parameters
    ----------
    first : (P, 3 or more) label, start, end.
    second : (G, 3 or more) likewise.

    Returns
    -------
    (P, G), 0 where classes differ.
    """
    p, g = (np.array([row[:3] for row in rows], float).reshape(-1, 3) for rows in (first, second))
    shared = np.minimum(p[:, None, 2], g[None, :, 2]) - np.maximum(p[:, None, 1], g[None, :, 1])
    union = np.maximum(p[:, None, 2], g[None, :, 2]) - np.minimum(p[:, None, 1], g[None, :, 1])
    table: NDArray[np.float64] = np.where(p[:, None, 0] == g[None, :, 0], shared.clip(min=0) / union.clip(min=1e-12), 0)
    return table


def match_events(
    predicted: Sequence[Sequence[float]], true: Sequence[Sequence[float]], overlap: float = TIOU
) -> list[tuple[int, int]]:
    """Pair events of one class one to one, best overlap first.

    Parameters
    ----------
    predicted : (P, 3 or more) label, start, end.
    true : (G, 3 or more) likewise.
    overlap : what a pair's intersection over union must exceed.

    Returns
    -------
    Rows of both, a pair each.
    """
    table = overlap_table(predicted, true)
    pairs = []
    while table.size and table.max() > overlap:
        row, column = np.unravel_index(int(table.argmax()), table.shape)
        pairs.append((int(row), int(column)))
        table[row], table[:, column] = 0, 0
    return pairs


def edge_errors(
    predictions: Mapping[str, Sequence[Sequence[float]]], truth: Mapping[str, Sequence[Sequence[float]]]
) -> NDArray[np.float64]:
    """Compute how late the edges of matched events are.

    Parameters
    ----------
    predictions : by recording, (label, start, end) each.
    truth : likewise.

    Returns
    -------
    (K, 2) found less true start and end of the K events that match, in the unit of the events.
    """
    rows = [
        (predictions[name][p][1] - events[g][1], predictions[name][p][2] - events[g][2])
        for name, events in truth.items()
        for p, g in match_events(predictions.get(name, ()), events)
    ]
    return np.array(rows, float).reshape(-1, 2)


def mean_average_precision(
    predictions: Mapping[str, Sequence[Scored]], truth: Mapping[str, Sequence[Instance]], overlap: float
) -> float:
    """Average, over the classes that are in the truth, the area under precision by recall.

    Going through all predictions of a class by score, each takes the free event that it overlaps most; precision is
    made monotone before it is integrated.

    Parameters
    ----------
    predictions : by recording, (label, start, end, score) each.
    truth : by recording, (label, start, end) each.
    overlap : the least intersection over union of a hit.

    Returns
    -------
    0..1; NaN where nothing is true.
    """
    labels = sorted({event[0] for events in truth.values() for event in events})
    ranked = {
        label: [ranked_hits(label, predictions.get(name, ()), truth[name], overlap) for name in truth]
        for label in labels
    }
    precisions = [
        average_precision(rows, sum(e[0] == c for t in truth.values() for e in t)) for c, rows in ranked.items()
    ]
    return float(np.mean(precisions)) if precisions else float("nan")


def ranked_hits(
    label: int, predictions: Sequence[Scored], truth: Sequence[Instance], overlap: float
) -> NDArray[np.float64]:
    """Tell of each prediction of a class in one recording whether it is a hit, which depends on no other recording.

    Parameters
    ----------
    label : the class.
    predictions : (label, start, end, score) each.
    truth : (label, start, end) each.
    overlap : the least intersection over union of a hit.

    Returns
    -------
    (K, 2) score, and 1 for a hit.
    """
    chosen = sorted((one for one in predictions if one[0] == label), key=lambda one: -one[3])
    events = [one for one in truth if one[0] == label]
    table, free = overlap_table(chosen, events), np.ones(len(events), bool)
    found = np.array([(one[3], 0.0) for one in chosen], float).reshape(-1, 2)
    for rank in range(len(chosen) if events else 0):
        overlaps = table[rank] * free
        if overlaps.max() >= overlap:
            found[rank, 1] = 1
            free[overlaps.argmax()] = False
    return found


def average_precision(ranked: Sequence[NDArray[np.float64]], true: int) -> float:
    """Integrate precision, made monotone, over recall.

    Parameters
    ----------
    ranked : of each recording what `ranked_hits` gives.
    true : how many events there are.

    Returns
    -------
    0..1; NaN where there is no event.
    """
    if not true:
        return float("nan")
    rows = np.concatenate([*ranked, np.zeros((0, 2))])
    hits = rows[np.argsort(-rows[:, 0], kind="stable"), 1]
    recall = np.concatenate([[0.0], hits.cumsum() / true])
    precision = hits.cumsum() / (np.arange(len(hits)) + 1)
    best_from = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall) * best_from).sum())


# ── SHREC'21 ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ContestScore:
    """The measures of the SHREC'21 contest.

    detection_rate: correct answers by true events.
    false_positive_rate: wrong answers and false alarms by true events.
    jaccard: the mean over the classes of correct by all events and other answers of the class.
    correct, wrong, alarms, true: the counts.
    """

    detection_rate: float
    false_positive_rate: float
    jaccard: float
    correct: int
    wrong: int
    alarms: int
    true: int


def contest_score(
    answers: Mapping[str, Sequence[Instance]], truth: Mapping[str, Sequence[Instance]], classes: int
) -> ContestScore:
    """Judge answers as the script of SHREC'21 does, in its order and with its slip.

    An answer hits every event of which it covers more than half, however long the answer is; the last frame counts as
    the end. A second right hit of an event counts nothing; a wrong one is charged to the event's class.
    The slip: a false alarm is charged to the class of the recording's last event, in the mean over the classes alone.

    Parameters
    ----------
    answers : by recording, (class, first frame, last frame) each, in the order they were handed in.
    truth : likewise.
    classes : how many.

    Returns
    -------
    The three measures and the counts.
    """
    counts = [contest_counts(answers.get(name, ()), events, classes) for name, events in truth.items()]
    return summed_contest(np.sum([np.zeros((4, classes), int), *counts], axis=0))


def contest_counts(answers: Sequence[Instance], truth: Sequence[Instance], classes: int) -> NDArray[np.int64]:
    """Count in one recording, as `contest_score` does.

    Parameters
    ----------
    answers : (class, first frame, last frame) each.
    truth : likewise.
    classes : how many.

    Returns
    -------
    (4, classes) correct and wrong answers, false alarms, and missed events.
    """
    counts = np.zeros((4, classes), int)
    free = [True] * len(truth)
    for label, start, end in answers:
        hit = [k for k, (_, s, e) in enumerate(truth) if (min(e, end) - max(s, start)) / max(e - s, 1) > 0.5]
        for k in hit:
            if truth[k][0] != label:
                counts[1, truth[k][0]] += 1
            elif free[k]:
                free[k] = False
                counts[0, label] += 1
        if not hit:
            counts[2, truth[-1][0] if truth else label] += 1
    for k, event in enumerate(truth):
        counts[3, event[0]] += free[k]
    return counts


def summed_contest(counts: NDArray[np.int64]) -> ContestScore:
    """Turn counts into the measures of the contest.

    Parameters
    ----------
    counts : (4, classes) what `contest_counts` gave, summed over recordings.

    Returns
    -------
    The measures.
    """
    correct, wrong, alarms, missed = counts
    total = int((correct + missed).sum())
    each = correct / np.maximum(counts.sum(0), 1)
    sums = int(correct.sum()), int(wrong.sum()), int(alarms.sum())
    return ContestScore(sums[0] / max(total, 1), (sums[1] + sums[2]) / max(total, 1), float(each.mean()), *sums, total)
