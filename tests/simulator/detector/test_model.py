"""The camera and the detector model: projection, what goes missing, and errors of the size that was set."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesics.simulator.camera import look_at, random_camera
from kinesics.simulator.detector.model import DetectorModel, detect
from kinesics.skeleton import UPPER_BODY

PERFECT = DetectorModel(
    **{name: (0.0, 0.0) for name in ("face", "body", "elbow", "wrist", "hand")},
    **{name: (0.0, 0.0) for name in ("face_wander", "body_wander", "elbow_wander", "hand_wander", "tip_wander")},
    **dict.fromkeys(
        ("blur", "footage", "hidden_wander", "scale", "shoulder_width", "touch_reach", "blur_loss", "covered_loss"), 0.0
    ),
    **dict.fromkeys(("touching_loss", "plain_loss", "swap", "no_face"), 0.0),
    covered_face=(0.0, 0.0),
    **{f"{part}_gain": (1.0, 0.0) for part in ("shoulder", "elbow", "wrist", "hand", "face")},
    **{f"{part}_depth": (0.0, 0.0) for part in ("elbow", "wrist", "face")},
    placed=(),
    bad_hand=(0.0, 0.0),
    hips=0.0,
    hips_at_table=0.0,
    openpose=0.0,
    light_hand=0.0,
)
# real 3D detectors only, so that every draw can be compared
HOLISTIC = replace(DetectorModel(), openpose=0.0, light_hand=0.0)
HANDS = [i for i, name in enumerate(UPPER_BODY.joints) if name.endswith(("_tip", "_knuckle"))]
LEFT_HAND = [i for i in HANDS if UPPER_BODY.joints[i].startswith("left")]


def standing(frames: int = 50) -> np.ndarray:
    """A stick person (T, 42, 3) who faces −y, hands before the belly, without depth in the face."""
    at = {"neck": (0, 0, 1.4), "pelvis": (0, 0, 0.9), "head": (0, 0, 1.6), "shoulder": (0.18, 0, 1.4)}
    at |= {"hip": (0.1, 0, 0.9), "elbow": (0.26, -0.05, 1.15), "wrist": (0.2, -0.25, 1.1), "ear": (0.07, 0, 1.6)}
    at |= {"tip": (0.17, -0.4, 1.1), "knuckle": (0.18, -0.33, 1.1)}
    joints = np.zeros((42, 3))
    for i, name in enumerate(UPPER_BODY.joints):
        side = {"left": 1, "right": -1}.get(name.split("_")[0], 0)
        part = next((p for p in at if name.endswith(p)), None)
        x, y, z = at[part] if part else (0.03, -0.1, 1.6)
        joints[i] = (x * side, y, z)
    return np.repeat(joints[None], frames, 0)


def front(distance: float = 2.0, height: float = 1.4, **more: float):
    return look_at(np.array([0, 0, 1.25]), distance=distance, height=height, **more)


def test_a_point_at_the_target_is_in_the_middle_and_left_is_right():
    camera = front()
    assert camera.project(np.array([0, 0, 1.25])) == pytest.approx([0.5, 0.5])
    x, y = camera.project(np.array([0.1, 0, 1.3]))
    assert x > 0.5  # the person's left
    assert y < 0.5  # above


@settings(deadline=None)
@given(
    st.floats(1, 6), st.floats(0.5, 2), st.floats(-0.8, 0.8), st.floats(-0.3, 0.3), st.floats(-0.05, 0.05),
    st.floats(0.5, 1.8),
)  # fmt: skip
def test_projection_is_the_pinhole_and_the_axes_are_a_rotation(distance, height, yaw, pitch, roll, aspect):
    camera = front(distance, height, yaw=yaw, pitch=pitch, roll=roll, aspect=aspect)
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(camera.rotation) == pytest.approx(1)
    assert camera.to_camera(np.array([0, 0, 1.25])) == pytest.approx([0, 0, distance], abs=1e-5)
    # a stick of the image's height, held upright in the image plane, fills it
    stick = np.array([0, 0, 1.25]) + height / 2 * camera.rotation[1]
    assert camera.project(stick) == pytest.approx([0.5, 1.0], abs=1e-5)


def test_yaw_shows_the_left_side_and_pitch_looks_down():
    assert front(yaw=0.3).position[0] > 0
    assert front(pitch=0.2).position[2] > 1.25


def test_random_cameras_keep_the_head_in_the_picture():
    joints = standing(2)
    for seed in range(200):
        camera = random_camera(np.random.default_rng(seed), joints)
        head = camera.project(joints[:, UPPER_BODY.index("head")])
        assert ((head > 0) & (head < 1)).all(), seed
        assert (camera.to_camera(joints)[..., 2] > 0.3).all(), seed


def test_without_errors_it_is_the_truth_in_perceptions_axes():
    joints = standing()
    seen = detect(joints, front(), np.random.default_rng(0), fps=25, model=PERFECT)
    assert seen.layout == UPPER_BODY
    assert (seen.score > 0).all()
    neck = UPPER_BODY.index("neck")
    truth = (joints - joints[:, [neck]])[..., [0, 2, 1]] * [1, -1, 1]  # x right, y down, z away
    got = seen.xyz - seen.xyz[:, [neck]]
    near = np.linalg.norm(truth, axis=-1) < 0.19  # weak perspective: exact only near the trunk's distance
    assert np.abs(got - truth)[near].max() < 0.012
    np.testing.assert_allclose(got[..., 2], truth[..., 2], atol=1e-5)
    np.testing.assert_allclose(seen.image_xy, front().project(joints), atol=1e-5)


def test_the_same_seed_sees_the_same_and_another_does_not():
    one, two, other = (detect(standing(), front(), np.random.default_rng(s), fps=25) for s in (5, 5, 6))
    np.testing.assert_array_equal(one.xyz, two.xyz)
    np.testing.assert_array_equal(one.score, two.score)
    assert not np.array_equal(one.xyz, other.xyz)


def test_missing_is_zero_everywhere_and_scores_stay_in_range():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        joints = standing()
        seen = detect(joints, random_camera(rng, joints), rng, fps=25)
        missing = seen.score == 0
        assert not seen.xyz[missing].any()
        assert not seen.image_xy[missing].any()
        assert seen.score.min() >= 0
        assert seen.score.max() <= 1
        assert np.isfinite(seen.xyz).all()
        if not seen.is_3d:
            assert not seen.xyz[..., 2].any()


def test_what_is_outside_the_picture_is_missing():
    head_and_shoulders = look_at(np.array([0, 0, 1.5]), distance=1.5, height=0.6)
    seen = detect(standing(), head_and_shoulders, np.random.default_rng(0), fps=25, model=HOLISTIC)
    assert not seen.score[:, UPPER_BODY.indices("pelvis", "left_hip", "right_wrist")].any()
    assert not seen.score[:, HANDS].any()
    assert (seen.score[:, UPPER_BODY.index("nose")] > 0).all()


def test_a_table_hides_hips_and_what_is_below_it():
    seen = detect(standing(), front(height=2), np.random.default_rng(0), fps=25, table=1.12, model=PERFECT)
    assert not seen.score[:, UPPER_BODY.indices("pelvis", "left_hip", "right_hip")].any()


def test_a_tucked_hand_is_lost_and_its_wrist_is_not():
    joints = standing(200)
    # the left hand goes behind the right forearm and upper arm, close to the chest
    joints[:, LEFT_HAND] = (-0.23, 0.05, 1.14)
    lost = wrist = 0.0
    for seed in range(20):
        seen = detect(joints, front(), np.random.default_rng(seed), fps=25, model=HOLISTIC)
        lost += (seen.score[:, LEFT_HAND] == 0).all(1).mean() / 20
        wrist += (seen.score[:, UPPER_BODY.index("left_wrist")] > 0).mean() / 20
    assert lost > 0.85
    assert wrist > 0.8


def test_fast_hands_are_lost_more_often_than_still_ones():
    def share_lost(speed: float) -> float:
        joints = standing(100)
        time = np.arange(100) / 25
        joints[:, LEFT_HAND, 2] += 0.1 * np.sin(time * speed / 0.1)[:, None]
        clips = [detect(joints, front(height=2), np.random.default_rng(s), fps=25, model=HOLISTIC) for s in range(40)]
        return float(np.mean([(clip.score[:, LEFT_HAND] == 0).all(1).mean() for clip in clips]))

    assert share_lost(4.0) > share_lost(0.0) + 0.15


def test_white_noise_has_the_size_that_was_measured():
    """Second differences of white noise have sqrt(6) of its deviation."""
    model = replace(HOLISTIC, footage=0.0, no_face=0.0, plain_loss=0.0, bad_hand=(0.0, 0.0), swap=0.0)
    seen = detect(standing(2000), front(), np.random.default_rng(1), fps=25, model=model)

    def deviation(joint: str) -> np.ndarray:
        row = seen.xyz[seen.score[:, UPPER_BODY.index(joint)] > 0, UPPER_BODY.index(joint)]
        return np.median(np.abs(np.diff(row, 2, axis=0)), axis=0) / 0.6745 / np.sqrt(6)

    for joint, (across, deep) in (("left_elbow", model.elbow), ("left_wrist", model.wrist), ("chin", model.face)):
        np.testing.assert_allclose(deviation(joint), [across, across, deep], rtol=0.35)


def test_whole_hands_wander_in_depth_by_centimetres():
    model = replace(HOLISTIC, scale=0.0, bad_hand=(0.0, 0.0))
    seen = detect(standing(2500), front(), np.random.default_rng(2), fps=25, model=model)
    depth = seen.xyz[:, UPPER_BODY.index("left_wrist"), 2]
    spread = depth[seen.score[:, UPPER_BODY.index("left_wrist")] > 0].std()
    assert spread == pytest.approx(model.hand_wander[1], rel=0.35)
    both = (seen.score[:, LEFT_HAND] > 0).all(1)
    index, middle = (UPPER_BODY.index(f"left_{finger}_tip") for finger in ("index", "middle"))
    assert np.std((seen.xyz[:, index, 2] - seen.xyz[:, middle, 2])[both]) < spread / 2


def test_arms_are_seen_flatter_and_nearer_than_they_are():
    joints, wrist = standing(), UPPER_BODY.index("left_wrist")
    depths = []
    for seed in range(60):
        seen = detect(joints, front(), np.random.default_rng(seed), fps=25, model=replace(HOLISTIC, scale=0.0))
        depths.append(np.median(seen.xyz[:, wrist, 2] - seen.xyz[:, UPPER_BODY.index("neck"), 2]))
    model = DetectorModel()
    expected = -0.25 * model.wrist_gain[0] + model.wrist_depth[0]
    assert np.median(depths) == pytest.approx(expected, abs=0.06)


def test_a_hand_before_the_mouth_is_brought_to_lie_on_the_face():
    joints, tip = standing(), UPPER_BODY.index("left_index_tip")
    nose = UPPER_BODY.index("nose")
    joints[:, LEFT_HAND] = (0.031, -0.2, 1.6)  # 10 cm before the face
    kept = detect(joints, front(), np.random.default_rng(0), fps=25, model=PERFECT)
    brought = detect(
        joints,
        front(),
        np.random.default_rng(0),
        fps=25,
        model=replace(PERFECT, touch_reach=0.08, touch_bound=(0.3, 0.3)),
    )
    gap = [(seen.xyz[:, nose, 2] - seen.xyz[:, tip, 2]).mean() for seen in (kept, brought)]
    assert gap == pytest.approx([0.1, 0.012], abs=0.005)


def test_other_engines_lack_what_their_layouts_lack():
    flat = detect(
        standing(),
        front(),
        np.random.default_rng(0),
        fps=25,
        model=replace(DetectorModel(), openpose=1.0, light_hand=0.0),
    )
    assert not flat.is_3d
    assert not flat.score[:, UPPER_BODY.indices("forehead", "left_cheek")].any()
    assert flat.score[:, UPPER_BODY.index("chin")].any()
    light = detect(
        standing(),
        front(),
        np.random.default_rng(0),
        fps=25,
        model=replace(DetectorModel(), openpose=0.0, light_hand=1.0),
    )
    assert not light.score[:, UPPER_BODY.indices("left_index_knuckle", "chin", "left_brow")].any()
    assert light.score[:, UPPER_BODY.index("nose")].any()
