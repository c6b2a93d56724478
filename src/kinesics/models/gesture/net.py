"""GestureNet: video and skeleton of one clip to micro-gesture logits, with either of them missing if need be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.models.gesture.cross_modal_token_fusion import CrossAttentionFusion, CrossModalTokenFusion, ExchangeFusion
from kinesics.models.gesture.fusion import FusionConfig, FusionOutput, GestureFusion
from kinesics.models.gesture.pooled_fusions import ConcatenationFusion, LateFusion
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.models.video.encoder import ClipEncoder, ClipTokens
from kinesics.models.video.mvit import PAPER, SMALL, TINY, VideoEncoder, VideoEncoderConfig
from kinesics.skeleton import UPPER_BODY, SkeletonLayout

# by the name that a config and a weights file give them
FUSIONS: dict[str, type[GestureFusion]] = {
    "full": CrossModalTokenFusion,
    "exchange": ExchangeFusion,
    "cross-attention": CrossAttentionFusion,
    "concatenation": ConcatenationFusion,
    "late": LateFusion,
}


@dataclass(frozen=True)
class GesturePreset:
    """Sizes of both encoders and of the fusion; classes, widths and joints are filled in by `build_gesture_net`."""

    video: VideoEncoderConfig
    skeleton: AGCNConfig
    fusion: FusionConfig


GESTURE_PRESETS = {
    "paper": GesturePreset(PAPER, AGCNConfig(channels=4, persons=1), FusionConfig()),
    "small": GesturePreset(
        SMALL,
        AGCNConfig(channels=4, persons=1, widths=(24, 24, 48, 48, 96, 96), strides=(1, 2, 1, 2, 1, 1), dropout=0.2),
        FusionConfig(width=128, heads=4, cross_blocks=1, self_blocks=1),
    ),
    "tiny": GesturePreset(
        TINY,
        AGCNConfig(channels=4, persons=1, widths=(8, 8, 16), strides=(1, 2, 2)),
        FusionConfig(width=32, heads=4, steps=4, cross_blocks=1, self_blocks=1),
    ),
}


class GestureNet(nn.Module):
    """A clip encoder, a 2s-AGCN over one person, and their fusion.

    Parameters
    ----------
    video : the clip encoder.
    skeleton : the skeleton encoder.
    fusion : of the tokens of both.
    modality_dropout : how often, in training, a sample that has both modalities loses one of them: its answer is then
        that of
        the other's own head, so that neither encoder learns to lean on the other.
    """

    def __init__(
        self, video: ClipEncoder, skeleton: TwoStreamAGCN, fusion: GestureFusion, modality_dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.video = video
        self.skeleton = skeleton
        self.fusion = fusion
        self.modality_dropout = modality_dropout
        for stream in (skeleton.joint, skeleton.bone):  # the fusion has a head of its own for the skeleton
            stream.fc.requires_grad_(False)

    def encoders(self) -> list[nn.Module]:
        """Of both modalities."""
        return [self.get_submodule("video"), self.skeleton]

    def classifiers(self) -> list[nn.Module]:
        """The last layers: of each modality alone, and of the fusion."""
        return self.fusion.classifiers()

    def forward(
        self,
        video: Tensor | None = None,
        skeleton: Tensor | None = None,
        places: Tensor | None = None,
        has_video: Tensor | None = None,
        has_skeleton: Tensor | None = None,
    ) -> FusionOutput:
        """Classify clips; a sample that lacks a modality gets the answer of the other one's own head.

        Parameters
        ----------
        video : (N, 3, T, H, W), as the clip encoder wants it, or None.
        skeleton : (N, C, T', V, 1), or None; a fourth channel is each joint's score, and serves as its confidence.
        places : (N, T', V, 2), where each joint is, or was lost, 0..1 across the video's frames; None: no exchange.
        has_video : (N,) bool, which samples have video; None: all. Every sample needs one modality.
        has_skeleton : (N,) bool, which samples have a skeleton; None: all.

        Returns
        -------
        The logits (N, classes) of both modalities together and of each alone.

        Raises
        ------
        ValueError : where both modalities are None.
        """
        clip = None if video is None else self.video(video)
        joints = None if skeleton is None else self.skeleton(skeleton).tokens
        confidence = skeleton[:, 3, ..., 0] if skeleton is not None and skeleton.shape[1] > 3 else None
        return self.fuse(clip, joints, places, confidence, has_video, has_skeleton)

    def fuse(
        self,
        video: ClipTokens | None,
        joints: Tensor | None,
        places: Tensor | None = None,
        confidence: Tensor | None = None,
        has_video: Tensor | None = None,
        has_skeleton: Tensor | None = None,
    ) -> FusionOutput:
        """Classify clips by their tokens, fresh or cached, after modality dropout.

        Parameters
        ----------
        video : tokens of the clips, or None.
        joints : (N, T", V, C) tokens, or None.
        places : (N, T, V, 2), where each joint is, 0..1 across the video's frames, or None.
        confidence : (N, T, V) in 0..1, or None.
        has_video : (N,) bool, or None for all.
        has_skeleton : (N,) bool, or None for all.

        Returns
        -------
        As `GestureFusion.forward`.
        """
        if self.training and video is not None and joints is not None:
            everyone = torch.ones(len(joints), dtype=torch.bool, device=joints.device)
            has_video = everyone if has_video is None else has_video
            has_skeleton = everyone if has_skeleton is None else has_skeleton
            has_video, has_skeleton = drop_modality(self.modality_dropout, has_video, has_skeleton)
        return self.fusion(video, joints, places, confidence, has_video, has_skeleton)  # type: ignore[no-any-return]


def drop_modality(probability: float, has_video: Tensor, has_skeleton: Tensor) -> tuple[Tensor, Tensor]:
    """Take one modality from a random share of the samples that have both.

    Parameters
    ----------
    probability : of a sample to lose one.
    has_video : (N,) bool, which samples have video.
    has_skeleton : (N,) bool, which samples have a skeleton.

    Returns
    -------
    Both masks (N,) afterwards.
    """
    both = has_video & has_skeleton
    draw = torch.rand(len(both), device=both.device) * 2
    return has_video & ~(both & (draw < probability)), has_skeleton & ~(both & (draw > 2 - probability))


def build_gesture_net(
    preset: str,
    classes: int,
    layout: SkeletonLayout = UPPER_BODY,
    fusion: str = "full",
    modality_dropout: float = 0.2,
    video: ClipEncoder | None = None,
) -> GestureNet:
    """Build the network of a preset with random weights.

    Parameters
    ----------
    preset : a name in `GESTURE_PRESETS`.
    classes : how many gestures.
    layout : of the skeletons.
    fusion : a name in `FUSIONS`.
    modality_dropout : see `GestureNet`.
    video : a clip encoder in the place of the preset's own.

    Returns
    -------
    The network.

    Raises
    ------
    KeyError : for an unknown preset.
    KinesicsError : for an unknown fusion.
    """
    if fusion not in FUSIONS:
        raise KinesicsError(f"fusion {fusion}: expected {', '.join(FUSIONS)}; no other is known")
    sizes = GESTURE_PRESETS[preset]
    video = video or VideoEncoder(sizes.video)
    skeleton = TwoStreamAGCN(layout, replace(sizes.skeleton, classes=classes))
    config = replace(
        sizes.fusion,
        classes=classes,
        video_width=video.width,
        joint_width=2 * sizes.skeleton.widths[-1],
        joints=len(layout),
    )
    return GestureNet(video, skeleton, FUSIONS[fusion](config), modality_dropout)
