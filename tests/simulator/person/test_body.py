"""The simulated body: exact against Anny, and its joints where a landmark engine would see them."""

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

if find_spec("anny") is None:  # not imported: that takes seconds
    pytest.skip("needs the simulate extra (anny)", allow_module_level=True)

from support import paths

from kinesics.simulator.person.body import (
    BONE,
    BONES,
    CORRECTIONS,
    FACIAL_ACTIONS,
    Body,
    Pose,
    Shape,
    random_shape,
    rest_pose,
    rotation_matrices,
)
from kinesics.skeleton import UPPER_BODY

REFERENCE = paths.REFERENCE / "anny_pose.npz"
SHAPE = Shape(gender=0.2, age=0.8, muscle=0.6, weight=0.4, height=0.5, proportions=0.7)


@pytest.fixture(scope="module")
def body():
    return Body(SHAPE)


def random_pose(frames, seed=0):
    rng = np.random.default_rng(seed)
    rotations = rng.normal(0, 0.25, (frames, len(BONES), 3)).astype(np.float32)
    root = rng.normal(0, 0.5, (frames, 3)).astype(np.float32)
    return Pose(rotations, root, rng.uniform(0, 0.6, (frames, len(FACIAL_ACTIONS))).astype(np.float32))


def joint(joints, name):
    return joints[:, UPPER_BODY.index(name)]


def test_vertices_are_those_of_anny(body):
    with np.load(REFERENCE) as file:
        face = file["face"].copy()
        for name, (other, share) in CORRECTIONS.items():  # of which Anny knows nothing
            face[:, FACIAL_ACTIONS.index(other)] -= share * face[:, FACIAL_ACTIONS.index(name)]
        pose = Pose(file["rotations"], file["root"], face)
        np.testing.assert_allclose(body.vertices(pose)[:, file["vertices"]], file["points"], atol=2e-6)


def test_joints_on_the_skin_are_points_of_the_mesh(body):
    pose = random_pose(3)
    joints, vertices = body.joints(pose), body.vertices(pose)
    for name, vertex in (("nose", 5038), ("chin", 5280), ("left_index_tip", 8563), ("right_thumb_tip", 2664)):
        np.testing.assert_allclose(joint(joints, name), vertices[:, vertex], atol=2e-6)


def test_surface_points_lie_on_the_mesh_and_normals_point_out(body):
    pose = random_pose(2)
    chosen = np.arange(0, 13718, 500)
    points, normals = body.surface(*body.forward(pose), chosen)
    still = Pose(pose.rotations, pose.root, np.zeros_like(pose.face))
    np.testing.assert_allclose(points, body.vertices(still)[:, chosen], atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-5)
    nose = body.surface(*body.forward(rest_pose(1)), np.array([5038]))[1][0, 0]
    assert nose[1] < -0.9  # the person faces −y


def test_bones_keep_their_lengths(body):
    pose = random_pose(20)
    # bones between two joints of the layout only twist in life
    pose.rotations[
        :, [i for i, name in enumerate(BONES) if name.startswith(("upperarm02", "lowerarm02", "metacarpal"))]
    ] = 0
    _, heads = body.forward(pose)
    for side in "LR":
        for one, other in (("upperarm01", "lowerarm01"), ("lowerarm01", "wrist"), ("wrist", "finger2-1")):
            lengths = np.linalg.norm(heads[:, BONE[f"{one}.{side}"]] - heads[:, BONE[f"{other}.{side}"]], axis=1)
            np.testing.assert_allclose(lengths, lengths[0], rtol=1e-4)


def test_marked_joints_stay_inside_the_limb(body):
    pose = random_pose(20)
    _, heads = body.forward(pose)
    joints = body.joints(pose)
    for side in ("left", "right"):
        for name, bone in (("shoulder", "upperarm01"), ("elbow", "lowerarm01"), ("wrist", "wrist")):
            away = np.linalg.norm(joint(joints, f"{side}_{name}") - heads[:, BONE[f"{bone}.{side[0].upper()}"]], axis=1)
            np.testing.assert_allclose(away, away[0], rtol=1e-3)
            assert 0.005 < away[0] < 0.04


