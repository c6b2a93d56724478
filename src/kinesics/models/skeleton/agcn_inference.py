"""2s-AGCN for inference alone: the numbers of `TwoStreamAGCN` from fewer and larger operations.

Batch norm is folded into the convolutions, and channels come last in memory, so that 1×1 convolutions are plain matrix
products, one product applies the graphs of all three subsets, and the temporal convolution is the processor's own.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.skeleton.agcn import (
    AGCN,
    SUBSETS,
    AGCNBlock,
    AGCNOutput,
    TemporalConv,
    TwoStreamAGCN,
    TwoStreamOutput,
)


class InferenceAGCN(nn.Module):
    """A `TwoStreamAGCN` in eval mode, frozen; computes in `dtype` and answers in float32. Same inputs and outputs."""

    def __init__(self, network: TwoStreamAGCN, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.layout, self.config = network.layout, network.config
        self.joint, self.bone = _Stream(network.joint, dtype), _Stream(network.bone, dtype)
        self.streams = network.streams
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> TwoStreamOutput:
        """Classify clips.

        Parameters
        ----------
        x : (N, C, T, V, M) joints.

        Returns
        -------
        What `TwoStreamAGCN` gives, in float32.
        """
        joints, bones = self.streams(x)
        joint, bone = self.joint(joints), self.bone(bones)
        tokens = torch.cat([joint.tokens, bone.tokens], -1)
        return TwoStreamOutput(joint.logits + bone.logits, tokens, joint, bone)


class _Stream(nn.Module):
    def __init__(self, network: AGCN, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        persons, joints, channels = network.config.persons, len(network.layout), network.config.channels
        scale, shift = _affine(network.data_bn)
        self.scale = nn.Parameter(scale.view(persons, joints, 1, channels))
        self.shift = nn.Parameter(shift.view(persons, joints, 1, channels))
        self.blocks = nn.ModuleList(
            _InferenceBlock(block) for block in network.blocks if isinstance(block, AGCNBlock)
        ).to(dtype)
        self.fc = network.fc

    def forward(self, x: Tensor) -> AGCNOutput:
        x = x.permute(0, 4, 3, 2, 1) * self.scale + self.shift  # (N, M, V, T, C)
        persons = x.shape[1]
        x = x.flatten(0, 1).to(self.dtype).contiguous()
        for block in self.blocks:
            x = block(x)
        features = x.float().view(-1, persons, *x.shape[1:]).mean(1).transpose(1, 2)  # (N, T/4, V, C)
        return AGCNOutput(self.fc(features.mean((1, 2))), features)


class _InferenceBlock(nn.Module):
    """One block over (N, V, T, C), contiguous."""

    def __init__(self, block: AGCNBlock) -> None:
        super().__init__()
        gcn, tcn = block.gcn, block.tcn
        self.c_embed = gcn.c_embed
        assert gcn.phi.bias is not None
        assert gcn.theta.bias is not None
        self.embed = _linear(torch.cat([gcn.phi.weight, gcn.theta.weight]), torch.cat([gcn.phi.bias, gcn.theta.bias]))
        self.graph = nn.Parameter((gcn.get_buffer("A") + gcn.PA).transpose(1, 2).contiguous())  # to a joint, from it
        weight, bias = _folded(gcn.mix, gcn.bn)
        self.widens = isinstance(gcn.down, nn.Sequential)
        if isinstance(gcn.down, nn.Sequential):  # the short cut reads the block's input: one more part of the mix
            conv, norm = gcn.down
            assert isinstance(conv, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            short, more = _folded(conv, norm)
            weight, bias = torch.cat([weight, short], 1), bias + more
        self.mix = _linear(weight, bias)
        weight, bias = _folded(tcn.conv, tcn.bn)
        self.stride = tcn.conv.stride[0]
        weight = weight.transpose(2, 3).contiguous(memory_format=torch.channels_last)  # over (V, T) now
        self.temporal, self.temporal_bias = nn.Parameter(weight), nn.Parameter(bias)
        self.residual: nn.Module | None = None
        if isinstance(block.residual, nn.Identity):
            self.residual = block.residual
        elif isinstance(block.residual, TemporalConv):
            self.residual = _linear(*_folded(block.residual.conv, block.residual.bn))

    def forward(self, x: Tensor) -> Tensor:
        n, v, t, c = x.shape
        embedded = self.embed(x).view(n, v, t, 2, SUBSETS, self.c_embed).permute(3, 0, 4, 1, 2, 5)
        phi, theta = embedded.reshape(2, n, SUBSETS, v, t * self.c_embed)
        similarity = phi @ theta.transpose(-2, -1) / (self.c_embed * t)  # to a joint, from it
        graph = similarity.softmax(-1) + self.graph
        spread = graph.view(n, SUBSETS * v, v) @ x.view(n, v, t * c)
        y = spread.view(n, SUBSETS, v, t, c).permute(0, 2, 3, 1, 4).reshape(n, v, t, SUBSETS * c)
        y = self.mix(torch.cat([y, x], -1)) if self.widens else self.mix(y) + x
        y = _over_time(torch.relu(y), self.temporal, self.temporal_bias, self.stride)
        if self.residual is not None:
            y = y + self.residual(x[:, :, :: self.stride])
        return torch.relu(y)


def _over_time(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    y = F.conv2d(x.permute(0, 3, 1, 2), weight, bias, (1, stride), (0, weight.shape[-1] // 2))
    return y.permute(0, 2, 3, 1).contiguous()


def _affine(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """The scale and shift that a batch norm is in eval mode."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale.detach(), (norm.bias - norm.running_mean * scale).detach()


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of the convolution that does both."""
    assert conv.bias is not None
    scale, shift = _affine(norm)
    return conv.weight.detach() * scale[:, None, None, None], conv.bias.detach() * scale + shift


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    """A 1×1 convolution as the linear layer that it is when channels come last."""
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.weight, linear.bias = nn.Parameter(weight.detach().flatten(1)), nn.Parameter(bias.detach())
    return linear
