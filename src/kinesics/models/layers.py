"""The attention pieces that the fusion networks are made of.

Tokens are (N, L, D). A mask is (N, L), True where a token is real, or numbers in 0..1 that scale the attention a token
draws. Masked tokens are never attended to; a sample without a single real token receives zeros, not NaN.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import StochasticDepth


def attention_bias(mask: Tensor) -> Tensor:
    """Turn a mask into what it adds to attention logits.

    Parameters
    ----------
    mask : (N, L), True or above 0 where a token is real.

    Returns
    -------
    (N, L), the mask's log; all 0 in a sample without a real token.
    """
    weight = mask.float()
    bias = weight.clamp(min=1e-6).log().masked_fill(weight == 0, -torch.inf)
    return bias.masked_fill(~has_any(mask), 0)  # the softmax of nothing but −∞ is NaN


def has_any(mask: Tensor) -> Tensor:
    """Tell which samples have a real token.

    Parameters
    ----------
    mask : (N, L), True or above 0 where a token is real.

    Returns
    -------
    (N, 1) bool.
    """
    return (mask > 0).any(1, keepdim=True)


class Attention(nn.Module):
    """Multi-head attention of `x` (N, L, D) to `memory` (N, S, D), of which only `mask` (N, S) is real.

    `bias`, if any, (N, heads, L, S), is added to the attention's logits.
    Keys and values have no bias: a key's would cancel in the softmax, a value's only doubles the output's.
    Raises ValueError where heads do not divide the width.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not divide a width of {width}")
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Attend.

        Parameters
        ----------
        x : (N, L, D), the queries.
        memory : (N, S, D), what is attended to.
        mask : (N, S), which tokens of `memory` are real; None: all.
        bias : (N, heads, L, S), added to the logits, or None.

        Returns
        -------
        (N, L, D); zeros in a sample without a real token.
        """
        query = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (N, heads, L, D/heads)
        key, value = self.key_value(memory).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        if mask is not None:
            masking = attention_bias(mask)[:, None, None]
            bias = masking if bias is None else masking + bias
        attended = F.scaled_dot_product_attention(query, key, value, None if bias is None else bias.to(query.dtype))
        y: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return y if mask is None else y * has_any(mask)[..., None]


def feed_forward(width: int, expansion: int = 4) -> nn.Sequential:
    """Norm, widen, GELU, narrow: the second half of a pre-norm block."""
    return nn.Sequential(
        nn.LayerNorm(width), nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)
    )


class ShiftedLinear(nn.Module):
    """A convolution over time of tokens (N, L, D) as one matrix product, which is quicker than turning them about.

    Parameters
    ----------
    c_in : channels of a token.
    c_out : channels of what it becomes.
    kernel : tokens, an odd number; those beyond the ends are zero.
    """

    def __init__(self, c_in: int, c_out: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.linear = nn.Linear(kernel * c_in, c_out)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve.

        Parameters
        ----------
        x : (N, L, D).

        Returns
        -------
        (N, L, D').
        """
        half, length = self.kernel // 2, x.shape[1]
        padded = F.pad(x, (0, 0, half, half))
        y: Tensor = self.linear(torch.cat([padded[:, k : k + length] for k in range(self.kernel)], -1))
        return y


class SelfAttentionBlock(nn.Module):
    """Pre-norm self-attention, then a feed-forward layer, both with stochastic depth.

    Parameters
    ----------
    width : D.
    heads : of attention.
    drop : the probability of stochastic depth.
    """

    def __init__(self, width: int, heads: int, drop: float = 0.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed = feed_forward(width)
        self.drop = StochasticDepth(drop, "row")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend inside one set of tokens.

        Parameters
        ----------
        x : (N, L, D).
        mask : (N, L), which tokens are real; None: all.

        Returns
        -------
        (N, L, D).
        """
        inner = self.norm(x)
        x = x + self.drop(self.attention(inner, inner, mask))
        y: Tensor = x + self.drop(self.feed(x))
        return y


class CrossAttentionBlock(nn.Module):
    """Pre-norm attention of one set of tokens to another, then a feed-forward layer, both with stochastic depth.

    Parameters
    ----------
    width : D.
    heads : of attention.
    drop : the probability of stochastic depth.
    """

    def __init__(self, width: int, heads: int, drop: float = 0.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.memory_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed = feed_forward(width)
        self.drop = StochasticDepth(drop, "row")

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Attend to another set of tokens.

        Parameters
        ----------
        x : (N, L, D), the queries.
        memory : (N, S, D), what is attended to.
        mask : (N, S), which tokens of `memory` are real; None: all.
        bias : (N, heads, L, S), added to the logits, or None.

        Returns
        -------
        (N, L, D).
        """
        x = x + self.drop(self.attention(self.norm(x), self.memory_norm(memory), mask, bias))
        y: Tensor = x + self.drop(self.feed(x))
        return y


class AttentionPool(nn.Module):
    """A learned query a head attends to (N, L, D): the pooled (N, D), and (N, L) weights, the heads' mean.

    The weights of a sample sum to 1, or are all 0 where it has no real token; its pooled vector is then the bias.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.score = nn.Linear(width, heads, bias=False)  # key projection and learned query in one
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Pool the tokens.

        Parameters
        ----------
        x : (N, L, D).
        mask : (N, L), which tokens are real; None: all.

        Returns
        -------
        The pooled (N, D), and the weights (N, L), the heads' mean.
        """
        x = self.norm(x)
        scores = self.score(x).float()
        if mask is not None:
            scores = scores + attention_bias(mask)[..., None]
        weights = scores.softmax(1)  # (N, L, heads)
        if mask is not None:
            weights = weights * has_any(mask)[..., None]
        value = self.value(x).unflatten(-1, (weights.shape[-1], -1))
        pooled = (weights[..., None] * value).sum(1).flatten(1)
        y: Tensor = self.out(pooled)
        return y, weights.mean(-1)


class TimeEmbedding(nn.Module):
    """Times in seconds to vectors: sines and cosines of several periods, projected.

    Parameters
    ----------
    width : D.
    shortest : period in seconds.
    longest : period in seconds.
    waves : how many periods, spaced evenly in the logarithm.
    """

    def __init__(self, width: int, shortest: float, longest: float, waves: int = 32) -> None:
        super().__init__()
        periods = torch.logspace(math.log10(shortest), math.log10(longest), waves)
        self.register_buffer("frequencies", 2 * math.pi / periods, persistent=False)
        self.project = nn.Linear(2 * waves, width)

    def forward(self, seconds: Tensor) -> Tensor:
        """Embed times.

        Parameters
        ----------
        seconds : (N, L).

        Returns
        -------
        (N, L, D).
        """
        angles = seconds[..., None] * self.get_buffer("frequencies")
        y: Tensor = self.project(torch.cat([angles.sin(), angles.cos()], -1))
        return y


def mean_of_real(tokens: Tensor, mask: Tensor | None = None) -> Tensor:
    """Average the real tokens.

    Parameters
    ----------
    tokens : (N, L, D).
    mask : (N, L), which are real; None: all.

    Returns
    -------
    (N, D); zeros where there is none.
    """
    if mask is None:
        return tokens.mean(1)
    share = mask / mask.sum(1, keepdim=True).clamp(min=1)
    return (tokens * share[..., None]).sum(1)
