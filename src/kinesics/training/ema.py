"""The exponential moving average of a network's weights, often a better network than the last one."""

from __future__ import annotations

from functools import partial

from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class EMA(WeightAveraging):
    """Averages weights and batch norms' statistics over the last 1 / (1 − decay) steps or so.

    The averages validate, and are what a run leaves. Whole numbers are taken over as they are: an average of indices,
    cut to an integer, would be another index (Lightning's own callback makes 2 of 0.9 · 3 + 0.1 · 3).
    """

    def __init__(self, decay: float = 0.99) -> None:
        super().__init__(avg_fn=partial(_average, decay))


def _average(decay: float, average: Tensor, now: Tensor, _: Tensor | int) -> Tensor:
    return average.lerp(now, 1 - decay) if average.is_floating_point() else now
