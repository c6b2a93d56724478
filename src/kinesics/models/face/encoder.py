"""What a face network must offer to be used here: one token a face, and how it wants faces cut out and scaled."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kinesics.preprocessing.face_crop import FaceCrop


class FaceEncoder(Protocol):
    """A module from prepared faces (M, channels, size, size) to one token each, (M, width)."""

    crop: FaceCrop  # how faces are aligned and cut out
    channels: int
    size: int  # of `crop`
    width: int

    def prepare(self, faces: NDArray[np.uint8]) -> Tensor:
        """Scale aligned faces to what the module takes.

        Parameters
        ----------
        faces : (M, size, size, 3) uint8 RGB.

        Returns
        -------
        (M, channels, size, size) float32.
        """
        ...

    def __call__(self, faces: Tensor) -> Tensor: ...


def scaled_rgb(faces: NDArray[np.uint8]) -> Tensor:
    """Scale faces to −1..1.

    Parameters
    ----------
    faces : (M, S, S, 3) uint8 RGB.

    Returns
    -------
    (M, 3, S, S) float32.
    """
    return torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 127.5 - 1
