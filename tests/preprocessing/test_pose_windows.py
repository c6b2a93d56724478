import numpy as np

from kinesics.models.emotion.joint_groups import IMIGUE_JOINTS
from kinesics.preprocessing.pose_windows import FRAMES, POSE_JOINTS, pose_tokens
from kinesics.skeleton import UPPER_BODY, SkeletonSequence


def sequence(length, fps=10.0):
    rng = np.random.default_rng(0)
    xyz = rng.normal(size=(length, len(UPPER_BODY), 3)).astype(np.float32)
    return SkeletonSequence(xyz, np.ones((length, len(UPPER_BODY)), np.float32), fps, UPPER_BODY)


def test_windows_are_equally_long_and_hold_every_joint_in_the_networks_order():
    tokens, seconds = pose_tokens(sequence(240), 4.0)
    assert tokens.shape == (6, 3 * FRAMES * 22)
    np.testing.assert_allclose(seconds, np.arange(6) * 4 + 2)
    clip = tokens[0].reshape(3, FRAMES, 22)
    assert (clip[2] == 1).all()  # the scores
    names = [name.replace("little", "pinky") for name in IMIGUE_JOINTS.names]
    assert names == list(POSE_JOINTS)


def test_a_joint_that_is_missing_is_zero_and_a_move_of_the_camera_changes_nothing():
    still = sequence(104)
    score = still.score.copy()
    score[:, UPPER_BODY.index("left_thumb_tip")] = 0
    moved = SkeletonSequence(still.xyz * 2 + 5, score, 10.0, UPPER_BODY)
    tokens, _ = pose_tokens(moved, 10.4)
    clip = tokens[0].reshape(3, FRAMES, 22)
    assert (clip[:, :, POSE_JOINTS.index("left_thumb_tip")] == 0).all()
    expected = pose_tokens(SkeletonSequence(still.xyz, score, 10.0, UPPER_BODY), 10.4)[0]
    np.testing.assert_allclose(tokens, expected, atol=1e-4)


def test_no_frames_give_no_tokens():
    tokens, seconds = pose_tokens(sequence(0), 4.0)
    assert (tokens.shape, seconds.shape) == ((0, 3 * FRAMES * 22), (0,))
