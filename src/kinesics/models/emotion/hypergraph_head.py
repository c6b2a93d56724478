"""The hypergraph-enhanced transformer as an emotion head: it reads the stream of poses, a clip a token."""

from __future__ import annotations

import torch

from kinesics.models.emotion.hypergraph import RECONSTRUCTION_LOSSES, HypergraphTransformer
from kinesics.models.emotion.hypergraph_time import HypergraphConfig
from kinesics.models.emotion.pose_statistics import pose_clips
from kinesics.models.emotion.specialist import SpecialistHead, StreamReading
from kinesics.models.emotion.streams import POSE_FRAMES, Embedded, EmotionConfig, Stream

STEP = 36  # channels are a multiple of it, so that the heads, 4 and 6 divide them
MOST = 216  # channels, as published


class HypergraphHead(SpecialistHead):
    """A recording's logit is the mean of its clips'; its loss without a label, what their reconstruction lacks.

    The published network votes by clip, and a tie counts as right; the mean decides a tie by itself.
    """

    specialty = "poses"

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        if not config.poses:
            return  # a network without that stream
        channels = min(MOST, max(STEP, config.width // STEP * STEP))
        self.network = HypergraphTransformer(HypergraphConfig(config.poses, POSE_FRAMES, channels))

    def read(self, stream: Embedded) -> StreamReading:
        """Read the clips that are real."""
        assert isinstance(stream.given, Stream)
        mask = stream.mask
        logit, loss = torch.zeros_like(stream.seconds), torch.zeros_like(stream.seconds)
        clips = pose_clips(stream.given.tokens, self.config.poses)[mask]
        if len(clips):
            out = self.network(clips)
            missing = torch.stack(
                [
                    RECONSTRUCTION_LOSSES["sum_mse"](rebuilt[None], target[None])
                    for rebuilt, target in zip(out.reconstruction, out.target, strict=True)
                ]
            )
            logit = logit.index_put((mask,), (out.logits[:, 1] - out.logits[:, 0]).to(logit.dtype))
            loss = loss.index_put((mask,), missing.to(loss.dtype))
        share = mask / mask.sum(1, keepdim=True).clamp(min=1)
        return StreamReading((logit * share).sum(1), share, (loss * share).sum(1))
