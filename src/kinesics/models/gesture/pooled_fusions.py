"""Fusions of pooled vectors and of logits: the plain alternatives to Cross-Modal Token Fusion."""

from __future__ import annotations

import torch
from torch import nn

from kinesics.models.gesture.fusion import Combined, FusionConfig, GestureFusion, Modalities


class ConcatenationFusion(GestureFusion):
    """A classifier on the joined mean vectors of both modalities."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        widths = config.video_width + config.joint_width
        self.joined = nn.Sequential(
            nn.LayerNorm(widths),
            nn.Linear(widths, config.width),
            nn.GELU(),
            nn.Linear(config.width, config.classes),
        )

    def combine(self, clip: Modalities) -> Combined:
        """The logits of the joined vectors."""
        return Combined(self.joined(torch.cat([clip.video.pooled, clip.joints.mean((1, 2))], -1)))

    def classifiers(self) -> list[nn.Module]:
        """The last layer as well."""
        return [*super().classifiers(), self.joined[-1]]


class LateFusion(GestureFusion):
    """The mean of the logits of each modality's own head."""

    def combine(self, clip: Modalities) -> Combined:
        """The mean of both heads' logits."""
        return Combined((clip.video_logits + clip.skeleton_logits) / 2)
