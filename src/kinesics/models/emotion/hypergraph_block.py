"""The block of the hypergraph-enhanced transformer in which all joints of all frames attend to one another."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class TokenAttention(nn.Module):
    """Self-attention of (N, L, C)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Attend to all tokens.

        Parameters
        ----------
        x : (N, L, C).

        Returns
        -------
        (N, L, C).
        """
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        y: Tensor = self.proj(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))
        return y


class FeedForward(nn.Module):
    """Widen, GELU, narrow; stored as convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, 4 * width, 1)
        self.fc2 = nn.Conv2d(4 * width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Change each token by itself.

        Parameters
        ----------
        x : (N, L, C).

        Returns
        -------
        (N, L, C).
        """
        y: Tensor = self.fc2(F.gelu(self.fc1(x.transpose(1, 2)[..., None])))
        return y[..., 0].transpose(1, 2)


class TokenBlock(nn.Module):
    """A pre-norm transformer block over all joints of all frames."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = TokenAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = FeedForward(width)

    def forward(self, x: Tensor) -> Tensor:
        """Attend, and change each token.

        Parameters
        ----------
        x : (N, L, C).

        Returns
        -------
        (N, L, C).
        """
        x = x + self.attn(self.norm1(x))
        y: Tensor = x + self.mlp(self.norm2(x))
        return y
