"""Cross-Modal Token Fusion: a clip's video tokens and its joint tokens, fused token by token, to gesture logits.

The paper (arXiv 2512.23291) names the module and its purpose, to "combine spatial and pose information"; the design
is Kinesics' own, after TokenFusion (Wang et al., CVPR 2022). Its five steps:

1. One clock (`resample_time`): both sides are averaged to the same time steps; each is projected to one width.
2. One place (`sample_at_joints`): every joint looks up the video map where it stands in the image: that is its partner.
3. Exchange (`Exchange`): a joint that is scored as useless gives way to its partner, a useless patch to nothing.
4. Attend (`CrossModalBlocks`): cross-attention in both directions, then self-attention over both sides.
5. Read out (`AttentionPool` and `head`): a learned query attends to all; beside it a head for each modality alone.

`mode` switches them for an ablation: "full" takes all five, "exchange" leaves out the talk between the sides (each
attends to itself), "cross-attention" leaves out steps 2 and 3, "concatenation" classifies the joined mean vectors,
and "late" averages the logits of the two heads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.layers import AttentionPool, CrossAttentionBlock, SelfAttentionBlock
from kinesics.models.video.encoder import ClipTokens

Mode = Literal["full", "exchange", "cross-attention", "concatenation", "late"]
MODES: tuple[Mode, ...] = ("full", "exchange", "cross-attention", "concatenation", "late")
OCTAVES = 4  # of the place embedding: its waves span 2, 1, ½ and ¼ of the image


@dataclass(frozen=True)
class FusionConfig:
    """Sizes of the fusion; the defaults fit MViTv2-S and the published 2s-AGCN.

    joints: V. steps: of time, after step 1. threshold: a usefulness below it counts as 0. drop: stochastic depth.
    """

    classes: int = 32
    video_width: int = 768
    joint_width: int = 512
    joints: int = 42
    mode: Mode = "full"
    width: int = 256
    heads: int = 8
    steps: int = 8
    cross_blocks: int = 2
    self_blocks: int = 2
    threshold: float = 0.05
    drop: float = 0.1


class FusionOutput(NamedTuple):
    """What a clip shows, and how that was decided.

    logits: (N, classes). video_logits and skeleton_logits: those of one modality alone; None where no sample has it.
    joint_usefulness: (N, steps, V) and patch_usefulness: (N, steps, H', W') in 0..1; None without an exchange.
    sparsity: their mean, a term for the loss that keeps them low (L1); 0 without an exchange.
    """

    logits: Tensor
    video_logits: Tensor | None
    skeleton_logits: Tensor | None
    joint_usefulness: Tensor | None
    patch_usefulness: Tensor | None
    sparsity: Tensor


def resample_time(x: Tensor, steps: int) -> Tensor:
    """Step 1: (N, T, …) averaged over time to (N, steps, …)."""
    if x.shape[1] == steps:
        return x
    # the pooling below in terms that every runtime knows
    if x.shape[1] % steps == 0:
        return x.reshape(x.shape[0], steps, -1, *x.shape[2:]).mean(2)
    if steps % x.shape[1] == 0:
        return x.repeat_interleave(steps // x.shape[1], 1)
    pooled = F.adaptive_avg_pool1d(x.flatten(2).transpose(1, 2), steps)
    return pooled.transpose(1, 2).reshape(x.shape[0], steps, *x.shape[2:])


def sample_at_joints(patches: Tensor, places: Tensor) -> Tensor:
    """Step 2: the map (N, T, H, W, D) at places (N, T, V, 2), 0..1 across the image, bilinearly: (N, T, V, D)."""
    maps = patches.flatten(0, 1).permute(0, 3, 1, 2)
    grid = (2 * places - 1).flatten(0, 1)[:, :, None].to(maps.dtype)
    found = F.grid_sample(maps, grid, padding_mode="border", align_corners=False)  # (N·T, D, V, 1)
    return found[..., 0].transpose(1, 2).reshape(*places.shape[:3], -1)


class Exchange(nn.Module):
    """Step 3. A small scorer gives every token its usefulness s in 0..1, a joint's by its confidence as well.

    A joint token becomes s · itself + (1 − s) · the projection of its partner. A patch has none: s scales the
    attention that it draws (scaling its vector would do nothing, since norms undo it). An s below the threshold
    counts as 0: only the partner is left of the joint, nothing of the patch. In training that cut is made for a
    random half of the samples: so scores below the threshold keep a gradient, and the network meets what it will see.
    """

    def __init__(self, width: int, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold
        self.joint_scorer = _scorer(width + 1, width // 4)
        self.patch_scorer = _scorer(width, width // 4)
        self.partner = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width))

    def score_joints(self, tokens: Tensor, confidence: Tensor) -> Tensor:
        """(N, T, V, D) and (N, T, V) in 0..1 to (N, T, V)."""
        usefulness: Tensor = self.joint_scorer(torch.cat([tokens, confidence[..., None]], -1))
        return usefulness[..., 0].float().sigmoid()

    def score_patches(self, tokens: Tensor) -> Tensor:
        """(N, T, H, W, D) to (N, T, H, W)."""
        usefulness: Tensor = self.patch_scorer(tokens)
        return usefulness[..., 0].float().sigmoid()

    def cut(self, usefulness: Tensor) -> Tensor:
        useless = usefulness < self.threshold
        if self.training:
            sample = torch.rand(len(usefulness), device=usefulness.device) < 0.5
            useless = useless & sample.view(-1, *[1] * (usefulness.dim() - 1))
        return usefulness.masked_fill(useless, 0)

    def forward(self, joints: Tensor, partners: Tensor, share: Tensor) -> Tensor:
        """Joint tokens and their partners (N, T, V, D), mixed by each joint's share (N, T, V)."""
        partners = self.partner(partners)
        return partners + share[..., None] * (joints - partners)


