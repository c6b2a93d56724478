"""Faces cut out upright and in one size: five-point alignment to a template, as face networks want it.

Positions are in pixels from the image's upper left corner, x to the right and y down.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray

Image = NDArray[np.uint8]  # (H, W, 3) RGB
SIZE = 112
# where a frontal face's points lie in 112×112 pixels (Deng et al., ArcFace, CVPR 2019), left to right in the image:
# the eyes' middles, the tip of the nose, the corners of the mouth
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
# No similarity brings all five points of a turned head to a frontal template. The eyes are to be right; nose and mouth
# hardly count, or they would draw the eyes 2 to 5 pixels away.
WEIGHTS = np.array([1.0, 1.0, 0.02, 0.05, 0.05])

_POINTS = UPPER_BODY.indices("right_eye", "left_eye", "nose", "right_mouth_corner", "left_mouth_corner")
_MESH = UPPER_BODY.index("chin")  # known only where the face itself was found, not from a body's guess of it
_HANDS = [i for i, joint in enumerate(UPPER_BODY.joints) if joint.endswith(("_tip", "_knuckle"))]
_AROUND = 6.0  # pixels of the 112 around the five points in which a hand hides what matters


class FaceCrop(NamedTuple):
    """Where a face network wants a face's points, (5, 2) pixels, in a square of `size` pixels."""

    template: FloatArray = TEMPLATE
    size: int = SIZE


ARCFACE = FaceCrop()


def template_with_eyes(size: int, apart: float, below: float) -> FloatArray:
    """Scale the template to another crop.

    Parameters
    ----------
    size : pixels of the square.
    apart : how far apart the eyes are, as a share of `size`.
    below : how far below the upper edge the eyes are, as a share of `size`.

    Returns
    -------
    (5, 2) pixels.
    """
    eyes = TEMPLATE[:2]
    scale = apart * size / np.linalg.norm(eyes[1] - eyes[0])
    template: FloatArray = ((TEMPLATE - eyes.mean(0)) * scale + np.array([0.5, below]) * size).astype(np.float32)
    return template


# FER2013's faces: as far apart and as far below the upper edge as eyes are in the boxes that OpenCV's frontal face
# detector, which cut them out, draws around real faces
FER2013 = FaceCrop(template_with_eyes(64, 0.38, 0.40), 64)


def face_points(person: SkeletonSequence, size: tuple[int, int]) -> FloatArray:
    """Find the template's points in frames of `size` (width, height): (T, 5, 2) pixels, NaN without a face.

    Raises ValueError for a sequence without positions in the image or in another layout than `UPPER_BODY`.
    """
    if person.image_xy is None or person.layout != UPPER_BODY:
        raise ValueError(f"expected image positions in the layout upper_body, found {person.layout.name}")
    seen = (person.score[:, [*_POINTS, _MESH]] > 0).all(1)
    points = person.image_xy[:, _POINTS] * np.array(size, np.float32)
    return np.where(seen[:, None, None], points, np.float32(np.nan))


def hand_before_face(person: SkeletonSequence, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell in which frames (T,) a finger lies between or near eyes and mouth: such a face cannot be read."""
    points = face_points(person, size)  # refuses a sequence without positions
    turn, shift = similarity(points).T
    assert person.image_xy is not None
    fingers = turn[:, None] * _complex(person.image_xy[:, _HANDS] * np.array(size, np.float32)) + shift[:, None]
    low, high = TEMPLATE.min(0) - _AROUND, TEMPLATE.max(0) + _AROUND
    across = (fingers.real > low[0]) & (fingers.real < high[0])
    along = (fingers.imag > low[1]) & (fingers.imag < high[1])
    hidden: NDArray[np.bool_] = (across & along & (person.score[:, _HANDS] > 0)).any(1)
    return hidden


def readable_points(person: SkeletonSequence, size: tuple[int, int]) -> FloatArray:
    """Find what `face_points` finds; NaN also where a finger hides the face."""
    points = face_points(person, size)
    points[hand_before_face(person, size)] = np.nan
    return points


def similarity(points: FloatArray, template: FloatArray = TEMPLATE) -> NDArray[np.complex128]:
    """Find the turn, scale and shift that best bring points to the template.

    The least-squares similarity (Umeyama, PAMI 1991) in complex numbers, weighted by `WEIGHTS`.

    Parameters
    ----------
    points : (N, 5, 2) pixels, NaN where missing.
    template : (5, 2) pixels.

    Returns
    -------
    (N, 2) complex a, b of z → a·z + b; NaN for missing points.
    """
    weights = WEIGHTS / WEIGHTS.sum()
    z, goal = _complex(points), _complex(template)
    middle, goal_middle = z @ weights, goal @ weights
    apart = z - middle[:, None]
    with np.errstate(invalid="ignore"):  # of missing points
        turn = (apart.conj() * (goal - goal_middle)) @ weights / (np.abs(apart) ** 2 @ weights)
    return np.stack([turn, goal_middle - turn * middle], -1)


def _complex(points: FloatArray) -> NDArray[np.complex128]:
    return points[..., 0].astype(np.float64) + 1j * points[..., 1]


def align_face(image: Image, points: FloatArray, template: FloatArray = TEMPLATE, size: int = SIZE) -> Image:
    """Cut out one face by its five points.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB.
    points : (5, 2) pixels in the image.
    template : (5, 2), where they are to lie.
    size : pixels of the square.

    Returns
    -------
    (size, size, 3) uint8 RGB, black beyond the image.
    """
    turn, shift = similarity(points[None], template)[0]
    corners = (np.array([0, size, size * 1j, size * (1 + 1j)]) - shift) / turn
    height, width = image.shape[:2]
    left, right = _span(corners.real, width)
    top, bottom = _span(corners.imag, height)
    shrink = max(1, int(1 / abs(turn)))  # by whole means first: interpolation alone would alias
    part = PIL.Image.fromarray(image[top:bottom, left:right]).reduce(shrink)
    scale, origin = (
        1 / (turn * shrink),
        (-shift / turn - complex(left, top)) / shrink,
    )  # the face's pixels to the part's
    back = (scale.real, -scale.imag, origin.real, scale.imag, scale.real, origin.imag)
    face = part.transform((size, size), PIL.Image.Transform.AFFINE, back, PIL.Image.Resampling.BILINEAR)
    return np.asarray(face)


def align_faces(
    images: Iterable[Image], points: FloatArray, template: FloatArray = TEMPLATE, size: int = SIZE
) -> tuple[Image, NDArray[np.bool_]]:
    """Cut out one face an image.

    Parameters
    ----------
    images : N of them.
    points : (N, 5, 2) pixels, NaN where there is no face.
    template : (5, 2), where they are to lie.
    size : pixels of the square.

    Returns
    -------
    The faces (N, size, size, 3) uint8 RGB, black where there is none, and (N,) where there is one.
    """
    seen = ~np.isnan(points).any((1, 2))
    faces = np.zeros((len(points), size, size, 3), np.uint8)
    for i, image in enumerate(images):
        if seen[i]:
            faces[i] = align_face(image, points[i], template, size)
    return faces, seen


def _span(places: NDArray[np.float64], end: int) -> tuple[int, int]:
    """First and last whole pixels around the places, inside 0..end and at least one pixel apart."""
    first = min(max(0, int(np.floor(places.min()))), end - 1)
    return first, max(first + 1, min(end, int(np.ceil(places.max()))))
