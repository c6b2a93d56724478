"""The body: its detector and its 33 landmarks (Bazarevsky et al., BlazePose, arXiv 2006.10204)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesics.perception.openvino.detect import anchors, detections
from kinesics.perception.openvino.models import MODELS, Models
from kinesics.perception.openvino.regions import ImagePart, Regions, around, cut, to_image, turn, whole_image
from kinesics.skeleton.sequence import FloatArray

POINTS = 33  # of the body; two more span its region, the other four are not used
PRESENT = 0.5  # the model's own idea of whether somebody is in the region
_DETECTED = 0.5
_DETECTED_POINTS = 6  # two corners of the head's box, four key points
_STRIDES = (8, 16, 32, 32, 32)
SCALE = 1.25  # of the region around the circle that holds the body
_ALL = POINTS + 2
_REACH = 4  # cells of the heat map around a landmark
_SURE = 0.5


@dataclass(frozen=True, eq=False)
class Poses:
    """N bodies.

    points: (N, 35, 3) pixels; the last two are the middle of the hips and a point on the circle around the body.
    visibility: (N, 33) 0..1; world: (N, 33, 3) metres around the hips; presence: (N,) 0..1.
    """

    points: FloatArray
    visibility: FloatArray
    world: FloatArray
    presence: FloatArray

    def regions(self) -> Regions:
        """(N, 4) where the model would look for these bodies."""
        return around(self.points[:, POINTS, :2], self.points[:, POINTS + 1, :2], 90, SCALE)


def detect_pose(image: ImagePart, models: Models, least: float = _DETECTED) -> FloatArray:
    """Detect bodies.

    Parameters
    ----------
    image : the part of an image to look at
    models : all of them
    least : the score below which there is nobody

    Returns
    -------
    (D, 13) rows in pixels, best first: two corners of the head's box, the hips' middle, a point on the circle around
    the body, two further points, and the score.
    """
    whole = whole_image(image)
    spec = MODELS["pose_detector"]
    raw, logits = models.run("pose_detector", cut([image], whole, spec.side, black=True))
    found = detections(raw[0], logits[0], anchors(spec.side, _STRIDES, 2), spec.side, least)
    corner = np.tile(whole[0, :2] - whole[0, 2] / 2, _DETECTED_POINTS)
    return np.column_stack([found[:, :-1] * whole[0, 2] + corner, found[:, -1]]).astype(np.float32)


def detected_regions(found: FloatArray) -> Regions:
    """Say where detected bodies are.

    Parameters
    ----------
    found : (D, 13) of `detect_pose`

    Returns
    -------
    (D, 4) regions.
    """
    return around(found[:, 4:6], found[:, 6:8], 90, SCALE)


def look_at_poses(images: Sequence[ImagePart], regions: Regions, models: Models) -> Poses:
    """Look at the bodies in one region of each image.

    Parameters
    ----------
    images : N parts of images
    regions : (N, 4)
    models : all of them

    Returns
    -------
    The bodies.
    """
    side = MODELS["pose"].side
    raw, presence, heat, world = models.run("pose", cut(images, regions, side))
    rows = raw.reshape(len(raw), -1, 5)
    places = rows[:, :_ALL, :3] / np.float32(side)
    places[..., :2] = refined(places[..., :2], heat[..., :_ALL])
    space = world.reshape(len(world), -1, 3)[:, :POINTS]
    return Poses(to_image(places, regions), sigmoid(rows[:, :POINTS, 3]), turn(space, regions[:, 3]), presence[:, 0])


def refined(places: FloatArray, heat: FloatArray) -> FloatArray:
    """Move points to the heat map's middle around them where the map is sure of it.

    Parameters
    ----------
    places : (N, K, 2) 0..1
    heat : (N, H, W, K) logits

    Returns
    -------
    (N, K, 2) places.
    """
    height, width = heat.shape[1:3]
    column, row = (places * (width, height)).astype(int).transpose(2, 0, 1)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (places >= 0).all(-1)
    steps = np.arange(-_REACH, _REACH + 1)
    rows, columns = row[..., None, None] + steps[:, None], column[..., None, None] + steps
    there = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    n, k = np.ogrid[: len(places), : places.shape[1]]
    near = heat[
        n[..., None, None], np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1), k[..., None, None]
    ]  # (N, K, 9, 9)
    chance = np.where(there, sigmoid(near), 0)
    total = np.maximum(chance.sum((-1, -2)), 1e-9)
    middle = np.stack([(chance * columns).sum((-1, -2)) / width, (chance * rows).sum((-1, -2)) / height], -1)
    sure = inside & (chance.max((-1, -2)) >= _SURE)
    moved: FloatArray = np.where(sure[..., None], middle / total[..., None], places).astype(np.float32)
    return moved


def sigmoid(logits: FloatArray) -> FloatArray:
    """Turn logits into chances.

    Parameters
    ----------
    logits : of any shape

    Returns
    -------
    The chances, 0..1.
    """
    chance: FloatArray = (1 / (1 + np.exp(-np.clip(logits, -80, 80)))).astype(np.float32)
    return chance
