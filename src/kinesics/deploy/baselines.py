"""2s-AGCN written the published way, its three subsets one after another: what the benchmark measures against."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from kinesics.models.skeleton.agcn import SUBSETS, AdaptiveGraphConv, AGCNBlock, TwoStreamAGCN


class PublishedGraphConv(nn.Module):
    """The numbers of an `AdaptiveGraphConv` by a convolution of each kind, and a product, for each subset."""

    def __init__(self, joined: AdaptiveGraphConv) -> None:
        super().__init__()
        self.c_embed, self.bn, self.down = joined.c_embed, joined.bn, joined.down
        self.graph = nn.Parameter(joined.get_buffer("A") + joined.PA)
        self.theta = nn.ModuleList(_parts(joined.theta, 0))
        self.phi = nn.ModuleList(_parts(joined.phi, 0))
        self.mix = nn.ModuleList(_parts(joined.mix, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Compute as the published code does, one subset after another.

        Parameters
        ----------
        x : (N, C, T, V) features of the joints.

        Returns
        -------
        (N, C', T, V).
        """
        n, c, t, v = x.shape
        y: Tensor | None = None
        for k in range(SUBSETS):
            theta = self.theta[k](x).permute(0, 3, 1, 2).contiguous().view(n, v, self.c_embed * t)
            phi = self.phi[k](x).view(n, self.c_embed * t, v)
            graph = torch.softmax(theta @ phi / theta.shape[-1], -2) + self.graph[k]
            part = self.mix[k]((x.view(n, c * t, v) @ graph).view(n, c, t, v))
            y = part if y is None else part + y
        return torch.relu(self.bn(y) + self.down(x))


def published(network: TwoStreamAGCN) -> TwoStreamAGCN:
    """A copy in eval mode that computes as the published code does."""
    network = copy.deepcopy(network)
    for block in network.modules():
        if isinstance(block, AGCNBlock):
            block.gcn = PublishedGraphConv(block.gcn)  # type: ignore[assignment]  # the same inputs and outputs
    return network.eval().requires_grad_(False)


def _parts(joined: nn.Conv2d, axis: int) -> list[nn.Conv2d]:
    """The joined convolution's subsets, of its outputs (axis 0) or of its inputs, whose bias is shared out."""
    assert joined.bias is not None
    biases = joined.bias.chunk(SUBSETS) if axis == 0 else [joined.bias / SUBSETS] * SUBSETS
    convs = []
    for weight, bias in zip(joined.weight.chunk(SUBSETS, axis), biases, strict=True):
        conv = nn.Conv2d(weight.shape[1], weight.shape[0], 1)
        conv.weight, conv.bias = nn.Parameter(weight.detach().clone()), nn.Parameter(bias.detach().clone())
        convs.append(conv)
    return convs
