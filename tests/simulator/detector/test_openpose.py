"""OpenPose's points on the simulated body, and what is found of them."""

import numpy as np
import pytest

pytest.importorskip("anny", reason="needs the simulate extra (anny)")

from kinesics.simulator.camera import look_at, shaken
from kinesics.simulator.detector.openpose import LIGHT_HAND_COLUMNS, detect_openpose, openpose_points
from kinesics.simulator.person.body import FACIAL_ACTIONS, Body, Shape, rest_pose
from kinesics.skeleton import SkeletonSequence, to_upper_body
from kinesics.skeleton.layouts import LIGHT_HAND, OPENPOSE_137, UPPER_BODY

BODY = Body(Shape(gender=0.2, weight=0.7))
SIZE = (640, 360)


def face(points: np.ndarray, *numbers: int) -> np.ndarray:
    return points[0, [25 + number for number in numbers]]


def front(joints: np.ndarray, height: float = 2.2):
    return look_at(joints[0, UPPER_BODY.index("pelvis")] + (0, 0, 0.2), distance=2.4, height=height)


def test_the_points_are_the_joints_that_kinesics_reads_out_of_them():
    pose = rest_pose(1)
    points, joints = openpose_points(BODY, pose), BODY.joints(pose)
    read = to_upper_body(SkeletonSequence(points, np.ones(points.shape[:2], np.float32), 25.0, OPENPOSE_137))
    known = read.score[0] > 0
    assert known.sum() >= 37
    away = np.linalg.norm(read.xyz[0] - joints[0], axis=-1)[known]
    assert away.max() < 0.006, UPPER_BODY.joints[np.flatnonzero(known)[away.argmax()]]


def test_left_mirrors_right_and_the_face_is_in_order():
    points = openpose_points(BODY, rest_pose(1))
    for left, right in OPENPOSE_137.pairs:
        np.testing.assert_allclose(points[0, left], points[0, right] * (-1, 1, 1), atol=0.002)
    right_to_left = face(points, *range(17))[:, 0]
    assert (np.diff(right_to_left) > 0).all()
    assert (np.diff(face(points, 27, 28, 29, 30, 33, 51, 62, 66, 57, 8)[:, 2]) < 0).all()  # down the middle
    assert len(np.unique(points[0], axis=0)) >= 135  # the hands' wrists are the body's


def test_the_face_moves_its_points():
    pose = rest_pose(2)
    pose.face[1, FACIAL_ACTIONS.index("jawOpen")] = 1
    points = openpose_points(BODY, pose)[:, 25:95]
    gap = points[:, 62, 2] - points[:, 66, 2]
    assert gap[1] > gap[0] + 0.015
    np.testing.assert_allclose(points[0, 36:48], points[1, 36:48], atol=0.002)


def test_detections_are_near_the_truth_and_follow_a_trembling_camera():
    pose = rest_pose(200)
    points, joints = openpose_points(BODY, pose), BODY.joints(pose)
    cameras = shaken(front(joints), 0.5, len(pose), 3)
    found = detect_openpose(joints, points, cameras, SIZE, np.random.default_rng(2), fps=25)
    true = np.stack([camera.project(at) for camera, at in zip(cameras, points, strict=True)]) * SIZE
    seen = found[..., 2] > 0
    assert found.shape == (200, 137, 3)
    assert seen[:, :8].all()
    assert np.median(np.linalg.norm(found[..., :2] - true, axis=-1)[seen]) < 0.02 / 2.2 * SIZE[1]
    assert found[..., 2].max() <= 1
    assert not found[~seen].any()


def test_what_is_under_the_table_or_outside_is_lost():
    pose = rest_pose(50)
    points, joints = openpose_points(BODY, pose), BODY.joints(pose)
    found = detect_openpose(
        joints, points, [front(joints)] * 50, SIZE, np.random.default_rng(4), fps=25, table=joints[0, 1, 2] - 0.03
    )
    legs = OPENPOSE_137.indices("left_knee", "right_ankle", "left_heel", "right_big_toe")
    assert not found[:, legs].any()
    assert (found[:, OPENPOSE_137.index("neck"), 2] > 0).all()


def test_the_light_file_has_the_body_and_ten_fingertips():
    assert tuple(OPENPOSE_137.joints[column] for column in LIGHT_HAND_COLUMNS) == LIGHT_HAND.joints