def test_the_resting_body_is_symmetric_and_left_is_left(body):
    joints = body.joints(rest_pose(1))[0]
    assert joints[UPPER_BODY.index("left_wrist"), 0] > 0.2
    np.testing.assert_allclose(joints[UPPER_BODY.mirror] * (-1, 1, 1), joints, atol=0.003)


def test_the_face_is_in_order_from_forehead_to_chin(body):
    joints = body.joints(rest_pose(1))
    names = ("forehead", "left_brow", "left_eye", "nose", "upper_lip", "upper_lip_inner", "lower_lip", "chin")
    heights = [float(joint(joints, name)[0, 2]) for name in names]
    assert heights == sorted(heights, reverse=True)
    assert joint(joints, "nose")[0, 1] == joints[0, :, 1][UPPER_BODY.indices("nose", "chin", "left_ear", "neck")].min()


@pytest.mark.parametrize(
    ("action", "moved", "direction", "still"),
    [
        ("jawOpen", "lower_lip", (0, 0, -1), "nose"),
        ("cheekPuff", "left_cheek", (0, -1, 0), "nose"),
        ("browInnerUp", "left_brow", (0, 0, 1), "chin"),
        ("mouthRollLower", "lower_lip", (0, 0, 1), "forehead"),
        ("mouthSmileLeft", "left_mouth_corner", (1, 0, 0), "right_eye"),
    ],
)
def test_facial_actions_move_their_part_of_the_face(body, action, moved, direction, still):
    face = np.zeros((1, len(FACIAL_ACTIONS)), np.float32)
    face[0, FACIAL_ACTIONS.index(action)] = 1
    calm = rest_pose(1)
    change = body.joints(Pose(calm.rotations, calm.root, face)) - body.joints(calm)
    assert joint(change, moved)[0] @ np.array(direction) > 0.001
    assert np.abs(joint(change, still)).max() < 0.001


def test_a_rolled_lower_lip_closes_the_mouth(body):
    face = np.zeros((1, len(FACIAL_ACTIONS)), np.float32)
    face[0, FACIAL_ACTIONS.index("mouthRollLower")] = 1
    calm = rest_pose(1)
    joints = body.joints(Pose(calm.rotations, calm.root, face))
    assert joint(joints, "lower_lip")[0, 2] > joint(joints, "upper_lip_inner")[0, 2] - 0.002


def test_turning_the_head_leaves_the_shoulders(body):
    calm = rest_pose(1)
    rotations = calm.rotations.copy()
    rotations[0, BONE["head"]] = (0, 0, 0.5)  # to the person's left
    change = body.joints(Pose(rotations, calm.root, calm.face)) - body.joints(calm)
    assert joint(change, "nose")[0, 0] > 0.03
    assert np.abs(joint(change, "left_shoulder")).max() == 0


def test_random_people_are_adults_of_human_size():
    rng = np.random.default_rng(1)
    statures = []
    for _ in range(30):
        reference = Body(random_shape(rng)).vertices(rest_pose(1))[0]
        statures.append(np.ptp(reference[:, 2]))
    assert min(statures) > 1.4
    assert max(statures) < 2.15


def test_the_same_seed_gives_the_same_person():
    assert random_shape(np.random.default_rng(5)) == random_shape(np.random.default_rng(5))


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_axis_angles_become_rotations(vector):
    rotvec = np.array(vector)
    matrix = rotation_matrices(rotvec)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(matrix @ rotvec, rotvec, atol=1e-4)
    np.testing.assert_allclose(rotation_matrices(-rotvec), matrix.T, atol=1e-6)
    angle = np.linalg.norm(rotvec)
    assert np.trace(matrix) == pytest.approx(1 + 2 * np.cos(angle), abs=1e-4)
