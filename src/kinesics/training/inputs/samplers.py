"""Which training clips a network sees when a few classes hold most of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DistributedSampler, Sampler

BALANCED = 1.0
SQUARE_ROOT = 0.5


class ClassSampler(Sampler[int]):
    """As many draws an epoch as there are clips; a class with n clips is drawn in proportion to n^(1 − power).

    Inside a class clips come in turn, each as often as the others or once more. The draws depend on (seed, epoch)
    alone, so a resumed training sees what an unbroken one sees; Lightning calls `set_epoch` by itself.

    Parameters
    ----------
    labels : (N,) the class of each clip.
    power : 0 leaves the classes as they are, `SQUARE_ROOT` lifts the tail of a long tail (Mahajan et al., ECCV 2018),
        `BALANCED` draws every class equally often (classifier re-training, Kang et al., ICLR 2020).
    seed : of the draws.

    Raises
    ------
    ValueError : without labels, or where one is negative (hidden).
    """

    def __init__(self, labels: Sequence[int], power: float = BALANCED, seed: int = 0) -> None:
        self.labels = np.asarray(labels, np.int64)
        if len(self.labels) == 0 or self.labels.min() < 0:
            raise ValueError("a class sampler needs at least one clip, and the label of each")
        self.power, self.seed, self.epoch = power, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Set which epoch's draws come next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng((self.seed, self.epoch))
        classes, counts = np.unique(self.labels, return_counts=True)
        shares = counts ** (1 - self.power)
        drawn = rng.choice(len(classes), len(self), p=shares / shares.sum())
        order = np.empty(len(self), np.int64)
        for number, label in enumerate(classes):
            places = np.flatnonzero(drawn == number)
            order[places] = _in_turn(np.flatnonzero(self.labels == label), len(places), rng)
        return iter(order.tolist())


class RankSampler(Sampler[int]):
    """One process's draws of a sampler's: every n-th of them, as many as every other process has.

    Parameters
    ----------
    sampler : what all processes draw alike.
    processes : how many there are.
    rank : which of them this is, from 0.
    """

    def __init__(self, sampler: ClassSampler | DistributedSampler[Any], processes: int, rank: int) -> None:
        self.sampler, self.processes, self.rank = sampler, processes, rank

    def set_epoch(self, epoch: int) -> None:
        """Set which epoch's draws come next."""
        self.sampler.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.sampler) // self.processes

    def __iter__(self) -> Iterator[int]:
        return islice(self.sampler, self.rank, len(self) * self.processes, self.processes)


def _in_turn(clips: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` of these clips: all in a random order, then all in another."""
    rounds = [rng.permutation(clips) for _ in range(-(-count // len(clips)))]
    return np.concatenate(rounds)[:count] if rounds else clips[:0]
