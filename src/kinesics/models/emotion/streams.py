"""What every emotion head takes and gives: streams of tokens over a whole recording, to one emotion logit.

A head is a subclass of `EmotionHead` in a file of its own, and a row of `kinesics.models.emotion.net.HEADS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinesics.models.emotion.pooling import POOLINGS
from kinesics.models.layers import TimeEmbedding, has_any
from kinesics.preprocessing.pose_windows import FRAMES

STREAM_NAMES = ("face", "context", "gestures", "face_actions", "face_motion", "poses", "audio", "text")
USUAL_STREAMS = STREAM_NAMES[:3]  # the others are asked for
POSE_FRAMES = FRAMES  # of a token of poses
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
    face_motion: Tensor | None = None
    poses: Tensor | None = None
    audio: Tensor | None = None
    text: Tensor | None = None


@dataclass(frozen=True)
class EmotionConfig:
    """Sizes of a head; the defaults fit SwinFace's two tokens side by side, MViTv2-S and the 32 classes of iMiGUE.

    A stream of width 0 is one that the head does not have.

    face_width: C of the face tokens.
    context_width: C of the context tokens.
    gestures: how many classes of micro-gestures.
    width: D, of the tokens inside the head.
    heads: of attention.
    blocks: of attention.
    drop: stochastic depth.
    stream_dropout: how often, in training, a sample with several streams loses one of them.
    face_actions: how many facial actions are in a token of that stream.
    face_motion: C of the face's movement against its own neutral.
    poses: V, joints of a token of that stream, which holds `POSE_FRAMES` frames of (x, y, score): (3 · T · V) numbers,
        coordinates first, then frames, then joints.
    audio: C of the tokens of a voice.
    text: C of the tokens of words.
    pooling: a name in `POOLINGS`: how the tokens of a stream become one vector.
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
    face_motion: int = 0
    poses: int = 0
    audio: int = 0
    text: int = 0
    pooling: str = "attention"

    @property
    def token_widths(self) -> dict[str, int]:
        """C of the tokens of each stream that is more than events, by name; 0 for one that the network lacks."""
        return {
            "face": self.face_width,
            "context": self.context_width,
            "face_actions": self.face_actions,
            "face_motion": self.face_motion,
            "poses": 3 * POSE_FRAMES * self.poses,
            "audio": self.audio,
            "text": self.text,
        }

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of the streams that the network has, in the order of `STREAM_NAMES`."""
        widths = self.token_widths | {"gestures": self.gestures}
        return tuple(name for name in STREAM_NAMES if widths[name])


class EmotionOutput(NamedTuple):
    """The prediction for a recording, and where it comes from.

    logit: (N,), above 0 for positive. A sample without a single token gets what the head says of nothing.
    stream_logits: each stream alone, (N,), for the auxiliary loss; 0 where a sample lacks the stream.
    moments: how much each token weighed within its stream, (N, L), sums to 1, or all 0 where a sample lacks the stream.
    unsupervised: a loss (N,) that needs no label, of heads that rebuild what they were given; None of others.
    """

    logit: Tensor
    stream_logits: PerStream
    moments: PerStream
    unsupervised: Tensor | None = None


class CombinedStreams(NamedTuple):
    """What a head makes of all streams: as in `EmotionOutput`, the moments by name."""

    logit: Tensor
    moments: Mapping[str, Tensor]
    unsupervised: Tensor | None = None


class Embedded(NamedTuple):
    """An embedded stream: tokens (N, L, D), which of them are real (N, L) bool, and when, seconds (N, L).

    given: the stream as it was given, zeros at masked places.
    """

    tokens: Tensor
    mask: Tensor
    seconds: Tensor
    given: Stream | Gestures | None = None


class Alone(NamedTuple):
    """What each stream says alone, by name: pooled vectors (N, D), logits (N,), and moments (N, L)."""

    vectors: Mapping[str, Tensor]
    logits: Mapping[str, Tensor]
    moments: Mapping[str, Tensor]


class StreamEmbedding(nn.Module):
    """What the tokens hold, and when: every stream to one width; all share one embedding of time."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        for name, inputs in config.token_widths.items():
            if inputs:
                self.add_module(name, _projection(inputs, config.width))
        if config.gestures:
            self.gesture_class = nn.Embedding(config.gestures, config.width)
            self.gesture_facts = nn.Linear(2, config.width)
        self.names = config.streams
        self.time = TimeEmbedding(config.width, SHORTEST, LONGEST)

    def forward(self, given: Mapping[str, Stream | Gestures | None]) -> dict[str, Embedded]:
        """Embed the streams that are there.

        Parameters
        ----------
        given : by name; None for a stream that is missing.

        Returns
        -------
        The streams that have a place for a token, by name, in the order of `STREAM_NAMES`.

        Raises
        ------
        ValueError : for a stream that this network does not take.
        """
        there = {name: stream for name, stream in given.items() if stream is not None}
        unknown = set(there) - set(self.names)
        if unknown:
            raise ValueError(f"this network takes {', '.join(self.names)}; it takes no {', '.join(sorted(unknown))}")
        return {
            name: self._embed(name, there[name]) for name in self.names if name in there and there[name][1].shape[1]
        }

    def _embed(self, name: str, stream: Stream | Gestures) -> Embedded:
        if isinstance(stream, Gestures):
            mask = _mask(stream.mask, stream.start)
            label, score, start, length = (x.masked_fill(~mask, 0) for x in stream[:4])
            what = self.gesture_class(label) + self.gesture_facts(torch.stack([score, length.log1p()], -1))
            middle = start + length / 2
            return Embedded(what + self.time(middle), mask, middle, Gestures(label, score, start, length, mask))
        mask = _mask(stream.mask, stream.seconds)
        seconds = stream.seconds.masked_fill(~mask, 0)
        tokens = stream.tokens.masked_fill(~mask[..., None], 0)
        what = getattr(self, name)(tokens)
        return Embedded(what + self.time(seconds), mask, seconds, Stream(tokens, seconds, mask))


