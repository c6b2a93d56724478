from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesics.errors import KinesicsError
from kinesics.preprocessing.normalise import normalise
from kinesics.skeleton import (
    LAYOUTS,
    UPPER_BODY,
    SkeletonSequence,
    load_metadata,
    load_skeletons,
    make_layout,
    resampled_rows,
    save_skeletons,
    to_upper_body,
)
from kinesics.skeleton.convert import RECIPES

layouts = st.sampled_from(sorted(LAYOUTS))
seeds = st.integers(0, 2**16)


def some(layout, seed, frames=3, image=True):
    rng = np.random.default_rng(seed)
    score = (rng.random((frames, len(layout))) * (rng.random((frames, len(layout))) > 0.2)).astype(np.float32)
    xyz = (rng.normal(size=(frames, len(layout), 3)) * (score > 0)[..., None]).astype(np.float32)
    image_xy = rng.random((frames, len(layout), 2)).astype(np.float32) if image else None
    return SkeletonSequence(xyz, score, 25.0, layout, image_xy, person=2, start=1.5)


@given(layouts, seeds)
def test_conversion_moves_with_the_body(name, seed):
    """Converting commutes with turning, scaling and shifting: joints are points or means of points."""
    source = some(LAYOUTS[name], seed)
    rng = np.random.default_rng(seed + 1)
    turn, shift = rng.normal(size=(3, 3)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    moved = replace(source, xyz=source.xyz @ turn + shift)
    straight = to_upper_body(source)
    seen = straight.score > 0
    np.testing.assert_allclose(to_upper_body(moved).xyz[seen], (straight.xyz @ turn + shift)[seen], atol=1e-4)


@given(layouts, seeds)
def test_conversion_commutes_with_the_mirror(name, seed):
    source = some(LAYOUTS[name], seed)
    there, back = to_upper_body(source.mirrored()), to_upper_body(source).mirrored()
    np.testing.assert_allclose(there.xyz, back.xyz, atol=1e-5)
    np.testing.assert_array_equal(there.score, back.score)


@given(layouts, seeds)
def test_missing_stays_missing(name, seed):
    source = some(LAYOUTS[name], seed)
    out = to_upper_body(source)
    assert out.layout == UPPER_BODY
    assert (out.xyz[out.score == 0] == 0).all()
    lacking = [joint for joint in UPPER_BODY.joints if joint not in RECIPES[name]]
    assert (out.score[:, UPPER_BODY.indices(*lacking)] == 0).all()
    nothing = replace(source, score=np.zeros_like(source.score), xyz=np.zeros_like(source.xyz))
    assert to_upper_body(nothing).score.sum() == 0


@pytest.mark.parametrize(
    ("name", "lacking"),
    [
        ("upper_body", 0),
        ("holistic", 0),
        ("openpose_137", 3),  # forehead and cheeks
        ("coco_wholebody", 3),
        ("light_hand", 16),
        ("body_25", 26),
        ("ntu_25", 27),
    ],
)
def test_what_each_source_lacks(name, lacking):
    layout = LAYOUTS[name]
    full = SkeletonSequence(np.ones((1, len(layout), 3), np.float32), np.ones((1, len(layout)), np.float32), 25, layout)
    assert int((to_upper_body(full).score == 0).sum()) == lacking


def test_pose_points_stand_in_for_a_lost_face_mesh():
    layout = LAYOUTS["holistic"]
    score = np.ones((1, 543), np.float32)
    score[:, 33 : 33 + 468] = 0
    xyz = np.arange(543 * 3, dtype=np.float32).reshape(1, 543, 3)
    out = to_upper_body(SkeletonSequence(xyz, score, 25, layout))
    np.testing.assert_array_equal(out.xyz[0, UPPER_BODY.index("nose")], xyz[0, 0])
    assert out.score[0, UPPER_BODY.index("chin")] == 0


def test_a_layout_without_recipes_is_refused():
    layout = make_layout("mine", {"a": None})
    with pytest.raises(ValueError, match="no conversion from layout mine"):
        to_upper_body(some(layout, 0))


@given(layouts, seeds, st.booleans())
def test_files_give_back_what_was_saved(tmp_path_factory, name, seed, image):
    path = tmp_path_factory.mktemp("skeletons") / "two people.skeleton.npz"
    people = [some(LAYOUTS[name], seed, image=image), some(make_layout("mine", {"a": None, "b": "a"}), seed, frames=0)]
    save_skeletons(path, people, {"engine": "x"})
    assert load_metadata(path) == {"engine": "x"}
    for before, after in zip(people, load_skeletons(path), strict=True):
        assert after.layout == before.layout
        assert (after.fps, after.person, after.start, after.is_3d) == (25.0, 2, 1.5, True)
        np.testing.assert_array_equal(after.xyz, before.xyz)
        np.testing.assert_array_equal(after.score, before.score)
        assert (after.image_xy is None) == (before.image_xy is None)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_told_in_one_line(tmp_path, content):
    path = tmp_path / "x.skeleton.npz"
    path.write_bytes(content)
    with pytest.raises(KinesicsError, match="expected a skeleton file") as error:
        load_skeletons(path)
    assert "\n" not in str(error.value)


def test_a_foreign_npz_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.ones(3))
    with pytest.raises(KinesicsError, match="expected a skeleton file"):
        load_skeletons(tmp_path / "x.npz")
    with pytest.raises(KinesicsError, match="no such file"):
        load_skeletons(tmp_path / "missing.npz")


