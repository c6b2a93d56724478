"""A spotter: tokens of a recording to micro-gestures, each with its class and its two edges.

After ActionFormer (Zhang et al., ECCV 2022, arXiv 2202.07925): local attention over dense tokens, a pyramid over time
for gestures of any length, and at every point of it one head that scores each class by itself, for gestures overlap,
and one that says how far away the edges are. `SpotterConfig.mixer` "pool" mixes by max-pooling, as TemporalMaxer does
(Tang et al., 2023, arXiv 2303.09055). Nothing reaches further than `Spotter.reach`, so a recording can be cut into
pieces.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from kinesics.models.layers import ShiftedLinear, feed_forward

NEVER = -1e4  # an attention logit; not −∞, of which a token without a real neighbour would make NaN


class Points(NamedTuple):
    """What a spotter says at the P points of its pyramid; level by level, each in order of time.

    logits: (N, P, C), each class by itself. distances: (N, P, 2) tokens back to the start and on to the end, or None
    from a network that labels tokens.
    """

    logits: Tensor
    distances: Tensor | None


class Grid(NamedTuple):
    """Where the points of L tokens are: `place` (P,) in tokens, `stride` (P,) tokens between points of that level."""

    place: Tensor
    stride: Tensor


@dataclass(frozen=True)
class SpotterConfig:
    """Sizes of a spotter.

    classes: that it finds.
    channels: of a token.
    width: of all that is inside.
    blocks: of mixing before the pyramid.
    levels: of the pyramid, each with half the points of the one before.
    reach: tokens to either side that one attends to.
    heads: of attention.
    mixer: what lets tokens know of each other.
    drop: the highest probability of stochastic depth, and of dropout before the heads.
    """

    classes: int
    channels: int
    width: int = 128
    blocks: int = 2
    levels: int = 4
    reach: int = 8
    heads: int = 4
    mixer: Literal["attention", "pool"] = "attention"
    drop: float = 0.1

    def __post_init__(self) -> None:
        """Raises ValueError for sizes that are none."""
        sizes = (self.classes, self.channels, self.width, self.levels, self.reach, self.heads)
        if min(sizes) < 1 or self.blocks < 0 or self.width % self.heads or self.levels > 8:
            raise ValueError("expected whole sizes above zero, a width that heads divide, and at most 8 levels")


class LocalAttention(nn.Module):
    """Attention of each token to those at most `reach` away; linear in the number of tokens.

    Tokens are taken in groups of `reach`, each of which attends to itself and the groups beside it.

    Parameters
    ----------
    width : D.
    heads : of attention.
    reach : tokens to either side.
    """

    def __init__(self, width: int, heads: int, reach: int) -> None:
        super().__init__()
        self.heads, self.reach = heads, reach
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.place = nn.Parameter(torch.zeros(heads, 2 * reach + 1))  # what each distance adds to the logit
        away = torch.arange(-reach, 2 * reach)[None] - torch.arange(reach)[:, None]  # (reach, 3 · reach)
        self.register_buffer("column", (away + reach).clamp(0, 2 * reach), persistent=False)
        self.register_buffer("far", away.abs() > reach, persistent=False)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Attend.

        Parameters
        ----------
        x : (N, L, D).
        mask : (N, L), which tokens are real.

        Returns
        -------
        (N, L, D).
        """
        n, length, width = x.shape
        groups = -(-length // self.reach)
        spare = groups * self.reach - length
        query, key, value = self.query_key_value(F.pad(x, (0, 0, 0, spare))).chunk(3, -1)
        query = query.reshape(n * groups, self.reach, self.heads, -1).transpose(1, 2)
        key, value = (self._neighbours(one, n * groups) for one in (key, value))
        real = F.pad(mask, (self.reach, self.reach + spare)).unfold(1, 3 * self.reach, self.reach)
        unreal = ~real.reshape(n * groups, 1, 1, -1) | self.get_buffer("far")
        bias = self.place[:, self.get_buffer("column")].masked_fill(unreal, NEVER)
        attended = F.scaled_dot_product_attention(query, key, value, bias.to(query.dtype))
        y: Tensor = self.out(attended.transpose(1, 2).reshape(n, groups * self.reach, width)[:, :length])
        return y

    def _neighbours(self, x: Tensor, count: int) -> Tensor:
        """(N · groups, heads, 3 · reach, D / heads): of each group the one before, itself and the one after."""
        padded = F.pad(x, (0, 0, self.reach, self.reach)).unfold(1, 3 * self.reach, self.reach)
        return padded.reshape(count, self.heads, -1, 3 * self.reach).transpose(2, 3)


class MaxPooling(nn.Module):
    """The largest of each token and its two neighbours; channel by channel, without a weight."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Pool tokens.

        Parameters
        ----------
        x : (N, L, D).
        mask : (N, L), which are real.

        Returns
        -------
        (N, L, D).
        """
        return _largest_of_three(x, mask)


class MixingBlock(nn.Module):
    """Pre-norm mixing over time, then a feed-forward layer, both with stochastic depth."""

    def __init__(self, config: SpotterConfig, drop: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        attends = config.mixer == "attention"
        self.mix = LocalAttention(config.width, config.heads, config.reach) if attends else MaxPooling()
        self.feed = feed_forward(config.width, 2)
        self.drop = StochasticDepth(drop, "row")

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Mix tokens.

        Parameters
        ----------
        x : (N, L, D).
        mask : (N, L), which are real.

        Returns
        -------
        (N, L, D), zero where a token is not real.
        """
        x = x + self.drop(self.mix(self.norm(x), mask))
        x = x + self.drop(self.feed(x))
        return x * mask[..., None]


class PointHead(nn.Module):
    """Two convolutions with norms, and one that gives numbers of each point; shared by all levels.

    Parameters
    ----------
    width : D.
    outputs : numbers a point.
    drop : of dropout before the last convolution.
    """

    def __init__(self, width: int, outputs: int, drop: float) -> None:
        super().__init__()
        self.convs = nn.ModuleList(ShiftedLinear(width, width, 3) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.drop = nn.Dropout(drop)
        self.last = ShiftedLinear(width, outputs, 3)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Give numbers of tokens.

        Parameters
        ----------
        x : (N, L, D), zero where a token is not real.
        mask : (N, L), which are real.

        Returns
        -------
        (N, L, outputs).
        """
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.gelu(norm(conv(x))) * mask[..., None]
        y: Tensor = self.last(self.drop(x))
        return y


class Spotter(nn.Module):
    """Tokens (N, L, channels) with a mask (N, L) to `Points`."""

    def __init__(self, config: SpotterConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.ModuleList(ShiftedLinear(c_in, config.width, 3) for c_in in (config.channels, config.width))
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(2))
        count = config.blocks + config.levels - 1
        drops = [config.drop * k / max(count - 1, 1) for k in range(count)]
        self.blocks = nn.ModuleList(MixingBlock(config, drop) for drop in drops)
        self.level_norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(config.levels))
        self.classify = PointHead(config.width, config.classes, config.drop)
        self.measure = PointHead(config.width, 2, config.drop)
        self.scale = nn.Parameter(torch.full((config.levels,), 2.0))
        nn.init.constant_(self.classify.last.linear.bias, -math.log(99))  # at first every class has a hundredth

    @property
    def reach(self) -> int:
        """How many tokens to either side an answer depends on, at most."""
        mixing = self.config.reach if self.config.mixer == "attention" else 1
        heads = 3
        of_levels = sum((mixing + 1) * 2**level for level in range(1, self.config.levels))
        return int(2 + self.config.blocks * mixing + of_levels + heads * 2 ** (self.config.levels - 1))

    def forward(self, tokens: Tensor, mask: Tensor) -> Points:
        """Score the points of the pyramid.

        Parameters
        ----------
        tokens : (N, L, channels); L is a multiple of the coarsest level's stride, see `padded`.
        mask : (N, L), which tokens are real.

        Returns
        -------
        The classes' logits, very low where no token is real, and the distances to both edges in tokens.
        """
        x = tokens * mask[..., None]
        for conv, norm in zip(self.embed, self.norms, strict=True):
            x = F.gelu(norm(conv(x))) * mask[..., None]
        for block in self.blocks[: self.config.blocks]:
            x = block(x, mask)
        levels, masks, gap = [], [], torch.zeros_like(mask[:, :1])
        for level, norm in enumerate(self.level_norms):
            if level:
                x, mask = _halved(x, mask)
                x = self.blocks[self.config.blocks + level - 1](x, mask)
            levels += [norm(x) * mask[..., None], x.new_zeros(len(x), 1, x.shape[2])]
            masks += [mask, gap]  # by which the heads' convolutions know no other level
        features, real = torch.cat(levels, 1), torch.cat(masks, 1)
        inside = torch.cat([torch.full((part.shape[1],), part is not gap) for part in masks])
        logits = self.classify(features, real).masked_fill(~real[..., None], NEVER)[:, inside]
        scale = torch.cat([self.scale[k].abs().expand(part.shape[1]) * 2**k for k, part in enumerate(masks[::2])])
        return Points(logits, F.softplus(self.measure(features, real))[:, inside] * scale[:, None])

    def grid(self, length: int) -> Grid:
        """Tell where the points of `length` tokens are."""
        return pyramid_grid(length, self.config.levels)


def pyramid_grid(length: int, levels: int) -> Grid:
    """Tell where the points of a pyramid are.

    Parameters
    ----------
    length : tokens, a multiple of the coarsest level's stride.
    levels : of the pyramid.

    Returns
    -------
    Place and stride of each point.
    """
    strides = [2**level for level in range(levels)]
    places = [torch.arange(0, length, stride).float() for stride in strides]
    return Grid(torch.cat(places), torch.cat([torch.full_like(p, s) for p, s in zip(places, strides, strict=True)]))


def padded(length: int, levels: int) -> int:
    """The least length that holds so many tokens and is a multiple of the coarsest level's stride."""
    stride = 2 ** (levels - 1)
    return int(-(-length // stride) * stride)


def _halved(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Every second token, the largest of it and its neighbours; real where that token is."""
    fewer = mask[:, ::2]
    return _largest_of_three(x, mask)[:, ::2].masked_fill(~fewer[..., None], 0), fewer


def _largest_of_three(x: Tensor, mask: Tensor) -> Tensor:
    """The largest of each real token and its two neighbours, channel by channel."""
    hidden = F.pad(x.masked_fill(~mask[..., None], NEVER), (0, 0, 1, 1), value=NEVER)
    return torch.maximum(torch.maximum(hidden[:, :-2], hidden[:, 2:]), hidden[:, 1:-1])
