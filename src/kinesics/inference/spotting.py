"""From what a spotter says at its points to events: candidates, soft suppression, and edges by vote; in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton.sequence import FloatArray

if TYPE_CHECKING:
    from kinesics.models.gesture.spotting_net import SpottingNet

_LEAST = 0.02  # scores below are no candidates
_VOTE = 0.6  # overlap from which candidates have a say in an event's edges


class Candidates(NamedTuple):
    """Events that may be: `label` (K,), `span` (K, 2) start and end, `score` (K,) in 0..1."""

    label: NDArray[np.int64]
    span: NDArray[np.float64]
    score: NDArray[np.float64]


class Spots(NamedTuple):
    """Events that were found, by score: what `Candidates` have, and `doubt` (K, 2), the spread of both edges."""

    label: NDArray[np.int64]
    span: NDArray[np.float64]
    score: NDArray[np.float64]
    doubt: NDArray[np.float64]

    def above(self, threshold: float | NDArray[np.float64]) -> Spots:
        """Those whose score is no less than a threshold.

        Parameters
        ----------
        threshold : of all, or (C,) one of each class.

        Returns
        -------
        They, in the same order.
        """
        least = threshold if isinstance(threshold, float) else threshold[self.label]
        return self.rows(self.score >= least)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Spots:
        """Some of them.

        Parameters
        ----------
        chosen : (K,) which to keep, or (L,) the rows to take.

        Returns
        -------
        They, in the order asked for.
        """
        return Spots(self.label[chosen], self.span[chosen], self.score[chosen], self.doubt[chosen])


@dataclass(frozen=True)
class SuppressionRule:
    """How candidates that overlap become one event.

    Attributes
    ----------
    sigma : of the Gaussian by which an overlap lowers the weaker one's score (Bodla et al., ICCV 2017).
    exclusive : whether at any time there is one gesture at most, so that classes suppress each other.
    """

    sigma: float = 0.4
    exclusive: bool = False


def candidates_of(probability: FloatArray, distances: FloatArray, place: FloatArray, *, length: float) -> Candidates:
    """Turn points into candidates, each class by itself.

    Parameters
    ----------
    probability : (P, C).
    distances : (P, 2) tokens to both edges.
    place : (P,) tokens.
    length : tokens of the recording, to which edges are cut.

    Returns
    -------
    Those above a small score, in tokens.
    """
    point, label = np.nonzero(probability > _LEAST)
    span = np.stack([place - distances[:, 0], place + distances[:, 1]], -1)[point].astype(float)
    return Candidates(label, span.clip(-0.5, length - 0.5), probability[point, label].astype(float))


def runs_of(probability: FloatArray, threshold: float = 0.3) -> Candidates:
    """Turn labelled tokens into candidates: runs above a threshold, whose score is the mean of the run.

    Parameters
    ----------
    probability : (L, C).
    threshold : 0..1.

    Returns
    -------
    The runs, in tokens.
    """
    found: list[tuple[int, float, float, float]] = []
    for label, column in enumerate(probability.T):
        above = np.concatenate([[False], column >= threshold, [False]])
        edges = np.flatnonzero(above[1:] != above[:-1])
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            found.append((label, first - 0.5, last - 0.5, float(column[first:last].mean())))
    rows = np.array(found, float).reshape(-1, 4)
    return Candidates(rows[:, 0].astype(int), rows[:, 1:3], rows[:, 3])


def suppress(candidates: Candidates, rule: SuppressionRule) -> Spots:
    """Take the best candidate, lower the scores of those that overlap it, take the best of the rest, and so on.

    The edges of an event are the mean of its candidates' that overlap it well, by score; their spread is its doubt.

    Parameters
    ----------
    candidates : of one recording.
    rule : how.

    Returns
    -------
    The events, the best first.
    """
    order = np.argsort(-candidates.score, kind="stable")
    label, span, first_score = candidates.label[order], candidates.span[order], candidates.score[order]
    found: list[tuple[int, float, float, float, float, float]] = []
    groups = [np.arange(len(label))] if rule.exclusive else [np.flatnonzero(label == c) for c in np.unique(label)]
    for rows in groups:
        score = first_score[rows].copy()
        overlap_of = _overlaps(span[rows])
        while len(rows) and (best := int(score.argmax())) >= 0 and score[best] > _LEAST:
            overlap = overlap_of(best)
            alike = (overlap >= _VOTE) & (label[rows] == label[rows[best]])
            weight = first_score[rows[alike]] * overlap[alike]
            edges = np.average(span[rows[alike]], axis=0, weights=weight)
            doubt = np.sqrt(np.average((span[rows[alike]] - edges) ** 2, axis=0, weights=weight))
            found.append((label[rows[best]], *edges, score[best], *doubt))
            score = score * np.exp(-(overlap**2) / rule.sigma)
            score[best] = 0
    table = np.array(sorted(found, key=lambda row: -row[3]), float).reshape(-1, 6)
    return Spots(table[:, 0].astype(int), table[:, 1:3], table[:, 3], table[:, 4:])


def _overlaps(span: NDArray[np.float64]) -> Callable[[int], NDArray[np.float64]]:
    def overlap(row: int) -> NDArray[np.float64]:
        shared = np.minimum(span[:, 1], span[row, 1]) - np.maximum(span[:, 0], span[row, 0])
        union = np.maximum(span[:, 1], span[row, 1]) - np.minimum(span[:, 0], span[row, 0])
        result: NDArray[np.float64] = shared.clip(min=0) / union.clip(min=1e-9)
        return result

    return overlap


def spots_of(
    probability: FloatArray,
    distances: FloatArray | None,
    place: FloatArray,
    *,
    length: float,
    rule: SuppressionRule,
) -> Spots:
    """Find the events in what a network says at its points.

    Parameters
    ----------
    probability : (P, C).
    distances : (P, 2) tokens to both edges, or None from a network that labels tokens.
    place : (P,) tokens.
    length : tokens of the recording.
    rule : how candidates that overlap become one event.

    Returns
    -------
    The events in tokens, the best first.
    """
    if distances is None:
        return suppress(runs_of(probability), rule)
    return suppress(candidates_of(probability, distances, place, length=length), rule)


class PointArrays(NamedTuple):
    """What a network predicts for a whole recording at its P points, level by level.

    probability: (P, C). distances: (P, 2) tokens to both edges, or None. place: (P,) tokens.
    """

    probability: FloatArray
    distances: FloatArray | None
    place: FloatArray


def points_of(network: SpottingNet, frames: FloatArray, piece: int = 1500) -> PointArrays:
    """Ask a network about a recording of any length, piece by piece, with the same answer however it is cut.

    Each piece is shown with as many frames on both sides as its answer depends on, of which nothing is kept
    (overlap-save). A network that depends on all is shown the whole.

    Parameters
    ----------
    network : in eval mode.
    frames : (T, V, 4) joints, or (T, C) tokens.
    piece : frames whose answer is kept at a time, at least.

    Returns
    -------
    What it says; memory is what a piece needs, and the answer.
    """
    import torch

    count = len(frames)
    whole = max(network.unit, -(-count // network.unit) * network.unit)
    length = whole if network.reach is None else min(whole, -(-piece // network.unit) * network.unit)
    margin = 0 if network.reach is None else -(-network.reach // network.unit) * network.unit
    parts: list[list[tuple[FloatArray, ...]]] = []
    for first in range(0, whole, length):
        low, high = max(0, first - margin), min(whole, first + length + margin)
        shown = frames[low:high]
        held = np.concatenate([shown, np.repeat(frames[-1:], high - low - len(shown), 0)]).astype(np.float32)
        real = torch.arange(low, high)[None] < count
        with torch.no_grad():
            points = network(torch.from_numpy(held)[None], real)
        grid = network.grid(high - low)
        answer = [points.logits[0].float().sigmoid().numpy(), (grid.place + low / network.stride).numpy()]
        if points.distances is not None:
            answer.append(points.distances[0].float().numpy())
        parts.append(list(_levels(answer, grid.stride.numpy(), (first, min(first + length, whole)), network.stride)))
    columns = [np.concatenate([part[level][k] for level in range(len(parts[0])) for part in parts])
               for k in range(len(parts[0][0]))]  # fmt: skip
    return PointArrays(columns[0], columns[2] if len(columns) > 2 else None, columns[1])


def _levels(
    answer: list[FloatArray], strides: FloatArray, kept: tuple[int, int], stride: int
) -> Iterator[tuple[FloatArray, ...]]:
    """Of each level the rows of the piece itself, without its margins."""
    first, last = (edge / stride for edge in kept)
    for level in np.unique(strides):
        rows = (strides == level) & (answer[1] >= first) & (answer[1] < last)
        yield tuple(part[rows] for part in answer)
