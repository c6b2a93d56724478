from __future__ import annotations

import numpy as np
import pytest
from support.mediapipe_reference import Reference

from kinesics.perception.openvino.models import Models
from kinesics.perception.openvino.pose import detect_pose, detected_regions, look_at_poses, refined
from kinesics.perception.openvino.regions import ImagePart


def test_the_body_is_where_mediapipe_sees_it(models: Models, reference: Reference) -> None:
    regions = np.concatenate([detected_regions(detect_pose(view, models)[:1]) for view in reference.views])
    poses = look_at_poses(reference.views, regions, models)
    theirs = reference["pose_landmarks"]
    seen = theirs[..., 3] > 0.5
    off = np.linalg.norm(poses.points[:, :33, :2] - theirs[..., :2], axis=-1)[seen] / reference.shoulders
    assert np.median(off) < 0.01
    assert np.percentile(off, 95) < 0.03
    assert np.abs(poses.visibility - theirs[..., 3]).max() < 0.08
    assert np.median(np.abs(poses.world - reference["pose_world_landmarks"][..., :3])) < 0.01
    assert (poses.presence > 0.5).all()
    depth = np.abs(poses.points[:, :33, 2] - theirs[..., 2])[seen] / reference.shoulders
    assert np.median(depth) < 0.05


def test_bodies_found_ask_for_about_the_region_they_were_found_in(models: Models, reference: Reference) -> None:
    region = detected_regions(detect_pose(reference.views[0], models)[:1])
    own = look_at_poses(reference.views[:1], region, models).regions()
    assert own[0, :3] == pytest.approx(region[0, :3], rel=0.2)


def test_nobody_is_found_where_nobody_is(models: Models) -> None:
    empty = ImagePart(np.full((240, 320, 3), 90, np.uint8))
    assert detect_pose(empty, models).shape == (0, 13)
    assert look_at_poses([empty], np.array([[160.0, 120.0, 200.0, 0.0]]), models).presence[0] < 0.1


def test_a_heat_map_moves_a_point_to_its_middle_if_it_is_sure() -> None:
    heat = np.full((1, 64, 64, 2), -20, np.float32)
    heat[0, 30, 33] = 4
    heat[0, 30, 34, 0] = 4
    heat[0, 30, 33, 1] = -1  # not sure enough
    places = np.array([[[0.5, 0.5], [0.5, 0.5]]], np.float32)
    moved = refined(places, heat)
    assert moved[0, 0] == pytest.approx([33.5 / 64, 30 / 64], abs=1e-3)
    assert moved[0, 1] == pytest.approx([0.5, 0.5])
    outside = np.array([[[1.2, 0.5], [-0.1, 0.5]]], np.float32)
    assert refined(outside, heat) == pytest.approx(outside)
