"""Joints of a recording to tokens: what a body or a hand looks like from itself and how it moves, then convolutions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.layers import ShiftedLinear
from kinesics.skeleton import SkeletonLayout

_LAGS = (1, 4, 10)  # frames over which the root's and the ends' movement is told
_MOST_ENDS = 12


@dataclass(frozen=True)
class JointEncoderConfig:
    """Sizes of a `JointEncoder`.

    width: channels inside.
    channels: of a token.
    blocks: of convolutions over time at the frames' rate.
    stride: frames of a token.
    drop: of channels in training.
    """

    width: int = 128
    channels: int = 128
    blocks: int = 2
    stride: int = 2
    drop: float = 0.1


class JointEncoder(nn.Module):
    """Frames of joints (N, T, V, 4), position and score, to tokens (N, T / stride, channels).

    A layout's first root is the middle, its children span the frame of reference, the leaves are the ends.

    Parameters
    ----------
    layout : of the joints.
    config : the sizes.
    """

    def __init__(self, layout: SkeletonLayout, config: JointEncoderConfig) -> None:
        super().__init__()
        self.layout, self.config = layout, config
        self.root = layout.parents.index(-1)
        self.base = [joint for joint, parent in enumerate(layout.parents) if parent == self.root]
        if len(self.base) < 2:
            raise ValueError(f"layout {layout.name}: expected a root with two joints on it at least")
        leaves = [joint for joint in range(len(layout)) if joint not in layout.parents]
        self.ends = leaves[:: -(-len(leaves) // _MOST_ENDS)]
        pairs = torch.combinations(torch.tensor([self.root, *self.ends]))
        self.register_buffer("pairs", pairs, persistent=False)
        width = config.width
        self.scale = nn.BatchNorm1d(self.features)  # what is told is small and large: steps and places
        self.embed = nn.Linear(self.features, width)
        self.convs = nn.ModuleList(ShiftedLinear(width, width, 5) for _ in range(config.blocks))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(config.blocks))
        self.drop = nn.Dropout(config.drop)
        self.shorten = ShiftedLinear(width, config.channels, 2 * config.stride + 1)

    @property
    def features(self) -> int:
        """Numbers a frame that `describe` gives."""
        joints, ends = len(self.layout), len(self.ends)
        return 6 * joints + len(self.get_buffer("pairs")) + 6 + 6 * len(_LAGS) * (1 + ends) + joints

    @property
    def reach(self) -> int:
        """How many frames to either side a token depends on, at most; the lags look to both sides."""
        return max(_LAGS) + 2 * self.config.blocks + self.config.stride

    def describe(self, frames: Tensor) -> Tensor:
        """Tell of each frame where joints are, seen from the root, and how root and ends move.

        Parameters
        ----------
        frames : (N, T, V, 4) position, in units of the skeleton's own size, and score.

        Returns
        -------
        (N, T, features).
        """
        xyz, score = frames[..., :3], frames[..., 3]
        root = xyz[:, :, self.root : self.root + 1]
        apart = (xyz - root) * score[..., None]
        axes = self._axes(apart)  # (N, T, 3, 3), rows
        local = apart @ axes.transpose(-1, -2)
        first, second = self.get_buffer("pairs").T
        lengths = (xyz[:, :, first] - xyz[:, :, second]).norm(dim=-1) * score[:, :, first] * score[:, :, second]
        moving = torch.cat([root, apart[:, :, self.ends]], 2)
        paths = []
        for lag in _LAGS:
            step = _step(moving, lag)  # (N, T, 1 + ends, 3)
            paths += [step.flatten(2), (step @ axes.transpose(-1, -2)).flatten(2)]
        parts = [apart.flatten(2), local.flatten(2), lengths, axes[..., :2, :].flatten(2), *paths, score]
        return torch.cat(parts, -1)

    def _axes(self, apart: Tensor) -> Tensor:
        """The frame of reference: towards the middle of the root's children, across them, and the third."""
        along = F.normalize(apart[:, :, self.base].mean(2), dim=-1, eps=1e-6)
        across = apart[:, :, self.base[-1]] - apart[:, :, self.base[0]]
        across = F.normalize(across - (across * along).sum(-1, keepdim=True) * along, dim=-1, eps=1e-6)
        return torch.stack([along, across, torch.linalg.cross(along, across)], -2)

    def forward(self, frames: Tensor) -> Tensor:
        """Encode.

        Parameters
        ----------
        frames : (N, T, V, 4) position, in units of the skeleton's own size, and score; T a multiple of the stride.

        Returns
        -------
        (N, T / stride, channels).
        """
        described = self.describe(frames)
        x = self.embed(self.scale(described.flatten(0, 1)).view_as(described))
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = x + conv(self.drop(F.gelu(norm(x))))
        y: Tensor = self.shorten(F.gelu(x))[:, :: self.config.stride]
        return y


def _step(x: Tensor, lag: int) -> Tensor:
    """How far things moved over `lag` frames around each: x(t + lag/2) − x(t − lag/2); its ends are held."""
    before, after = lag // 2, lag - lag // 2
    held = torch.cat([x[:, :1].expand(-1, before, -1, -1), x, x[:, -1:].expand(-1, after, -1, -1)], 1)
    return held[:, lag:] - held[:, :-lag]