def _scorer(inputs: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(inputs), nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, 1))


class CrossModalBlocks(nn.Module):
    """Step 4: two token sets (N, L, D) and (N, S, D) with their masks, to all tokens (N, L + S, D).

    `across=False` keeps the sets apart: no cross-attention, and self-attention inside each of them.
    """

    def __init__(self, config: FusionConfig, across: bool) -> None:
        super().__init__()
        self.across = across
        sizes = (config.width, config.heads, config.drop)
        crossings = config.cross_blocks if across else 0
        self.to_joints = nn.ModuleList(CrossAttentionBlock(*sizes) for _ in range(crossings))
        self.to_video = nn.ModuleList(CrossAttentionBlock(*sizes) for _ in range(crossings))
        self.blocks = nn.ModuleList(SelfAttentionBlock(*sizes) for _ in range(config.self_blocks))

    def forward(self, joints: Tensor, video: Tensor, joint_mask: Tensor, video_mask: Tensor) -> Tensor:
        for to_joints, to_video in zip(self.to_joints, self.to_video, strict=True):
            joints, video = to_joints(joints, video, video_mask), to_video(video, joints, joint_mask)
        if not self.across:
            for block in self.blocks:
                joints, video = block(joints, joint_mask), block(video, video_mask)
            return torch.cat([joints, video], 1)
        tokens, mask = torch.cat([joints, video], 1), torch.cat([joint_mask, video_mask], 1)
        for block in self.blocks:
            tokens = block(tokens, mask)
        return tokens


class PlaceEmbedding(nn.Module):
    """Places (…, 2), 0..1 across the image, to (…, D): sines and cosines of x and of y, projected."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", math.pi * 2.0 ** torch.arange(OCTAVES), persistent=False)
        self.project = nn.Linear(4 * OCTAVES, width)

    def forward(self, places: Tensor) -> Tensor:
        angles = (places[..., None] * self.get_buffer("frequencies")).flatten(-2)
        y: Tensor = self.project(torch.cat([angles.sin(), angles.cos()], -1))
        return y


class TokenFusion(nn.Module):
    """Steps 1 to 5 on the tokens of both modalities, for the three modes that use tokens."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__()
        self.steps = config.steps
        self.from_video = nn.Sequential(nn.LayerNorm(config.video_width), nn.Linear(config.video_width, config.width))
        self.from_joints = nn.Sequential(nn.LayerNorm(config.joint_width), nn.Linear(config.joint_width, config.width))
        self.place = PlaceEmbedding(config.width)
        self.time = nn.Parameter(0.02 * torch.randn(config.steps, 1, config.width))
        self.modality = nn.Parameter(0.02 * torch.randn(2, config.width))
        self.joint = nn.Parameter(0.02 * torch.randn(config.joints, config.width))
        self.exchange = None if config.mode == "cross-attention" else Exchange(config.width, config.threshold)
        self.talk = CrossModalBlocks(config, across=config.mode != "exchange")
        self.pool = AttentionPool(config.width, config.heads)
        self.head = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, config.classes))

    def forward(
        self,
        video_tokens: Tensor,
        joint_tokens: Tensor,
        places: Tensor | None,
        confidence: Tensor,
        has_video: Tensor,
        has_skeleton: Tensor,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """As `CrossModalTokenFusion.forward`; gives logits, joint and patch usefulness."""
        patches = self.from_video(resample_time(video_tokens, self.steps))  # (N, T, H, W, D)
        joints = self.from_joints(resample_time(joint_tokens, self.steps))  # (N, T, V, D)
        if places is not None:
            weight = confidence[..., None] + 1e-3  # where it was seen counts; where it never was, all guesses do
            places = resample_time(places * weight, self.steps) / resample_time(weight, self.steps)
        confidence = resample_time(confidence, self.steps)
        patch_position, joint_position = self._positions(patches, places)

        patch_mask = has_video[:, None, None, None].expand(patches.shape[:-1])
        joint_mask = has_skeleton[:, None, None].expand(joints.shape[:-1])
        joint_usefulness = patch_usefulness = None
        if self.exchange is not None:
            patch_usefulness = self.exchange.score_patches(patches + patch_position)
            joint_usefulness = self.exchange.score_joints(joints + joint_position, confidence)
            patch_mask = patch_mask * self.exchange.cut(patch_usefulness)
            if places is not None:
                seen = ((places >= 0) & (places <= 1)).all(-1) & has_video[:, None, None]
                share = torch.where(seen, self.exchange.cut(joint_usefulness), 1)  # no partner, no exchange
                joints = self.exchange(joints, sample_at_joints(patches, places), share)

        masks = joint_mask.flatten(1), patch_mask.flatten(1)
        joints, patches = joints + joint_position, patches + patch_position
        tokens = self.talk(joints.flatten(1, 2), patches.flatten(1, 3), *masks)
        pooled, _ = self.pool(tokens, torch.cat(masks, 1))
        return self.head(pooled), joint_usefulness, patch_usefulness

    def _positions(self, patches: Tensor, places: Tensor | None) -> tuple[Tensor, Tensor]:
        """Embeddings of the patches (T, H, W, D), and of the joints (N, T, V, D), or (T, V, D) without places."""
        height, width = patches.shape[2:4]
        y, x = ((torch.arange(size, device=patches.device) + 0.5) / size for size in (height, width))
        cells = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)  # (H, W, 2), the cells' centres
        of_patches = self.modality[0] + self.time[:, None] + self.place(cells)
        of_joints = self.modality[1] + self.time + self.joint
        return of_patches, of_joints if places is None else of_joints + self.place(places)


