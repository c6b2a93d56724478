"""The units of the hypergraph-enhanced transformer: attention among joints and hyperedges, convolution over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.emotion.joint_groups import JOINT_GROUPS, JointGroups

BRANCHES = 4  # of the temporal convolution
MIXING_GROUPS = 6  # of the convolution that mixes the heads
UpSampling = Literal["linear", "interpolate", "conv"]


@dataclass(frozen=True)
class HypergraphConfig:
    """Sizes; the defaults are the published ones for iMiGUE.

    joints: V, a key of `JOINT_GROUPS`.
    frames: T, of a clip.
    channels: C, which heads, 4 and 6 divide.
    heads: of attention.
    classes: of the logits.
    strides: of each unit of the encoder, over time.
    ups: whether each unit of the decoder doubles the frames; empty: no decoder.
    up: how it doubles them.
    """

    joints: int = 22
    frames: int = 52
    channels: int = 216
    heads: int = 9
    classes: int = 2
    strides: tuple[int, ...] = (1, 1, 2, 1, 2, 1)
    ups: tuple[bool, ...] = (True, True)
    up: UpSampling = "linear"

    @property
    def groups(self) -> JointGroups:
        """The joints' bones and hyperedges."""
        return JOINT_GROUPS[self.joints]


class UpSample(nn.Module):
    """Twice the frames: (N, C, T, V) to (N, C, 2T, V)."""

    def __init__(self, config: HypergraphConfig, frames: int) -> None:
        super().__init__()
        numbers = frames * config.joints
        kinds: dict[str, Callable[[], nn.Module]] = {
            "linear": lambda: nn.Linear(numbers, 2 * numbers),
            "conv": lambda: nn.Conv2d(frames, 2 * frames, 1),
            "interpolate": nn.Identity,
        }
        self.up_method = kinds[config.up]()

    def forward(self, x: Tensor) -> Tensor:
        """Double the frames."""
        frames, joints = x.shape[2:]
        doubled: Tensor
        if isinstance(self.up_method, nn.Linear):
            doubled = self.up_method(x.flatten(2))
            return doubled.view(*x.shape[:2], 2 * frames, joints)
        if isinstance(self.up_method, nn.Conv2d):
            doubled = self.up_method(x.transpose(1, 2))
            return doubled.transpose(1, 2)
        return F.interpolate(x, size=(2 * frames, joints), mode="bilinear", align_corners=False)


def split(x: Tensor, dim: int, parts: int) -> Tensor:
    """Split a dimension into `parts` and the rest."""
    parted: Tensor = x.unflatten(dim, (parts, -1))  # type: ignore[no-untyped-call]
    return parted


