from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import pytest

if find_spec("anny") is None:  # not imported: that takes seconds
    pytest.skip("needs the simulate extra (anny)", allow_module_level=True)

from kinesics.data.sets.imigue.classes import CLASSES, match_class
from kinesics.simulator.motion import programs
from kinesics.simulator.motion.kinematics import (
    FINGER_SHAPES,
    PLACES,
    SIDES,
    HandGeometry,
    Surface,
    depth_inside,
    skin_samples,
)
from kinesics.simulator.motion.programs import WAYS, interview, perform
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.motion.ways import Touch, play
from kinesics.simulator.person.body import BONES, Body, Pose, Shape, dominant_bones, random_shape
from kinesics.skeleton.layouts import UPPER_BODY

ALL = [(name, way) for name, ways in WAYS.items() for way in ways]
TOUCHES = [(name, way) for name, way in ALL if isinstance(WAYS[name][way][1], Touch)]
HANDS = [(name, way) for name, way in ALL if name not in programs.BODY_WAYS]
ON_ARMS = [(name, way) for name, way in ALL if name == "scratching or touching arms" and way != "both arms hugged"]


def scene_of(name, way, seed, seat="chair"):
    """A person in a rest who makes the gesture from 0.8 to 2.4 s, of 3 s."""
    rng = np.random.default_rng(seed)
    scene = Scene(random_shape(rng), rng, 75, 25.0, seat)
    programs.rest(scene, programs.RESTS[seat][0])
    play(WAYS[name], scene, 0.8, 2.4, way)
    return scene


def movement(name, way, seed, seat="chair"):
    """(75, 42, 3) joints; the gesture lasts from frame 20 to frame 60."""
    scene = scene_of(name, way, seed, seat)
    return scene.body.joints(scene.pose())


def of(points, joint):
    return points[:, UPPER_BODY.index(joint)]


CORE = slice(30, 51)  # the frames in the middle half of the gesture


def test_there_are_ways_for_each_class():
    assert tuple(WAYS) == CLASSES
    assert all(ways for ways in WAYS.values())
    several = [name for name, ways in WAYS.items() if len(ways) > 1]
    assert len(several) >= 30


@pytest.mark.parametrize("label", [*range(len(CLASSES)), None])
def test_every_class_performs(label):
    motion = perform(label, np.random.default_rng(7), duration=3.0)
    assert motion.label == label
    assert motion.pose.rotations.shape == (75, len(BONES), 3)
    assert np.isfinite(motion.pose.rotations).all()
    assert np.isfinite(motion.pose.root).all()
    assert motion.pose.face.min() >= 0
    assert motion.pose.face.max() <= 1
    assert 0 <= motion.onset < motion.offset <= 3.0
    assert motion.seat in ("table", "chair", "standing")
    assert (motion.table is None) == (motion.seat != "table")
    assert motion.events == (() if label is None else ((label, motion.onset, motion.offset),))


@pytest.mark.parametrize(("name", "way"), HANDS)
def test_every_way_moves_as_arms_do(name, way):
    scene = scene_of(name, way, 11, "standing" if name in ("arms akimbo", "putting arms behind body") else "chair")
    pose, body = scene.pose(), scene.body
    assert np.isfinite(pose.rotations).all()
    points = body.joints(pose)
    _, heads = body.forward(pose)
    for side in SIDES:
        for joint in ("elbow", "wrist"):
            assert np.linalg.norm(np.diff(of(points, f"{side}_{joint}"), axis=0), axis=1).max() * 25 < 7
        # marked joints lie beside the axes in which bones turn: only those keep their distance
        upper, lower, hand = (
            heads[:, BONES.index(f"{bone}.{side[0].upper()}")] for bone in ("upperarm01", "lowerarm01", "wrist")
        )
        assert np.ptp(np.linalg.norm(lower - upper, axis=1)) < 0.03
        assert np.ptp(np.linalg.norm(hand - lower, axis=1)) < 0.01


def test_the_seed_decides_everything():
    first, again, other = (perform(10, np.random.default_rng(seed), duration=2.0) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.pose.rotations, again.pose.rotations)
    np.testing.assert_array_equal(first.pose.face, again.pose.face)
    assert first.shape == again.shape != other.shape


