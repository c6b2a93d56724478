"""The hypergraph-enhanced transformer's convolutions over time, and its sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.emotion.joint_groups import JOINT_GROUPS, JointGroups

BRANCHES = 4  # of the temporal convolution
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
        """Double the frames.

        Parameters
        ----------
        x : (N, C, T, V).

        Returns
        -------
        (N, C, 2T, V).
        """
        frames, joints = x.shape[2:]
        doubled: Tensor
        if isinstance(self.up_method, nn.Linear):
            doubled = self.up_method(x.flatten(2))
            return doubled.view(*x.shape[:2], 2 * frames, joints)
        if isinstance(self.up_method, nn.Conv2d):
            doubled = self.up_method(x.transpose(1, 2))
            return doubled.transpose(1, 2)
        return F.interpolate(x, size=(2 * frames, joints), mode="bilinear", align_corners=False)


class TemporalConvolution(nn.Module):
    """A convolution over time, and its batch norm.

    Parameters
    ----------
    width : channels.
    dilation : of the kernel of 5.
    stride : over time.
    """

    def __init__(self, width: int, dilation: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, (5, 1), (stride, 1), (2 * dilation, 0), (dilation, 1))
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve over time.

        Parameters
        ----------
        x : (N, C, T, V).

        Returns
        -------
        (N, C, T', V).
        """
        y: Tensor = self.bn(self.conv(x))
        return y


class MultiScaleConvolution(nn.Module):
    """Four branches over time, of a quarter of the channels each.

    Parameters
    ----------
    config : sizes.
    frames : of what comes in.
    stride : over time.
    up : whether frames are doubled first.
    """

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
        """Convolve over time.

        Parameters
        ----------
        x : (N, C, T, V).

        Returns
        -------
        (N, C, T', V).
        """
        return torch.cat([branch(x) for branch in self.branches], 1)


class StridedResidual(nn.Module):
    """The residual of a unit that changes channels or frames.

    Parameters
    ----------
    inputs : channels of what comes in.
    width : channels of what goes out.
    stride : over time.
    """

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, width, 1, (stride, 1))
        self.bn = nn.BatchNorm2d(width)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out")
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]  # there is one

    def forward(self, x: Tensor) -> Tensor:
        """Convolve and normalise.

        Parameters
        ----------
        x : (N, D, T, V).

        Returns
        -------
        (N, C, T', V).
        """
        y: Tensor = self.bn(self.conv(x))
        return y


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)
