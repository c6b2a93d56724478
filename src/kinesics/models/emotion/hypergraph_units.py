"""The units of the hypergraph-enhanced transformer: attention among joints and hyperedges, convolution over time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.emotion.hypergraph_time import HypergraphConfig, MultiScaleConvolution, StridedResidual, UpSample

MIXING_GROUPS = 6  # of the convolution that mixes the heads


def split(x: Tensor, dim: int, parts: int) -> Tensor:
    """Split a dimension into `parts` and the rest.

    Parameters
    ----------
    x : any tensor.
    dim : which dimension.
    parts : into how many.

    Returns
    -------
    With one dimension more.
    """
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
        """Compute both tables of attention.

        Parameters
        ----------
        x : (N, D, T, V), normed.
        edges : (N, C, T, V), of each joint that of its group.

        Returns
        -------
        The tables of joints and of hyperedges, (N, heads, T, V, V), and the values (N, heads, C/heads, T, V).
        """
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
        """Attend; hyperedges are made anew where there are none of as many frames.

        Parameters
        ----------
        x : (N, D, T, V).
        edges : (N, C, T, V) of the unit before, or None.

        Returns
        -------
        The joints and the hyperedges, (N, C, T, V).
        """
        if edges is None or edges.shape[2] != x.shape[2]:
            edges = self.pe_proj(x @ self.get_buffer("averaging"))
        normed = self.norm1(x.movedim(1, -1)).movedim(-1, 1)
        joints, edges = self.attn(normed, edges)
        return (self.skip_proj(x) if hasattr(self, "skip_proj") else x) + joints, edges


class HyperUnit(nn.Module):
    """Attention among joints, then convolution over time, with a residual around both.

    Parameters
    ----------
    inputs : channels of what comes in.
    config : sizes.
    frames : of what comes in.
    stride : over time.
    up : whether it doubles the frames.
    """

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
        """Attend, and convolve over time.

        Parameters
        ----------
        x : (N, D, T, V).
        edges : (N, C, T, V) of the unit before, or None.

        Returns
        -------
        The joints (N, C, T', V), and the hyperedges (N, C, T, V) of the unit's input.
        """
        joints, edges = self.vit1(x, edges)
        return F.relu(self.tcn1(joints) + self.residual(x)), edges
