"""Variations of a clip: cropped, mirrored, recoloured, partly covered, in the same way in all frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as tv

from kinesics.skeleton import SkeletonSequence
from kinesics.video import Image

_GREY = 115.0  # 0.45 of white, the mean that the video networks take away


@dataclass(frozen=True)
class VideoAugmentation:
    """How far the frames of a clip may stray from what was recorded.

    Parameters
    ----------
    crop
        The least and the greatest share of the frame's side that stays.
    mirror
        Chance to swap left and right; 0 where classes tell left from right.
    colour
        How much brightness, contrast and saturation may change (0.3: by up to 30 %).
    hue
        By how much of the colour circle the hue may change.
    erase
        Chance to cover a rectangle of up to a seventh of the frame.
    """

    crop: tuple[float, float] = (0.75, 1.0)
    mirror: float = 0.5
    colour: float = 0.3
    hue: float = 0.03
    erase: float = 0.25


@dataclass(frozen=True)
class ClipTransform:
    """One variation of a clip, for its frames, its skeleton and its faces alike.

    crop: left, top and side, in shares of the frame.
    mirrored: whether left and right are swapped.
    colour: factors of brightness, contrast and saturation.
    hue: a turn of the colour circle, in shares of it.
    erased: left, top, width and height of what is covered, in shares of the cropped frame, or None.
    """

    crop: tuple[float, float, float]
    mirrored: bool
    colour: tuple[float, float, float]
    hue: float
    erased: tuple[float, float, float, float] | None

    def frames(self, frames: Image) -> Image:
        """Transform frames (T, H, W, 3) uint8 RGB, to frames of the same size."""
        height, width = frames.shape[1:3]
        left, top, side = self.crop
        box = [round(top * height), round(left * width), round(side * height), round(side * width)]
        images = tv.resized_crop(_channels_first(frames), *box, [height, width], InterpolationMode.BILINEAR)
        images = self._paint(tv.horizontal_flip(images) if self.mirrored else images)
        if self.erased:
            x, y, w, h = (round(share * end) for share, end in zip(self.erased, (width, height) * 2, strict=True))
            images = tv.erase(images, y, x, h, w, torch.tensor(_GREY, dtype=images.dtype))
        return _channels_last(images)

    def skeleton(self, skeleton: SkeletonSequence) -> SkeletonSequence:
        """Transform joints, `image_xy` across the cropped frame; joints outside and under a cover stay."""
        left, top, side = self.crop
        if skeleton.image_xy is not None:
            across = (skeleton.image_xy - np.array([left, top], np.float32)) / np.float32(side)
            skeleton = replace(skeleton, image_xy=across)
        return skeleton.mirrored() if self.mirrored else skeleton

    def faces(self, faces: Image) -> Image:
        """Mirror and recolour upright faces (T, S, S, 3) uint8, which are cut out already."""
        images = _channels_first(faces)
        return _channels_last(self._paint(tv.horizontal_flip(images) if self.mirrored else images))

    def _paint(self, images: Tensor) -> Tensor:
        brightness, contrast, saturation = self.colour
        images = tv.adjust_contrast(tv.adjust_brightness(images, brightness), contrast)
        painted: Tensor = tv.adjust_hue(tv.adjust_saturation(images, saturation), self.hue)
        return painted


def random_transform(rng: np.random.Generator, how: VideoAugmentation | None = None) -> ClipTransform:
    """Draw a transform from `rng` alone: the same state gives the same one."""
    how = how or VideoAugmentation()
    side = rng.uniform(*how.crop)
    left, top = rng.uniform(0, 1 - side, 2)
    erased = None
    if rng.random() < how.erase:
        width, height = rng.uniform(0.1, 0.38, 2)
        erased = (rng.uniform(0, 1 - width), rng.uniform(0, 1 - height), width, height)
    brightness, contrast, saturation = rng.uniform(1 - how.colour, 1 + how.colour, 3)
    return ClipTransform(
        (left, top, side),
        bool(rng.random() < how.mirror),
        (brightness, contrast, saturation),
        rng.uniform(-how.hue, how.hue),
        erased,
    )


def _channels_first(frames: Image) -> Tensor:
    return torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2)


def _channels_last(images: Tensor) -> Image:
    frames: Image = images.permute(0, 2, 3, 1).contiguous().numpy()
    return frames
