"""Subject and context apart, then fused layer by layer, after DSCT (arXiv 2404.17205).

Some learned queries ask what the person shows (face, facial actions, poses, gestures, voice, words), others what lies
around (context). In every layer each kind attends to itself and to the tokens of its own side, and then lets in what
the other kind has found, through a gate. At last the queries of each side weigh the tokens once more, which says which
moments decided.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from kinesics.models.emotion.pooling import QueryPool
from kinesics.models.emotion.streams import Alone, Embedded, EmotionConfig, EmotionHead
from kinesics.models.layers import Attention, CrossAttentionBlock, SelfAttentionBlock

QUERIES = 4  # of each side
CONTEXT = ("context",)
SIDES = ("subject", "context")


class AskTokens(nn.Module):
    """One layer of one side: among its queries, and to its tokens."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        sizes = (config.width, config.heads, config.drop)
        self.among = SelfAttentionBlock(*sizes)
        self.read = CrossAttentionBlock(*sizes)

    def forward(self, queries: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """Attend to one another, and to the side's tokens.

        Parameters
        ----------
        queries : (N, QUERIES, D).
        tokens : (N, L, D), the side's own.
        mask : (N, L), which of them are real.

        Returns
        -------
        (N, QUERIES, D).
        """
        y: Tensor = self.read(self.among(queries), tokens, mask)
        return y


class AskOtherSide(nn.Module):
    """What the other side's queries have found, let in through a gate."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        self.norm, self.other_norm = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.other = Attention(config.width, config.heads)
        self.gate = nn.Sequential(nn.Linear(config.width, 1), nn.Sigmoid())

    def forward(self, queries: Tensor, others: Tensor) -> Tensor:
        """Let it in.

        Parameters
        ----------
        queries : (N, QUERIES, D).
        others : (N, QUERIES, D), the other side's.

        Returns
        -------
        (N, QUERIES, D).
        """
        normed = self.norm(queries)
        y: Tensor = queries + self.gate(normed) * self.other(normed, self.other_norm(others))
        return y


class SubjectContextHead(EmotionHead):
    """Queries of both sides; one without a token keeps what it has learned of nothing."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        width = config.width
        self.subject_queries = nn.Parameter(torch.randn(QUERIES, width) * width**-0.5)
        self.context_queries = nn.Parameter(torch.randn(QUERIES, width) * width**-0.5)
        self.ask = nn.ModuleList(nn.ModuleList(AskTokens(config) for _ in SIDES) for _ in range(config.blocks))
        self.fuse = nn.ModuleList(nn.ModuleList(AskOtherSide(config) for _ in SIDES) for _ in range(config.blocks))
        self.reads = nn.ModuleDict({name: QueryPool(width) for name in config.streams})
        self.decide = nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, 1))

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Ask, fuse, and weigh the moments."""
        around = {name: x for name, x in streams.items() if name in CONTEXT}
        person = {name: x for name, x in streams.items() if name not in CONTEXT}
        count = len(next(iter(streams.values())).mask)
        subject, context = (x.expand(count, -1, -1) for x in (self.subject_queries, self.context_queries))
        shown, surroundings = self._tokens(person, subject), self._tokens(around, context)
        for ask, fuse in zip(self.ask, self.fuse, strict=True):
            ask_subject, ask_context = ask.children()
            subject, context = ask_subject(subject, *shown), ask_context(context, *surroundings)
            fuse_subject, fuse_context = fuse.children()
            subject, context = fuse_subject(subject, context), fuse_context(context, subject)
        vectors: list[Tensor] = []
        moments: dict[str, Tensor] = {}
        for side, queries in ((person, subject), (around, context)):
            vector = queries.mean(1)
            read = [self.reads[name](vector, x.tokens, x.mask) for name, x in side.items()]
            vectors.append(vector + sum(pooled for pooled, _ in read))
            moments |= {name: weights for name, (_, weights) in zip(side, read, strict=True)}
        return self.decide(torch.cat(vectors, -1))[:, 0], {name: moments[name] for name in streams}

    def _tokens(self, side: Mapping[str, Embedded], queries: Tensor) -> tuple[Tensor, Tensor]:
        """A side's tokens and mask; one that is masked, where it has none."""
        if not side:
            return torch.zeros_like(queries[:, :1]), torch.zeros(
                len(queries), 1, dtype=torch.bool, device=queries.device
            )
        return torch.cat([x.tokens for x in side.values()], 1), torch.cat([x.mask for x in side.values()], 1)
