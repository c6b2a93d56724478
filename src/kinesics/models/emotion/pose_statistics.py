"""Statistics of poses: what a plain network of points and their differences sees, static and dynamic apart.

"From Weak to Strong" (arXiv 2602.08057) found that a plain network on points and their differences did as well as
graphs of joints; the winner of 2026 read static and dynamic features of poses, related them by cross-attention and
pooled windows as multiple instances. Both stand here together:

1. Static: each joint's mean place and confidence in a window, and how far it strays. Dynamic: how much it moves from
   frame to frame, on average and at most.
2. The two attend to each other, over all windows of the recording.
3. Attention pooling over the windows decides.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kinesics.models.emotion.specialist import SpecialistHead, StreamReading
from kinesics.models.emotion.streams import LONGEST, POSE_FRAMES, SHORTEST, Embedded, EmotionConfig, Stream
from kinesics.models.layers import AttentionPool, CrossAttentionBlock, TimeEmbedding


def pose_statistics(clips: Tensor) -> tuple[Tensor, Tensor]:
    """Sum up windows of joints.

    Parameters
    ----------
    clips : (…, 3, T, V), of x, y and score.

    Returns
    -------
    Static (…, 6·V): mean and standard deviation; dynamic (…, 6·V): the mean and the largest change between frames.
    """
    change = clips.diff(dim=-2).abs()
    deviation = (clips.var(-2, unbiased=False) + 1e-8).sqrt()
    static = torch.cat([clips.mean(-2), deviation], -2).flatten(-2)
    dynamic = torch.cat([change.mean(-2), change.amax(-2)], -2).flatten(-2)
    return static, dynamic


class PoseStatistics(SpecialistHead):
    """All three steps."""

    specialty = "poses"

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        if not config.poses:
            return  # a network without that stream
        width, numbers = config.width, 6 * config.poses
        self.static = nn.Sequential(nn.LayerNorm(numbers), nn.Linear(numbers, width))
        self.dynamic = nn.Sequential(nn.LayerNorm(numbers), nn.Linear(numbers, width))
        self.pose_time = TimeEmbedding(width, SHORTEST, LONGEST)
        self.to_dynamic = CrossAttentionBlock(width, config.heads, config.drop)
        self.to_static = CrossAttentionBlock(width, config.heads, config.drop)
        self.pool = AttentionPool(width, config.heads)
        self.decide = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))

    def read(self, stream: Embedded) -> StreamReading:
        """Read the windows."""
        assert isinstance(stream.given, Stream)
        time = self.pose_time(stream.seconds)
        clips = pose_clips(stream.given.tokens, self.config.poses)
        static, dynamic = (
            project(numbers) + time
            for project, numbers in zip((self.static, self.dynamic), pose_statistics(clips), strict=True)
        )
        both = self.to_dynamic(static, dynamic, stream.mask) + self.to_static(dynamic, static, stream.mask)
        pooled, weights = self.pool(both, stream.mask)
        return StreamReading(self.decide(pooled)[:, 0], weights)


def pose_clips(tokens: Tensor, joints: int) -> Tensor:
    """Give the clips that tokens of poses hold.

    Parameters
    ----------
    tokens : (…, 3·T·V) of poses.
    joints : V.

    Returns
    -------
    (…, 3, T, V).
    """
    return tokens.view(*tokens.shape[:-1], 3, POSE_FRAMES, joints)
