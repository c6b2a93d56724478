"""Heads that have a network of their own for one stream: the other streams join late, by the mean of their logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from kinesics.models.emotion.streams import Alone, CombinedStreams, Embedded, EmotionHead, present


class StreamReading(NamedTuple):
    """What a network makes of one stream: logit (N,), moments (N, L), and a loss (N,) without a label, or None."""

    logit: Tensor
    moments: Tensor
    unsupervised: Tensor | None = None


class SpecialistHead(EmotionHead):
    """The mean of the logits of the streams that a sample has; a subclass reads one, its `specialty`, itself."""

    specialty: ClassVar[str]

    def read(self, stream: Embedded) -> StreamReading:
        """Read the stream of the specialty; what is given of a sample without a real token does not matter."""
        raise NotImplementedError

    def combine(self, streams: Mapping[str, Embedded], alone: Alone) -> CombinedStreams:
        """Read the specialty, and average."""
        logits, moments, loss = dict(alone.logits), dict(alone.moments), None
        if self.specialty in streams:
            read = self.read(streams[self.specialty])
            logits[self.specialty], moments[self.specialty], loss = read
        there = present(streams)
        each = torch.stack([logits[name] for name in streams], 1).masked_fill(~there, 0)
        return CombinedStreams(each.sum(1) / there.sum(1).clamp(min=1), moments, loss)
