"""MViTv2 for inference alone: the numbers of `VideoEncoder` with less copying, on torchvision's own weights.

Tokens stay (N, 1 + T·H·W, C) from beginning to end, so that the depthwise convolutions that pool them find channels
last in memory, and the maximum pool is one of images. The three relative position terms ride along in the product of
queries and keys: a query carries its term for each row, column and step of the keys, a key says in which it is.
"""

from __future__ import annotations

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.video.mvit import MultiscaleAttention, MultiscaleBlock

from kinesics.models.video.encoder import ClipTokens
from kinesics.models.video.mvit import VideoEncoder

Grid = tuple[int, int, int]  # T, H, W


class InferenceVideoEncoder(nn.Module):
    """A `VideoEncoder` in eval mode, frozen; computes in `dtype` and answers in float32. Same inputs and outputs."""

    def __init__(self, encoder: VideoEncoder, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dtype = dtype
        self.kind, self.sizes = encoder.kind, encoder.sizes
        self.frames, self.size, self.fps = encoder.frames, encoder.size, encoder.fps
        self.mean, self.std = encoder.mean, encoder.std
        self.width, self.grid = encoder.width, encoder.grid
        network = copy.deepcopy(encoder.network)
        self.patches = network.conv_proj
        self.class_token = network.pos_encoding.class_token
        grid: Grid = (network.pos_encoding.temporal_size, *network.pos_encoding.spatial_size)
        blocks = []
        for block in network.blocks:
            blocks.append(_InferenceBlock(block, grid))
            grid = blocks[-1].attention.query_grid
        self.blocks = nn.ModuleList(blocks)
        self.norm = network.norm
        self.to(dtype).requires_grad_(False)

    def forward(self, clip: Tensor) -> ClipTokens:
        """Encode clips.

        Parameters
        ----------
        clip : (N, 3, T, H, W), RGB in 0..1 less `mean` over `std`.

        Returns
        -------
        What `VideoEncoder` gives, in float32.
        """
        x = self.patches(clip.to(self.dtype)).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], 1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x).float()
        return ClipTokens(_on_grid(x, self.grid), x[:, 0])


class _InferenceBlock(nn.Module):
    def __init__(self, block: MultiscaleBlock, grid: Grid) -> None:
        super().__init__()
        self.grid = grid
        self.norm1, self.norm2, self.mlp, self.project = block.norm1, block.norm2, block.mlp, block.project
        self.attention = _Attention(block.attn, grid)
        # of images: torchvision pools space alone
        pool = None if block.pool_skip is None else block.pool_skip.pool
        self.pool = None if pool is None else nn.MaxPool2d(pool.kernel_size[1:], pool.stride[1:], pool.padding[1:])

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm1(x)
        attended = self.attention(normed)
        if self.project is not None:
            x = self.project(normed)
        if self.pool is not None:
            images = _on_grid(x, self.grid).flatten(0, 1).permute(0, 3, 1, 2)
            pooled = self.pool(images).permute(0, 2, 3, 1)
            x = torch.cat([x[:, :1], pooled.reshape(x.shape[0], -1, x.shape[2])], 1)
        x = x + attended
        y: Tensor = x + self.mlp(self.norm2(x))
        return y


