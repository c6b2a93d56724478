"""The faces of the people in one frame, cut out as a face network wants them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kinesics.preprocessing.face_crop import FaceCrop, align_face
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Frame, Image


def faces_in_frame(
    frame: Frame, width: int, people: Sequence[SkeletonSequence], points: Sequence[FloatArray], crop: FaceCrop
) -> Iterator[tuple[int, Image]]:
    """Cut out the face of everybody whose face can be read in a frame.

    Parameters
    ----------
    frame : of any scale.
    width : of the video in pixels, to whose scale `points` belong.
    people : who may be in it.
    points : of each of them (T, 5, 2) pixels at the skeleton's rate, NaN where no face can be read; see
        `kinesics.preprocessing.face_crop.readable_points`.
    crop : which the face network wants.

    Yields
    ------
    The number of the person, and the face (size, size, 3) uint8 RGB.
    """
    scale = frame.image.shape[1] / width
    for who, (person, places) in enumerate(zip(people, points, strict=True)):
        row = int(person.rows_at(frame.time))
        if row >= 0 and not np.isnan(places[row]).any():
            yield who, align_face(frame.image, places[row] * scale, *crop)