@pytest.mark.parametrize(("name", "way"), TOUCHES)
def test_touches_touch_and_do_not_sink_in(name, way):
    scene = scene_of(name, way, 0)
    pose, body = scene.pose(), scene.body
    carried = np.array(BONES)[dominant_bones()]
    touching = [goal for side in SIDES for goal in scene.goals[side] if goal.place]
    assert touching
    for goal in touching:
        frame = round(25 * (max(goal.start, 0.8) + min(goal.end, 2.4)) / 2)
        now = slice(frame, frame + 1)
        vertices = body.vertices(Pose(pose.rotations[now], pose.root[now], pose.face[now]))[0]
        letter = goal.side[0].upper()
        hand = vertices[[name.endswith(f".{letter}") and name.startswith(("finger", "wrist")) for name in carried]]
        place = PLACES[goal.place][SIDES.index(goal.place_side or goal.side)]
        around = np.linalg.norm(body.reference.vertices - body.reference.vertices[place], axis=1) < 0.025
        gap = np.linalg.norm(hand[:, None] - vertices[around][None], axis=2).min()
        assert gap < 0.06, f"{goal.place} missed by {1000 * gap:.0f} mm"
        turns, heads = (array.astype(float) for array in body.forward(pose))
        skin, normals = Surface(body, skin_samples()).at(turns[now], heads[now])
        depth, _ = depth_inside(hand[None].astype(float), np.zeros(len(hand)), skin, normals)
        assert depth.max() < 0.045, f"{1000 * depth.max():.0f} mm inside"


@pytest.mark.parametrize(("name", "way"), TOUCHES)
def test_touches_draw_from_what_there_is(name, way):
    touch, hand = WAYS[name][way][1], HandGeometry(Body(Shape()), "left")
    assert {*touch.places, *touch.then} <= set(PLACES)
    for shape in touch.shapes:
        for effector in touch.effectors:
            hand.effector(effector, FINGER_SHAPES[shape])


@pytest.mark.parametrize(("name", "way"), ON_ARMS)
def test_hands_reach_the_other_arm(name, way):
    scene = scene_of(name, way, 2)
    points = scene.body.joints(scene.pose())
    gaps = []
    for side, other in (SIDES, SIDES[::-1]):
        arm = np.stack([of(points, f"{other}_{joint}") for joint in ("shoulder", "elbow", "wrist")])
        along = np.concatenate([np.linspace(arm[0], arm[1], 9), np.linspace(arm[1], arm[2], 9)])
        gaps.append(np.linalg.norm(along - of(points, f"{side}_middle_tip"), axis=-1).min(0)[CORE].min())
    assert min(gaps) < 0.1


def test_arms_go_behind_the_back():
    points = movement("putting arms behind body", "hands behind the back", 0, "standing")
    for side in SIDES:
        assert (of(points, f"{side}_wrist")[CORE, 1] > of(points, "pelvis")[CORE, 1] + 0.05).all()


@pytest.mark.parametrize("way", ["before the chest", "loosely and low", "crossed on the table"])
def test_folded_arms_cross(way):
    points = movement("folding arms", way, 0)
    assert (of(points, "left_wrist")[CORE, 0] < of(points, "right_wrist")[CORE, 0]).all()


def test_elbows_go_out_when_akimbo():
    points = movement("arms akimbo", "both hands", 2, "standing")
    spread = np.linalg.norm(of(points, "left_elbow") - of(points, "right_elbow"), axis=1)
    assert spread[CORE].max() > spread[:5].max()


@pytest.mark.parametrize("way", WAYS["minaret gesture"])
def test_steepled_fingertips_meet(way):
    points = movement("minaret gesture", way, 0)
    for finger in ("index", "middle", "ring"):
        gap = np.linalg.norm(of(points, f"left_{finger}_tip") - of(points, f"right_{finger}_tip"), axis=1)
        assert gap[CORE].max() < 0.05


