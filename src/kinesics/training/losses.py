"""Losses for a long tail, where one class may be a third of all clips and another has ten."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LossName = Literal["plain", "logit-adjusted", "class-balanced"]
_BETA = 0.999  # of the effective number: beyond some thousand clips, more of them count little


class LongTailLoss(nn.Module):
    """Cross-entropy with label smoothing, in one of three senses.

    "plain": every clip counts alike. "logit-adjusted": the logits must beat the class's log frequency, which is
    added in training alone (Menon et al., ICLR 2021). "class-balanced": clips are weighted by the inverse effective
    number of their class (Cui et al., CVPR 2019).

    Parameters
    ----------
    counts : (C,) clips a class in training.
    name : which of the three.
    smoothing : share of a label's weight that all classes get alike.
    """

    def __init__(self, counts: Tensor, name: LossName = "plain", smoothing: float = 0.1) -> None:
        super().__init__()
        self.smoothing = smoothing
        counts = counts.float()
        adjustment, weight = torch.zeros_like(counts), torch.ones_like(counts)
        if name == "logit-adjusted":
            adjustment = (counts.clamp(min=0.5) / counts.sum()).log()
        elif name == "class-balanced":
            weight = (1 - _BETA) / (1 - _BETA ** counts.clamp(min=1))
            weight = weight * counts.sum() / (weight * counts).sum()  # the mean weight of a clip is 1
        self.register_buffer("adjustment", adjustment, persistent=False)
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """Compute the mean loss.

        Parameters
        ----------
        logits : (N, C).
        label : (N,) classes.

        Returns
        -------
        () the loss.
        """
        adjusted = logits.float() + self.get_buffer("adjustment")
        each = F.cross_entropy(adjusted, label, label_smoothing=self.smoothing, reduction="none")
        return (each * self.get_buffer("weight")[label]).mean()
