"""`Lifter`: joints in the image plane to three dimensions, for data that has x and y alone.

A temporal network after Pavllo et al. (CVPR 2019): dilated convolutions over some seconds of all joints. It predicts
bone vectors, each from a joint's parent to it; upper arms and forearms keep their mean length over the recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray

FPS = 25.0  # of the movement it learns from; footage of half or twice that rate is among it
_RIGID = UPPER_BODY.indices(*(f"{side}_{joint}" for side in ("left", "right") for joint in ("elbow", "wrist")))
_NECK = UPPER_BODY.index("neck")
# metres of a grown person, by which the scale of an image is found; the longest counts: others are seen from the side
_REFERENCE_LENGTHS = (("left_shoulder", "right_shoulder", 0.36), ("neck", "head", 0.20), ("neck", "nose", 0.22))
PIECE = 2048  # frames that are lifted at once


@dataclass(frozen=True)
class LifterConfig:
    """Sizes.

    width: channels.
    dilations: of the residual blocks, in frames; together they see 2 Σ dilations + 1 frames.
    dropout: in each block.
    """

    width: int = 256
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    dropout: float = 0.0


class LifterBlock(nn.Module):
    """A dilated convolution over time in a residual branch.

    Parameters
    ----------
    width : channels.
    dilation : in frames.
    dropout : of the branch.
    """

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.over_time = nn.Conv1d(width, width, 3, dilation=dilation, padding=dilation)
        self.mix = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:  # (N, T, D)
        """Convolve over time.

        Parameters
        ----------
        x : (N, T, D).

        Returns
        -------
        (N, T, D).
        """
        y = F.gelu(self.over_time(self.norm(x).transpose(1, 2)).transpose(1, 2))
        z: Tensor = x + self.dropout(self.mix(y))
        return z


class Lifter(nn.Module):
    """(N, T, 42, 3) of `image_plane`, that is x, y and score, to (N, T, 42, 3) metres from the neck, camera axes."""

    def __init__(self, config: LifterConfig | None = None) -> None:
        super().__init__()
        self.config = config or LifterConfig()
        width, numbers = self.config.width, 3 * len(UPPER_BODY)
        self.first = nn.Linear(numbers, width)
        self.blocks = nn.ModuleList(LifterBlock(width, d, self.config.dropout) for d in self.config.dilations)
        self.last = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, numbers))

    @property
    def reach(self) -> int:
        """Frames to either side that an output depends on."""
        return sum(self.config.dilations)

    def forward(self, flat: Tensor) -> Tensor:
        """Lift joints.

        Parameters
        ----------
        flat : (N, T, 42, 3), as `image_plane` gives them.

        Returns
        -------
        (N, T, 42, 3) metres from the neck, in the camera's axes.
        """
        return forward_kinematics(self.bone_vectors(flat))

    def bone_vectors(self, flat: Tensor) -> Tensor:
        """Predict the vector to each joint from its parent.

        Parameters
        ----------
        flat : (N, T, 42, 3), as `image_plane` gives joints.

        Returns
        -------
        (N, T, 42, 3) metres.
        """
        x = self.first(flat.flatten(2))
        for block in self.blocks:
            x = block(x)
        vectors: Tensor = self.last(x).unflatten(-1, (-1, 3))
        return vectors


def forward_kinematics(vectors: Tensor) -> Tensor:
    """Sum bone vectors to joints; the arms' bones get their mean length over the recording.

    Parameters
    ----------
    vectors : (N, T, 42, 3) metres from each joint's parent.

    Returns
    -------
    (N, T, 42, 3) metres, the neck at 0.
    """
    length = vectors[:, :, _RIGID].norm(dim=-1, keepdim=True)
    steady = vectors[:, :, _RIGID] / length.clamp(min=1e-6) * length.mean(1, keepdim=True)
    rigid = dict(zip(_RIGID, steady.unbind(2), strict=True))
    positions: dict[int, Tensor] = {_NECK: torch.zeros_like(vectors[:, :, _NECK])}

    def position(joint: int) -> Tensor:
        if joint not in positions:
            positions[joint] = position(UPPER_BODY.parents[joint]) + rigid.get(joint, vectors[:, :, joint])
        return positions[joint]

    return torch.stack([position(joint) for joint in range(len(UPPER_BODY))], 2)


def image_plane(xy: FloatArray, score: FloatArray) -> FloatArray:
    """Scale joints to what the network takes.

    Parameters
    ----------
    xy : (T, 42, 2) in any unit.
    score : (T, 42), 0 for a missing joint.

    Returns
    -------
    (T, 42, 3): x and y around each frame's neck, in metres of a person of the reference lengths, and the score;
    missing joints are zero. A missing neck is taken to be where it was in the nearest frame that has it.
    """
    seen = score > 0
    centred = (xy - _necks(xy, seen)[:, None]) / _size(xy, seen)
    stacked: FloatArray = np.concatenate([centred * seen[..., None], score[..., None]], -1).astype(np.float32)
    return stacked


def _necks(xy: FloatArray, seen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> FloatArray:
    """(T, 2) where the neck is."""
    known = np.flatnonzero(seen[:, _NECK])
    if not len(known):
        middle = xy[seen].mean(0) if seen.any() else np.zeros(2)
        return np.broadcast_to(middle, (len(xy), 2)).astype(np.float32)
    after = np.searchsorted(known, np.arange(len(xy))).clip(max=len(known) - 1)
    before = (after - 1).clip(min=0)
    frames = np.arange(len(xy))
    nearest = np.where(np.abs(known[before] - frames) <= np.abs(known[after] - frames), known[before], known[after])
    necks: FloatArray = xy[nearest, _NECK]
    return necks


def _size(xy: FloatArray, seen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """Image units a metre, by the reference length whose median is the longest; 1 where none is tracked."""
    sizes = [0.0]
    for first, second, metres in _REFERENCE_LENGTHS:
        a, b = UPPER_BODY.indices(first, second)
        both = seen[:, a] & seen[:, b]
        if both.any():
            sizes.append(float(np.median(np.linalg.norm(xy[both, a] - xy[both, b], axis=-1))) / metres)
    return max(sizes) or 1.0


@torch.no_grad()
def lift(sequence: SkeletonSequence, network: Lifter) -> SkeletonSequence:
    """Lift a flat sequence in `UPPER_BODY` to three dimensions, in metres; one that has depth is left as it is.

    Missing joints stay missing. The neck moves in the image plane, at the scale of the lifted body; its depth is 0
    throughout. Raises ValueError for another layout.
    """
    if sequence.layout != UPPER_BODY:
        raise ValueError(f"expected a skeleton in {UPPER_BODY.name}, found {sequence.layout.name}")
    if sequence.is_3d or not len(sequence):
        return sequence
    xy, seen = sequence.xyz[..., :2], sequence.score > 0
    flat = image_plane(xy, sequence.score)
    vectors = np.concatenate(list(_pieces(flat, network)))
    body = forward_kinematics(torch.from_numpy(vectors)[None])[0].numpy()
    size, necks = _size(xy, seen), _necks(xy, seen)
    length = float((flat[..., :2] ** 2)[seen].sum())
    scale = float((flat[..., :2] * body[..., :2])[seen].sum()) / length if length else 1.0
    body[..., :2] += (necks - necks[:1])[:, None] * (scale / size)
    return replace(sequence, xyz=np.where(seen[..., None], body, 0).astype(np.float32), is_3d=True)


def _pieces(flat: FloatArray, network: Lifter) -> Iterator[FloatArray]:
    """Bone vectors of a long recording, piece by piece, each with as much around it as its outputs depend on."""
    for first in range(0, len(flat), PIECE):
        low, high = max(0, first - network.reach), min(len(flat), first + PIECE + network.reach)
        vectors = network.bone_vectors(torch.from_numpy(flat[low:high])[None])[0].numpy()
        yield vectors[first - low : first - low + PIECE]
