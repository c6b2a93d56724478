"""Hands: the palm detector and 21 landmarks (Zhang et al., MediaPipe Hands, arXiv 2006.10214)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesics.perception.openvino.detect import anchors, detections
from kinesics.perception.openvino.models import MODELS, Models
from kinesics.perception.openvino.regions import (
    ImagePart,
    Regions,
    along,
    around,
    bounding,
    bounding_turned,
    cut,
    moved,
    to_image,
)
from kinesics.skeleton.sequence import FloatArray

POINTS = 21
PRESENT = 0.5
PALM = 0.3  # the detector's threshold; 0.5 in MediaPipe, which misses many hands at faces
ELBOWS, WRISTS, PINKIES, INDICES = (13, 14), (15, 16), (17, 18), (19, 20)  # of the pose, left and right
_STRIDES = (8, 16, 16, 16)
_PALM = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)  # wrist, and each finger's first two joints
_PALM_POINTS = 9  # of a detection: two corners of the box, seven of the palm
_TO_PALM, _SPAN = 0.08, 0.26  # metres from the wrist to the palm's middle, and of a region around a hand
_DEPTH = 0.4  # the model's z counts in this share of the region's side


@dataclass(frozen=True, eq=False)
class Hands:
    """N hands: points (N, 21, 3) pixels, presence (N,) 0..1, and the chance (N,) that it is a left one."""

    points: FloatArray
    presence: FloatArray
    left: FloatArray

    def regions(self) -> Regions:
        """(N, 4) where the model would look for these hands."""
        return hand_regions(self.points)


def hand_regions(points: FloatArray) -> Regions:
    """Say where the model would look for hands that are known: twice the palm, fingers up.

    Parameters
    ----------
    points : (N, 21, ≥ 2) pixels

    Returns
    -------
    (N, 4) regions.
    """
    middle = (points[:, 9, :2] + points[:, [5, 13], :2].mean(1)) / 2
    return bounding_turned(points[:, _PALM, :2], along(points[:, 0, :2], middle, 90), 2.0, 0.1)


def arm_regions(pose: FloatArray, side: int) -> Regions:
    """Say where a hand is by the pose's wrist, little and index finger.

    Parameters
    ----------
    pose : (N, 33, ≥ 2) pixels
    side : 0 for the left hand, 1 for the right

    Returns
    -------
    (N, 4) regions.
    """
    wrist, pinky, index = (pose[:, row[side], :2] for row in (WRISTS, PINKIES, INDICES))
    middle = (2 * index + pinky) / 3
    size = 2 * np.linalg.norm((middle - wrist).astype(np.float64), axis=1)
    regions = np.column_stack([middle.astype(np.float64), size, along(wrist, middle, 90)])
    return moved(regions, 0.1, 2.7)


def forearm_regions(pose: FloatArray, side: int, metre: FloatArray) -> Regions:
    """Say where a hand is if it goes on as the forearm does.

    Parameters
    ----------
    pose : (N, 33, ≥ 2) pixels
    side : 0 for the left hand, 1 for the right
    metre : (N,) pixels of a metre

    Returns
    -------
    (N, 4) regions.
    """
    elbow, wrist = (pose[:, row[side], :2].astype(np.float64) for row in (ELBOWS, WRISTS))
    way = wrist - elbow
    length = np.maximum(np.linalg.norm(way, axis=1), 1e-6)
    middle = wrist + way * (_TO_PALM * metre / length)[:, None]
    return np.column_stack([middle, _SPAN * metre, along(elbow, wrist, 90)])


def cropped_regions(images: Sequence[ImagePart], regions: Regions, models: Models) -> Regions:
    """Correct the pose's idea of hands by a small network that is shown it.

    Parameters
    ----------
    images : N parts of images
    regions : (N, 4) of `arm_regions`
    models : all of them

    Returns
    -------
    (N, 4) regions around the hands themselves.
    """
    side = MODELS["hand_crop"].side
    places = models.run("hand_crop", cut(images, regions, side))[0].reshape(-1, 2, 2) / np.float32(side)
    ends = to_image(places, regions)
    return around(ends[:, 0], ends[:, 1], -90, 1.0, 0.1)


def look_at_hands(images: Sequence[ImagePart], regions: Regions, models: Models) -> Hands:
    """Look at the hands in one region of each image.

    Parameters
    ----------
    images : N parts of images
    regions : (N, 4)
    models : all of them

    Returns
    -------
    The hands.
    """
    side = MODELS["hand"].side
    raw, presence, right = models.run("hand", cut(images, regions, side))
    places = raw.reshape(-1, POINTS, 3) / np.float32(side)
    places[..., 2] /= _DEPTH
    return Hands(to_image(places, regions), presence[:, 0], 1 - right[:, 0])


def detect_palms(images: Sequence[ImagePart], where: Regions, models: Models, least: float = PALM) -> list[Regions]:
    """Detect palms in one square of each image.

    Parameters
    ----------
    images : N parts of images
    where : (N, 4) squares to look in
    models : all of them
    least : the score below which there is nothing

    Returns
    -------
    For each image the regions of its hands, best first.
    """
    spec = MODELS["palm_detector"]
    raw, logits = models.run("palm_detector", cut(images, where, spec.side, black=True))
    middles = anchors(spec.side, _STRIDES, 2)
    found = []
    for i in range(len(raw)):
        rows = detections(raw[i], logits[i], middles, spec.side, least)
        places = to_image(rows[:, :-1].reshape(1, -1, 2), where[i : i + 1]).reshape(len(rows), _PALM_POINTS, 2)
        angle = along(places[:, 2], places[:, 4], 90)  # from the wrist to the middle finger's knuckle
        found.append(bounding(places[:, :2], angle, 2.6, 0.5))
    return found
