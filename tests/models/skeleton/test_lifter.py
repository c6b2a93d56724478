import numpy as np
import pytest
import torch

from kinesics.models.skeleton import lifter
from kinesics.models.skeleton.lifter import Lifter, LifterConfig, forward_kinematics, image_plane, lift
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, make_layout

ARMS = [
    (f"{side}_{a}", f"{side}_{b}") for side in ("left", "right") for a, b in (("shoulder", "elbow"), ("elbow", "wrist"))
]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Lifter(LifterConfig(width=16, dilations=(1, 2), dropout=0.0)).eval()


def flat_sequence(frames=40, seed=0):
    rng = np.random.default_rng(seed)
    still = rng.normal(size=(1, 42, 3)) * 0.3
    xyz = (still + 0.02 * rng.normal(size=(frames, 42, 3))).astype(np.float32)
    xyz[..., 2] = 0
    return SkeletonSequence(xyz, np.ones((frames, 42), np.float32), 25.0, UPPER_BODY, is_3d=False)


def test_bone_vectors_add_up_from_the_neck_and_arms_keep_their_length():
    vectors = torch.randn(2, 30, 42, 3)
    places = forward_kinematics(vectors)
    assert not places[:, :, UPPER_BODY.index("neck")].any()
    chin, nose, head = UPPER_BODY.indices("chin", "nose", "head")
    torch.testing.assert_close(places[:, :, chin], vectors[:, :, [chin, nose, head]].sum(2))
    for a, b in ARMS:
        i, j = UPPER_BODY.indices(a, b)
        length = (places[:, :, i] - places[:, :, j]).norm(dim=-1)
        torch.testing.assert_close(length, vectors[:, :, j].norm(dim=-1).mean(1, keepdim=True).expand_as(length))


def test_the_image_plane_does_not_depend_on_place_and_unit():
    sequence = flat_sequence()
    xy = sequence.xyz[..., :2]
    np.testing.assert_allclose(image_plane(xy, sequence.score), image_plane(500 * xy + 70, sequence.score), atol=1e-4)


def test_the_image_plane_takes_a_lost_neck_from_the_nearest_frame_and_hides_what_is_missing():
    sequence = flat_sequence(6)
    score = sequence.score.copy()
    score[2:, UPPER_BODY.index("neck")] = 0
    score[0, 5] = 0
    flat = image_plane(sequence.xyz[..., :2], score)
    assert not flat[0, 5].any()
    away = sequence.xyz[4, 8, :2] - sequence.xyz[1, UPPER_BODY.index("neck"), :2]
    assert flat[4, 8, 0] / flat[4, 8, 1] == pytest.approx(away[0] / away[1], rel=1e-3)
    nobody = image_plane(np.zeros((4, 42, 2), np.float32), np.zeros((4, 42), np.float32))
    assert not nobody.any()


def test_a_long_recording_is_lifted_in_pieces_as_at_once(network, monkeypatch):
    sequence = flat_sequence(50)
    at_once = lift(sequence, network)
    monkeypatch.setattr(lifter, "PIECE", 7)
    np.testing.assert_allclose(lift(sequence, network).xyz, at_once.xyz, atol=1e-5)


def test_what_is_missing_stays_missing_and_depth_that_is_there_is_kept(network):
    sequence = flat_sequence()
    sequence.score[3:9, 11] = 0
    lifted = lift(sequence, network)
    assert lifted.is_3d
    assert not lifted.xyz[3:9, 11].any()
    np.testing.assert_array_equal(lifted.score, sequence.score)
    assert np.abs(lifted.xyz[..., 2]).max() > 0
    assert lift(lifted, network) is lifted
    pair = make_layout("pair", {"neck": None, "head": "neck"})
    other = SkeletonSequence(np.zeros((2, 2, 3), np.float32), np.ones((2, 2), np.float32), 25.0, pair)
    with pytest.raises(ValueError, match="upper_body"):
        lift(other, network)


def test_the_neck_moves_in_the_image_plane(network):
    sequence = flat_sequence()
    moved = sequence.xyz + np.array([100, 0, 0], np.float32) * np.linspace(0, 1, 40)[:, None, None].astype(np.float32)
    lifted = lift(SkeletonSequence(moved, sequence.score, 25.0, UPPER_BODY, is_3d=False), network)
    neck = lifted.xyz[:, UPPER_BODY.index("neck")]
    steps = np.diff(neck[:, 0])
    assert (np.sign(steps) == np.sign(steps[0])).all()
    assert abs(steps).min() > 0
    assert not neck[:, 2].any()
