"""Square regions of an image, turned as somebody's body, hand or face is: cut out, and points of them brought back.

N regions are an array (N, 4) float64: x and y of the middle and the length of a side in pixels, and the angle by which
the square is turned clockwise in the image, in radians. Which points span a region is told in the papers of BlazePose
(arXiv 2006.10204), MediaPipe Hands (2006.10214) and Attention Mesh (2006.10962) and in MediaPipe's public graphs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image

Regions = NDArray[np.float64]
Points = NDArray[np.floating[Any]]

cv2.setNumThreads(1)  # a cut-out is too small to be shared between threads


class ImagePart(NamedTuple):
    """What may be seen of an image: a part of it (H, W, 3), and where in it the part's upper left corner is."""

    image: Image
    left: int = 0
    top: int = 0


def cut(images: Sequence[ImagePart], regions: Regions, side: int, *, black: bool = False) -> Image:
    """Cut regions out.

    Parameters
    ----------
    images : N parts of images
    regions : (N, 4)
    side : pixels of what is cut out
    black : what is beyond the image is black; else its edge goes on

    Returns
    -------
    (N, side, side, 3) uint8.
    """
    border = cv2.BORDER_CONSTANT if black else cv2.BORDER_REPLICATE
    parts = np.empty((len(regions), side, side, 3), np.uint8)
    corners = np.array([(image.left, image.top) for image in images], np.float64).reshape(-1, 2)
    matrices = _matrices(regions, side)
    matrices[:, :, 2] -= corners
    for part, image, matrix in zip(parts, images, matrices, strict=True):
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(image.image, matrix, (side, side), dst=part, flags=flags, borderMode=border)
    return parts


def _matrices(regions: Regions, side: int) -> NDArray[np.float64]:
    """(N, 2, 3) from a pixel of the cut-out to one of the image."""
    x, y, size, angle = regions.T
    cos, sin = np.cos(angle) * size, np.sin(angle) * size
    rows = [cos / side, -sin / side, x - (cos - sin) / 2, sin / side, cos / side, y - (sin + cos) / 2]
    matrices: NDArray[np.float64] = np.stack(rows, 1).reshape(-1, 2, 3)
    return matrices


def to_image(points: FloatArray, regions: Regions) -> FloatArray:
    """Bring points of regions back into the image.

    Parameters
    ----------
    points : (N, K, 2 or 3) x and y 0..1 across the region, z in its sides
    regions : (N, 4)

    Returns
    -------
    The points in pixels of the image.
    """
    placed = points.astype(np.float32, copy=True)
    placed[..., :2] = turn(points[..., :2] - 0.5, regions[:, 3])
    placed *= regions[:, 2, None, None].astype(np.float32)
    placed[..., :2] += regions[:, None, :2].astype(np.float32)
    return placed


def turn(points: FloatArray, angle: NDArray[np.float64]) -> FloatArray:
    """Turn points clockwise around the origin.

    Parameters
    ----------
    points : (N, K, ≥ 2); all but x and y stays
    angle : (N,) radians

    Returns
    -------
    The turned points.
    """
    cos, sin = (function(angle)[:, None].astype(np.float32) for function in (np.cos, np.sin))
    turned = points.astype(np.float32, copy=True)
    turned[..., 0] = cos * points[..., 0] - sin * points[..., 1]
    turned[..., 1] = sin * points[..., 0] + cos * points[..., 1]
    return turned


def along(start: Points, end: Points, degrees: float) -> NDArray[np.float64]:
    """Find how a region is turned in which a way points in a given direction.

    Parameters
    ----------
    start, end : (N, 2) of the way
    degrees : counter-clockwise, in the region

    Returns
    -------
    (N,) radians.
    """
    way = (end - start).astype(np.float64)
    angle = np.radians(degrees) - np.arctan2(-way[:, 1], way[:, 0])
    wrapped: NDArray[np.float64] = (angle + np.pi) % (2 * np.pi) - np.pi
    return wrapped