def _projection(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(inputs), nn.Linear(inputs, width))


def _mask(mask: Tensor | None, seconds: Tensor) -> Tensor:
    return torch.ones_like(seconds, dtype=torch.bool) if mask is None else mask.bool()


class StreamPools(nn.Module):
    """A pooling for each stream; vectors (N, D) and moments (N, L) by stream."""

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__()
        pool = POOLINGS[config.pooling]
        self.pools = nn.ModuleDict({name: pool(config.width, config.heads) for name in config.streams})

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

    def combine(
        self, streams: Mapping[str, Embedded], alone: Alone
    ) -> CombinedStreams | tuple[Tensor, Mapping[str, Tensor]]:
        """Give the logit (N,) of all streams together, and the moments (N, L) of each that decided it.

        streams: by name; a stream that no sample has is absent. alone: of the same streams, before stream dropout.
        A head that has a loss of its own gives that too, as `CombinedStreams`.
        """
        raise NotImplementedError

    def forward(
        self,
        face: Stream | None = None,
        context: Stream | None = None,
        gestures: Gestures | None = None,
        **others: Stream | None,
    ) -> EmotionOutput:
        """Predict the emotion of recordings; times are seconds in the recording.

        Parameters
        ----------
        face : a token a sampled face, or None.
        context : a token a window of the video, at its middle, or None.
        gestures : a token a detected micro-gesture, or None.
        **others : of the further `STREAM_NAMES`, for networks that have them, or None.

        Returns
        -------
        The logit of all streams together, of each alone, and the moments that decided.

        Raises
        ------
        ValueError : where all streams are None or without a single place for a token, or the network lacks one.
        """
        streams = self.embedding({"face": face, "context": context, "gestures": gestures, **others})
        if not streams:
            raise ValueError("a recording needs faces, context, gestures, or some of them")
        vectors, moments = self.pools(streams)
        logits = {
            name: self.stream_heads[name](vector)[:, 0] * has_it
            for (name, vector), has_it in zip(vectors.items(), present(streams).T, strict=True)
        }
        if self.training and self.config.stream_dropout:
            streams = self._drop_stream(streams)
        combined = CombinedStreams(*self.combine(streams, Alone(vectors, logits, moments)))
        shown = PerStream(**combined.moments)
        return EmotionOutput(combined.logit, PerStream(**logits), shown, combined.unsupervised)

    def _drop_stream(self, streams: Mapping[str, Embedded]) -> dict[str, Embedded]:
        there = present(streams)
        chosen = (torch.rand(there.shape, device=there.device) * there).argmax(1)
        unlucky = torch.rand(len(there), device=there.device) < self.config.stream_dropout
        lost = unlucky & (there.sum(1) > 1)
        return {
            name: x._replace(mask=x.mask & ~(lost & (chosen == i))[:, None])
            for i, (name, x) in enumerate(streams.items())
        }