@pytest.mark.parametrize("name", ["rubbing or holding hands", "crossing fingers"])
def test_hands_that_hold_each_other_are_together(name):
    for way in WAYS[name]:
        points = movement(name, way, 1)
        middles = [(of(points, f"{side}_index_knuckle") + of(points, f"{side}_pinky_knuckle")) / 2 for side in SIDES]
        assert np.linalg.norm(middles[0] - middles[1], axis=1)[CORE].max() < 0.16, way


def test_arms_that_are_drawn_in_come_closer():
    points = movement("hold back arms", "drawn in from the table", 1, "table")
    away = [of(points, "neck")[:, 1] - of(points, f"{side}_wrist")[:, 1] for side in SIDES]
    assert max(one[10:20].max() - one[62:].mean() for one in away) > 0.1


@pytest.mark.parametrize("way", ["gesture stopped short", "reach pulled back"])
def test_arms_that_are_held_back_come_closer_than_they_were(way):
    points = movement("hold back arms", way, 1)
    away = [of(points, "neck")[:, 1] - of(points, f"{side}_wrist")[:, 1] for side in SIDES]
    assert max(one[15:45].max() - one[45:58].min() for one in away) > 0.06


def test_nails_are_bitten_between_open_lips_and_hands_at_the_mouth_are_not():
    def lips_and_tips(name, way):
        points = movement(name, way, 3)
        mouth = (of(points, "upper_lip") + of(points, "lower_lip")) / 2
        tips = [of(points, f"{side}_{finger}_tip") for side in SIDES for finger in ("thumb", "index", "middle")]
        open_ = np.linalg.norm(of(points, "upper_lip_inner") - of(points, "lower_lip_inner"), axis=1)
        return open_[CORE].max(), min(np.linalg.norm(tip - mouth, axis=1)[CORE].min() for tip in tips)

    opened, gap = lips_and_tips("biting nails", "gnawed between the teeth")
    assert gap < 0.035
    shut, _ = lips_and_tips("touching or scratching facial parts", "fist at the mouth")
    assert shut < opened


def test_gestures_begin_before_the_clip_last_longer_than_it_and_lie_inside():
    spans = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        scene = Scene(random_shape(rng), rng, 10, 25.0, "chair")
        spans.append(programs.gesture_span(scene, "touching jaw", 4.0))
    starts, ends = np.array(spans).T
    assert (ends > starts).all()
    assert (ends > 0).all()
    assert (starts < 4).all()
    assert 0.1 < (starts < 0).mean() < 0.5
    assert ((starts >= 0) & (ends <= 4)).mean() > 0.5
    assert np.median(ends - starts) < 2


def test_an_idle_person_touches_nothing_and_still_moves():
    motion = perform(None, np.random.default_rng(5), duration=4.0)
    points = Body(motion.shape).joints(motion.pose)
    assert np.ptp(of(points, "nose"), axis=0).max() > 0.002
    assert (motion.onset, motion.offset) == (0.0, 4.0)


def test_the_camera_finds_the_turned_by_the_motion():
    turned = [perform(None, np.random.default_rng(seed), duration=0.2).turned for seed in range(12)]
    assert any(turned)
    assert not all(turned)
    assert max(map(abs, turned)) < np.radians(61)


@pytest.mark.parametrize("seed", range(3))
def test_an_interview_is_continuous_and_two_events_at_once_are_of_hand_and_body(seed):
    motion = interview(np.random.default_rng(seed), duration=20.0)
    events = motion.events
    assert len(events) >= 2
    assert all(0 <= start < end <= 20 for _, start, end in events)
    for (one, _, end), (two, start, _) in pairwise(events):
        if start < end:
            assert programs.TOGETHER.count(CLASSES[one]) or programs.TOGETHER.count(CLASSES[two])
    points = Body(motion.shape).joints(motion.pose)
    assert points.shape == (500, len(UPPER_BODY), 3)
    assert np.linalg.norm(np.diff(points, axis=0), axis=2).max() * 25 < 9


@pytest.mark.parametrize("seed", range(2))
def test_interviews_make_what_is_likely_and_talk_with_the_hands(seed):
    label = match_class("touching ears")
    motion = interview(np.random.default_rng(seed), duration=30.0, odds=np.eye(32)[label])
    assert {event[0] for event in motion.events} <= {label, match_class("illustrative")}
    assert label in {event[0] for event in motion.events}
