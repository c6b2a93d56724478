"""What every fusion of the gesture network takes and gives.

A fusion is a subclass of `GestureFusion` in a file of its own, and a row of `kinesics.models.gesture.net.FUSIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinesics.models.video.encoder import ClipTokens


@dataclass(frozen=True)
class FusionConfig:
    """Sizes of a fusion; the defaults fit MViTv2-S and the published 2s-AGCN.

    classes: of gestures.
    video_width: C of the video tokens.
    joint_width: C of the joint tokens.
    joints: V, of the layout.
    width: D, of the tokens inside the fusion.
    heads: of attention.
    steps: of time, to which both modalities are resampled.
    cross_blocks: of cross-attention.
    self_blocks: of self-attention.
    threshold: a usefulness below it counts as 0.
    drop: stochastic depth.
    """

    classes: int = 32
    video_width: int = 768
    joint_width: int = 512
    joints: int = 42
    width: int = 256
    heads: int = 8
    steps: int = 8
    cross_blocks: int = 2
    self_blocks: int = 2
    threshold: float = 0.05
    drop: float = 0.1


class FusionOutput(NamedTuple):
    """What a clip shows, and how that was decided.

    logits: (N, classes).
    video_logits, skeleton_logits: (N, classes) those of one modality alone; None where no sample has it.
    joint_usefulness: (N, steps, V) in 0..1; None without an exchange.
    patch_usefulness: (N, steps, H', W') in 0..1; None without an exchange.
    sparsity: their mean, a term for the loss that keeps them low (L1); 0 without an exchange.
    """

    logits: Tensor
    video_logits: Tensor | None
    skeleton_logits: Tensor | None
    joint_usefulness: Tensor | None
    patch_usefulness: Tensor | None
    sparsity: Tensor


class Modalities(NamedTuple):
    """Both modalities of N clips, as a fusion combines them.

    video: tokens (N, T', H', W', C) and pooled (N, C).
    joints: (N, T", V, C) tokens.
    places: (N, T, V, 2) where each joint is, 0..1 across the video's frames, or None.
    confidence: (N, T, V) in 0..1, 0 for a lost joint.
    has_video, has_skeleton: (N,) bool, which samples have the modality.
    video_logits, skeleton_logits: (N, classes) what each modality's own head says.
    """

    video: ClipTokens
    joints: Tensor
    places: Tensor | None
    confidence: Tensor
    has_video: Tensor
    has_skeleton: Tensor
    video_logits: Tensor
    skeleton_logits: Tensor


class Combined(NamedTuple):
    """Logits (N, classes), and with an exchange the usefulness of joints and patches, as in `FusionOutput`."""

    logits: Tensor
    joint_usefulness: Tensor | None = None
    patch_usefulness: Tensor | None = None


class GestureFusion(nn.Module):
    """Both encoders' tokens to a `FusionOutput`; any modality may be missing, of one sample or of all.

    A fusion says in `combine` what both modalities together show; the heads of each modality alone, and what becomes
    of a sample that lacks one, are the same for all.
    """

    def __init__(self, config: FusionConfig) -> None:
        super().__init__()
        self.config = config
        self.video_head = nn.Sequential(nn.LayerNorm(config.video_width), nn.Linear(config.video_width, config.classes))
        self.skeleton_head = nn.Sequential(
            nn.LayerNorm(config.joint_width), nn.Linear(config.joint_width, config.classes)
        )

    def combine(self, clip: Modalities) -> Combined:
        """What the clips show by both modalities; the answers for samples that lack one are not used."""
        raise NotImplementedError

    def classifiers(self) -> list[nn.Module]:
        """The last layers, which are trained again on balanced batches after all else is learned."""
        return [self.video_head, self.skeleton_head]

    def forward(
        self,
        video: ClipTokens | None,
        joint_tokens: Tensor | None,
        places: Tensor | None = None,
        confidence: Tensor | None = None,
        has_video: Tensor | None = None,
        has_skeleton: Tensor | None = None,
    ) -> FusionOutput:
        """Combine what is there; a sample that lacks a modality gets the answer of the other one's own head.

        Parameters
        ----------
        video : tokens (N, T', H', W', C) and pooled (N, C), or None without video.
        joint_tokens : (N, T", V, C), or None without a skeleton.
        places : (N, T, V, 2), where each joint is, 0..1 across the video's frames; for a joint that was lost, where it
            most likely is, since that is where the exchange will look. None: no exchange.
        confidence : (N, T, V) in 0..1, 0 for a lost joint; None counts as 1.
        has_video : (N,) bool, which samples have video; None: all. Every sample needs one modality.
        has_skeleton : (N,) bool, which samples have a skeleton; None: all.

        Returns
        -------
        The logits (N, classes) of both modalities together and of each alone.

        Raises
        ------
        ValueError : where both modalities are None.
        """
        if video is None or joint_tokens is None:
            return self._alone(video, joint_tokens)
        everyone = torch.ones(joint_tokens.shape[0], dtype=torch.bool, device=joint_tokens.device)
        if confidence is None:
            confidence = torch.ones_like((joint_tokens if places is None else places)[..., 0])
        clip = Modalities(
            video,
            joint_tokens,
            places,
            confidence,
            everyone if has_video is None else has_video,
            everyone if has_skeleton is None else has_skeleton,
            self.video_head(video.pooled),
            self.skeleton_head(joint_tokens.mean((1, 2))),
        )
        logits, joint_usefulness, patch_usefulness = self.combine(clip)
        logits = torch.where(clip.has_skeleton[:, None], logits, clip.video_logits)
        logits = torch.where(clip.has_video[:, None], logits, clip.skeleton_logits)
        sparsity = _sparsity(joint_usefulness, patch_usefulness, clip.has_video & clip.has_skeleton)
        return FusionOutput(
            logits, clip.video_logits, clip.skeleton_logits, joint_usefulness, patch_usefulness, sparsity
        )

    def _alone(self, video: ClipTokens | None, joint_tokens: Tensor | None) -> FusionOutput:
        if video is not None:
            logits = self.video_head(video.pooled)
            return FusionOutput(logits, logits, None, None, None, logits.new_zeros(()))
        if joint_tokens is not None:
            logits = self.skeleton_head(joint_tokens.mean((1, 2)))
            return FusionOutput(logits, None, logits, None, None, logits.new_zeros(()))
        raise ValueError("a clip needs video tokens, joint tokens, or both")


def _sparsity(joints: Tensor | None, patches: Tensor | None, both: Tensor) -> Tensor:
    """The mean usefulness of the samples that have both modalities: the others exchange nothing."""
    if joints is None or patches is None:
        return torch.zeros((), device=both.device)
    each = (joints.mean((1, 2)) + patches.mean((1, 2, 3))) / 2
    return (each * both).sum() / both.sum().clamp(min=1)
