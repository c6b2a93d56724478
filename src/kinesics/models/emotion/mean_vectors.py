"""The mean vectors of the streams, which attend to each other: an alternative to InterFusion."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from kinesics.models.emotion.streams import Alone, Embedded, EmotionConfig, EmotionHead, present
from kinesics.models.layers import AttentionPool, SelfAttentionBlock, mean_of_real


class JointAttention(nn.Module):
    """One token a stream, its mean, and joint attention of those two or three, to logits (N,)."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        sizes = (config.width, config.heads, config.drop)
        self.blocks = nn.ModuleList(SelfAttentionBlock(*sizes) for _ in range(config.blocks))
        self.pool = AttentionPool(config.width, config.heads)
        self.head = nn.Linear(config.width, 1)

    def forward(self, streams: Mapping[str, Embedded]) -> Tensor:
        """Classify the streams that are there, by name."""
        x = torch.stack([mean_of_real(stream.tokens, stream.mask) for stream in streams.values()], 1)
        there = present(streams)
        for block in self.blocks:
            x = block(x, there)
        logit: Tensor = self.head(self.pool(x, there)[0])[:, 0]
        return logit


class MeanVectors(EmotionHead):
    """Joint attention of the streams' mean vectors; every real token of a stream weighs the same."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        self.fused = JointAttention(config)

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Attend, and tell equal moments."""
        moments = {name: x.mask / x.mask.sum(1, keepdim=True).clamp(min=1) for name, x in streams.items()}
        return self.fused(streams), moments