class _Attention(nn.Module):
    def __init__(self, attention: MultiscaleAttention, grid: Grid) -> None:
        super().__init__()
        self.grid, self.heads, self.width = grid, attention.num_heads, attention.head_dim
        self.qkv, self.project = attention.qkv, attention.project
        pools = attention.pool_q, attention.pool_k, attention.pool_v
        self.norm_q, self.norm_k, self.norm_v = (pool.norm_act for pool in pools)
        filters = [pool.pool.weight.detach().repeat(self.heads, 1, 1, 1, 1) for pool in pools]  # shared by the heads
        self.filter_q, self.filter_kv = _last(filters[0]), _last(torch.cat(filters[1:]))
        self.stride_q, self.stride_kv = pools[0].pool.stride, pools[1].pool.stride
        self.query_grid, key_grid = _strided(grid, self.stride_q), _strided(grid, self.stride_kv)
        tables = attention.rel_pos_t, attention.rel_pos_h, attention.rel_pos_w
        self.relative_t, self.relative_h, self.relative_w = (
            nn.Parameter(_relative(table.detach(), queries, keys).transpose(1, 2).contiguous())
            for table, queries, keys in zip(tables, self.query_grid, key_grid, strict=True)
        )
        self.places = nn.Parameter(_places(key_grid))

    def forward(self, x: Tensor) -> Tensor:
        qkv, heads, width = self.qkv(x), self.heads, self.width
        q, kv = qkv.split([heads * width, 2 * heads * width], -1)
        q = _pool(q, self.grid, self.filter_q, self.stride_q).view(x.shape[0], -1, heads, width)
        k, v = _pool(kv, self.grid, self.filter_kv, self.stride_kv).view(x.shape[0], -1, 2, heads, width).unbind(2)
        q, k, v = self.norm_q(q), self.norm_k(k), self.norm_v(v)  # (N, L, heads, width)
        r = _on_grid(q, self.query_grid)
        terms = (
            torch.einsum("ntyxhc,tck->ntyxhk", r, self.relative_t),
            torch.einsum("ntyxhc,yck->ntyxhk", r, self.relative_h),
            torch.einsum("ntyxhc,xck->ntyxhk", r, self.relative_w),
        )
        relative = F.pad(torch.cat(terms, -1).flatten(1, 3), (0, 0, 0, 0, 1, 0))  # none for the class token
        query = torch.cat([q / math.sqrt(width), relative], -1).transpose(1, 2)
        places = self.places[None, :, None].expand(x.shape[0], -1, heads, -1)
        key = torch.cat([k, places], -1).permute(0, 2, 3, 1)
        y = ((query @ key).softmax(-1) @ v.transpose(1, 2)).transpose(1, 2)
        y = torch.cat([y[:, :1], y[:, 1:] + q[:, 1:]], 1)  # the pooled query once more, but for the class token
        out: Tensor = self.project(y.flatten(2))
        return out


def _pool(x: Tensor, grid: Grid, weight: Tensor, stride: Grid) -> Tensor:
    """Tokens (N, 1 + T·H·W, C) through a depthwise 3×3×3 convolution; the class token passes by."""
    maps = _on_grid(x, grid).permute(0, 4, 1, 2, 3)
    pooled = F.conv3d(maps, weight, None, stride, 1, groups=weight.shape[0])
    return torch.cat([x[:, :1], pooled.permute(0, 2, 3, 4, 1).flatten(1, 3)], 1)


def _on_grid(x: Tensor, grid: Grid) -> Tensor:
    """(N, 1 + T·H·W, …) to (N, T, H, W, …), without the class token."""
    return x[:, 1:].reshape(x.shape[0], *grid, *x.shape[2:])


def _last(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.contiguous(memory_format=torch.channels_last_3d))


def _strided(grid: Grid, stride: Grid) -> Grid:
    t, h, w = (-(-size // step) for size, step in zip(grid, stride, strict=True))
    return t, h, w


def _relative(table: Tensor, queries: int, keys: int) -> Tensor:
    """(queries, keys, C): the row of a table (2 · input − 1, C) for each pair on one axis, as torchvision finds it."""
    longest = max(queries, keys)
    if len(table) != 2 * longest - 1:
        table = F.interpolate(table.T[None], 2 * longest - 1, mode="linear")[0].T
    query_step, key_step = max(keys / queries, 1.0), max(queries / keys, 1.0)
    distance = torch.arange(queries)[:, None] * query_step - (torch.arange(keys)[None] + (1.0 - keys)) * key_step
    return table[distance.long()]


def _places(grid: Grid) -> Tensor:
    """(1 + T·H·W, T + H + W): which step, row and column each key stands in; nothing for the class token."""
    where = torch.cartesian_prod(*(torch.arange(size) for size in grid))
    hot = torch.cat([F.one_hot(where[:, axis], size) for axis, size in enumerate(grid)], 1)
    return F.pad(hot.float(), (0, 0, 1, 0))
