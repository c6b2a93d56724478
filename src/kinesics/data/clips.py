"""`Clip`, what one decision sees: pictures around the person, the skeleton of the same time span, and faces."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.errors import KinesicsError
from kinesics.perception.face import ARCFACE, FaceCrop, align_faces, face_points
from kinesics.skeleton import UPPER_BODY, SkeletonLayout, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image, VideoInfo, probe, read_frames_at

MARGIN = 0.3  # of the person's extent, added to it: hair, elbows and whatever the hands reach for


class Box(NamedTuple):
    """A square of a picture in pixels; it may reach beyond the picture's border."""

    left: float
    top: float
    side: float

    def inside(self, image_xy: FloatArray, size: tuple[int, int]) -> FloatArray:
        """Positions (..., 2) from 0..1 across a picture of `size` (width, height) to 0..1 across the box."""
        pixels = image_xy * np.array(size, np.float32)
        across: FloatArray = ((pixels - np.array(self[:2], np.float32)) / self.side).astype(np.float32)
        return across


@dataclass(frozen=True, eq=False)
class Clip:
    """A labelled clip, read; what a data set does not have, or was not asked for, is None.

    frames: (N, S, S, 3) uint8 RGB, evenly spread over the clip, cut out around the person.
    box: what `frames` show of a picture of `picture` (width, height) pixels.
    times: (N,) seconds in the recording at which they were seen.
    skeleton: the whole clip at its own rate; its `image_xy` runs 0..1 across `frames`.
    faces: (N, 112, 112, 3) uint8 upright faces in the frames, or of the size that was asked for; black where
        `face_seen` (N,) is False.
    """

    info: ClipInfo
    frames: Image | None = None
    box: Box | None = None
    picture: tuple[int, int] = (1, 1)
    times: NDArray[np.float64] | None = None
    skeleton: SkeletonSequence | None = None
    faces: Image | None = None
    face_seen: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Look:
    """Which pictures of a video make a clip, and what is cut out of each.

    times: (N,) seconds, the middles of N equal parts of the clip. picture: (width, height) of the video. max_side:
    pixels on its longer side to which it is scaled down before, since the cut needs no more. size: pixels of the cut.
    """

    times: NDArray[np.float64]
    box: Box
    picture: tuple[int, int]
    max_side: int
    size: int

    def cut(self, image: Image) -> Image:
        """(size, size, 3) what the box holds, black beyond the picture; `image` may be of any scale."""
        left, top, side = (round(value * image.shape[1] / self.picture[0]) for value in self.box)
        square = PIL.Image.fromarray(image).crop((left, top, left + side, top + side))
        return np.asarray(square.resize((self.size, self.size), PIL.Image.Resampling.BILINEAR))


def look_at(
    skeleton: SkeletonSequence | None, info: VideoInfo, start: float, end: float, frames: int, size: int
) -> Look:
    """`frames` pictures of `size` pixels from start to end (seconds); `skeleton`: the person's, of that time alone."""
    picture = (info.width, info.height)
    box = person_box(skeleton, picture)
    times = start + (np.arange(frames) + 0.5) * (end - start) / frames
    return Look(times, box, picture, math.ceil(max(picture) * min(1.0, size / box.side)), size)


def read_clip(
    dataset: GestureDataset,
    clip: ClipInfo,
    *,
    frames: int = 16,
    size: int = 224,
    faces: bool = False,
    crop: FaceCrop = ARCFACE,
) -> Clip:
    """The clip's skeleton, and `frames` pictures of `size` pixels around the person, decoded now.

    The box holds the joints at all times of the clip with `MARGIN` around; where they are not known, the whole
    picture. Raises KinesicsError for files that are missing or broken.
    """
    skeleton = None if clip.skeleton is None else dataset.read_skeleton(clip)
    if clip.video is None:
        return Clip(clip, skeleton=None if skeleton is None else replace(skeleton, image_xy=None))
    info = _probe(clip.video)
    end = min(clip.end, info.duration)
    if not clip.start < end:
        raise KinesicsError(
            f"{clip.video}: clip {clip.id} begins at {clip.start:.2f} s, found a video of {info.duration:.2f} s; see "
            "`kinesics data doctor`"
        )
    look = look_at(skeleton, info, clip.start, end, frames, size)
    # faces are small: they need the picture as it is
    images = _decode(info, look.times, None if faces else look.max_side)
    read = Clip(clip, np.stack([look.cut(image) for image in images]), look.box, look.picture, look.times, skeleton)
    if skeleton is None or skeleton.image_xy is None:
        return read
    if faces and skeleton.layout == UPPER_BODY:
        points = face_points(skeleton, look.picture)[_nearest(skeleton, look.times)]
        upright, seen = align_faces(images, points, *crop)
        read = replace(read, faces=upright, face_seen=seen)
    placed = replace(skeleton, image_xy=look.box.inside(skeleton.image_xy, look.picture))
    return replace(read, skeleton=placed)


def person_box(skeleton: SkeletonSequence | None, size: tuple[int, int]) -> Box:
    """One square for the whole clip in a picture of `size` (width, height), inside the picture as far as it can be."""
    width, height = size
    whole = Box((width - max(size)) / 2, (height - max(size)) / 2, max(size))
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
    return Box(left, top, side)


def joint_places(image_xy: FloatArray, score: FloatArray, layout: SkeletonLayout) -> FloatArray:
    """(T, V, 2) a place for every joint at all times, by which a fusion network knows where to look.

    A joint is where it was seen; in between it moves evenly, before and after it stays; one that is never seen is
    with its nearest ancestor that was, else in the middle of all joints, and 0.5, 0.5 where nobody is seen.
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


def _decode(info: VideoInfo, times: NDArray[np.float64], max_side: int | None) -> list[Image]:
    """The frames nearest to these times; the last one again where the video ends before."""
    pictures = [frame.image for frame in read_frames_at(info.path, times.tolist(), [max_side] * len(times))]
    if not pictures:
        raise KinesicsError(f"{info.path}: expected a frame at {times[0]:.2f} s, found none; copy the video again")
    return pictures + [pictures[-1]] * (len(times) - len(pictures))


def _nearest(skeleton: SkeletonSequence, times: NDArray[np.float64]) -> NDArray[np.int64]:
    rows = np.round((times - skeleton.start) * skeleton.fps)
    inside: NDArray[np.int64] = np.clip(rows, 0, len(skeleton) - 1).astype(np.int64)
    return inside


@lru_cache(maxsize=1024)
def _probe(path: Path) -> VideoInfo:
    return probe(path)
