"""Cross-Modal Token Fusion: a clip's video tokens and its joint tokens, fused token by token, to gesture logits.

The paper (arXiv 2512.23291) names the module and its purpose, to "combine spatial and pose information"; the design
is Kinesics' own, after TokenFusion (Wang et al., CVPR 2022). Its five steps:

1. Resample (`resample_time`): both modalities are averaged to the same time steps; each is projected to one width.
2. Sample (`sample_at_joints`): every joint looks up the video map where it stands in the image: that is its partner.
3. Exchange (`Exchange`): a joint that is scored as useless gives way to its partner, a useless patch to nothing.
4. Attend (`CrossModalBlocks`): cross-attention in both directions, then self-attention over both modalities.
5. Read out (`AttentionPool` and `head`): a learned query attends to all; beside it a head for each modality alone.

`ExchangeFusion` and `CrossAttentionFusion` leave steps out, for an ablation.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.gesture.fusion import Combined, FusionConfig, GestureFusion, Modalities
from kinesics.models.layers import AttentionPool, CrossAttentionBlock, SelfAttentionBlock

OCTAVES = 4  # of the place embedding: its waves span 2, 1, ½ and ¼ of the image


def resample_time(x: Tensor, steps: int) -> Tensor:
    """Step 1: average over time to another number of steps.

    Parameters
    ----------
    x : (N, T, …).
    steps : how many.

    Returns
    -------
    (N, steps, …).
    """
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
    """Step 2: look up the video map where each joint is, bilinearly.

    Parameters
    ----------
    patches : (N, T, H, W, D).
    places : (N, T, V, 2), 0..1 across the image.

    Returns
    -------
    (N, T, V, D).
    """
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
        """Score the joint tokens.

        Parameters
        ----------
        tokens : (N, T, V, D).
        confidence : (N, T, V) in 0..1.

        Returns
        -------
        (N, T, V) usefulness in 0..1.
        """
        usefulness: Tensor = self.joint_scorer(torch.cat([tokens, confidence[..., None]], -1))
        return usefulness[..., 0].float().sigmoid()

    def score_patches(self, tokens: Tensor) -> Tensor:
        """Score the patch tokens.

        Parameters
        ----------
        tokens : (N, T, H, W, D).

        Returns
        -------
        (N, T, H, W) usefulness in 0..1.
        """
        usefulness: Tensor = self.patch_scorer(tokens)
        return usefulness[..., 0].float().sigmoid()

    def cut(self, usefulness: Tensor) -> Tensor:
        """Set usefulness below the threshold to 0; in training, for a random half of the samples.

        Parameters
        ----------
        usefulness : (N, …) in 0..1.

        Returns
        -------
        The same, cut.
        """
        useless = usefulness < self.threshold
        if self.training:
            sample = torch.rand(len(usefulness), device=usefulness.device) < 0.5
            useless = useless & sample.view(-1, *[1] * (usefulness.dim() - 1))
        return usefulness.masked_fill(useless, 0)

    def forward(self, joints: Tensor, partners: Tensor, share: Tensor) -> Tensor:
        """Mix joint tokens with their partners.

        Parameters
        ----------
        joints : (N, T, V, D).
        partners : (N, T, V, D), what the video shows at each joint.
        share : (N, T, V) in 0..1, of the joint's own token.

        Returns
        -------
        (N, T, V, D).
        """
        partners = self.partner(partners)
        return partners + share[..., None] * (joints - partners)


def _scorer(inputs: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(inputs), nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, 1))


class CrossModalBlocks(nn.Module):
    """Step 4: two token sets (N, L, D) and (N, S, D) with their masks, to all tokens (N, L + S, D).

    across: False keeps the sets apart: no cross-attention, and self-attention inside each of them.
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
        """Attend between the two token sets, then inside.

        Parameters
        ----------
        joints : (N, L, D).
        video : (N, S, D).
        joint_mask : (N, L), which joints are real.
        video_mask : (N, S), how much attention each patch draws.

        Returns
        -------
        All tokens (N, L + S, D).
        """
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
        """Embed places.

        Parameters
        ----------
        places : (…, 2), 0..1 across the image.

        Returns
        -------
        (…, D).
        """
        angles = (places[..., None] * self.get_buffer("frequencies")).flatten(-2)
        y: Tensor = self.project(torch.cat([angles.sin(), angles.cos()], -1))
        return y


