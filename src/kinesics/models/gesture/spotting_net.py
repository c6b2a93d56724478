"""`SpottingNet`: a recording's joints, or tokens of another network, to events; and the table of what finds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from torch import Tensor, nn

from kinesics.models.gesture.spotter import Grid, Points, Spotter, SpotterConfig
from kinesics.models.gesture.token_labellers import FCN, AEDBiLSTM, STABNet, TokenLabeller
from kinesics.models.skeleton.joint_encoder import JointEncoder, JointEncoderConfig
from kinesics.skeleton import SkeletonLayout

SPOTTERS: dict[str, Callable[[SpotterConfig], Spotter | TokenLabeller]] = {
    "spotter": Spotter,
    "fcn": FCN,
    "stabnet": STABNet,
    "aed_bilstm": AEDBiLSTM,
}


class SpottingNet(nn.Module):
    """Frames of joints (N, T, V, 4) with a mask (N, T), or tokens (N, L, C) with theirs, to `Points`.

    Parameters
    ----------
    kind : a row of `SPOTTERS`.
    config : of the spotter.
    encoder : makes tokens of joints; None where tokens are given.
    exclusive : whether at any time there is one gesture at most; no arithmetic of the network depends on it.
    """

    def __init__(
        self, kind: str, config: SpotterConfig, encoder: JointEncoder | None = None, exclusive: bool = False
    ) -> None:
        super().__init__()
        self.kind, self.config, self.encoder, self.exclusive = kind, config, encoder, exclusive
        self.spotter = SPOTTERS[kind](config)

    @property
    def stride(self) -> int:
        """Frames of a token."""
        return 1 if self.encoder is None else self.encoder.config.stride

    @property
    def unit(self) -> int:
        """Frames that pieces of a recording begin at multiples of: those of the coarsest point."""
        return self.stride * (2 ** (self.config.levels - 1) if isinstance(self.spotter, Spotter) else 1)

    @property
    def reach(self) -> int | None:
        """Frames to either side that an answer depends on, at most; None where there is no such limit."""
        if not isinstance(self.spotter, Spotter):
            return None
        return self.spotter.reach * self.stride + (0 if self.encoder is None else self.encoder.reach)

    def forward(self, frames: Tensor, real: Tensor) -> Points:
        """Find events.

        Parameters
        ----------
        frames : (N, T, V, 4) joints, or (N, L, C) tokens.
        real : (N, T) or (N, L), which are real.

        Returns
        -------
        What is said at the points of `grid`.
        """
        tokens = frames if self.encoder is None else self.encoder(frames)
        points: Points = self.spotter(tokens, real[:, :: self.stride])
        return points

    def grid(self, frames: int) -> Grid:
        """Tell where the points of so many frames are, in tokens."""
        return self.spotter.grid(frames // self.stride)

    def sizes(self) -> dict[str, Any]:
        """Give what `build_spotting_net` takes, as plain data."""
        encoder = None if self.encoder is None else asdict(self.encoder.config)
        return {"kind": self.kind, "spotter": asdict(self.config), "encoder": encoder, "exclusive": self.exclusive}


def build_spotting_net(sizes: dict[str, Any], layout: SkeletonLayout) -> SpottingNet:
    """Build the network that plain sizes tell of.

    Parameters
    ----------
    sizes : what `SpottingNet.sizes` gave.
    layout : of the joints.

    Returns
    -------
    The network, not trained.

    Raises
    ------
    KeyError, TypeError, ValueError : for sizes of no such network.
    """
    encoder = None if sizes["encoder"] is None else JointEncoder(layout, JointEncoderConfig(**sizes["encoder"]))
    return SpottingNet(sizes["kind"], SpotterConfig(**sizes["spotter"]), encoder, sizes["exclusive"])
