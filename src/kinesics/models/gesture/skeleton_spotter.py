"""`SkeletonSpotter`: the skeleton network and the spotter that reads its tokens, as one."""

from __future__ import annotations

from torch import Tensor, nn

from kinesics.models.gesture.spotter import Points
from kinesics.models.gesture.spotting_net import SpottingNet
from kinesics.models.skeleton.agcn import TwoStreamAGCN


class SkeletonSpotter(nn.Module):
    """Both networks, so that they travel in one file; tokens are made by `kinesics.inference.spotting_tokens`.

    Parameters
    ----------
    skeleton : makes tokens of windows of joints.
    spotting : finds events in the tokens of a recording.
    """

    def __init__(self, skeleton: TwoStreamAGCN, spotting: SpottingNet) -> None:
        super().__init__()
        self.skeleton, self.spotting = skeleton, spotting

    def forward(self, tokens: Tensor, real: Tensor) -> Points:
        """Find events in tokens.

        Parameters
        ----------
        tokens : (N, L, C).
        real : (N, L), which are real.

        Returns
        -------
        What the spotter says at its points.
        """
        points: Points = self.spotting(tokens, real)
        return points
