"""The gestures of trunk, head and face show where and when they should."""

from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("anny") is None:  # not imported: that takes seconds
    pytest.skip("needs the simulate extra (anny)", allow_module_level=True)

from kinesics.simulator.motion.body_programs import BODY_WAYS
from kinesics.simulator.motion.programs import rest
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.person.body import Shape
from kinesics.skeleton import UPPER_BODY

START, END, FPS = 3.5, 5.5, 25.0
ALL = [(name, way) for name, ways in BODY_WAYS.items() for way in ways]


def scene(seed, seconds=10.0):
    return Scene(Shape(), np.random.default_rng(seed), round(seconds * FPS), FPS, "chair")


def curves(made):
    return np.concatenate([np.stack(list(made.channels.values()), 1), made.face], 1)


def movement(name, way, seed):
    """(T, 42, 3) joints and (T,) seconds of the gesture alone, both hands at rest."""
    made = scene(seed)
    rest(made, "lap")
    BODY_WAYS[name][way][1](made, START, END)
    return made.body.joints(made.pose()), made.t


def height(joints, *names):
    return joints[:, UPPER_BODY.indices(*names), 2].mean(1)


def change(values, t):
    """How far a curve goes from its first value between onset and offset."""
    during = values[(t >= START) & (t <= END)] - values[0]
    return during[np.abs(during).argmax()]


@pytest.mark.parametrize(("name", "way"), ALL)
def test_a_gesture_is_seen_inside_its_span_and_over_soon_after(name, way):
    for seed in range(3):
        made = scene(seed, 20.0)
        rest(made, "lap")
        BODY_WAYS[name][way][1](made, START, END)
        moved = np.abs(curves(made)).max(1)
        assert moved[(made.t > START) & (made.t < END)].max() > 0.1
        if name != "sitting straightly":  # one may have slouched for long
            assert moved[made.t < START - 3].max() == 0
        assert moved[made.t > END + 4].max() < 1e-9


@pytest.mark.parametrize(("name", "way"), ALL)
def test_gestures_vary(name, way):
    seen = []
    for seed in (1, 2):
        made = scene(seed)
        rest(made, "lap")
        BODY_WAYS[name][way][1](made, START, END)
        seen.append(curves(made))
    assert np.abs(seen[0] - seen[1]).max() > 0.01


@pytest.mark.parametrize("way", BODY_WAYS["turtle neck"])
def test_the_turtle_draws_its_head_between_its_shoulders(way):
    joints, t = movement("turtle neck", way, 1)
    assert change(joints[:, UPPER_BODY.index("nose"), 1] - joints[:, UPPER_BODY.index("neck"), 1], t) < -0.01
    gap = height(joints, "chin") - height(joints, "left_shoulder", "right_shoulder")
    assert change(gap, t) < -0.04


@pytest.mark.parametrize("way", ["breath blown out", "deep breath"])
def test_a_deep_breath_lifts_the_shoulders(way):
    joints, t = movement("bulging face or deep breath", way, 1)
    assert change(height(joints, "left_shoulder", "right_shoulder"), t) > 0.015


@pytest.mark.parametrize("way", ["breath blown out", "cheeks blown up"])
def test_cheeks_are_blown_up(way):
    joints, t = movement("bulging face or deep breath", way, 1)
    nose, cheek = (joints[:, UPPER_BODY.index(name)] for name in ("nose", "left_cheek"))
    assert np.abs(change(np.linalg.norm(nose - cheek, axis=1), t)) > 0.0005


@pytest.mark.parametrize("way", BODY_WAYS["moving torso"])
def test_a_moving_torso_takes_the_shoulders_along(way):
    joints, t = movement("moving torso", way, 2)
    shoulders = joints[:, UPPER_BODY.indices("left_shoulder", "right_shoulder")]
    assert np.linalg.norm(shoulders - shoulders[0], axis=-1)[(t > START) & (t < END)].max() > 0.05


@pytest.mark.parametrize("way", BODY_WAYS["sitting straightly"])
def test_who_sits_up_straight_grows(way):
    joints, t = movement("sitting straightly", way, 1)
    tall, slouched = (height(joints, "nose")[np.abs(t - moment).argmin()] for moment in (END + 0.1, START - 0.1))
    assert tall - slouched > 0.03


@pytest.mark.parametrize("way", BODY_WAYS["head up"])
def test_the_raised_head_shows_its_chin(way):
    joints, t = movement("head up", way, 1)
    face = joints[:, UPPER_BODY.index("chin")] - joints[:, UPPER_BODY.index("forehead")]
    pitch = np.degrees(np.arctan2(-face[:, 1], -face[:, 2]))
    assert change(pitch, t) > 12


@pytest.mark.parametrize("way", BODY_WAYS["pressing lips"])
def test_pressed_lips_grow_thin(way):
    joints, t = movement("pressing lips", way, 1)
    lower, upper = (joints[:, UPPER_BODY.index(name)] for name in ("lower_lip", "upper_lip"))
    thickness = np.linalg.norm(lower - upper, axis=1)
    middle = np.abs(t - (START + END) / 2).argmin()
    assert thickness[middle] < 0.7 * thickness[0]


@pytest.mark.parametrize("way", BODY_WAYS["shaking shoulders"])
def test_a_shrug_lifts_a_shoulder(way):
    joints, t = movement("shaking shoulders", way, 3)
    assert max(change(height(joints, f"{side}_shoulder"), t) for side in ("left", "right")) > 0.015


@pytest.mark.parametrize(("way", "hands"), [("both palms up", 2), ("one palm up", 1)])
def test_palms_turn_up_in_a_shrug(way, hands):
    joints, t = movement("shaking shoulders", way, 3)
    risen = [change(height(joints, f"{side}_wrist"), t) > 0.05 for side in ("left", "right")]
    assert sum(risen) == hands