class TokenFusion(nn.Module):
    """Steps 1 to 5 on the tokens of both modalities.

    Parameters
    ----------
    config : the sizes.
    exchange : whether useless joints give way to their partners.
    across : whether the modalities attend to each other.
    """

    def __init__(self, config: FusionConfig, *, exchange: bool, across: bool) -> None:
        super().__init__()
        self.steps = config.steps
        self.from_video = nn.Sequential(nn.LayerNorm(config.video_width), nn.Linear(config.video_width, config.width))
        self.from_joints = nn.Sequential(nn.LayerNorm(config.joint_width), nn.Linear(config.joint_width, config.width))
        self.place = PlaceEmbedding(config.width)
        self.time = nn.Parameter(0.02 * torch.randn(config.steps, 1, config.width))
        self.modality = nn.Parameter(0.02 * torch.randn(2, config.width))
        self.joint = nn.Parameter(0.02 * torch.randn(config.joints, config.width))
        self.exchange = Exchange(config.width, config.threshold) if exchange else None
        self.attend = CrossModalBlocks(config, across=across)
        self.pool = AttentionPool(config.width, config.heads)
        self.head = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, config.classes))
        self.register_load_state_dict_pre_hook(_rename_talk)  # type: ignore[no-untyped-call]  # torch's own

    def forward(self, clip: Modalities) -> Combined:
        """Logits (N, classes), joint and patch usefulness."""
        places, confidence = clip.places, clip.confidence
        patches = self.from_video(resample_time(clip.video.tokens, self.steps))  # (N, T, H, W, D)
        joints = self.from_joints(resample_time(clip.joints, self.steps))  # (N, T, V, D)
        if places is not None:
            weight = confidence[..., None] + 1e-3  # where it was seen counts; where it never was, all guesses do
            places = resample_time(places * weight, self.steps) / resample_time(weight, self.steps)
        confidence = resample_time(confidence, self.steps)
        patch_position, joint_position = self._positions(patches, places)

        patch_mask = clip.has_video[:, None, None, None].expand(patches.shape[:-1])
        joint_mask = clip.has_skeleton[:, None, None].expand(joints.shape[:-1])
        joint_usefulness = patch_usefulness = None
        if self.exchange is not None:
            patch_usefulness = self.exchange.score_patches(patches + patch_position)
            joint_usefulness = self.exchange.score_joints(joints + joint_position, confidence)
            patch_mask = patch_mask * self.exchange.cut(patch_usefulness)
            if places is not None:
                inside = ((places >= 0) & (places <= 1)).all(-1) & clip.has_video[:, None, None]
                share = torch.where(inside, self.exchange.cut(joint_usefulness), 1)  # no partner, no exchange
                joints = self.exchange(joints, sample_at_joints(patches, places), share)

        masks = joint_mask.flatten(1), patch_mask.flatten(1)
        joints, patches = joints + joint_position, patches + patch_position
        tokens = self.attend(joints.flatten(1, 2), patches.flatten(1, 3), *masks)
        pooled, _ = self.pool(tokens, torch.cat(masks, 1))
        return Combined(self.head(pooled), joint_usefulness, patch_usefulness)

    def _positions(self, patches: Tensor, places: Tensor | None) -> tuple[Tensor, Tensor]:
        """Embeddings of the patches (T, H, W, D), and of the joints (N, T, V, D), or (T, V, D) without places."""
        height, width = patches.shape[2:4]
        y, x = ((torch.arange(size, device=patches.device) + 0.5) / size for size in (height, width))
        cells = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)  # (H, W, 2), the cells' centres
        of_patches = self.modality[0] + self.time[:, None] + self.place(cells)
        of_joints = self.modality[1] + self.time + self.joint
        return of_patches, of_joints if places is None else of_joints + self.place(places)


def _rename_talk(network: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Read weights in which `attend` still had its earlier name."""
    for key in [key for key in state if key.startswith(f"{prefix}talk.")]:
        state[f"{prefix}attend.{key.removeprefix(f'{prefix}talk.')}"] = state.pop(key)


class CrossModalTokenFusion(GestureFusion):
    """All five steps."""

    exchange, across = True, True

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.tokens = TokenFusion(config, exchange=self.exchange, across=self.across)

    def combine(self, clip: Modalities) -> Combined:
        """Steps 1 to 5."""
        fused: Combined = self.tokens(clip)
        return fused

    def classifiers(self) -> list[nn.Module]:
        """The last layer of the read-out as well."""
        return [*super().classifiers(), self.tokens.head]


class ExchangeFusion(CrossModalTokenFusion):
    """The exchange without cross-attention: each modality attends to itself."""

    across = False


class CrossAttentionFusion(CrossModalTokenFusion):
    """Cross-attention without steps 2 and 3."""

    exchange = False
