"""The square around a person that a network is shown, and where in it the joints lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from kinesics.skeleton import SkeletonLayout, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image, VideoInfo

MARGIN = 0.3  # of the person's extent, added to it: hair, elbows and whatever the hands reach for


class CropBox(NamedTuple):
    """A square of a frame in pixels; it may reach beyond the frame's border."""

    left: float
    top: float
    side: float

    def inside(self, image_xy: FloatArray, size: tuple[int, int]) -> FloatArray:
        """Map positions in a frame to positions in the box.

        Parameters
        ----------
        image_xy : (..., 2) in 0..1 across the frame.
        size : (width, height) of the frame in pixels.

        Returns
        -------
        (..., 2), 0..1 across the box.
        """
        pixels = image_xy * np.array(size, np.float32)
        across: FloatArray = ((pixels - np.array(self[:2], np.float32)) / self.side).astype(np.float32)
        return across


@dataclass(frozen=True, eq=False)
class CropPlan:
    """Which frames of a video make a clip, and what is cut out of each.

    times: (N,) seconds, the middles of N equal parts of the clip.
    box: what is cut out, in pixels of the video.
    frame_size: (width, height) of the video.
    max_side: pixels on the longer side to which a frame is scaled down before, since the cut needs no more.
    size: pixels of the cut.
    """

    times: NDArray[np.float64]
    box: CropBox
    frame_size: tuple[int, int]
    max_side: int
    size: int

    def cut(self, image: Image) -> Image:
        """Cut out what the box holds.

        Parameters
        ----------
        image : a frame of any scale.

        Returns
        -------
        (size, size, 3) uint8 RGB, black beyond the frame.
        """
        left, top, side = (round(value * image.shape[1] / self.frame_size[0]) for value in self.box)
        square = PIL.Image.fromarray(image).crop((left, top, left + side, top + side))
        return np.asarray(square.resize((self.size, self.size), PIL.Image.Resampling.BILINEAR))


def plan_crop(
    skeleton: SkeletonSequence | None, info: VideoInfo, start: float, end: float, frames: int, size: int
) -> CropPlan:
    """Plan which frames of a video make a clip, and what is cut out of each.

    Parameters
    ----------
    skeleton : the person's, of that time alone, or None.
    info : of the video.
    start : seconds.
    end : seconds.
    frames : how many.
    size : pixels of the square.

    Returns
    -------
    The plan.
    """
    frame_size = (info.width, info.height)
    box = person_box(skeleton, frame_size)
    times = start + (np.arange(frames) + 0.5) * (end - start) / frames
    return CropPlan(times, box, frame_size, math.ceil(max(frame_size) * min(1.0, size / box.side)), size)


def person_box(skeleton: SkeletonSequence | None, size: tuple[int, int]) -> CropBox:
    """Find one square for the whole clip in frames of `size` (width, height), inside them as far as it can be."""
    width, height = size
    whole = CropBox((width - max(size)) / 2, (height - max(size)) / 2, max(size))
    if skeleton is None or skeleton.image_xy is None or not (skeleton.score > 0).any():
        return whole
    seen = skeleton.image_xy[skeleton.score > 0] * np.array(size, np.float32)
    low, high = np.percentile(np.clip(seen, 0, size), [1, 99], axis=0)  # one wild frame must not move the box
    side = float((high - low).max()) * (1 + MARGIN)
    if not 8 <= side < max(size):
        return whole
    left, top = (
        min(max(middle - side / 2, 0), end - side) if side <= end else (end - side) / 2
        for middle, end in zip(((low + high) / 2).tolist(), size, strict=True)
    )
    return CropBox(left, top, side)


def joint_places(image_xy: FloatArray, score: FloatArray, layout: SkeletonLayout) -> FloatArray:
    """Give every joint a place at all times, by which a fusion network knows where to look.

    A joint is where it was found; in between it moves evenly, before and after it stays; one that is never found is
        with
    its nearest ancestor that was, else in the middle of all joints, and 0.5, 0.5 where nobody is found.

    Parameters
    ----------
    image_xy : (T, V, 2).
    score : (T, V), 0 for a missing joint.
    layout : of the joints.

    Returns
    -------
    (T, V, 2).
    """
    seen = score > 0
    times = np.arange(len(score))
    fallback = image_xy[seen].mean(0) if seen.any() else np.full(2, 0.5)
    places = np.tile(fallback.astype(np.float32), (*score.shape, 1))
    for joint in range(len(layout)):
        source = joint
        while source >= 0 and not seen[:, source].any():
            source = layout.parents[source]
        if source >= 0:
            known = seen[:, source]
            for axis in (0, 1):
                places[:, joint, axis] = np.interp(times, times[known], image_xy[known, source, axis])
    return places
