"""The joint multimodal transformer (arXiv 2403.10488): each stream and all of them joined attend to one another.

1. All streams are laid on one clock and concatenated step by step: the joint stream, projected to the common width.
2. Each stream, the joint one too, goes through an encoder of its own.
3. Each attends to the keys of each other: every ordered pair has a cross-attention of its own.
4. What the pairs found, pooled over time and concatenated, decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import torch
from torch import Tensor, nn

from kinesics.models.emotion.clock import on_clock
from kinesics.models.emotion.streams import Alone, Embedded, EmotionConfig, EmotionHead
from kinesics.models.layers import Attention, AttentionPool, SelfAttentionBlock, has_any

STEPS = 16  # of the joint stream's clock
JOINT = "joint"


class PairAttention(nn.Module):
    """One stream's queries to another's keys, added to the queries' own stream."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        self.norm, self.memory_norm = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.attention = Attention(config.width, config.heads)

    def forward(self, own: Embedded, other: Embedded) -> Tensor:
        """Attend to the other stream: (N, L, D)."""
        y: Tensor = own.tokens + self.attention(self.norm(own.tokens), self.memory_norm(other.tokens), other.mask)
        return y


class JointTransformerHead(EmotionHead):
    """All four steps; what a missing stream would have found is zeros."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        width, names = config.width, (*config.streams, JOINT)
        self.join = nn.Linear(len(config.streams) * width, width)
        self.encoders = nn.ModuleDict(
            {
                name: nn.ModuleList(SelfAttentionBlock(width, config.heads, config.drop) for _ in range(config.blocks))
                for name in names
            }
        )
        self.pairs = nn.ModuleDict({f"{a}_{b}": PairAttention(config) for a, b in permutations(names, 2)})
        self.pair_pools = nn.ModuleDict({name: AttentionPool(width, config.heads) for name in names})
        wide = len(self.pairs) * width
        self.decide = nn.Sequential(nn.LayerNorm(wide), nn.Linear(wide, width), nn.GELU(), nn.Linear(width, 1))

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Join, encode, attend in pairs, decide."""
        encoded = {name: self._encoded(name, x) for name, x in {**streams, JOINT: self._joint(streams)}.items()}
        nothing = torch.zeros_like(encoded[JOINT].tokens[:, 0])
        found = dict.fromkeys(self.pairs, nothing)
        weights: dict[str, list[Tensor]] = {name: [] for name in streams}
        for a, b in permutations(encoded, 2):
            own, other = encoded[a], encoded[b]
            pooled, weight = self.pair_pools[a](self.pairs[f"{a}_{b}"](own, other), own.mask)
            found[f"{a}_{b}"] = pooled * (has_any(own.mask) & has_any(other.mask))
            if a != JOINT:
                weights[a].append(weight)
        moments = {name: torch.stack(some).mean(0) for name, some in weights.items()}
        return self.decide(torch.cat(list(found.values()), -1))[:, 0], moments

    def _encoded(self, name: str, x: Embedded) -> Embedded:
        tokens = x.tokens
        for block in self.encoders[name].children():
            tokens = block(tokens, x.mask)
        return x._replace(tokens=tokens)

    def _joint(self, streams: Mapping[str, Embedded]) -> Embedded:
        clocked = on_clock(streams, STEPS)
        one = next(iter(clocked.values()))
        nothing = torch.zeros_like(one.tokens)
        steps = [clocked[name].tokens if name in clocked else nothing for name in self.config.streams]
        mask = torch.stack([x.mask for x in clocked.values()]).any(0)
        seconds = torch.zeros_like(mask, dtype=torch.float32)  # the tokens know their time
        return Embedded(self.join(torch.cat(steps, -1)), mask, seconds)
