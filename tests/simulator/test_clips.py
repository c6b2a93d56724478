"""Clips of simulated people, and data sets of them."""

import json

import numpy as np
import pytest

pytest.importorskip("anny", reason="needs the simulate extra (anny)")

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.simulator.clip_arrays import ClipArrays
from kinesics.simulator.clips import (
    ClipRecipe,
    allocate_clips,
    simulate_clip,
    simulate_dataset,
    track_clip,
    write_clips,
)
from kinesics.simulator.rendering.render import NoGraphicsError
from kinesics.skeleton import UPPER_BODY

TOUCH_NECK = CLASSES.index("touching or scratching neck")


def test_a_clip_is_what_its_seed_says():
    one, two, other = (simulate_clip(TOUCH_NECK, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.detected.xyz, two.detected.xyz)
    assert one.motion.shape == two.motion.shape
    assert one.motion.shape != other.motion.shape
    assert len(one.detected) == 100
    assert one.detected.layout == UPPER_BODY
    assert 0 <= one.motion.onset < one.motion.offset <= 4
    assert one.joints.shape == (100, 42, 3)


def test_background_movement_is_no_gesture():
    assert simulate_clip(None, 1).motion.label is None


def test_a_data_set_is_whole_repeatable_and_split_by_body(tmp_path):
    simulate_dataset(tmp_path / "train", ClipRecipe(1, "train", 7), workers=1)
    clips = ClipArrays.open(tmp_path / "train")
    assert np.bincount(clips.label).tolist() == [1] * 32 + [2]
    assert clips.xyz.shape == (34, 100, 42, 3)
    assert not clips.xyz[np.asarray(clips.score) == 0].any()
    assert np.isfinite(clips.xyz).all()
    assert np.abs(clips.xyz).max() < 4  # metres
    assert (clips.onset < clips.offset).all()
    again = simulate_clip(TOUCH_NECK, (0, 7, TOUCH_NECK))
    np.testing.assert_array_equal(clips.score[TOUCH_NECK], np.ceil(again.detected.score * 255))
    assert simulate_clip(TOUCH_NECK, (1, 7, TOUCH_NECK)).motion.shape != again.motion.shape
    assert not (tmp_path / "train.part").exists()


def test_a_clip_is_tracked_by_the_real_engine(tmp_path):
    fold_arms = CLASSES.index("folding arms")
    try:
        clip = track_clip(fold_arms, 3)
    except NoGraphicsError as error:
        pytest.skip(f"no OpenGL context here ({error}); on Debian: apt install libegl1 libgl1-mesa-dri")
    assert clip.detected.fps == 12.5
    assert len(clip.detected) == len(clip.joints) == 50
    assert (clip.detected.score[:, UPPER_BODY.index("nose")] > 0).mean() > 0.8
    folder, recipe = tmp_path / "train-tracked", ClipRecipe(1, "train", 7, tracked=True)
    allocate_clips(folder, recipe)
    write_clips(folder, recipe, np.array([fold_arms]))
    clips = ClipArrays.open(folder)
    assert clips.xyz.shape == (40, 50, 42, 3)
    assert clips.rate(0) == 12.5
    assert clips.score[fold_arms].any()
    assert np.isfinite(clips.xyz).all()


def test_an_interrupted_data_set_goes_on_where_it_stopped(tmp_path):
    unfinished, recipe = tmp_path / "val.part", ClipRecipe(1, "val", 7)
    allocate_clips(unfinished, recipe)
    write_clips(unfinished, recipe, np.arange(34))
    label = np.load(unfinished / "label.npy", mmap_mode="r+")
    kept = np.load(unfinished / "xyz.npy")[1].copy()
    label[0] = -1  # as if the first clip had not been finished
    simulate_dataset(tmp_path / "val", recipe, workers=1)
    clips = ClipArrays.open(tmp_path / "val")
    assert clips.label[0] == 0
    np.testing.assert_array_equal(clips.xyz[1], kept)
    before = (tmp_path / "val" / "xyz.npy").stat().st_mtime_ns
    simulate_dataset(tmp_path / "val", recipe, workers=1)
    assert (tmp_path / "val" / "xyz.npy").stat().st_mtime_ns == before
    with pytest.raises(KinesicsError, match="another simulated set"):
        simulate_dataset(tmp_path / "val", ClipRecipe(2, "val", 7), workers=1)


def test_tracked_sets_show_more_background():
    simulated, tracked = (np.bincount(ClipRecipe(2, "train", 1, tracked).labels) for tracked in (False, True))
    assert simulated.tolist() == [2] * 32 + [4]
    assert tracked.tolist() == [2] * 32 + [16]


def test_a_set_of_an_older_version_is_another(tmp_path):
    """Its gestures were made in one way only, and some meant something else."""
    recipe = ClipRecipe(1, "train", 7, tracked=True)
    (tmp_path / "recipe.json").write_text(json.dumps(recipe.metadata()))
    assert recipe.made(tmp_path)
    (tmp_path / "recipe.json").write_text(json.dumps(recipe.metadata() | {"revision": 3}))
    assert not recipe.made(tmp_path)
    assert not ClipRecipe(2, "train", 7, tracked=True).made(tmp_path)
