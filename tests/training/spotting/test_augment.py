"""Variations of recordings, whose events move with them."""

import numpy as np
import pytest

from kinesics.data.sets.shrec21 import HAND_20
from kinesics.training.spotting.augment import SpottingAugmentation, Stretch, paste, sample, vary, window_places

RAMP = np.tile(np.arange(100, dtype=np.float32)[:, None, None], (1, 20, 3))


def stretch(xyz=RAMP, *events):
    return Stretch(xyz, np.ones(xyz.shape[:2], np.float32), events)


def test_events_are_where_their_frames_are_whatever_the_tempo():
    rng = np.random.default_rng(0)
    whole = stretch(RAMP, (3, 40.0, 60.0))
    for _ in range(20):
        places = window_places(80, 100, rng, SpottingAugmentation(), 0.5)
        window, real = sample(whole, places)
        ((label, start, end),) = window.events
        assert label == 3
        inside = [np.interp(edge, np.arange(80), window.xyz[:, 0, 0]) for edge in (start, end)]
        expected = np.clip([40, 60], places[0], places[-1])
        np.testing.assert_allclose(inside, expected, atol=0.6)
        assert real[: int(end)].all()


def test_what_lies_behind_the_end_is_not_real():
    window, real = sample(stretch(), np.arange(90.0, 120.0))
    assert real.sum() == 10
    assert (window.xyz[10:] == 99).all()


def test_an_event_of_which_little_is_inside_is_left_out():
    window, _ = sample(stretch(RAMP, (0, 0.0, 50.0), (1, 35.0, 60.0)), np.arange(40.0, 80.0))
    assert [event[0] for event in window.events] == [1]


def test_a_gesture_is_copied_where_none_is_and_the_body_stays_where_it_is():
    rng = np.random.default_rng(0)
    background = stretch(np.zeros((200, 20, 3), np.float32) + 5, (0, 20.0, 60.0))
    gesture = Stretch(np.full((20, 20, 3), 9, np.float32), np.ones((20, 20), np.float32), ((4, 5.0, 15.0),))
    pasted = paste(background, gesture, rng, 25.0, 0)
    (_, (label, start, end)) = pasted.events
    assert label == 4
    assert end - start == 10
    assert end < 20 or start > 60
    assert pasted.xyz == pytest.approx(5), "its root is brought to the body's"
    assert paste(background, gesture, rng, 25.0, None).xyz.max() == 9


def test_no_place_no_copy():
    full = stretch(RAMP, (0, 0.0, 100.0))
    gesture = Stretch(RAMP[:20], np.ones((20, 20), np.float32), ((4, 5.0, 15.0),))
    assert paste(full, gesture, np.random.default_rng(0), 25.0, 0) is full


def test_bones_change_alike_in_all_frames():
    rng = np.random.default_rng(0)
    still = np.tile(rng.normal(size=(1, 20, 3)), (10, 1, 1)).astype(np.float32)
    how = SpottingAugmentation(bones=0.3)
    quiet = SpottingAugmentation(bones=0.3, joints=type(how.joints)(turn=(0, 0, 0), stretch=0, jitter=0, mirror=0,
        flatten=0, hand=0, face=0, hips=0, joints=0))  # fmt: skip
    xyz, _ = vary(stretch(still), rng, HAND_20, quiet)
    assert np.ptp(xyz, axis=0).max() < 1e-5
    before, after = (np.linalg.norm(np.diff(x[0][[0, 1]], axis=0)) for x in (still, xyz))
    assert 0.7 <= after / before <= 1.3
    assert after != pytest.approx(before)
