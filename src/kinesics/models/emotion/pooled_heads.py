"""Heads on what each stream says alone, its pooled vector or its logit: the plain alternatives to InterFusion."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from kinesics.models.emotion.streams import Alone, Embedded, EmotionConfig, EmotionHead, present


class ConcatenationHead(EmotionHead):
    """A classifier on the joined vectors of the streams' own pooling; zeros for a stream that is missing."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        widths = len(config.streams) * config.width
        self.joined = nn.Sequential(
            nn.LayerNorm(widths), nn.Linear(widths, config.width), nn.GELU(), nn.Linear(config.width, 1)
        )

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Classify the joined vectors."""
        vectors = alone.vectors.items()
        known = {name: x * has_it[:, None] for (name, x), has_it in zip(vectors, present(streams).T, strict=True)}
        nothing = torch.zeros_like(next(iter(known.values())))
        return self.joined(torch.cat([known.get(name, nothing) for name in self.config.streams], -1))[
            :, 0
        ], alone.moments


class LateHead(EmotionHead):
    """The mean of the logits of each stream alone."""

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Average the logits of the streams that a sample has."""
        each, there = torch.stack(list(alone.logits.values()), 1), present(streams)
        return (each * there).sum(1) / there.sum(1).clamp(min=1), alone.moments
