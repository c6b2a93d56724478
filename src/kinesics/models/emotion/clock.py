"""Streams whose tokens come at times of their own, laid on one clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from kinesics.models.emotion.streams import Embedded


class Clocked(NamedTuple):
    """A stream on a clock: tokens (N, steps, D), zeros where a step has none, and which steps have some (N, steps).

    shares: (N, steps, L), how much of a step each token is.
    """

    tokens: Tensor
    mask: Tensor
    shares: Tensor

    def moments(self, weights: Tensor) -> Tensor:
        """Give the weights of the steps to their tokens.

        Parameters
        ----------
        weights : (N, steps) of the steps.

        Returns
        -------
        (N, L), of the tokens.
        """
        return (weights[:, None] @ self.shares)[:, 0]


def on_clock(streams: Mapping[str, Embedded], steps: int) -> dict[str, Clocked]:
    """Lay streams on the same even steps, from the first real token of all of them to the last.

    Parameters
    ----------
    streams : by name.
    steps : of the clock.

    Returns
    -------
    By name; a step's token is the mean of those that fall into it.
    """
    seconds = torch.cat([x.seconds for x in streams.values()], 1)
    mask = torch.cat([x.mask for x in streams.values()], 1)
    first = seconds.masked_fill(~mask, torch.inf).amin(1, keepdim=True)
    last = seconds.masked_fill(~mask, -torch.inf).amax(1, keepdim=True)
    span = (last - first).clamp(min=1e-6)
    found = {}
    for name, x in streams.items():
        step = (((x.seconds - first) / span).nan_to_num(0, 0, 0) * steps).long().clamp(0, steps - 1)
        member = F.one_hot(step, steps).transpose(1, 2) * x.mask[:, None]  # (N, steps, L)
        shares = member / member.sum(-1, keepdim=True).clamp(min=1)
        found[name] = Clocked(shares.to(x.tokens.dtype) @ x.tokens, member.any(-1), shares)
    return found
