"""Batches of the three splits, as every task's data give them to the trainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import lightning as L
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from kinesics.data.dataset import GestureDataset, Split
from kinesics.training.inputs.samplers import ClassSampler, RankSampler

Batch = dict[str, Tensor]


class BatchData(L.LightningDataModule):
    """Batches of the training, validation and test split; a subclass says of what.

    Training draws depend on (seed, epoch) alone, and each process gets its share of them.

    Parameters
    ----------
    batch : items of a batch, of each process.
    seed : of all draws.
    workers : processes that read; 0 reads in the trainer's own.
    judged : items of a batch of validation and test, as a multiple of `batch`.
    """

    collate: ClassVar[Callable[..., Any]]  # items to a batch

    def __init__(self, batch: int, seed: int, workers: int = 0, judged: int = 1) -> None:
        super().__init__()
        self.batch, self.seed, self.workers, self.judged = batch, seed, workers, judged
        self._windows: dict[Split, Any] = {}

    def make_windows(self, split: Split) -> Any:
        """Make a split's data set, whose attribute `epoch` its draws depend on."""
        raise NotImplementedError

    def windows(self, split: Split) -> Any:
        """Give a split's data set, made once."""
        if split not in self._windows:
            self._windows[split] = self.make_windows(split)
        return self._windows[split]

    def items(self, split: Split) -> Dataset[Any]:
        """Give what a split's batches are made of: its windows, or something around them."""
        windows: Dataset[Any] = self.windows(split)
        return windows

    def sampler(self) -> ClassSampler | DistributedSampler[Any]:
        """Make what draws the training items for all processes alike; its draws depend on seed and epoch alone."""
        return DistributedSampler(self.windows("train"), 1, 0, seed=self.seed)

    def train_dataloader(self) -> DataLoader[Any]:
        """Give this process's training batches."""
        processes, rank = (1, 0) if self.trainer is None else (self.trainer.world_size, self.trainer.global_rank)
        own = RankSampler(self.sampler(), processes, rank)
        return self._loader("train", self.batch, sampler=own, drop_last=len(own) > self.batch)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        """Give the validation batches, none where there is no such split."""
        return self._loader("val", self.judged * self.batch) if len(self.windows("val")) else []

    def test_dataloader(self) -> DataLoader[Any]:
        """Give the test batches."""
        return self._loader("test", self.judged * self.batch)

    def _loader(self, split: Split, batch: int, **options: Any) -> DataLoader[Any]:
        collate = type(self).collate
        return DataLoader(self.items(split), batch, num_workers=self.workers, collate_fn=collate, **options)


def describe_training_data(count: int, what: str, dataset: GestureDataset) -> str:
    """Describe what weights were trained on.

    Parameters
    ----------
    count : how many.
    what : "clips", "recordings".
    dataset : whose they are.

    Returns
    -------
    Such as "120 clips of simulated iMiGUE".
    """
    simulated = "simulated " if getattr(dataset, "simulated", False) else ""
    return f"{count} {what} of {simulated}{dataset.name}"