class HyperAttention(nn.Module):
    """Attention among the joints of a frame, and among their hyperedges."""

    def __init__(self, inputs: int, config: HypergraphConfig) -> None:
        super().__init__()
        width, heads, joints = config.channels, config.heads, config.joints
        hops = config.groups.hops()
        self.heads = heads
        self.register_buffer("hops", hops, persistent=False)
        self.rpe = nn.Parameter(torch.zeros(int(hops.max()) + 1, width))
        self.w1 = nn.Parameter(torch.zeros(heads, width // heads))  # stored by the published code, never read
        self.outer = nn.Parameter(torch.eye(joints).repeat(heads, 1, 1))
        self.alpha = nn.Parameter(torch.zeros(1))
        self.beta = nn.Parameter(torch.zeros(1))
        self.kv = nn.Conv2d(inputs, 2 * width, 1, bias=False)
        self.q = nn.Conv2d(inputs, width, 1, bias=False)
        self.e_kv = nn.Conv2d(width, 2 * width, 1, bias=False)  # its second half is never read
        self.e_q = nn.Conv2d(width, width, 1, bias=False)
        self.proj = nn.Conv2d(width, width, 1, groups=MIXING_GROUPS)

    def attention(self, x: Tensor, edges: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give both tables (N, heads, T, V, V), of joints and hyperedges, and the values (N, heads, C/heads, T, V)."""
        query, edge_query = self._heads(self.q(x)), self._heads(self.e_q(edges))
        key, value = (self._heads(part) for part in self.kv(x).chunk(2, 1))
        edge_key = self._heads(self.e_kv(edges).chunk(2, 1)[0])
        between = split(self.rpe[self.get_buffer("hops")], -1, self.heads)  # (V, V, heads, C/heads)
        by_edges = torch.einsum("nhdtv,nhdtw->nhtvw", edge_query, edge_key)
        logits = torch.einsum("nhdtv,nhdtw->nhtvw", query, key + edge_key) + by_edges
        logits = logits + torch.einsum("nhdtv,vwhd->nhtvw", query, between)
        scale = query.shape[2] ** -0.5
        return (scale * logits).softmax(-1), (scale * by_edges).softmax(-1), value

    def forward(self, x: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        """Attend.

        Parameters
        ----------
        x : (N, D, T, V), normed.
        edges : (N, C, T, V), of each joint that of its group.

        Returns
        -------
        The joints and the hyperedges, (N, C, T, V).
        """
        attention, by_edges, value = self.attention(x, edges)
        blended = self.alpha * attention + self.outer[:, None]
        joints = torch.einsum("nhtvw,nhdtw->nhdtv", blended, value).flatten(1, 2)
        return self.proj(joints), self.beta * torch.einsum("nhtvw,nhdtw->nhdtv", by_edges, value).flatten(1, 2)

    def _heads(self, x: Tensor) -> Tensor:
        return split(x, 1, self.heads)


class JointTransformer(nn.Module):
    """Hyperedges, layer norm, attention and a skip; there is no feed-forward layer."""

    def __init__(self, inputs: int, config: HypergraphConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(inputs)
        self.attn = HyperAttention(inputs, config)
        if inputs != config.channels:
            self.skip_proj = nn.Conv2d(inputs, config.channels, 1, bias=False)
        self.pe_proj = nn.Conv2d(inputs, config.channels, 1, bias=False)
        member = F.one_hot(torch.tensor(config.groups.group)).float()  # (V, groups)
        self.register_buffer("averaging", member / member.sum(0) @ member.T, persistent=False)  # symmetric

    def forward(self, x: Tensor, edges: Tensor | None) -> tuple[Tensor, Tensor]:
        """Attend; hyperedges are made anew where there are none."""
        if edges is None or edges.shape[2] != x.shape[2]:
            edges = self.pe_proj(x @ self.get_buffer("averaging"))
        normed = self.norm1(x.movedim(1, -1)).movedim(-1, 1)
        joints, edges = self.attn(normed, edges)
        return (self.skip_proj(x) if hasattr(self, "skip_proj") else x) + joints, edges


class TemporalConvolution(nn.Module):
    """A convolution over time, and its batch norm."""

    def __init__(self, width: int, dilation: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, (5, 1), (stride, 1), (2 * dilation, 0), (dilation, 1))
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (N, C, T, V) over T."""
        y: Tensor = self.bn(self.conv(x))
        return y


class MultiScaleConvolution(nn.Module):
    """Four branches over time, of a quarter of the channels each."""

    def __init__(self, config: HypergraphConfig, frames: int, stride: int, *, up: bool) -> None:
        super().__init__()
        width = config.channels // BRANCHES

        def doubled() -> nn.Module:
            return UpSample(config, frames) if up else nn.Identity()

        def narrowed(step: int = 1) -> tuple[nn.Module, nn.Module]:
            return nn.Conv2d(config.channels, width, 1, (step, 1)), nn.BatchNorm2d(width)

        convolved = [
            nn.Sequential(*narrowed(), nn.ReLU(), doubled(), TemporalConvolution(width, dilation, stride))
            for dilation in (1, 2)
        ]
        pool = nn.MaxPool2d((3, 1), (stride, 1), (1, 0))
        pooled = nn.Sequential(doubled(), *narrowed(), nn.ReLU(), pool, nn.BatchNorm2d(width))
        self.branches = nn.ModuleList([*convolved, pooled, nn.Sequential(doubled(), *narrowed(stride))])
        self.apply(_initialise)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (N, C, T, V) over T."""
        return torch.cat([branch(x) for branch in self.branches], 1)


class StridedResidual(nn.Module):
    """The residual of a unit that changes channels or frames."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, width, 1, (stride, 1))
        self.bn = nn.BatchNorm2d(width)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out")
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]  # there is one

    def forward(self, x: Tensor) -> Tensor:
        """Convolve and normalise."""
        y: Tensor = self.bn(self.conv(x))
        return y


class HyperUnit(nn.Module):
    """Attention among joints, then convolution over time, with a residual around both."""

    def __init__(
        self, inputs: int, config: HypergraphConfig, frames: int, *, stride: int = 1, up: bool = False
    ) -> None:
        super().__init__()
        self.vit1 = JointTransformer(inputs, config)
        self.tcn1 = MultiScaleConvolution(config, frames, stride, up=up)
        changes = inputs != config.channels or stride != 1
        self.residual: nn.Module = (
            UpSample(config, frames)
            if up
            else StridedResidual(inputs, config.channels, stride)
            if changes
            else nn.Identity()
        )

    def forward(self, x: Tensor, edges: Tensor | None) -> tuple[Tensor, Tensor]:
        """Give the joints (N, C, T', V), and the hyperedges (N, C, T, V) of the unit's input."""
        joints, edges = self.vit1(x, edges)
        return F.relu(self.tcn1(joints) + self.residual(x)), edges


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)
