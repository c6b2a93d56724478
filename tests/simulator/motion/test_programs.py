from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import pytest

if find_spec("anny") is None:  # not imported: that takes seconds
    pytest.skip("needs the simulate extra (anny)", allow_module_level=True)

from kinesics.data.sets.imigue.classes import CLASSES, match_class
from kinesics.simulator.motion import programs
from kinesics.simulator.motion.kinematics import PLACES, SIDES, Surface, depth_inside, skin_samples
from kinesics.simulator.motion.programs import PROGRAMS, interview, perform
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.person.body import BONES, Body, Pose, dominant_bones, random_shape
from kinesics.skeleton.layouts import UPPER_BODY

TOUCHES = (
    "touch hat", "touch face", "touch forehead", "cover face", "rub eyes", "touch other face part", "touch ears",
    "bite nails", "touch chin", "touch neck", "play with hair", "adjust tie", "touch chest", "scratch arm",
    "tidy sleeve",
)  # fmt: skip


def joints(name, seed, seconds=4.0):
    motion = perform(match_class(name), np.random.default_rng(seed), duration=seconds)
    return motion, Body(motion.shape).joints(motion.pose)


def of(points, joint):
    return points[:, UPPER_BODY.index(joint)]


def core(motion):
    """The frames in the middle half of the gesture."""
    quarter = (motion.offset - motion.onset) / 4
    return slice(int((motion.onset + quarter) * motion.fps), int((motion.offset - quarter) * motion.fps) + 1)


def test_there_is_a_program_for_each_class():
    assert tuple(PROGRAMS) == CLASSES


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


def test_the_seed_decides_everything():
    first, again, other = (perform(10, np.random.default_rng(seed), duration=2.0) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.pose.rotations, again.pose.rotations)
    np.testing.assert_array_equal(first.pose.face, again.pose.face)
    assert first.shape == again.shape != other.shape


@pytest.mark.parametrize("name", TOUCHES)
@pytest.mark.parametrize("seed", [0, 1])
def test_touches_touch_and_do_not_sink_in(name, seed):
    rng = np.random.default_rng(seed)
    scene = Scene(random_shape(rng), rng, 75, 25.0, "chair")
    programs.rest(scene, "lap")
    PROGRAMS[name](scene, 0.8, 2.4)
    pose, body = scene.pose(), scene.body
    carried = np.array(BONES)[dominant_bones()]
    touching = [goal for side in SIDES for goal in scene.goals[side] if goal.place]
    assert touching
    for goal in touching:
        frame = round(25 * (goal.start + goal.end) / 2)
        now = slice(frame, frame + 1)
        vertices = body.vertices(Pose(pose.rotations[now], pose.root[now], pose.face[now]))[0]
        letter = goal.side[0].upper()
        hand = vertices[[name.endswith(f".{letter}") and name.startswith(("finger", "wrist")) for name in carried]]
        place = PLACES[goal.place][SIDES.index(goal.place_side or goal.side)]
        around = np.linalg.norm(body.reference.vertices - body.reference.vertices[place], axis=1) < 0.025
        gap = np.linalg.norm(hand[:, None] - vertices[around][None], axis=2).min()
        assert gap < 0.05, f"{goal.place} missed by {1000 * gap:.0f} mm"
        turns, heads = (array.astype(float) for array in body.forward(pose))
        skin, normals = Surface(body, skin_samples()).at(turns[now], heads[now])
        depth, _ = depth_inside(hand[None].astype(float), np.zeros(len(hand)), skin, normals)
        assert depth.max() < 0.04, f"{1000 * depth.max():.0f} mm inside"


