from dataclasses import replace

import numpy as np
import pytest

from kinesics.simulator.clip_arrays import ClipArrays, JoinedClips
from kinesics.skeleton import LAYOUTS, UPPER_BODY, make_layout
from kinesics.training.inputs.augment import Augmentation, augment, hide, parts, turn, warp
from kinesics.training.inputs.clip_windows import ClipWindows

STILL = Augmentation((0, 0, 0), stretch=0, mirror=0, flatten=0, hand=0, face=0, hips=0, joints=0)
LAYOUT = make_layout("robot", {"base": None, "left_claw": "base", "right_claw": "base"})  # names no known part


def movement(joints: int, frames: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    xyz = np.random.default_rng(seed).normal(size=(frames, joints, 3)).astype(np.float32)
    return xyz, np.ones((frames, joints), np.float32)


def test_nothing_changes_when_nothing_may():
    xyz, score = movement(42)
    same, seen = augment(xyz, score, np.random.default_rng(0), how=STILL)
    np.testing.assert_allclose(same, xyz, atol=1e-6)
    np.testing.assert_array_equal(seen, score)


def test_a_turn_keeps_lengths_and_a_shear_mixes_axes():
    how = Augmentation(stretch=0)
    for seed in range(20):
        matrix = turn(np.random.default_rng(seed), how)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-6)
        assert np.degrees(np.arccos((np.trace(matrix) - 1) / 2)) <= 35
    sheared = turn(np.random.default_rng(1), Augmentation((0, 0, 0), stretch=0, shear=0.2))
    np.testing.assert_allclose(np.diag(sheared), 1)
    off = np.abs(sheared[~np.eye(3, dtype=bool)])
    assert (off > 0).all()
    assert off.max() <= 0.2


@pytest.mark.parametrize("layout", [*LAYOUTS.values(), LAYOUT], ids=lambda layout: layout.name)
def test_a_mirror_swaps_the_sides_of_any_layout(layout):
    xyz, score = movement(len(layout))
    score[:, 1] = 0.5
    how = replace(STILL, mirror=1)
    mirrored, seen = augment(xyz, score, np.random.default_rng(0), layout, how)
    for left, right in layout.pairs:
        np.testing.assert_allclose(mirrored[:, left], xyz[:, right] * [-1, 1, 1], atol=1e-6)
        np.testing.assert_array_equal(seen[:, right], score[:, left])
    again, _ = augment(mirrored, seen, np.random.default_rng(0), layout, how)
    np.testing.assert_allclose(again, xyz, atol=1e-6)


def test_what_is_flat_stays_flat():
    xyz, score = movement(42)
    flat = xyz * np.array([1, 1, 0], np.float32)
    for seed in range(10):
        turned, _ = augment(flat, score, np.random.default_rng(seed), how=Augmentation(jitter=0.1))
        assert not turned[..., 2].any()
        deep, _ = augment(xyz, score, np.random.default_rng(seed), how=Augmentation(flatten=0))
        assert deep[..., 2].any()


def test_jitter_follows_the_size_of_the_body():
    xyz, score = movement(42, frames=400)
    for size in (1.0, 100.0):
        shaken, _ = augment(xyz * np.float32(size), score, np.random.default_rng(0), how=replace(STILL, jitter=0.05))
        spread = np.linalg.norm(xyz - xyz.mean((0, 1)), axis=-1).mean()
        assert (shaken / size - xyz).std() == pytest.approx(0.05 * spread, rel=0.05)


def test_parts_are_told_by_their_names():
    body = parts(UPPER_BODY)
    assert {UPPER_BODY.joints[i] for i in body["hips"]} == {"pelvis", "left_hip", "right_hip"}
    assert {UPPER_BODY.joints[i] for i in set(body["left_arm"]) - set(body["left_hand"])} == {
        "left_elbow",
        "left_wrist",
    }
    assert body["face"] == list(range(UPPER_BODY.index("nose"), 42))
    assert len(parts(LAYOUTS["openpose_137"])["right_hand"]) == 21
    assert not any(parts(LAYOUT).values())


