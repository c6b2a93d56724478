"""Sequences of micro-gestures, after iMiGUE's paper (Liu et al., CVPR 2021): a variational code and an LSTM.

1. A gesture is its class, its score, its length and the gap since the one before, in the order of time.
2. The code: an LSTM over the sequence gives each gesture a small Gaussian, from which a decoder must rebuild it. It is
   learned without labels, as the paper's U-S-VAE is (there on joints; here on what was detected).
3. An LSTM over the codes, and a transformer block beside it; both together decide.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.emotion.specialist import SpecialistHead, StreamReading
from kinesics.models.emotion.streams import Embedded, EmotionConfig, Gestures
from kinesics.models.layers import AttentionPool, SelfAttentionBlock

FACTS = 3  # score, length, gap
DIVERGENCE = 0.1  # the weight of the code's distance from a standard normal one


class GestureRow(NamedTuple):
    """Gestures in the order of time, the real ones first: class (N, K), facts (N, K, FACTS), mask (N, K)."""

    label: Tensor
    facts: Tensor
    mask: Tensor


def in_order(gestures: Gestures, mask: Tensor) -> tuple[GestureRow, Tensor]:
    """Sort gestures by their start.

    Parameters
    ----------
    gestures : in any order.
    mask : (N, K), which are real.

    Returns
    -------
    The gestures by their start, the real ones first, and the order (N, K).
    """
    order = gestures.start.masked_fill(~mask, torch.inf).argsort(dim=1, stable=True)
    label, score, start, length, real = (x.gather(1, order) for x in (*gestures[:4], mask))
    end = start + length
    gap = (start[:, 1:] - end[:, :-1]).clamp(min=0)
    gap = torch.cat([torch.zeros_like(start[:, :1]), gap], 1) * real
    facts = torch.stack([score, length.log1p(), gap.log1p()], -1) * real[..., None]
    return GestureRow(label * real, facts, real), order


class GestureCode(nn.Module):
    """Step 2: a Gaussian code for each gesture, and the loss of rebuilding it.

    Parameters
    ----------
    classes : of gestures.
    width : of the code.
    """

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.name = nn.Embedding(classes, width)
        self.facts = nn.Linear(FACTS, width)
        self.encoder = nn.LSTM(width, width, batch_first=True)
        self.gaussian = nn.Linear(width, 2 * width)
        self.decoder = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, classes + FACTS))

    def forward(self, row: GestureRow) -> tuple[Tensor, Tensor]:
        """Encode.

        Parameters
        ----------
        row : gestures in the order of time.

        Returns
        -------
        Codes (N, K, width), drawn in training, else the means; and the loss (N,), a gesture's mean.
        """
        hidden, _ = self.encoder(self.name(row.label) + self.facts(row.facts))
        mean, log_variance = self.gaussian(hidden).chunk(2, -1)
        log_variance = log_variance.clamp(-8, 8)
        code = mean + torch.randn_like(mean) * (log_variance / 2).exp() if self.training else mean
        rebuilt = self.decoder(code)
        naming = F.cross_entropy(rebuilt[..., :-FACTS].transpose(1, 2), row.label, reduction="none")
        telling = (rebuilt[..., -FACTS:] - row.facts).square().sum(-1)
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1) / 2
        loss = (naming + telling + DIVERGENCE * divergence) * row.mask
        return code, loss.sum(1) / row.mask.sum(1).clamp(min=1)


class GestureSequence(SpecialistHead):
    """All three steps."""

    specialty = "gestures"

    def __init__(self, config: EmotionConfig) -> None:
        super().__init__(config)
        if not config.gestures:
            return  # a network without that stream
        width = config.width
        self.code = GestureCode(config.gestures, width)
        self.sequence = nn.LSTM(width, width, batch_first=True)
        self.block = SelfAttentionBlock(width, config.heads, config.drop)
        self.pool = AttentionPool(width, config.heads)
        self.decide = nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, 1))

    def read(self, stream: Embedded) -> StreamReading:
        """Read the gestures in the order of time."""
        assert isinstance(stream.given, Gestures)
        row, order = in_order(stream.given, stream.mask)
        code, loss = self.code(row)
        states, _ = self.sequence(code)
        last = (row.mask.sum(1) - 1).clamp(min=0)
        end = states[torch.arange(len(states), device=states.device), last]
        pooled, weights = self.pool(self.block(code, row.mask), row.mask)
        logit = self.decide(torch.cat([end, pooled], -1))[:, 0]
        moments = torch.zeros_like(weights).scatter(1, order, weights)
        return StreamReading(logit, moments, loss)
