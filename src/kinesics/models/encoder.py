"""What a video network must offer to be used here: a token grid and one pooled vector."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor


class ClipTokens(NamedTuple):
    """tokens: (N, T', H', W', C), the last feature map. pooled: (N, C), the class token or the mean."""

    tokens: Tensor
    pooled: Tensor


class ClipEncoder(Protocol):
    """A module from clips (N, 3, T, H, W), RGB in 0..1 less `mean` over `std`, to `ClipTokens`."""

    frames: int  # T
    size: int  # H = W
    fps: float  # of the T frames
    mean: float
    std: float
    width: int  # C
    grid: tuple[int, int, int]  # T', H', W'

    def __call__(self, clip: Tensor) -> ClipTokens: ...
