"""InterFusion: faces, context and micro-gestures of a whole recording, fused over time to one emotion logit.

The paper (arXiv 2512.23291) names the module and its purpose, to "capture emotional expressions and body gestures";
the design is Kinesics' own. Three streams of tokens, each with its times, go through four steps:

1. Embed (`StreamEmbedding`): every stream is projected to one width; all share one embedding of time in seconds.
2. Interleave (`Interleave`): self-attention inside each stream, then gated cross-attention to all the others, of which
   each head sees what is near in time best, from a second to the whole recording.
3. Decide when: attention pooling over time (multiple-instance learning, Ilse et al., ICML 2018) gives one vector a
   stream, and the moments that decided.
4. Decide which: a gated sum of the streams' vectors, and a linear head.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from kinesics.models.emotion.streams import (
    LONGEST,
    SHORTEST,
    Alone,
    Embedded,
    EmotionConfig,
    EmotionHead,
    StreamPools,
    present,
)
from kinesics.models.layers import CrossAttentionBlock, SelfAttentionBlock


class Closeness(nn.Module):
    """What distance in time takes off attention: −|Δt| / reach, with a learned reach for each head, near to far.

    Without it, that two tokens belong together because they happen together would have to be learned from scratch.
    """

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.log_reach = nn.Parameter(torch.linspace(math.log(SHORTEST), math.log(LONGEST), heads))  # of seconds

    def forward(self, seconds: Tensor, others: Tensor) -> Tensor:
        """Compute what distance in time takes off attention.

        Parameters
        ----------
        seconds : (N, L), of the queries.
        others : (N, S), of what is attended to.

        Returns
        -------
        (N, heads, L, S), 0 and below.
        """
        distance = (seconds[:, None, :, None] - others[:, None, None]).abs()
        return -distance / self.log_reach.exp()[:, None, None]


class GatedCrossAttention(nn.Module):
    """A cross-attention block of which every token lets in as much as its own gate, in 0..1, is open.

    Parameters
    ----------
    width : D.
    heads : of attention.
    drop : the probability of stochastic depth.
    """

    def __init__(self, width: int, heads: int, drop: float) -> None:
        super().__init__()
        self.block = CrossAttentionBlock(width, heads, drop)
        self.closeness = Closeness(heads)
        self.gate = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1), nn.Sigmoid())

    def forward(self, own: Embedded, others: Iterable[Embedded]) -> Embedded:
        """Attend to all tokens of the other streams."""
        memory, mask, seconds = (torch.cat(parts, 1) for parts in zip(*(x[:3] for x in others), strict=True))
        x = own.tokens
        seen = self.block(x, memory, mask, self.closeness(own.seconds, seconds))
        return own._replace(tokens=x + self.gate(x) * (seen - x))


class Interleave(nn.Module):
    """Step 2, one block: every stream attends to itself, then to all tokens of the other streams."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        sizes = (config.width, config.heads, config.drop)
        self.inside = nn.ModuleDict({name: SelfAttentionBlock(*sizes) for name in config.streams})
        self.across = nn.ModuleDict({name: GatedCrossAttention(*sizes) for name in config.streams})

    def forward(self, streams: Mapping[str, Embedded]) -> dict[str, Embedded]:
        """Attend inside each stream, then to the others."""
        streams = {name: x._replace(tokens=self.inside[name](x.tokens, x.mask)) for name, x in streams.items()}
        if len(streams) == 1:
            return streams
        return {
            name: self.across[name](x, [other for key, other in streams.items() if key != name])
            for name, x in streams.items()
        }


class Interleaved(nn.Module):
    """Steps 2 to 4: logit (N,) and moments."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Interleave(config) for _ in range(config.blocks))
        self.pools = StreamPools(config)
        self.gate = nn.Linear(config.width, 1, bias=False)  # a bias would cancel in the softmax
        self.head = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, 1))

    def forward(self, streams: Mapping[str, Embedded]) -> tuple[Tensor, dict[str, Tensor]]:
        """Combine the streams that are there, by name."""
        for block in self.blocks:
            streams = block(streams)
        vectors, moments = self.pools(streams)
        stacked, there = torch.stack(list(vectors.values()), 1), present(streams)  # (N, S, D), (N, S)
        gates = self.gate(stacked)[..., 0].float().masked_fill(~there, -1e9).softmax(1) * there
        return self.head((gates[..., None] * stacked).sum(1))[:, 0], moments


class InterFusion(EmotionHead):
    """All four steps."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        self.fused = Interleaved(config)

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Steps 2 to 4."""
        logit, moments = self.fused(streams)
        return logit, moments
