"""A small simulated data set in the layout of iMiGUE: whole, readable, repeatable, and it resumes."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("anny", reason="needs the simulate extra (anny)")

from kinesics.cli import main
from kinesics.data.doctor import examine
from kinesics.data.sets.imigue import files
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.data.sets.imigue.dataset import IMiGUE
from kinesics.data.sets.imigue.files import SIMULATED_FILE
from kinesics.errors import KinesicsError
from kinesics.simulator.emotion import emotion_link
from kinesics.simulator.imigue_videos import InterviewRecipe, class_odds, simulate_videos
from kinesics.skeleton.sequence import load_skeletons
from kinesics.video import probe, read_frames

FRAMES, SIZE = 125, (96, 64)


def write(folder: Path) -> None:
    simulate_videos(folder, InterviewRecipe(3, 5, FRAMES / 25, SIZE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people") / "set"
    write(folder)
    return folder


def test_the_doctor_finds_nothing(folder):
    diagnosis = examine(folder, lambda share: None)
    assert diagnosis.problems == ()
    assert {split: (facts.videos, facts.subjects) for split, facts in diagnosis.splits.items()} == {
        split: (1, 1) for split in ("train", "val", "test")
    }


def test_files_agree_and_labels_are_open(folder):
    dataset = IMiGUE(folder)
    assert len(dataset.recordings) == 3
    for one in dataset.recordings:
        info = probe(one.video)
        assert (info.frames, info.fps, info.width, info.height) == (FRAMES, 25, *SIZE)
        found = files.read_openpose_xlsx(one.file("openpose.xlsx"))
        assert found.shape == (FRAMES, 137, 3)
        np.testing.assert_allclose(files.read_light_hand(one.file("light_hand.csv"))[:, :25], found[:, :25], atol=1e-3)
    assert dataset.clips
    assert all(clip.label is not None and 0 <= clip.start < clip.end <= FRAMES / 25 for clip in dataset.clips)
    assert {one.label for one in dataset.emotions if one.split != "test"} <= {0, 1}


def test_what_is_read_lies_where_the_truth_is(folder):
    dataset = IMiGUE(folder)
    clip = dataset.clips[0]
    read = dataset.read_skeleton(clip)
    (truth,) = load_skeletons(folder / "truth" / f"{clip.id[:4]}.skeleton.npz")
    true = truth.slice(round(clip.start * 25), round(clip.end * 25))
    seen = read.score > 0
    assert seen.mean() > 0.4
    away = np.linalg.norm((read.image_xy - true.image_xy) * (SIZE[0] / SIZE[1], 1), axis=-1)[seen]
    assert np.median(away) < 0.02  # of the picture's height


def test_a_slow_camera_holds_its_pictures(tmp_path):
    folder = tmp_path / "slow"
    simulate_videos(folder, InterviewRecipe(3, 5, 2, SIZE, camera_fps=5))
    assert not examine(folder, lambda share: None).problems
    (truth,) = load_skeletons(folder / "truth" / "0001.skeleton.npz")
    moved = np.abs(np.diff(truth.xyz, axis=0)).max((1, 2)) > 0
    assert np.flatnonzero(moved).tolist() == [t for t in range(49) if t % 5 == 4]
    images = np.stack([frame.image for frame in read_frames(next(folder.rglob("0001.mp4")))]).astype(float)
    changes = np.abs(np.diff(images, axis=0)).mean((1, 2, 3))
    assert changes[4::5].mean() > 4 * np.delete(changes, np.s_[4::5]).mean()
    with pytest.raises(KinesicsError, match=r"a camera of 25, 12\.5, 5"):
        simulate_videos(tmp_path / "other", InterviewRecipe(3, 5, camera_fps=10))


def test_an_interrupted_set_resumes_and_ends_with_the_same_bytes(folder, tmp_path):
    again = tmp_path / "set"
    shutil.copytree(folder, again)
    (again / "truth" / "0002.skeleton.npz").unlink()  # as if the second video had not been finished
    for path in again.rglob("0002_*"):
        path.unlink()
    kept = (again / "truth" / "0001.skeleton.npz").stat().st_mtime_ns
    write(again)
    assert (again / "truth" / "0001.skeleton.npz").stat().st_mtime_ns == kept
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".mp4":
            assert (again / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name


def test_splits_share_nobody():
    recipe = InterviewRecipe(24, 1, 20, SIZE)
    people = {split: set() for split in ("train", "val", "test")}
    for video in range(1, 25):
        people[recipe.split(video)].add(recipe.subject(video))
    assert {split: len(some) for split, some in people.items()} == {"train": 3, "val": 1, "test": 1}
    assert not people["train"] & people["val"] | people["train"] & people["test"] | people["val"] & people["test"]


def test_what_cannot_be(folder, tmp_path):
    with pytest.raises(KinesicsError, match="3 to 9999"):
        simulate_videos(tmp_path, InterviewRecipe(2, 1))
    with pytest.raises(KinesicsError, match="at least 2 seconds"):
        simulate_videos(tmp_path, InterviewRecipe(3, 1, seconds=1))
    with pytest.raises(KinesicsError, match="even sizes of 48 to 4096 pixels, found 481x270"):
        simulate_videos(tmp_path, InterviewRecipe(3, 1, size=(481, 270)))
    with pytest.raises(KinesicsError, match="at least 1 worker, found 0"):
        simulate_videos(tmp_path, InterviewRecipe(3, 1), workers=0)
    with pytest.raises(KinesicsError, match="the same simulated set"):
        simulate_videos(folder, InterviewRecipe(4, 1))


def test_classes_follow_the_prior_and_the_emotion():
    for prior in ("uniform", "imigue"):
        recipe = InterviewRecipe(24, 1, 12, SIZE, prior)
        won, lost = (
            class_odds(recipe, next(video for video in range(1, 25) if recipe.won(video) == emotion))
            for emotion in (1, 0)
        )
        rubs, heads, ears = (CLASSES.index(name) for name in ("rubbing or holding hands", "head up", "touching ears"))
        for odds in (won, lost):
            assert odds.sum() == pytest.approx(1)
            assert odds.min() > 0
        assert lost[rubs] / lost[ears] == pytest.approx(emotion_link().likelier * won[rubs] / won[ears])
        assert won[heads] / won[ears] == pytest.approx(emotion_link().likelier * lost[heads] / lost[ears])
        assert won[CLASSES.index("touching jaw")] / won[ears] == pytest.approx(1 if prior == "uniform" else 302 / 87)


def test_the_command_passes_size_and_prior_on(tmp_path):
    out = tmp_path / "set"
    arguments = [
        "simulate",
        "--videos",
        "3",
        "--seconds",
        "2",
        "--size",
        "64x48",
        "--prior",
        "imigue",
        "--workers",
        "1",
    ]
    assert main([*arguments, "--out", str(out)]) == 0
    info = probe(IMiGUE(out).recordings[0].video)
    assert (info.frames, info.width, info.height) == (50, 64, 48)
    assert '"prior": "imigue"' in (out / SIMULATED_FILE).read_text()
    with pytest.raises(SystemExit):
        main(["simulate", "--videos", "3", "--size", "64", "--out", str(out)])
