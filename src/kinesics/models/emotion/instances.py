"""Instances that compete, after Milmer (arXiv 2502.00547): the best few tokens of each stream, read by learned queries.

1. Attention among a stream's tokens, and a score for each; the best `KEPT` are kept, weighed by their scores.
2. As many learned queries a stream read what was kept, so that a stream of many tokens outweighs none of few.
3. Attention among the queries of all streams; their mean decides.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from kinesics.models.emotion.pooling import best_weights
from kinesics.models.emotion.streams import Alone, Embedded, EmotionConfig, EmotionHead
from kinesics.models.layers import CrossAttentionBlock, SelfAttentionBlock, has_any, mean_of_real

QUERIES = 4  # of a stream


class InstanceReader(nn.Module):
    """Steps 1 and 2 for one stream."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        sizes = (config.width, config.heads, config.drop)
        self.among = SelfAttentionBlock(*sizes)
        self.norm = nn.LayerNorm(config.width)
        self.score = nn.Linear(config.width, 1, bias=False)  # a bias would cancel in the softmax
        self.queries = nn.Parameter(torch.randn(QUERIES, config.width) * config.width**-0.5)
        self.read = CrossAttentionBlock(*sizes)

    def forward(self, x: Embedded) -> tuple[Tensor, Tensor]:
        """Give the queries' answers (N, QUERIES, D), and what each token weighed (N, L)."""
        tokens = self.among(x.tokens, x.mask)
        weights = best_weights(self.score(self.norm(tokens))[..., 0], x.mask)
        queries = self.queries.expand(len(tokens), -1, -1)
        return self.read(queries, tokens, weights), weights


class InstanceHead(EmotionHead):
    """All three steps."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        self.readers = nn.ModuleDict({name: InstanceReader(config) for name in config.streams})
        sizes = (config.width, config.heads, config.drop)
        self.blocks = nn.ModuleList(SelfAttentionBlock(*sizes) for _ in range(config.blocks))
        self.decide = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, 1))

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Read each stream, then let the answers attend to one another."""
        answers, moments, there = [], {}, []
        for name, x in streams.items():
            answer, moments[name] = self.readers[name](x)
            answers.append(answer)
            there.append(has_any(x.mask).expand(-1, QUERIES))
        tokens, mask = torch.cat(answers, 1), torch.cat(there, 1)
        for block in self.blocks:
            tokens = block(tokens, mask)
        return self.decide(mean_of_real(tokens, mask))[:, 0], moments
