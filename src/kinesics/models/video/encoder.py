"""What a video network must offer to be used here: a token grid and one pooled vector.

A video encoder is a file beside this one, and a row of `kinesics.weights.encoders.VIDEO_ENCODERS`.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


class ClipTokens(NamedTuple):
    """tokens: (N, T', H', W', C), the last feature map. pooled: (N, C), the class token or the mean."""

    tokens: Tensor
    pooled: Tensor


class ClipEncoder(Protocol):
    """A module from clips (N, 3, T, H, W), RGB in 0..1 less `mean` over `std`, to `ClipTokens`."""

    kind: str  # its row in the table of video encoders
    frames: int  # T
    size: int  # H = W
    fps: float  # of the T frames
    mean: float
    std: float
    width: int  # C
    grid: tuple[int, int, int]  # T', H', W'

    def sizes(self) -> dict[str, Any]:
        """Give the sizes with which the table builds it again."""
        ...

    def __call__(self, clip: Tensor) -> ClipTokens: ...


def prepare_clip(frames: NDArray[np.uint8], encoder: ClipEncoder) -> Tensor:
    """Scale frames to one clip as an encoder wants it; time is the caller's to sample.

    The shorter side becomes 8/7 of S (256 for 224), and the middle is cut out, as the Kinetics networks were tested;
    square frames are taken to be cut already and only resized.

    Parameters
    ----------
    frames : (T, H, W, 3) uint8 RGB.
    encoder : whose size, mean and deviation count.

    Returns
    -------
    (3, T, S, S) float32.
    """
    x = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 255
    height, width = x.shape[2:]
    side = encoder.size if height == width else round(encoder.size * 8 / 7)
    scale = side / min(height, width)
    x = F.interpolate(x, (round(height * scale), round(width * scale)), mode="bilinear", antialias=True)
    top, left = (x.shape[2] - encoder.size) // 2, (x.shape[3] - encoder.size) // 2
    x = x[:, :, top : top + encoder.size, left : left + encoder.size]
    return ((x - encoder.mean) / encoder.std).transpose(0, 1)
