"""Sequences folded to two dimensions, after AIMDiT (arXiv 2407.00743): inception blocks within and across streams.

1. All streams are laid on one clock.
2. Within a stream: its steps are folded by several periods to (steps / period, period), so that a small convolution
   reaches near and far neighbours at once; inception blocks (kernels of 1, 3 and 5) over each fold, summed.
3. Across streams: streams by steps are the two dimensions, and an inception block goes over both.
4. Attention pooling of each stream over the steps; the mean of the streams that are there decides.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.emotion.clock import Clocked, on_clock
from kinesics.models.emotion.streams import Alone, Embedded, EmotionConfig, EmotionHead, present
from kinesics.models.layers import AttentionPool

STEPS = 16
PERIODS = (2, 4, 8)
KERNELS = (1, 3, 5)


class Inception(nn.Module):
    """Convolutions of several sizes side by side, of each channel alone, then a mixing of the channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.sizes = nn.ModuleList(nn.Conv2d(width, width, k, padding=k // 2, groups=width) for k in KERNELS)
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve over both dimensions.

        Parameters
        ----------
        x : (N, D, H, W).

        Returns
        -------
        The same shape.
        """
        y: Tensor = self.mix(F.gelu(torch.stack([size(x) for size in self.sizes]).sum(0)))
        return y


class FoldedBlock(nn.Module):
    """Step 2: an inception block for each period, over a stream (N, STEPS, D), and a skip."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.folds = nn.ModuleList(Inception(width) for _ in PERIODS)

    def forward(self, x: Tensor) -> Tensor:
        """Fold, convolve, unfold, add.

        Parameters
        ----------
        x : (N, STEPS, D).

        Returns
        -------
        The same shape.
        """
        channels = self.norm(x).transpose(1, 2)
        folded = [
            inception(channels.unflatten(2, (-1, period))).flatten(2)
            for period, inception in zip(PERIODS, self.folds, strict=True)
        ]
        return x + torch.stack(folded).mean(0).transpose(1, 2)


class AcrossStreams(nn.Module):
    """Step 3: an inception block over streams and steps, (N, S, STEPS, D), and a skip."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inception = Inception(width)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve over both, and add.

        Parameters
        ----------
        x : (N, S, STEPS, D).

        Returns
        -------
        The same shape.
        """
        y: Tensor = x + self.inception(self.norm(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return y


class FoldedHead(EmotionHead):
    """All four steps; a step without a token, and a stream that is missing, stay zeros."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        width = config.width
        self.within = nn.ModuleDict(
            {name: nn.ModuleList(FoldedBlock(width) for _ in range(config.blocks)) for name in config.streams}
        )
        self.across = nn.ModuleList(AcrossStreams(width) for _ in range(config.blocks))
        self.step_pools = nn.ModuleDict({name: AttentionPool(width, config.heads) for name in config.streams})
        self.decide = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Fold each stream, convolve across them, pool and decide."""
        clocked = on_clock(streams, STEPS)
        one = next(iter(clocked.values()))
        nothing = Clocked(torch.zeros_like(one.tokens), torch.zeros_like(one.mask), one.shares)
        all_streams = {name: clocked.get(name, nothing) for name in self.config.streams}
        real = torch.stack([x.mask for x in all_streams.values()], 1)[..., None]  # (N, S, STEPS, 1)
        tokens = torch.stack([x.tokens for x in all_streams.values()], 1)
        for number, across in enumerate(self.across):
            parts = tokens.unbind(1)
            folded = [
                self.within[name][number](part)  # type: ignore[index]  # a list of blocks
                for name, part in zip(all_streams, parts, strict=True)
            ]
            tokens = across(torch.stack(folded, 1) * real) * real
        row = {name: place for place, name in enumerate(all_streams)}
        vectors, moments = [], {}
        for name, x in clocked.items():
            vector, weights = self.step_pools[name](tokens[:, row[name]], x.mask)
            vectors.append(vector)
            moments[name] = x.moments(weights)
        there = present(streams)
        mean = (torch.stack(vectors, 1) * there[..., None]).sum(1) / there.sum(1, keepdim=True).clamp(min=1)
        return self.decide(mean)[:, 0], moments
