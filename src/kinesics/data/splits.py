"""Splits in which nobody is on two sides: a network must not be judged on people it has learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import ClipInfo, Split
from kinesics.errors import KinesicsError


def subject_folds(clips: Sequence[ClipInfo], k: int, seed: int = 0) -> tuple[tuple[ClipInfo, ...], ...]:
    """Deal clips out over k parts, each person in one part only, classes spread as evenly as that allows.

    People are dealt out one after the other, those with most clips first, each to the part in which they bring the
    class counts nearest to a k-th of all (the greedy rule of scikit-learn's StratifiedGroupKFold). Clips of unknown
    subjects go by their recording.

    Parameters
    ----------
    clips : to deal out
    k : how many parts
    seed : another seed is another order of people with as many clips

    Returns
    -------
    k tuples of clips

    Raises
    ------
    KinesicsError : for fewer people than parts
    """
    return _deal(clips, [1 / k] * k, seed)


def subject_split(clips: Sequence[ClipInfo], shares: Mapping[Split, float], seed: int = 0) -> tuple[ClipInfo, ...]:
    """Give clips new splits of about these shares that have no subject in common.

    Parameters
    ----------
    clips : to split
    shares : of each split; they need not sum to 1
    seed : another seed is another split

    Returns
    -------
    the clips, in their order

    Raises
    ------
    KinesicsError : for fewer people than splits
    """
    parts = _deal(clips, [share / sum(shares.values()) for share in shares.values()], seed)
    chosen = {clip.id: split for split, part in zip(shares, parts, strict=True) for clip in part}
    return tuple(replace(clip, split=chosen[clip.id]) for clip in clips)


def who(clip: ClipInfo) -> str:
    """Name whom the clip shows; for an unknown subject the recording stands for its person."""
    return clip.subject or f"file {clip.video or clip.skeleton}"


def _deal(clips: Sequence[ClipInfo], shares: Sequence[float], seed: int) -> tuple[tuple[ClipInfo, ...], ...]:
    people, counts = _counts(clips)
    if len(people) < len(shares):
        raise KinesicsError(
            f"expected at least {len(shares)} people for as many parts with nobody in two, found {len(people)}; "
            "name the subjects of the recordings, or ask for fewer parts"
        )
    share = np.array(shares)[:, None]
    order = np.random.default_rng(seed).permutation(len(people))
    order = order[np.argsort(-counts[order].sum(1), kind="stable")]
    goal = share * counts.sum(0)
    filled = np.zeros_like(goal)
    part = np.full(len(people), -1)
    for place, person in enumerate(order):
        cost = [_distance(filled, goal, p, counts[person]) for p in range(len(shares))]
        empty = [p for p in range(len(shares)) if p not in part]
        # the last people are kept for parts that would otherwise stay empty
        allowed = empty if len(order) - place <= len(empty) else range(len(shares))
        part[person] = min(allowed, key=lambda p: cost[p])
        filled[part[person]] += counts[person]
    index = {name: i for i, name in enumerate(people)}
    return tuple(tuple(clip for clip in clips if part[index[who(clip)]] == p) for p in range(len(shares)))


def _counts(clips: Sequence[ClipInfo]) -> tuple[list[str], NDArray[np.float64]]:
    """Everybody's name, and (people, classes) how many clips they have; hidden labels are a class of their own."""
    people = sorted({who(clip) for clip in clips})
    labels = sorted({-1 if clip.label is None else clip.label for clip in clips})
    row, column = ({name: i for i, name in enumerate(names)} for names in (people, labels))
    counts = np.zeros((len(people), len(labels)))
    for clip in clips:
        counts[row[who(clip)], column[-1 if clip.label is None else clip.label]] += 1
    return people, counts


def _distance(filled: NDArray[np.float64], goal: NDArray[np.float64], part: int, more: NDArray[np.float64]) -> float:
    """How far all parts are from their goal with `more` in one of them, each class as a share of its clips."""
    filled = filled.copy()
    filled[part] += more
    return float((((filled - goal) / goal.sum(0)) ** 2).sum())
