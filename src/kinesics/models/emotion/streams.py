"""What every emotion head takes and gives: streams of tokens over a whole recording, to one emotion logit.

A head is a subclass of `EmotionHead` in a file of its own, and a row of `kinesics.models.emotion.net.HEADS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinesics.models.layers import AttentionPool, TimeEmbedding, has_any

STREAM_NAMES = ("face", "context", "gestures", "face_actions")
USUAL_STREAMS = STREAM_NAMES[:3]  # those that every network has; facial actions are asked for
SHORTEST, LONGEST = 1.0, 1000.0  # seconds: the periods of the time embedding


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
    face_actions: Tensor | None = None


@dataclass(frozen=True)
class EmotionConfig:
    """Sizes of a head; the defaults fit SwinFace's two tokens side by side, MViTv2-S and the 32 classes of iMiGUE.

    face_width: C of the face tokens.
    context_width: C of the context tokens.
    gestures: how many classes of micro-gestures.
    width: D, of the tokens inside the head.
    heads: of attention.
    blocks: of attention.
    drop: stochastic depth.
    stream_dropout: how often, in training, a sample with several streams loses one of them.
    face_actions: how many facial actions are in a token of that stream; 0 for a network without it.
    """

    face_width: int = 1024
    context_width: int = 768
    gestures: int = 32
    width: int = 256
    heads: int = 8
    blocks: int = 2
    drop: float = 0.1
    stream_dropout: float = 0.2
    face_actions: int = 0

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of the streams that the network has, in the order of `STREAM_NAMES`."""
        return STREAM_NAMES if self.face_actions else USUAL_STREAMS


class EmotionOutput(NamedTuple):
    """The prediction for a recording, and where it comes from.

    logit: (N,), above 0 for positive. A sample without a single token gets what the head says of nothing.
    stream_logits: each stream alone, (N,), for the auxiliary loss; 0 where a sample lacks the stream.
    moments: how much each token weighed within its stream, (N, L), sums to 1, or all 0 where a sample lacks the stream.
    """

    logit: Tensor
    stream_logits: PerStream
    moments: PerStream


class Embedded(NamedTuple):
    """An embedded stream: tokens (N, L, D), which of them are real (N, L) bool, and when, seconds (N, L)."""

    tokens: Tensor
    mask: Tensor
    seconds: Tensor


class Alone(NamedTuple):
    """What each stream says alone, by name: pooled vectors (N, D), logits (N,), and moments (N, L)."""

    vectors: Mapping[str, Tensor]
    logits: Mapping[str, Tensor]
    moments: Mapping[str, Tensor]


class StreamEmbedding(nn.Module):
    """What the tokens hold, and when: every stream to one width; all share one embedding of time."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        self.face = _projection(config.face_width, config.width)
        self.context = _projection(config.context_width, config.width)
        self.face_actions = _projection(config.face_actions, config.width) if config.face_actions else None
        self.gesture_class = nn.Embedding(config.gestures, config.width)
        self.gesture_facts = nn.Linear(2, config.width)
        self.time = TimeEmbedding(config.width, SHORTEST, LONGEST)

    def forward(
        self, face: Stream | None, context: Stream | None, gestures: Gestures | None, face_actions: Stream | None
    ) -> dict[str, Embedded]:
        """Embed the streams that are there.

        Parameters
        ----------
        face : faces, or None.
        context : windows of the video, or None.
        gestures : detected micro-gestures, or None.
        face_actions : facial actions at some moments, or None.

        Returns
        -------
        The streams that have a place for a token, by name.

        Raises
        ------
        ValueError : for facial actions that this network does not take.
        """
        if face_actions is not None and self.face_actions is None:
            raise ValueError("this network takes no facial actions")
        streams: dict[str, Embedded] = {}
        projected = {"face": face, "context": context, "face_actions": face_actions}
        for name, stream in projected.items():
            project = getattr(self, name)
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


class StreamPools(nn.Module):
    """An attention pooling for each stream; vectors (N, D) and moments (N, L) by stream."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        self.pools = nn.ModuleDict({name: AttentionPool(config.width, config.heads) for name in config.streams})

    def forward(self, streams: Mapping[str, Embedded]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Pool the streams that are there, by name."""
        vectors: dict[str, Tensor] = {}
        moments: dict[str, Tensor] = {}
        for name, x in streams.items():
            vectors[name], moments[name] = self.pools[name](x.tokens, x.mask)
        return vectors, moments


def present(streams: Mapping[str, Embedded]) -> Tensor:
    """Tell which samples have which stream: (N, S) bool."""
    return torch.cat([has_any(stream.mask) for stream in streams.values()], 1)


class EmotionHead(nn.Module):
    """Streams of tokens to an `EmotionOutput`; any stream may be missing or empty, of one sample or of all.

    A head says in `combine` what the streams together show; how they are embedded, what each says alone, and the
    dropout of whole streams in training are the same for all.
    """

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = StreamEmbedding(config)
        self.pools = StreamPools(config)
        self.stream_heads = nn.ModuleDict({name: nn.Linear(config.width, 1) for name in config.streams})

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Give the logit (N,) of all streams together, and the moments (N, L) of each that decided it.

        streams: by name; a stream that no sample has is absent. alone: of the same streams, before stream dropout.
        """
        raise NotImplementedError

    def forward(
        self,
        face: Stream | None = None,
        context: Stream | None = None,
        gestures: Gestures | None = None,
        face_actions: Stream | None = None,
    ) -> EmotionOutput:
        """Predict the emotion of recordings; times are seconds in the recording.

        Parameters
        ----------
        face : a token a sampled face, or None.
        context : a token a window of the video, at its middle, or None.
        gestures : a token a detected micro-gesture, or None.
        face_actions : the facial actions at some moments, or None; for networks that have this stream.

        Returns
        -------
        The logit of all streams together, of each alone, and the moments that decided.

        Raises
        ------
        ValueError : where all streams are None or without a single place for a token, or the network lacks one.
        """
        streams = self.embedding(face, context, gestures, face_actions)
        if not streams:
            raise ValueError("a recording needs faces, context, gestures, or some of them")
        vectors, moments = self.pools(streams)
        logits = {
            name: self.stream_heads[name](vector)[:, 0] * has_it
            for (name, vector), has_it in zip(vectors.items(), present(streams).T, strict=True)
        }
        if self.training and self.config.stream_dropout:
            streams = self._drop_stream(streams)
        logit, moments = self.combine(streams, Alone(vectors, logits, moments))
        return EmotionOutput(logit, PerStream(**logits), PerStream(**moments))

    def _drop_stream(self, streams: Mapping[str, Embedded]) -> dict[str, Embedded]:
        there = present(streams)
        chosen = (torch.rand(there.shape, device=there.device) * there).argmax(1)
        unlucky = torch.rand(len(there), device=there.device) < self.config.stream_dropout
        lost = unlucky & (there.sum(1) > 1)
        return {
            name: x._replace(mask=x.mask & ~(lost & (chosen == i))[:, None])
            for i, (name, x) in enumerate(streams.items())
        }
