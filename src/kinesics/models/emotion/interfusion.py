"""InterFusion: faces, context and micro-gestures of a whole recording, fused over time to one emotion logit.

The paper (arXiv 2512.23291) names the module and its purpose, to "capture emotional expressions and body gestures";
the design is Kinesics' own. Three streams of tokens, each with its times, go through four steps:

1. Embed (`Embedding`): every stream is projected to one width; all share one embedding of time in seconds.
2. Interleave (`Interleave`): self-attention inside each stream, then gated cross-attention to all the others, of which
   each head sees what is near in time best, from a second to the whole recording.
3. Decide when: attention pooling over time (multiple-instance learning, Ilse et al., ICML 2018) gives one vector a
   stream, and the moments that decided.
4. Decide which: a gated sum of the streams' vectors, and a linear head.

`mode` puts a plain alternative in the place of steps 2 to 4: "mean" lets the streams' mean vectors attend to each
other, "concatenation" classifies the joined vectors of the streams' own pooling, "late" averages the streams' logits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from kinesics.models.layers import (
    AttentionPool,
    CrossAttentionBlock,
    SelfAttentionBlock,
    TimeEmbedding,
    has_any,
    mean_of_real,
)

Mode = Literal["full", "mean", "concatenation", "late"]
MODES: tuple[Mode, ...] = ("full", "mean", "concatenation", "late")
STREAMS = ("face", "context", "gestures")
SHORTEST, LONGEST = 1.0, 1000.0  # seconds: the periods of the time embedding, the reaches of cross-attention


class Stream(NamedTuple):
    """Tokens of one kind over a recording, in any order and at any distance.

    tokens: (N, L, C). seconds: (N, L), when each is. mask: (N, L) bool, True where a token is real; None: all are.
    What stands at masked places does not matter, NaN included.
    """

    tokens: Tensor
    seconds: Tensor
    mask: Tensor | None = None


class Gestures(NamedTuple):
    """Detected micro-gestures, all (N, L): class, score in 0..1, start and length in seconds, mask as in `Stream`."""

    label: Tensor
    score: Tensor
    start: Tensor
    length: Tensor
    mask: Tensor | None = None


class PerStream(NamedTuple):
    """One tensor for each stream; None for a stream that no sample has."""

    face: Tensor | None = None
    context: Tensor | None = None
    gestures: Tensor | None = None


@dataclass(frozen=True)
class InterFusionConfig:
    """Sizes; the defaults fit SwinFace's two tokens side by side, MViTv2-S and the 32 classes of iMiGUE.

    gestures: how many classes. blocks: of step 2. drop: stochastic depth. stream_dropout: how often, in training, a
    sample with several streams loses one of them.
    """

    face_width: int = 1024
    context_width: int = 768
    gestures: int = 32
    mode: Mode = "full"
    width: int = 256
    heads: int = 8
    blocks: int = 2
    drop: float = 0.1
    stream_dropout: float = 0.2


class InterFusionOutput(NamedTuple):
    """The reading of a recording, and where it comes from.

    logit: (N,), above 0 for positive. A sample without a single token gets what the head says of nothing.
    stream_logits: each stream alone, (N,), for the auxiliary loss; 0 where a sample lacks the stream.
    moments: how much each token weighed within its stream, (N, L), sums to 1, or all 0 where a sample lacks the stream.
    """

    logit: Tensor
    stream_logits: PerStream
    moments: PerStream


class Embedded(NamedTuple):
    """A stream after step 1: tokens (N, L, D), which of them are real (N, L) bool, and when, seconds (N, L)."""

    tokens: Tensor
    mask: Tensor
    seconds: Tensor


class Embedding(nn.Module):
    """Step 1: what the tokens hold, and when."""

    def __init__(self, config: InterFusionConfig) -> None:
        super().__init__()
        self.face = _projection(config.face_width, config.width)
        self.context = _projection(config.context_width, config.width)
        self.gesture_class = nn.Embedding(config.gestures, config.width)
        self.gesture_facts = nn.Linear(2, config.width)
        self.time = TimeEmbedding(config.width, SHORTEST, LONGEST)

    def forward(self, face: Stream | None, context: Stream | None, gestures: Gestures | None) -> dict[str, Embedded]:
        """The streams that are there, by name."""
        streams: dict[str, Embedded] = {}
        for name, stream, project in (("face", face, self.face), ("context", context, self.context)):
            if stream is not None and stream.tokens.shape[1]:
                mask = _mask(stream.mask, stream.seconds)
                seconds = stream.seconds.masked_fill(~mask, 0)
                what = project(stream.tokens.masked_fill(~mask[..., None], 0))
                streams[name] = Embedded(what + self.time(seconds), mask, seconds)
        if gestures is not None and gestures.label.shape[1]:
            mask = _mask(gestures.mask, gestures.start)
            label = gestures.label.masked_fill(~mask, 0)
            score, start, length = (x.masked_fill(~mask, 0) for x in gestures[1:4])
            what = self.gesture_class(label) + self.gesture_facts(torch.stack([score, length.log1p()], -1))
            middle = start + length / 2
            streams["gestures"] = Embedded(what + self.time(middle), mask, middle)
        return streams


def _projection(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(inputs), nn.Linear(inputs, width))


def _mask(mask: Tensor | None, seconds: Tensor) -> Tensor:
    return torch.ones_like(seconds, dtype=torch.bool) if mask is None else mask.bool()


class Closeness(nn.Module):
    """What distance in time takes off attention: −|Δt| / reach, with a learned reach for each head, near to far.

    Without it, that two tokens belong together because they happen together would have to be learned from scratch.
    """

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.log_reach = nn.Parameter(torch.linspace(math.log(SHORTEST), math.log(LONGEST), heads))  # of seconds

    def forward(self, seconds: Tensor, others: Tensor) -> Tensor:
        """Times (N, L) and (N, S) to (N, heads, L, S)."""
        distance = (seconds[:, None, :, None] - others[:, None, None]).abs()
        return -distance / self.log_reach.exp()[:, None, None]


class GatedCrossAttention(nn.Module):
    """A cross-attention block of which every token lets in as much as its own gate, in 0..1, is open."""

    def __init__(self, width: int, heads: int, drop: float) -> None:
        super().__init__()
        self.block = CrossAttentionBlock(width, heads, drop)
        self.closeness = Closeness(heads)
        self.gate = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1), nn.Sigmoid())

    def forward(self, own: Embedded, others: Iterable[Embedded]) -> Embedded:
        memory, mask, seconds = (torch.cat(parts, 1) for parts in zip(*others, strict=True))
        x = own.tokens
        seen = self.block(x, memory, mask, self.closeness(own.seconds, seconds))
        return own._replace(tokens=x + self.gate(x) * (seen - x))


class Interleave(nn.Module):
    """Step 2, one block: every stream attends to itself, then to all tokens of the other streams."""

    def __init__(self, config: InterFusionConfig) -> None:
        super().__init__()
        sizes = (config.width, config.heads, config.drop)
        self.inside = nn.ModuleDict({name: SelfAttentionBlock(*sizes) for name in STREAMS})
        self.across = nn.ModuleDict({name: GatedCrossAttention(*sizes) for name in STREAMS})

    def forward(self, streams: Mapping[str, Embedded]) -> dict[str, Embedded]:
        streams = {name: x._replace(tokens=self.inside[name](x.tokens, x.mask)) for name, x in streams.items()}
        if len(streams) == 1:
            return streams
        return {
            name: self.across[name](x, [other for key, other in streams.items() if key != name])
            for name, x in streams.items()
        }


class StreamPools(nn.Module):
    """Step 3: an attention pooling for each stream; vectors (N, D) and moments (N, L) by stream."""

    def __init__(self, config: InterFusionConfig) -> None:
        super().__init__()
        self.pools = nn.ModuleDict({name: AttentionPool(config.width, config.heads) for name in STREAMS})

    def forward(self, streams: Mapping[str, Embedded]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        vectors: dict[str, Tensor] = {}
        moments: dict[str, Tensor] = {}
        for name, x in streams.items():
            vectors[name], moments[name] = self.pools[name](x.tokens, x.mask)
        return vectors, moments


class Interleaved(nn.Module):
    """Steps 2 to 4 ("full"): logit (N,) and moments."""

    def __init__(self, config: InterFusionConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Interleave(config) for _ in range(config.blocks))
        self.pools = StreamPools(config)
        self.gate = nn.Linear(config.width, 1, bias=False)  # a bias would cancel in the softmax
        self.head = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, 1))

    def forward(self, streams: Mapping[str, Embedded]) -> tuple[Tensor, dict[str, Tensor]]:
        for block in self.blocks:
            streams = block(streams)
        vectors, moments = self.pools(streams)
        stacked, present = torch.stack(list(vectors.values()), 1), _present(streams)  # (N, S, D), (N, S)
        gates = self.gate(stacked)[..., 0].float().masked_fill(~present, -1e9).softmax(1) * present
        return self.head((gates[..., None] * stacked).sum(1))[:, 0], moments


class MeanVectors(nn.Module):
    """The alternative "mean": one token a stream, its mean, and joint attention of those two or three."""

    def __init__(self, config: InterFusionConfig) -> None:
        super().__init__()
        sizes = (config.width, config.heads, config.drop)
        self.blocks = nn.ModuleList(SelfAttentionBlock(*sizes) for _ in range(config.blocks))
        self.pool = AttentionPool(config.width, config.heads)
        self.head = nn.Linear(config.width, 1)

    def forward(self, streams: Mapping[str, Embedded]) -> tuple[Tensor, dict[str, Tensor]]:
        x = torch.stack([mean_of_real(stream.tokens, stream.mask) for stream in streams.values()], 1)
        present = _present(streams)
        for block in self.blocks:
            x = block(x, present)
        moments = {name: x.mask / x.mask.sum(1, keepdim=True).clamp(min=1) for name, x in streams.items()}
        return self.head(self.pool(x, present)[0])[:, 0], moments


def _present(streams: Mapping[str, Embedded]) -> Tensor:
    """(N, S), True where a sample has the stream."""
    return torch.cat([has_any(stream.mask) for stream in streams.values()], 1)


class InterFusion(nn.Module):
    """Streams of tokens to an `InterFusionOutput`; any stream may be missing or empty, of one sample or of all."""

    def __init__(self, config: InterFusionConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding(config)
        self.pools = StreamPools(config)
        self.stream_heads = nn.ModuleDict({name: nn.Linear(config.width, 1) for name in STREAMS})
        self.fused: Interleaved | MeanVectors | None = None
        self.joined: nn.Sequential | None = None
        if config.mode == "full":
            self.fused = Interleaved(config)
        elif config.mode == "mean":
            self.fused = MeanVectors(config)
        elif config.mode == "concatenation":
            widths = len(STREAMS) * config.width
            self.joined = nn.Sequential(
                nn.LayerNorm(widths), nn.Linear(widths, config.width), nn.GELU(), nn.Linear(config.width, 1)
            )

    def forward(
        self, face: Stream | None = None, context: Stream | None = None, gestures: Gestures | None = None
    ) -> InterFusionOutput:
        """face: a token a sampled face. context: a token a window. gestures: a token a detected micro-gesture.

        Times are seconds in the recording, those of faces and windows their middle. Raises ValueError where all
        streams are None or without a single place for a token.
        """
        streams = self.embedding(face, context, gestures)
        if not streams:
            raise ValueError("a recording needs faces, context, gestures, or some of them")
        present = _present(streams)
        vectors, moments = self.pools(streams)  # each stream alone
        logits = {
            name: self.stream_heads[name](vector)[:, 0] * has_it
            for (name, vector), has_it in zip(vectors.items(), present.T, strict=True)
        }
        if self.training and self.config.stream_dropout:
            streams = self._drop_stream(streams, present)
            present = _present(streams)
        if self.fused is not None:
            logit, moments = self.fused(streams)
        elif self.joined is not None:
            known = {n: x * has_it[:, None] for (n, x), has_it in zip(vectors.items(), present.T, strict=True)}
            nothing = torch.zeros_like(next(iter(known.values())))
            logit = self.joined(torch.cat([known.get(name, nothing) for name in STREAMS], -1))[:, 0]
        else:
            each = torch.stack(list(logits.values()), 1)
            logit = (each * present).sum(1) / present.sum(1).clamp(min=1)
        return InterFusionOutput(logit, PerStream(**logits), PerStream(**moments))

    def _drop_stream(self, streams: Mapping[str, Embedded], present: Tensor) -> dict[str, Embedded]:
        chosen = (torch.rand(present.shape, device=present.device) * present).argmax(1)
        unlucky = torch.rand(len(present), device=present.device) < self.config.stream_dropout
        lost = unlucky & (present.sum(1) > 1)
        return {
            name: x._replace(mask=x.mask & ~(lost & (chosen == i))[:, None])
            for i, (name, x) in enumerate(streams.items())
        }
