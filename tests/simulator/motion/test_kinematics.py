from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if find_spec("anny") is None:  # not imported: that takes seconds
    pytest.skip("needs the simulate extra (anny)", allow_module_level=True)

from kinesics.simulator.motion.kinematics import (
    FINGER_SHAPES,
    PLACES,
    SIDES,
    Arm,
    HandGeometry,
    depth_inside,
    matrices,
    minimum_jerk,
    pulse,
    rotation_vectors,
    skin_samples,
    unit,
)
from kinesics.simulator.person.body import BONE, Body, Shape


@pytest.fixture(scope="module")
def body():
    return Body(Shape())


def solve(arm, body, wrist, hand, swivel):
    chest, head = np.eye(3)[None], body.reference.heads[[BONE["spine01"]]].astype(float)
    return arm.solve(chest, head, wrist[None], hand[None], np.zeros(1), swivel=np.array([swivel]))


def forward(arm, body, pose):
    """Where the solved bones put elbow and wrist, and how they turn the hand."""
    turn, head = np.eye(3), body.reference.heads.astype(float)
    place, last = head[BONE["spine01"]], BONE["spine01"]
    places = {}
    for name in ("clavicle", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist"):
        index = arm.bone[name]
        place, last = place + turn @ (head[index] - head[last]), index
        turn = turn @ pose.local[name][0]
        places[name] = place
    return places, turn


@settings(deadline=None, max_examples=40)
@given(
    side=st.sampled_from(SIDES),
    away=st.floats(0.35, 0.9),
    direction=st.tuples(st.floats(-0.5, 1), st.floats(-1, 0), st.floats(-1, 1)).filter(
        lambda d: np.hypot(d[1], d[2]) > 0.3
    ),
    swivel=st.floats(-0.3, 1.2),
)
def test_the_wrist_comes_where_it_shall(body, side, away, direction, swivel):
    arm = Arm(body, side)
    shoulder = body.reference.heads[arm.bone["upperarm01"]].astype(float)
    goal = shoulder + away * arm.reach * unit(arm.mirror(direction))
    pose = solve(arm, body, goal, np.eye(3), swivel)
    places, _ = forward(arm, body, pose)
    assert pose.short[0] < 1e-3
    # the shoulder's and forearm's helper bones lie some millimetres off the straight line
    np.testing.assert_allclose(places["wrist"], goal, atol=0.012)
    upper, lower = arm.lengths
    assert np.linalg.norm(pose.elbow - pose.shoulder) == pytest.approx(upper, abs=1e-3)
    assert np.linalg.norm(pose.wrist - pose.elbow) == pytest.approx(lower, abs=1e-3)


@settings(deadline=None, max_examples=40)
@given(side=st.sampled_from(SIDES), turned=st.tuples(*[st.floats(-3, 3)] * 3))
def test_forearm_and_wrist_stop_at_their_limits(body, side, turned):
    arm = Arm(body, side)
    goal = body.reference.heads[arm.bone["wrist"]].astype(float)
    pose = solve(arm, body, goal, matrices(np.array(turned)), 0.2)
    assert np.degrees(np.linalg.norm(rotation_vectors(pose.local["lowerarm02"])[0])) <= 0.6 * 92.1
    hand = pose.local["lowerarm02"][0] @ pose.local["wrist"][0]
    roll = rotation_vectors(pose.local["lowerarm02"])[0] / 0.6
    bend = rotation_vectors((matrices(-roll) @ hand)[None])[0] @ arm.hand.frame
    assert abs(np.degrees(bend[1])) <= 1.15 * 65 + 0.1
    assert abs(np.degrees(bend[2])) <= 1.15 * 28 + 0.1


def test_an_unstrained_hand_keeps_its_orientation(body):
    arm = Arm(body, "left")
    goal = body.reference.heads[arm.bone["wrist"]].astype(float)
    pose = solve(arm, body, goal, np.eye(3), 0.2)
    _, hand = forward(arm, body, pose)
    np.testing.assert_allclose(hand, np.eye(3), atol=0.01)


def test_what_is_out_of_reach_is_reported(body):
    arm = Arm(body, "right")
    assert solve(arm, body, np.array([-3.0, 0, 0.5]), np.eye(3), 0.2).short[0] > 2


@pytest.mark.parametrize("side", SIDES)
def test_finger_shapes(body, side):
    hand = HandGeometry(body, side)
    palm = hand.effector("palm", FINGER_SHAPES["flat"])[0]

    def reach(shape):
        return np.linalg.norm(hand.points(FINGER_SHAPES[shape])[0][1:, 3] - palm, axis=1)

    assert (reach("fist") < 0.06).all()
    assert (reach("flat") > 0.075).all()
    assert reach("point")[0] > 0.08
    assert (reach("point")[1:] < 0.07).all()
    pads = hand.points(FINGER_SHAPES["pinch"])[1]
    assert np.linalg.norm(pads[0] - pads[1]) < 0.035


def test_hands_mirror_each_other(body):
    left, right = (HandGeometry(body, side).points(FINGER_SHAPES["relaxed"])[0] for side in SIDES)
    np.testing.assert_allclose(left * (-1, 1, 1), right, atol=2e-3)


def test_places_lie_on_their_sides(body):
    for left, right in PLACES.values():
        a, b = body.reference.vertices[left], body.reference.vertices[right]
        np.testing.assert_allclose(a * (-1, 1, 1), b, atol=3e-3)
        assert a[0] > -1e-3 or left == right


def test_skin_samples_are_spread_and_outside(body):
    samples = body.reference.vertices[skin_samples()]
    assert len(np.unique(samples, axis=0)) == len(samples)
    apart = np.linalg.norm(samples[:, None] - samples[None], axis=2) + np.eye(len(samples))
    assert apart.min() > 0.004


@settings(deadline=None)
@given(radius=st.floats(0, 0.5), turned=st.tuples(st.floats(0, 6.28), st.floats(-1, 1)))
def test_depth_inside_a_ball(radius, turned):
    rng = np.random.default_rng(0)
    skin = unit(rng.normal(size=(1, 4000, 3))) * 0.3
    angle, height = turned
    point = radius * np.array([np.cos(angle) * np.sqrt(1 - height**2), np.sin(angle) * np.sqrt(1 - height**2), height])
    depth, outward = depth_inside(point[None, None], np.zeros(1), skin, unit(skin))
    assert depth[0, 0] == pytest.approx(0.3 - radius, abs=0.02)
    if 0.1 < radius < 0.4:
        assert outward[0, 0] @ unit(point) > 0.95


@settings(deadline=None)
@given(st.floats(-1, 2))
def test_minimum_jerk_rises(s):
    before, after = minimum_jerk(np.array([s, s + 0.01]))
    assert 0 <= before <= after <= 1


def test_pulse_is_centred_on_its_ends():
    t = np.linspace(0, 4, 401)
    curve = pulse(t, 1, 3, 0.5, 0.8)
    assert curve[100] == pytest.approx(0.5)
    assert curve[300] == pytest.approx(0.5)
    assert curve[0] == curve[-1] == 0
    assert curve[200] == 1
