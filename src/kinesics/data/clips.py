"""`Clip`, what one decision sees: images around the person, the skeleton of the same time span, and faces."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.errors import KinesicsError
from kinesics.preprocessing.face_crop import ARCFACE, FaceCrop, align_faces, face_points
from kinesics.preprocessing.person_crop import CropBox, plan_crop
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.video import Image, VideoInfo, probe, read_frames_at


@dataclass(frozen=True, eq=False)
class Clip:
    """A labelled clip, read; what a data set does not have, or was not asked for, is None.

    frames: (N, S, S, 3) uint8 RGB, evenly spread over the clip, cut out around the person.
    box: what `frames` show of a video of `source_size` (width, height) pixels.
    times: (N,) seconds in the recording at which they were seen.
    skeleton: the whole clip at its own rate; its `image_xy` runs 0..1 across `frames`.
    faces: (N, 112, 112, 3) uint8 upright faces in the frames, or of the size that was asked for; black where
        `face_seen` (N,) is False.
    """

    info: ClipInfo
    frames: Image | None = None
    box: CropBox | None = None
    source_size: tuple[int, int] = (1, 1)
    times: NDArray[np.float64] | None = None
    skeleton: SkeletonSequence | None = None
    faces: Image | None = None
    face_seen: NDArray[np.bool_] | None = None


def read_clip(
    dataset: GestureDataset,
    clip: ClipInfo,
    *,
    frames: int = 16,
    size: int = 224,
    faces: bool = False,
    crop: FaceCrop = ARCFACE,
) -> Clip:
    """Read a clip's skeleton, and images around the person, decoded now.

    The box holds the joints at all times of the clip with a margin around; where they are not known, the whole image.

    Parameters
    ----------
    dataset : that the clip belongs to
    clip : what to read
    frames : how many images, evenly spread over the clip
    size : of the images, pixels
    faces : whether to cut out upright faces as well
    crop : their size and the template that they are brought to

    Returns
    -------
    the clip; what the data set does not have, or was not asked for, is None

    Raises
    ------
    KinesicsError : for files that are missing or broken
    """
    skeleton = None if clip.skeleton is None else dataset.read_skeleton(clip)
    if clip.video is None:
        return Clip(clip, skeleton=None if skeleton is None else replace(skeleton, image_xy=None))
    info = probe(clip.video)
    end = min(clip.end, info.duration)
    if not clip.start < end:
        raise KinesicsError(
            f"{clip.video}: clip {clip.id} begins at {clip.start:.2f} s, found a video of {info.duration:.2f} s; see "
            "`kinesics data doctor`"
        )
    plan = plan_crop(skeleton, info, clip.start, end, frames, size)
    # faces are small: they need the frame as it is
    images = _decode(info, plan.times, None if faces else plan.max_side)
    read = Clip(clip, np.stack([plan.cut(image) for image in images]), plan.box, plan.frame_size, plan.times, skeleton)
    if skeleton is None or skeleton.image_xy is None:
        return read
    if faces and skeleton.layout == UPPER_BODY:
        points = face_points(skeleton, plan.frame_size)[skeleton.rows_at(plan.times, held=True)]
        upright, seen = align_faces(images, points, *crop)
        read = replace(read, faces=upright, face_seen=seen)
    placed = replace(skeleton, image_xy=plan.box.inside(skeleton.image_xy, plan.frame_size))
    return replace(read, skeleton=placed)


def _decode(info: VideoInfo, times: NDArray[np.float64], max_side: int | None) -> list[Image]:
    """The frames nearest to these times; the last one again where the video ends before."""
    images = [frame.image for frame in read_frames_at(info.path, times.tolist(), [max_side] * len(times))]
    if not images:
        raise KinesicsError(f"{info.path}: expected a frame at {times[0]:.2f} s, found none; copy the video again")
    return images + [images[-1]] * (len(times) - len(images))
