import numpy as np

from kinesics.preprocessing.face_motion import NEUTRAL_SECONDS, against_neutral


def test_a_face_at_rest_shows_no_motion_whatever_it_looks_like_at_rest():
    actions = np.tile(np.array([0.1, 0.6, 0.0], np.float32), (20, 1))
    tokens = against_neutral(actions, np.arange(20, dtype=np.float32))
    np.testing.assert_array_equal(tokens[:, :3], actions)
    np.testing.assert_array_equal(tokens[:, 3:], 0)


def test_an_episode_is_told_against_the_persons_own_neutral():
    actions = np.full((21, 1), 0.4, np.float32)
    actions[10:13] = 0.9
    motion = against_neutral(actions, np.arange(21, dtype=np.float32))[:, 1]
    np.testing.assert_allclose(motion[10:13], 0.5)
    np.testing.assert_allclose(np.delete(motion, [10, 11, 12]), 0, atol=1e-7)


def test_the_neutral_face_is_of_the_last_minute_and_never_of_what_comes_later():
    seconds = np.arange(0, 3 * NEUTRAL_SECONDS, dtype=np.float32)
    actions = np.where(seconds < NEUTRAL_SECONDS, 0.2, 0.5).astype(np.float32)[:, None]
    motion = against_neutral(actions, seconds)[:, 1]
    assert motion[int(NEUTRAL_SECONDS) + 1] > 0.29  # the change has just come
    np.testing.assert_allclose(motion[-1], 0, atol=1e-7)
    early = against_neutral(actions[:70], seconds[:70])[:, 1]
    np.testing.assert_array_equal(early, motion[:70])


def test_nobody_seen_gives_no_tokens():
    assert against_neutral(np.zeros((0, 52), np.float32), np.zeros(0, np.float32)).shape == (0, 104)
