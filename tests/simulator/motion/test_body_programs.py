"""The gestures of trunk, head and face show where and when they should."""

from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("anny") is None:  # not imported: that takes seconds
    pytest.skip("needs the simulate extra (anny)", allow_module_level=True)

from kinesics.simulator.motion.body_programs import BODY_PROGRAMS
from kinesics.simulator.motion.programs import rest
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.person.body import Shape
from kinesics.skeleton import UPPER_BODY

START, END, FPS = 3.5, 5.5, 25.0


def scene(seed, seconds=10.0):
    return Scene(Shape(), np.random.default_rng(seed), round(seconds * FPS), FPS, "chair")


def curves(made):
    return np.concatenate([np.stack(list(made.channels.values()), 1), made.face], 1)


def movement(gesture, seed):
    """(T, 42, 3) joints and (T,) seconds of the gesture alone, both hands at rest."""
    made = scene(seed)
    rest(made, "lap")
    gesture(made, START, END)
    return made.body.joints(made.pose()), made.t


def height(joints, *names):
    return joints[:, UPPER_BODY.indices(*names), 2].mean(1)


def change(values, t):
    """How far a curve goes from its first value between onset and offset."""
    during = values[(t >= START) & (t <= END)] - values[0]
    return during[np.abs(during).argmax()]


@pytest.mark.parametrize("gesture", BODY_PROGRAMS.values(), ids=BODY_PROGRAMS)
@pytest.mark.parametrize("seed", range(4))
def test_a_gesture_is_seen_inside_its_span_and_over_soon_after(gesture, seed):
    made = scene(seed, 20.0)
    gesture(made, START, END)
    moved = np.abs(curves(made)).max(1)
    assert moved[(made.t > START) & (made.t < END)].max() > 0.1
    assert moved[made.t < START - 3].max() == 0
    assert moved[made.t > END + 4].max() == 0


@pytest.mark.parametrize("gesture", BODY_PROGRAMS.values(), ids=BODY_PROGRAMS)
def test_gestures_vary(gesture):
    seen = []
    for seed in (1, 2):
        made = scene(seed)
        gesture(made, START, END)
        seen.append(curves(made))
    assert np.abs(seen[0] - seen[1]).max() > 0.01


@pytest.mark.parametrize("seed", range(3))
def test_the_turtle_puts_its_head_forwards_between_its_shoulders(seed):
    joints, t = movement(BODY_PROGRAMS["turtle neck"], seed)
    assert change(joints[:, UPPER_BODY.index("nose"), 1] - joints[:, UPPER_BODY.index("neck"), 1], t) < -0.03
    gap = height(joints, "chin") - height(joints, "left_shoulder", "right_shoulder")
    assert change(gap, t) < -0.04


@pytest.mark.parametrize("seed", range(3))
def test_a_deep_breath_lifts_the_shoulders_and_puffs_the_cheeks(seed):
    joints, t = movement(BODY_PROGRAMS["deep breath (puff cheeks)"], seed)
    assert change(height(joints, "left_shoulder", "right_shoulder"), t) > 0.015
    nose, cheek = (joints[:, UPPER_BODY.index(name)] for name in ("nose", "left_cheek"))
    assert np.abs(change(np.linalg.norm(nose - cheek, axis=1), t)) > 0.0005


@pytest.mark.parametrize("seed", range(5))
def test_a_moving_torso_takes_the_neck_along(seed):
    joints, t = movement(BODY_PROGRAMS["move torso"], seed)
    shoulders = joints[:, UPPER_BODY.indices("left_shoulder", "right_shoulder")]
    assert np.linalg.norm(shoulders - shoulders[0], axis=-1)[(t > START) & (t < END)].max() > 0.05


@pytest.mark.parametrize("seed", range(3))
def test_who_sits_up_straight_grows(seed):
    joints, t = movement(BODY_PROGRAMS["sit straight"], seed)
    tall, slouched = (height(joints, "nose")[np.abs(t - moment).argmin()] for moment in (END + 0.1, START - 0.1))
    assert tall - slouched > 0.04


@pytest.mark.parametrize("seed", range(3))
def test_the_raised_head_shows_its_chin(seed):
    joints, t = movement(BODY_PROGRAMS["head up"], seed)
    face = joints[:, UPPER_BODY.index("chin")] - joints[:, UPPER_BODY.index("forehead")]
    pitch = np.degrees(np.arctan2(-face[:, 1], -face[:, 2]))
    assert change(pitch, t) > 18


@pytest.mark.parametrize("seed", range(5))
def test_the_bitten_lip_vanishes(seed):
    joints, t = movement(BODY_PROGRAMS["bite lip"], seed)
    lip, mouth = (joints[:, UPPER_BODY.index(name)] for name in ("lower_lip", "upper_lip_inner"))
    thickness = np.linalg.norm(lip - mouth, axis=1)
    middle = np.abs(t - (START + END) / 2).argmin()
    assert thickness[middle] < thickness[0] - 0.001


@pytest.mark.parametrize("seed", range(6))
def test_a_shrug_lifts_a_shoulder(seed):
    joints, t = movement(BODY_PROGRAMS["shake shoulders"], seed)
    assert max(change(height(joints, f"{side}_shoulder"), t) for side in ("left", "right")) > 0.025
