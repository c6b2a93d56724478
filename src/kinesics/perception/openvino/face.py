"""The face: 478 landmarks with lips and eyes looked at closely (Grishchenko et al., Attention Mesh, arXiv 2006.10962),
and from 146 of them 52 facial actions (Grishchenko et al., Blendshapes GHUM, arXiv 2309.05782).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinesics.perception.openvino.detect import anchors, detections
from kinesics.perception.openvino.models import MODELS, Models
from kinesics.perception.openvino.pose import sigmoid
from kinesics.perception.openvino.regions import ImagePart, Regions, along, bounding, cut, moved, to_image
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image

POINTS = 478
PRESENT = 0.5
_EYES = (33, 263)  # the outer corners, right and left
_EYE_CORNERS = ((33, 133), (362, 263))
OF_POSE, _POSE_EYES = slice(0, 11), (5, 2)
ALIGNED = (256, 0.23, 0.42)  # pixels; where eyes are in the regions in which this model was shown faces
_DETECTED = 0.5
_STRIDES = (8, 16, 16, 16)
# the points that the actions are read from: brows, eyes with irises, nose, lips, the oval
_READ = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81,
    82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154,
    155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263,
    267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321,
    323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387,
    388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Faces:
    """N faces: points (N, 478, 3) pixels, presence (N,) 0..1, and whether (N,) lips and eyes were looked at closely."""

    points: FloatArray
    presence: FloatArray
    close: NDArray[np.bool_]

    def regions(self) -> Regions:
        """(N, 4) where the model would look for these faces."""
        return bounding(self.points[..., :2], along(self.points[:, _EYES[0], :2], self.points[:, _EYES[1], :2], 0), 1.5)


def head_regions(pose: FloatArray) -> Regions:
    """Say where the face is by a pose, widely.

    Parameters
    ----------
    pose : (N, 33, ≥ 2) pixels

    Returns
    -------
    (N, 4) regions around eyes, nose, mouth and ears.
    """
    return bounding(pose[:, OF_POSE, :2], along(pose[:, _POSE_EYES[0], :2], pose[:, _POSE_EYES[1], :2], 0), 3.0)


def detected_face_regions(images: Sequence[ImagePart], where: Regions, models: Models) -> Regions:
    """Detect the face in one region of each image.

    Parameters
    ----------
    images : N parts of images
    where : (N, 4) squares to look in
    models : all of them

    Returns
    -------
    (N, 4) regions of the best faces, NaN where there is none.
    """
    spec = MODELS["face_detector"]
    raw, logits = models.run("face_detector", cut(images, where, spec.side, black=True))
    regions = np.full((len(raw), 4), np.nan)
    for i in range(len(raw)):
        found = detections(raw[i], logits[i], anchors(spec.side, _STRIDES, 2), spec.side, _DETECTED)[:1]
        if len(found):
            points = to_image(found[:, 4:-1].reshape(1, -1, 2), where[i : i + 1])  # eyes, nose, mouth, ears
            regions[i] = moved(bounding(points, along(points[:, 0], points[:, 1], 0), 1.0), 0.1, 2.0)
    return regions


def look_at_faces(images: Sequence[ImagePart], regions: Regions, models: Models) -> Faces:
    """Look at the faces in one region of each image, closely.

    Parameters
    ----------
    images : N parts of images
    regions : (N, 4)
    models : all of them

    Returns
    -------
    The faces.
    """
    side = MODELS["face"].side
    raw, presence = models.run("face", cut(images, regions, side))
    points = to_image(raw.reshape(-1, POINTS, 3) / np.float32(side), regions)
    return Faces(points, sigmoid(presence.reshape(-1)), np.ones(len(points), bool))


def glance_at_faces(images: Sequence[ImagePart], regions: Regions, models: Models) -> Faces:
    """Look at the faces by an older mesh.

    It knows faces from the side, and sees none where there is only something like one.

    Parameters
    ----------
    images : N parts of images
    regions : (N, 4)
    models : all of them

    Returns
    -------
    The faces; the middles of the eyes stand for the irises, which that mesh does not know.
    """
    side = MODELS["plain_face"].side
    raw, presence = models.run("plain_face", cut(images, regions, side))
    places = raw.reshape(len(raw), -1, 3) / side
    eyes = np.stack([places[:, corners].mean(1) for corners in _EYE_CORNERS], 1)
    points = to_image(np.concatenate([places, eyes.repeat(5, 1)], 1), regions)
    return Faces(points, sigmoid(presence.reshape(-1)), np.zeros(len(points), bool))


def actions_of_aligned(faces: Image, models: Models) -> FloatArray:
    """Read facial actions off faces that were cut out upright, the eyes where `ALIGNED` says.

    Parameters
    ----------
    faces : (N, 256, 256, 3) uint8 RGB
    models : all of them

    Returns
    -------
    (N, 52) how strongly each of `ACTIONS` is shown, 0..1; NaN where the network sees no face.
    """
    whole = np.array([[faces.shape[2] / 2, faces.shape[1] / 2, faces.shape[1], 0.0]])
    seen = look_at_faces([ImagePart(one) for one in faces], whole.repeat(len(faces), 0), models)
    actions = read_actions(seen.points, models)
    actions[seen.presence < PRESENT] = np.nan
    return actions


def read_actions(points: FloatArray, models: Models) -> FloatArray:
    """Read facial actions off the points of faces.

    Parameters
    ----------
    points : (N, 478, ≥ 2) pixels
    models : all of them

    Returns
    -------
    (N, 52) how strongly each of `ACTIONS` is shown, 0..1.
    """
    return models.run("actions", np.ascontiguousarray(points[:, _READ, :2], np.float32))[0].reshape(len(points), -1)
