from __future__ import annotations

import numpy as np
import pytest
from support.mediapipe_reference import Reference

from kinesics.perception.actions import ACTIONS
from kinesics.perception.openvino.face import (
    POINTS,
    detected_face_regions,
    glance_at_faces,
    head_regions,
    look_at_faces,
    read_actions,
)
from kinesics.perception.openvino.models import Models
from kinesics.perception.openvino.regions import ImagePart, apart


@pytest.mark.parametrize("reference", ["signing_webcam.mp4", "woman_covers_face.mp4"], indirect=True)
def test_the_face_is_where_mediapipe_sees_it(models: Models, reference: Reference) -> None:
    regions = detected_face_regions(reference.views, head_regions(reference["pose_landmarks"]), models)
    faces = look_at_faces(reference.views, regions, models)
    for _ in range(2):
        faces = look_at_faces(reference.views, faces.regions(), models)
    theirs = reference["face"]
    width = np.linalg.norm(theirs[:, 454, :2] - theirs[:, 234, :2], axis=-1)[:, None]
    off = np.linalg.norm(faces.points[..., :2] - theirs[..., :2], axis=-1) / width
    assert faces.points.shape == (len(reference.views), POINTS, 3)
    assert np.nanmedian(off) < 0.015
    assert np.nanpercentile(off, 95) < 0.035
    assert (faces.presence > 0.5).all()
    plain = glance_at_faces(reference.views, faces.regions(), models)
    assert (plain.presence > 0.5).all()
    assert not plain.close.any()
    assert np.nanmedian(np.linalg.norm(plain.points[..., :2] - theirs[..., :2], axis=-1) / width) < 0.05
    assert (apart(plain.regions(), faces.regions()) < 0.15).all()


def test_actions_of_the_same_points_are_mediapipes(models: Models, reference: Reference) -> None:
    theirs = reference["face"]
    there = np.isfinite(theirs[:, 0, 0])
    actions = read_actions(theirs[there], models)
    assert actions.shape == (there.sum(), len(ACTIONS))
    # the points were kept as half floats, which moves them by up to a quarter of a pixel
    assert np.abs(actions - reference["actions"][there]).max() < 0.1
    assert np.abs(actions - reference["actions"][there]).mean() < 0.01


def test_a_face_is_not_seen_in_an_empty_image(models: Models) -> None:
    empty, where = ImagePart(np.full((240, 320, 3), 90, np.uint8)), np.array([[160.0, 120.0, 150.0, 0.0]])
    assert np.isnan(detected_face_regions([empty], where, models)).all()
    assert look_at_faces([empty], where, models).presence[0] < 0.1
    assert glance_at_faces([empty], where, models).presence[0] < 0.1