class CrossModalTokenFusion(nn.Module):
    """Both encoders' tokens to a `FusionOutput`; any modality may be missing, of one sample or of all."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__()
        self.config = config
        self.video_head = nn.Sequential(nn.LayerNorm(config.video_width), nn.Linear(config.video_width, config.classes))
        self.skeleton_head = nn.Sequential(
            nn.LayerNorm(config.joint_width), nn.Linear(config.joint_width, config.classes)
        )
        self.tokens: TokenFusion | None = None
        self.joined: nn.Sequential | None = None
        if config.mode == "concatenation":
            widths = config.video_width + config.joint_width
            self.joined = nn.Sequential(
                nn.LayerNorm(widths),
                nn.Linear(widths, config.width),
                nn.GELU(),
                nn.Linear(config.width, config.classes),
            )
        elif config.mode != "late":
            self.tokens = TokenFusion(config)

    def forward(
        self,
        video: ClipTokens | None,
        joint_tokens: Tensor | None,
        places: Tensor | None = None,
        confidence: Tensor | None = None,
        has_video: Tensor | None = None,
        has_skeleton: Tensor | None = None,
    ) -> FusionOutput:
        """A sample that lacks a modality gets the answer of the other one's own head.

        video: tokens (N, T', H', W', C) and pooled (N, C), or None without video.
        joint_tokens: (N, T", V, C), or None without a skeleton.
        places: (N, T, V, 2), where each joint is, 0..1 across the video's picture; for a joint that was lost, where
            it most likely is, since that is where the exchange will look. None: no exchange.
        confidence: (N, T, V) in 0..1, 0 for a lost joint; None counts as 1.
        has_video, has_skeleton: (N,) bool, which samples have the modality; None: all. Every sample needs one.
        Raises ValueError where both modalities are None.
        """
        if video is None or joint_tokens is None:
            return self._alone(video, joint_tokens)
        video_logits, skeleton_logits = self.video_head(video.pooled), self.skeleton_head(joint_tokens.mean((1, 2)))
        all_samples = torch.ones(joint_tokens.shape[0], dtype=torch.bool, device=joint_tokens.device)
        has_video = all_samples if has_video is None else has_video
        has_skeleton = all_samples if has_skeleton is None else has_skeleton
        joint_usefulness = patch_usefulness = None
        if self.tokens is not None:
            if confidence is None:
                confidence = torch.ones_like((joint_tokens if places is None else places)[..., 0])
            logits, joint_usefulness, patch_usefulness = self.tokens(
                video.tokens, joint_tokens, places, confidence, has_video, has_skeleton
            )
        elif self.joined is not None:
            logits = self.joined(torch.cat([video.pooled, joint_tokens.mean((1, 2))], -1))
        else:
            logits = (video_logits + skeleton_logits) / 2
        logits = torch.where(has_skeleton[:, None], logits, video_logits)
        logits = torch.where(has_video[:, None], logits, skeleton_logits)
        sparsity = _sparsity(joint_usefulness, patch_usefulness, has_video & has_skeleton)
        return FusionOutput(logits, video_logits, skeleton_logits, joint_usefulness, patch_usefulness, sparsity)

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
