"""How the tokens of a stream become one vector: ways for the same place, of which `EmotionConfig.pooling` names one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from kinesics.models.layers import AttentionPool, attention_bias, has_any, mean_of_real

KEPT = 8  # tokens that the best are


class MeanPool(nn.Module):
    """Every real token weighs the same.

    Parameters
    ----------
    width : D.
    heads : not used; as the other poolings have it.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Pool the tokens.

        Parameters
        ----------
        x : (N, L, D).
        mask : (N, L), which tokens are real.

        Returns
        -------
        The pooled (N, D), and the weights (N, L).
        """
        pooled: Tensor = self.out(mean_of_real(self.norm(x), mask))
        return pooled, mask / mask.sum(1, keepdim=True).clamp(min=1)


class BestPool(nn.Module):
    """The best `KEPT` tokens by a learned score, weighed by it: multiple instances of which most say nothing.

    Parameters
    ----------
    width : D.
    heads : not used; as the other poolings have it.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.score = nn.Linear(width, 1, bias=False)  # a bias would cancel in the softmax
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Pool the tokens.

        Parameters
        ----------
        x : (N, L, D).
        mask : (N, L), which tokens are real.

        Returns
        -------
        The pooled (N, D), and the weights (N, L).
        """
        x = self.norm(x)
        weights = best_weights(self.score(x)[..., 0], mask)
        pooled: Tensor = self.out((weights[..., None] * x).sum(1))
        return pooled, weights


def best_weights(scores: Tensor, mask: Tensor, kept: int = KEPT) -> Tensor:
    """Weigh the best tokens by the softmax of their scores, the others by 0.

    Parameters
    ----------
    scores : (N, L).
    mask : (N, L), which tokens are real.
    kept : how many are the best.

    Returns
    -------
    (N, L) float32, sums to 1, or all 0 in a sample without a real token.
    """
    scores = scores.float().masked_fill(~mask, -torch.inf)
    best = torch.zeros_like(mask)
    best.scatter_(1, scores.topk(min(kept, scores.shape[1]), 1).indices, True)
    return (scores.nan_to_num(neginf=0.0) + attention_bias(best & mask)).softmax(1) * has_any(mask)


class QueryPool(nn.Module):
    """Tokens weighed by how well they answer a query.

    Parameters
    ----------
    width : D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)

    def forward(self, query: Tensor, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Pool.

        Parameters
        ----------
        query : (N, D).
        x : (N, L, D).
        mask : (N, L), which tokens are real.

        Returns
        -------
        The pooled (N, D), zeros in a sample without a real token, and the weights (N, L).
        """
        x = self.norm(x)
        scores = (self.key(x) * query[:, None]).sum(-1).float() * query.shape[-1] ** -0.5
        weights = (scores + attention_bias(mask)).softmax(1) * has_any(mask)
        return (weights[..., None] * self.value(x)).sum(1), weights


POOLINGS: dict[str, Callable[[int, int], nn.Module]] = {
    "attention": AttentionPool,
    "mean": MeanPool,
    "best": BestPool,
}
