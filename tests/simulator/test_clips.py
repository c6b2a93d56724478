"""Clips, data sets and films of simulated people."""

import csv
import json

import numpy as np
import pytest

pytest.importorskip("anny", reason="needs the simulate extra (anny)")

from kinesics.cli import main
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.simulator import clips as world
from kinesics.simulator.clips import (
    make_dataset,
    simulate_class,
    simulate_clip,
    simulate_interview,
    track_clip,
)
from kinesics.skeleton import UPPER_BODY
from kinesics.timeline.formats import kinesics_json, table
from kinesics.training.inputs.clip_windows import ClipArrays
from kinesics.video import probe, read_frames

TOUCH_NECK = CLASSES.index("touch neck")


def test_a_clip_is_what_its_seed_says():
    one, two, other = (simulate_clip(TOUCH_NECK, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.seen.xyz, two.seen.xyz)
    assert one.motion.shape == two.motion.shape
    assert one.motion.shape != other.motion.shape
    assert len(one.seen) == 100
    assert one.seen.layout == UPPER_BODY
    assert 0 <= one.motion.onset < one.motion.offset <= 4
    assert one.joints.shape == (100, 42, 3)


def test_everyday_movement_is_no_gesture():
    assert simulate_clip(None, 1).motion.label is None


def test_a_data_set_is_whole_repeatable_and_split_by_body(tmp_path):
    make_dataset(tmp_path / "train", 1, "train", 7, workers=1)
    clips = ClipArrays.open(tmp_path / "train")
    assert np.bincount(clips.label).tolist() == [1] * 32 + [2]
    assert clips.xyz.shape == (34, 100, 42, 3)
    assert not clips.xyz[np.asarray(clips.score) == 0].any()
    assert np.isfinite(clips.xyz).all()
    assert np.abs(clips.xyz).max() < 4  # metres
    assert (clips.onset < clips.offset).all()
    again = simulate_clip(TOUCH_NECK, (0, 7, TOUCH_NECK))
    np.testing.assert_array_equal(clips.score[TOUCH_NECK], np.ceil(again.seen.score * 255))
    assert simulate_clip(TOUCH_NECK, (1, 7, TOUCH_NECK)).motion.shape != again.motion.shape
    assert not (tmp_path / "train.part").exists()


def test_a_clip_is_watched_by_the_real_engine(tmp_path):
    fold_arms = CLASSES.index("fold arms")
    try:
        clip = track_clip(fold_arms, 3)
    except world.NoGraphicsError as error:
        pytest.skip(f"no OpenGL context here ({error}); on Debian: apt install libegl1 libgl1-mesa-dri")
    assert clip.seen.fps == 12.5
    assert len(clip.seen) == len(clip.joints) == 50
    assert (clip.seen.score[:, UPPER_BODY.index("nose")] > 0).mean() > 0.8
    folder = tmp_path / "train-watched"
    world._allocate(folder, world._recipe(1, "train", 7, watched=True), 34)
    row = np.array([fold_arms])
    world._write_clips((folder, row, row, "train", 7, True))
    clips = ClipArrays.open(folder)
    assert clips.xyz.shape == (34, 50, 42, 3)
    assert clips.rate(0) == 12.5
    assert clips.score[fold_arms].any()
    assert np.isfinite(clips.xyz).all()


def test_without_opengl_training_says_what_to_do(tmp_path, monkeypatch, capsys):
    def make(*_, watched=False, **__):
        if watched:
            raise world.NoGraphicsError("no display")

    monkeypatch.setattr(world, "make_dataset", make)
    assert main(["train", "--out", str(tmp_path / "run")]) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert "train-watched: expected OpenGL to film with, found none (no display)" in message
    assert "--watched 0" in message


def test_an_interrupted_data_set_goes_on_where_it_stopped(tmp_path):
    part = tmp_path / "val.part"
    world._allocate(part, world._recipe(1, "val", 7, watched=False), 34)
    world._write_clips((part, np.arange(34), world._labels(1, False), "val", 7, False))
    label = np.load(part / "label.npy", mmap_mode="r+")
    kept = np.load(part / "xyz.npy")[1].copy()
    label[0] = -1  # as if the first clip had not been finished
    make_dataset(tmp_path / "val", 1, "val", 7, workers=1)
    clips = ClipArrays.open(tmp_path / "val")
    assert clips.label[0] == 0
    np.testing.assert_array_equal(clips.xyz[1], kept)
    before = (tmp_path / "val" / "xyz.npy").stat().st_mtime_ns
    make_dataset(tmp_path / "val", 1, "val", 7, workers=1)
    assert (tmp_path / "val" / "xyz.npy").stat().st_mtime_ns == before
    with pytest.raises(KinesicsError, match="another simulated set"):
        make_dataset(tmp_path / "val", 2, "val", 7, workers=1)


def test_films_show_more_of_ordinary_life():
    modelled, films = (np.bincount(world._labels(2, watched)) for watched in (False, True))
    assert modelled.tolist() == [2] * 32 + [4]
    assert films.tolist() == [2] * 32 + [16]


def test_a_class_is_filmed(tmp_path):
    out = tmp_path / "clip.gif"
    shares = []
    simulate_class("head up", out, 1, size=(160, 120), progress=shares.append)
    facts = probe(out)
    assert (facts.width, facts.height) == (160, 120)
    assert facts.duration == pytest.approx(4, abs=0.1)
    frames = [frame.image.astype(int) for frame in read_frames(out)]
    assert np.abs(frames[0] - frames[len(frames) // 2]).max() > 30  # somebody moves
    assert shares[-1] == 1


def test_without_opengl_a_skeleton_is_drawn_and_it_says_so(tmp_path, monkeypatch, caplog):
    def no_graphics(*_args, **_options):
        raise world.NoGraphicsError("no display")
        yield

    monkeypatch.setattr(world, "render", no_graphics)
    simulate_class("head up", tmp_path / "clip.gif", 1, size=(160, 120))
    assert probe(tmp_path / "clip.gif").width == 160
    assert "drawing a skeleton" in caplog.text


def test_an_interview_comes_with_its_truth(tmp_path, monkeypatch):
    monkeypatch.setattr(world, "_INTERVIEW_SIZE", (160, 90))
    out = tmp_path / "interview.mp4"
    simulate_interview(out, 7, 3)
    assert probe(out).duration == pytest.approx(7, abs=0.1)
    truth = kinesics_json.read(tmp_path / "interview.truth.json")
    assert len(truth) > 0
    assert all(0 <= event.start < event.end <= 7.01 for event in truth)
    assert [event.label for event in table.read(tmp_path / "interview.truth.csv")] == [event.label for event in truth]
    rows = list(csv.reader((tmp_path / "interview_label.csv").open()))
    assert len(rows) == len(truth)
    for row, event in zip(rows, truth, strict=True):
        assert int(row[0]) == (99 if event.label == "illustrative" else event.index + 1)
        assert int(row[1]) == round(event.start * 25)
        assert int(row[2]) == round(event.end * 25) - 1
    assert json.loads((tmp_path / "interview.truth.json").read_text())["recording"]["fps"] == 25


@pytest.mark.parametrize(
    ("name", "out", "says"),
    [
        ("touch sky", "clip.gif", "touch sky"),
        ("touch neck", "clip.avi", ".mp4 or .gif"),
        ("touch neck", "missing/clip.gif", "cannot be written"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path, name, out, says):
    with pytest.raises(KinesicsError, match=says) as error:
        simulate_class(name, tmp_path / out, 1, size=(64, 48))
    assert "\n" not in str(error.value)


def test_an_interview_has_a_length(tmp_path):
    with pytest.raises(KinesicsError, match="at least 1 second"):
        simulate_interview(tmp_path / "a.mp4", 0, 1)
