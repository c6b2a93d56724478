"""What spotting was before: networks that label tokens, small and under the interface of the `Spotter`.

FCN: convolutions alone (Long et al., CVPR 2015, over time). STABNet: spatial features, then attention over time and a
bidirectional recurrence (Song et al., AAAI 2017, as in the SMG paper). AED-BiLSTM: attention of an encoder and decoder
around a bidirectional LSTM (Chen et al., IJCV 2023). Chen et al. report them on iMiGUE and SMG; here they are built
anew for comparison, and take the same tokens as the spotter.
"""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.gesture.spotter import NEVER, Grid, Points, SpotterConfig, pyramid_grid
from kinesics.models.layers import CrossAttentionBlock, SelfAttentionBlock, ShiftedLinear


class TokenLabeller(nn.Module):
    """Tokens (N, L, channels) with a mask (N, L) to `Points`, one a token and without distances."""

    def __init__(self, config: SpotterConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = ShiftedLinear(config.channels, config.width, 3)
        self.last = nn.Linear(config.width, config.classes)
        nn.init.constant_(self.last.bias, -math.log(99))

    def mix(self, x: Tensor, mask: Tensor) -> Tensor:
        """Let tokens know of each other.

        Parameters
        ----------
        x : (N, L, D), zero where a token is not real.
        mask : (N, L), which are real.

        Returns
        -------
        (N, L, D).
        """
        raise NotImplementedError

    def forward(self, tokens: Tensor, mask: Tensor) -> Points:
        """Label every token.

        Parameters
        ----------
        tokens : (N, L, channels).
        mask : (N, L), which are real.

        Returns
        -------
        The classes' logits, very low where no token is real.
        """
        logits = self.last(self.mix(F.gelu(self.embed(tokens * mask[..., None])) * mask[..., None], mask))
        return Points(logits.masked_fill(~mask[..., None], NEVER), None)

    def grid(self, length: int) -> Grid:
        """Tell where the points of `length` tokens are: on them."""
        return pyramid_grid(length, 1)


class FCN(TokenLabeller):
    """Four convolutions over time, each reaching twice as far as the one before."""

    def __init__(self, config: SpotterConfig) -> None:
        super().__init__(config)
        self.convs = nn.ModuleList(
            nn.Conv1d(config.width, config.width, 3, padding=2**i, dilation=2**i) for i in range(4)
        )

    def mix(self, x: Tensor, mask: Tensor) -> Tensor:
        """Convolve.

        Parameters
        ----------
        x : (N, L, D), zero where a token is not real.
        mask : (N, L), which are real.

        Returns
        -------
        (N, L, D).
        """
        for conv in self.convs:
            x = (x + F.relu(conv(x.transpose(1, 2))).transpose(1, 2)) * mask[..., None]
        return x


class STABNet(TokenLabeller):
    """A gate on channels, self-attention over time, and a bidirectional GRU."""

    def __init__(self, config: SpotterConfig) -> None:
        super().__init__(config)
        self.gate = nn.Linear(config.width, config.width)
        self.attend = SelfAttentionBlock(config.width, config.heads, config.drop)
        self.recur = nn.GRU(config.width, config.width // 2, batch_first=True, bidirectional=True)

    def mix(self, x: Tensor, mask: Tensor) -> Tensor:
        """Weigh channels, attend and recur.

        Parameters
        ----------
        x : (N, L, D), zero where a token is not real.
        mask : (N, L), which are real.

        Returns
        -------
        (N, L, D).
        """
        y: Tensor = self.recur(self.attend(x * self.gate(x).sigmoid(), mask))[0]
        return y


class AEDBiLSTM(TokenLabeller):
    """A bidirectional LSTM encodes, attention to what it found decodes."""

    def __init__(self, config: SpotterConfig) -> None:
        super().__init__(config)
        self.recur = nn.LSTM(config.width, config.width // 2, batch_first=True, bidirectional=True)
        self.decode = CrossAttentionBlock(config.width, config.heads, config.drop)

    def mix(self, x: Tensor, mask: Tensor) -> Tensor:
        """Recur, and attend to what that gave.

        Parameters
        ----------
        x : (N, L, D), zero where a token is not real.
        mask : (N, L), which are real.

        Returns
        -------
        (N, L, D).
        """
        y: Tensor = self.decode(x, self.recur(x)[0], mask)
        return y
