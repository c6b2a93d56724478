"""Background movement is alive, and no gesture."""

from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("anny") is None:  # not imported: that takes seconds
    pytest.skip("needs the simulate extra (anny)", allow_module_level=True)

from kinesics.simulator.motion import everyday
from kinesics.simulator.motion.programs import rest
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.person.body import FACIAL_ACTIONS, Body, Shape, rest_pose
from kinesics.skeleton import UPPER_BODY

FPS = 25.0


def scene(seed, seconds=10.0):
    return Scene(Shape(), np.random.default_rng(seed), round(seconds * FPS), FPS, "chair")


def curves(made):
    return np.concatenate([np.stack(list(made.channels.values()), 1), made.face], 1)


def height(joints, *names):
    return joints[:, UPPER_BODY.indices(*names), 2].mean(1)


@pytest.mark.parametrize("seed", range(5))
def test_background_movement_is_alive_but_no_gesture(seed):
    made = scene(seed)
    everyday.everyday(made, talking=False)
    assert np.ptp(made.channels["chest"]) > 0.005  # breath
    for channel in ("bend", "shrug_left", "jut", "slouch"):
        assert np.ptp(made.channels[channel]) < 0.15
    assert np.abs(np.diff(curves(made)[:, :5], axis=0)).max() < 0.05  # no jumps


def test_talking_moves_the_jaw():
    def jaw(talking):
        made = scene(3)
        everyday.speech(made) if talking else None
        return everyday.FACIAL_ACTIONS.index("jawOpen"), made.face

    index, face = jaw(True)
    assert np.diff(np.sign(np.diff(face[:, index]))).astype(bool).sum() > 20  # syllables
    assert jaw(False)[1].max() == 0


@pytest.mark.parametrize("seed", range(10))
def test_idle_hands_leave_busy_spans_alone(seed):
    made = scene(seed, 30.0)
    rest(made, "lap")
    everyday.hands(made, busy=((10.0, 14.0),))
    for goals in made.goals.values():
        for goal in goals[1:]:
            assert goal.end <= 10.0 or goal.start >= 14.0 or goal.end > 1e8


def test_names_with_a_star_stand_for_both_sides():
    made = scene(0)
    everyday.add(made, {"shrug_*": 0.2, "eyeBlink*": 0.5, "nod": 0.1})
    assert made.channels["shrug_left"][0] == made.channels["shrug_right"][0] == 0.2
    assert sorted(made.face[0])[-2:] == [0.5, 0.5]
    assert made.face[0].sum() == 1


def test_feelings_show_by_their_sign():
    def felt(face, bearing):
        made = scene(1)
        rest(made, "lap")
        everyday.feeling(made, face, bearing)
        shown = {name: made.face[:, FACIAL_ACTIONS.index(name)] for name in ("mouthSmileLeft", "mouthFrownLeft")}
        return shown, made.body.joints(made.pose())

    glad, upright = felt(2, 1)
    sad, slumped = felt(-2, -1)
    assert glad["mouthSmileLeft"].min() > 0.05
    assert sad["mouthFrownLeft"].min() > 0.05
    assert glad["mouthFrownLeft"].max() == sad["mouthSmileLeft"].max() == 0
    assert np.ptp(glad["mouthSmileLeft"]) > 0.2  # episodes
    assert height(upright, "head").mean() > height(slumped, "head").mean() + 0.01


def background(habit, seed):
    """(T, 42, 3) joints of somebody who does this for three seconds."""
    made = scene(seed, 3.0)
    rest(made, "lap")
    habit(made)
    return Body(Shape()).joints(made.pose())


@pytest.mark.parametrize("seed", [1, 2])
def test_who_signs_has_no_still_hand(seed):
    joints = background(everyday.signing, seed)
    wrists = joints[:, UPPER_BODY.indices("left_wrist", "right_wrist")]
    speed = np.linalg.norm(np.diff(wrists, axis=0), axis=-1).max(1) * FPS
    assert np.median(speed) > 0.3, "metres a second"


@pytest.mark.parametrize("seed", [1, 2])
def test_who_reads_bows_the_head_and_holds_the_hands_before_the_trunk(seed):
    joints = background(everyday.reading, seed)
    chin, forehead, neck = (joints[:, UPPER_BODY.index(name)] for name in ("chin", "forehead", "neck"))
    upright = Body(Shape()).joints(rest_pose(1))[0]
    bowed = forehead[:, 1] - chin[:, 1]  # the forehead is before the chin, towards −y
    assert bowed.mean() < upright[UPPER_BODY.index("forehead"), 1] - upright[UPPER_BODY.index("chin"), 1]
    hands = joints[:, UPPER_BODY.indices("left_wrist", "right_wrist")]
    assert (hands[..., 1].min(1) < neck[:, 1] - 0.15).mean() > 0.8


@pytest.mark.parametrize("seed", [1, 2])
def test_who_turns_looks_far_aside(seed):
    joints = background(everyday.turning, seed)
    ears = joints[:, UPPER_BODY.index("left_ear")] - joints[:, UPPER_BODY.index("right_ear")]
    assert np.degrees(np.abs(np.arctan2(ears[:, 1], ears[:, 0]))).max() > 20


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_drinks_brings_a_hand_near_the_mouth_but_touches_nothing(seed):
    joints = background(everyday.drinking, seed)
    mouth = joints[:, UPPER_BODY.indices("upper_lip", "lower_lip")].mean(1, keepdims=True)
    fingers = [name for name in UPPER_BODY.joints if name.endswith(("_tip", "_index", "_wrist"))]
    away = np.linalg.norm(joints[:, UPPER_BODY.indices(*fingers)] - mouth, axis=-1).min(1)
    assert 0.02 < away.min() < 0.15


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_works_has_busy_hands_far_from_the_face(seed):
    joints = background(everyday.working, seed)
    wrists = joints[:, UPPER_BODY.indices("left_wrist", "right_wrist")]
    chin = joints[:, [UPPER_BODY.index("chin")]]
    assert np.linalg.norm(wrists - chin, axis=-1).min() > 0.2
    assert np.linalg.norm(np.diff(wrists, axis=0), axis=-1).max(1).mean() * FPS > 0.02, "metres a second"