@pytest.mark.parametrize(
    "name", ["touch ears", "play with hair", "scratch back", "put arms back", "arms akimbo", "fold arms"]
)
def test_arms_move_as_arms_do(name):
    for seed in range(3):
        motion, points = joints(name, seed)
        _, heads = Body(motion.shape).forward(motion.pose)
        for side in SIDES:
            for joint in ("elbow", "wrist"):
                assert np.linalg.norm(np.diff(of(points, f"{side}_{joint}"), axis=0), axis=1).max() * 25 < 6
            # marked joints lie beside the axes in which bones turn: only those keep their distance
            upper, lower, hand = (
                heads[:, BONES.index(f"{bone}.{side[0].upper()}")] for bone in ("upperarm01", "lowerarm01", "wrist")
            )
            assert np.ptp(np.linalg.norm(lower - upper, axis=1)) < 0.03
            assert np.ptp(np.linalg.norm(hand - lower, axis=1)) < 0.01


def test_arms_go_behind_the_back():
    motion, points = joints("put arms back", 0)
    for side in SIDES:
        assert (of(points, f"{side}_wrist")[core(motion), 1] > of(points, "pelvis")[core(motion), 1] + 0.05).all()


def test_folded_arms_cross():
    motion, points = joints("fold arms", 0)
    frames = core(motion)
    assert (of(points, "left_wrist")[frames, 0] < of(points, "right_wrist")[frames, 0]).all()


def test_elbows_go_out_when_akimbo():
    motion, points = joints("arms akimbo", 2)
    spread = np.linalg.norm(of(points, "left_elbow") - of(points, "right_elbow"), axis=1)
    assert spread[core(motion)].max() > spread[:5].max()


def test_steepled_fingertips_meet():
    motion, points = joints("minaret (steeple) hands", 0)
    for finger in ("index", "middle", "ring"):
        gap = np.linalg.norm(of(points, f"left_{finger}_tip") - of(points, f"right_{finger}_tip"), axis=1)
        assert gap[core(motion)].max() < 0.05


def test_withdrawn_arms_come_closer():
    motion, points = joints("withdraw arms", 0)
    for side in SIDES:
        away = of(points, "neck")[:, 1] - of(points, f"{side}_wrist")[:, 1]
        first, last = round(motion.onset * 25), round(motion.offset * 25)
        assert away[:first].max() > away[last:].mean() + 0.1
    assert motion.table is not None


def test_the_head_goes_up():
    motion, points = joints("head up", 0)
    face = of(points, "nose") - of(points, "head")
    pitch = np.degrees(np.arctan2(face[:, 2], -face[:, 1]))
    assert pitch[core(motion)].max() > np.median(pitch[:5]) + 10


def test_an_idle_person_touches_nothing_and_still_moves():
    motion = perform(None, np.random.default_rng(5), duration=4.0)
    points = Body(motion.shape).joints(motion.pose)
    assert np.ptp(of(points, "nose"), axis=0).max() > 0.002
    assert (motion.onset, motion.offset) == (0.0, 4.0)


def test_an_interview_is_continuous_and_its_events_lie_apart():
    motion = interview(np.random.default_rng(0), duration=20.0)
    events = motion.events
    assert motion.events == tuple(events)
    assert len(events) >= 2
    for (_, _, end), (_, start, _) in pairwise(events):
        assert start > end
    assert all(0 <= start < end <= 20 for _, start, end in events)
    points = Body(motion.shape).joints(motion.pose)
    assert points.shape == (500, len(UPPER_BODY), 3)
    assert np.linalg.norm(np.diff(points, axis=0), axis=2).max() * 25 < 8


@pytest.mark.parametrize("seed", range(3))
def test_arms_are_withdrawn_in_interviews_and_come_back(seed):
    odds = np.eye(32)[CLASSES.index("withdraw arms")]
    motion = interview(np.random.default_rng(seed), duration=14.0, odds=odds)
    events = motion.events
    points = Body(motion.shape).joints(motion.pose)
    away = np.mean([of(points, "pelvis")[:, 1] - of(points, f"{side}_wrist")[:, 1] for side in SIDES], 0)
    assert events
    for _, start, end in events:
        first, last = round(start * 25), round(end * 25)
        assert away[first - 5 : first + 1].mean() > away[last : last + 10].mean() + 0.06
    assert np.linalg.norm(np.diff(points, axis=0), axis=2).max() * 25 < 8