def test_a_lost_part_is_lost_as_a_whole_and_no_other():
    for part, how in (
        ("left_hand", {"hand": 1}),
        ("right_arm", {"arm": 1}),
        ("face", {"face": 1}),
        ("hips", {"hips": 1}),
    ):
        only = replace(STILL, **how)
        lost = np.zeros(42, bool)
        for seed in range(20):
            score = hide(np.ones((20, 42), np.float32), np.random.default_rng(seed), UPPER_BODY, only)
            gone = score[:, parts(UPPER_BODY)[part]] == 0
            assert (gone.all(1) | ~gone.any(1)).all()
            lost |= (score == 0).any(0)
        sides = {part, part.replace("left", "right"), part.replace("right", "left")}
        assert set(np.flatnonzero(lost)) == {i for side in sides for i in parts(UPPER_BODY)[side]}


def test_time_is_warped_in_order_with_its_ends_kept():
    for seed in range(20):
        places = warp(32, np.random.default_rng(seed), 0.5)
        steps = np.diff(places)
        assert places[0] == 0
        assert places[-1] == pytest.approx(31, abs=1e-4)
        assert steps.min() > 0
        assert steps.max() / steps.min() <= np.exp(1.0) + 1e-3
        assert steps.std() > 0
    np.testing.assert_array_equal(warp(5, np.random.default_rng(0), 0), np.arange(5))


def test_windows_take_an_augmentation_of_their_own():
    xyz, _ = movement(42, frames=50)
    clips = ClipArrays(
        np.stack([xyz] * 3).astype(np.float16), np.full((3, 50, 42), 255, np.uint8), np.arange(3),
        np.full(3, 0.5, np.float32), np.full(3, 1.5, np.float32), 25.0,
    )  # fmt: skip
    plain, still, warped = (
        ClipWindows(clips, frames=16, fps=None, augment=how)[0][0] for how in (False, STILL, replace(STILL, tempo=0.6))
    )
    assert not np.array_equal(still, plain)  # another part of the clip
    assert not np.array_equal(warped, still)


def arrays(count, frames, fps):
    """Clips whose label is their number, and whose first joint's x is the frame's."""
    xyz = np.zeros((count, frames, 42, 3), np.float16)
    xyz[:, :, 0, 0] = np.arange(frames)
    return ClipArrays(
        xyz, np.full((count, frames, 42), 255, np.uint8), np.arange(count),
        np.full(count, 1.0, np.float32), np.full(count, 3.0, np.float32), fps,
    )  # fmt: skip


def test_a_slow_camera_holds_its_frames():
    clips = arrays(1, 100, 25.0)
    slow, quick = (
        ClipWindows(clips, frames=32, fps=12.5, augment=replace(STILL, slow=chance)) for chance in (1.0, 0.0)
    )
    held = 0
    for epoch in range(20):
        slow.epoch = quick.epoch = epoch
        rows, own = slow.rows(0, slow.draws(0)), quick.rows(0, quick.draws(0))
        assert (np.diff(rows) >= 0).all()
        assert np.abs(rows - own).max() <= 3  # half of what 6 frames a second leave out, and rounding
        held += len(np.unique(rows)) < len(np.unique(own))
    assert held > 12


def test_sources_are_joined():
    joined = JoinedClips([(arrays(2, 100, 25.0), 1), (arrays(3, 50, 12.5), 2)])
    assert len(joined) == 2 + 2 * 3
    assert [joined.rate(i) for i in (0, 2)] == [25.0, 12.5]
    assert [joined.length(i) for i in (1, 7)] == [100, 50]
    assert [joined.target(i, np.ones((4, 42))) for i in range(8)] == [0, 1, 0, 1, 2, 0, 1, 2]
    np.testing.assert_array_equal(joined.read(6, np.array([4, 9]))[0][:, 0, 0], [4, 9])
    assert joined.core(3) == (1.0, 3.0)