@given(st.floats(5, 60), st.floats(5, 60), st.integers(1, 200))
def test_resampling_keeps_time(before, after, frames):
    sequence = replace(some(UPPER_BODY, 0, frames=frames), fps=before)
    rows = resampled_rows(sequence, after)
    assert abs(len(rows) / after - sequence.duration) <= 1 / after or len(rows) == 1
    assert np.all(np.abs(rows / before - np.arange(len(rows)) / after) <= 1.01 / before)
    assert rows.min() >= 0
    assert rows.max() < frames


def test_slices_and_times():
    part = some(UPPER_BODY, 0, frames=10).slice(5, 8)
    assert len(part) == 3
    np.testing.assert_allclose(part.times(), [1.7, 1.74, 1.78])


@given(seeds, st.floats(0.2, 5))
def test_normalising_takes_away_place_and_size(seed, size):
    source = some(UPPER_BODY, seed, frames=8)
    xyz, score = source.xyz, np.ones_like(source.score)
    plain = normalise(xyz, score)
    np.testing.assert_allclose(normalise(xyz * size + 3, score), plain, atol=2e-3)
    assert plain.shape == (8, 42, 4)


def test_normalising_nothing_gives_nothing():
    assert np.abs(normalise(np.zeros((4, 42, 3), np.float32), np.zeros((4, 42), np.float32))).sum() == 0


def test_shapes_must_fit_the_layout():
    with pytest.raises(ValueError, match="42 joints"):
        SkeletonSequence(np.zeros((2, 41, 3), np.float32), np.zeros((2, 41), np.float32), 25, UPPER_BODY)
    with pytest.raises(ValueError, match="fps"):
        SkeletonSequence(np.zeros((2, 42, 3), np.float32), np.zeros((2, 42), np.float32), 0, UPPER_BODY)


def test_a_ruler_that_is_hardly_seen_does_not_measure():
    """Shoulders that flicker at the picture's border must not set the scale where the head is in full view."""
    rng = np.random.default_rng(0)
    xyz = np.repeat(rng.normal(size=(1, 42, 3)), 32, 0).astype(np.float32)
    score = np.ones((32, 42), np.float32)
    shoulders = UPPER_BODY.indices("left_shoulder", "right_shoulder")
    score[:, shoulders] = 0
    without = normalise(xyz, score)
    score[:2, shoulders] = 1
    xyz[:2, shoulders] *= 0.1
    head = UPPER_BODY.index("nose")
    np.testing.assert_allclose(normalise(xyz, score)[:, head], without[:, head], atol=1e-6)


@pytest.mark.parametrize("joints", [("left_hand", "right_hand", "tail"), ("neck", "left_shoulder", "right_shoulder")])
def test_any_layout_is_normalised(joints):
    layout = make_layout("mine", dict.fromkeys(joints))
    rng = np.random.default_rng(1)
    xyz, score = rng.normal(size=(8, 3, 3)).astype(np.float32), np.ones((8, 3), np.float32)
    score[2, 1] = 0
    plain = normalise(xyz, score, layout)
    np.testing.assert_allclose(normalise(xyz * 300 + 5000, score, layout), plain, atol=2e-3)
    assert not plain[2, 1].any()
    assert 0.2 < np.abs(plain[..., :3]).mean() < 2