def around(middle: Points, edge: Points, degrees: float, scale: float, up: float = 0.0) -> Regions:
    """Span regions by a circle.

    Parameters
    ----------
    middle, edge : (N, 2) of the circle
    degrees : direction of the edge from the middle in the region, counter-clockwise
    scale : of the region around the circle
    up : shares of the side, before it is scaled, by which the region moves up

    Returns
    -------
    (N, 4) regions.
    """
    size = 2 * np.linalg.norm((edge - middle).astype(np.float64), axis=1)
    regions = np.column_stack([middle.astype(np.float64), size, along(middle, edge, degrees)])
    return moved(regions, up, scale)


def bounding(points: FloatArray, angle: NDArray[np.float64], scale: float, up: float = 0.0) -> Regions:
    """Span regions by upright boxes, made square, then turned.

    Parameters
    ----------
    points : (N, K, 2) that the boxes hold
    angle : (N,) radians
    scale : of the region around the box
    up : as in `around`

    Returns
    -------
    (N, 4) regions.
    """
    low, high = points.min(1).astype(np.float64), points.max(1).astype(np.float64)
    regions = np.column_stack([(low + high) / 2, (high - low).max(1), angle])
    return moved(regions, up, scale)


def bounding_turned(points: FloatArray, angle: NDArray[np.float64], scale: float, up: float = 0.0) -> Regions:
    """Span regions by boxes that are turned like them.

    Parameters
    ----------
    points, angle, scale, up : as in `bounding`

    Returns
    -------
    (N, 4) regions.
    """
    upright = turn(points, -angle)
    low, high = upright.min(1), upright.max(1)
    middle = turn(((low + high) / 2)[:, None], angle)[:, 0]
    regions = np.column_stack([middle.astype(np.float64), (high - low).max(1).astype(np.float64), angle])
    return moved(regions, up, scale)


def moved(regions: Regions, up: float, scale: float) -> Regions:
    """Move regions up, as they are turned, and then scale them.

    Parameters
    ----------
    regions : (N, 4)
    up : shares of the side
    scale : of the side

    Returns
    -------
    (N, 4) regions.
    """
    x, y, size, angle = regions.T
    return np.column_stack([x + np.sin(angle) * size * up, y - np.cos(angle) * size * up, size * scale, angle])


def apart(a: Regions, b: Regions) -> NDArray[np.float64]:
    """Measure how far regions are apart.

    Parameters
    ----------
    a, b : (N, 4) regions

    Returns
    -------
    (N,) the largest of the shift in sides, the turn in quarter circles, and the logarithm of the change of size.
    """
    shift = np.linalg.norm(a[:, :2] - b[:, :2], axis=1) / np.maximum(b[:, 2], 1e-6)
    turned = np.abs((a[:, 3] - b[:, 3] + np.pi) % (2 * np.pi) - np.pi) / (np.pi / 2)
    grown = np.abs(np.log(np.maximum(a[:, 2], 1e-6) / np.maximum(b[:, 2], 1e-6)))
    farthest: NDArray[np.float64] = np.max([shift, turned, grown], axis=0)
    return farthest


def whole_image(image: ImagePart) -> Regions:
    """Span the square around all that may be seen.

    Parameters
    ----------
    image : the part of an image

    Returns
    -------
    (1, 4) region.
    """
    height, width = image.image.shape[:2]
    return np.array([[image.left + width / 2, image.top + height / 2, max(width, height), 0.0]])


def painted_over(image: Image, points: Points) -> Image:
    """Fill in what lies between points from around it.

    Parameters
    ----------
    image : (H, W, 3) uint8
    points : (K, 2) pixels

    Returns
    -------
    The painted copy.
    """
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(points.round().astype(np.int32)), (255,))
    mask = cv2.dilate(mask, np.ones((5, 5), np.uint8)).astype(np.uint8)
    painted: Image = cv2.inpaint(image, mask, 3, cv2.INPAINT_TELEA).astype(np.uint8)
    return painted
