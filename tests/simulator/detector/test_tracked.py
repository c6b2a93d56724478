"""The landmark engine's points of a rendered video lie where the body's own are."""

from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("anny") is None:  # not imported: that takes seconds
    pytest.skip("needs the simulate extra (anny)", allow_module_level=True)
pytest.importorskip("mediapipe")
pytest.importorskip("moderngl")

from kinesics.data.sets.imigue import files
from kinesics.simulator.detector.openpose import openpose_points
from kinesics.simulator.imigue_videos import InterviewRecipe, make_interview, open_set, write_video_files
from kinesics.simulator.person.body import Body
from kinesics.skeleton.layouts import OPENPOSE_137
from kinesics.skeleton.sequence import load_skeletons

SIZE = (480, 270)
PARTS = {"body": slice(0, 8), "face": slice(25, 93), "left hand": slice(95, 116), "right hand": slice(116, 137)}


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """(T, 137, 3) as written, and (T, 137, 2) pixels of the truth."""
    out = tmp_path_factory.mktemp("people") / "set"
    recipe = InterviewRecipe(3, 5, 2.0, SIZE, view="tracked")
    open_set(out, recipe)
    write_video_files(out, recipe, 1)
    made = make_interview(recipe, 1)
    truth = made.camera.project(openpose_points(Body(made.motion.shape), made.motion.pose)) * SIZE
    assert len(load_skeletons(out / "truth" / "0001.skeleton.npz")[0]) == len(truth)
    return files.read_openpose_xlsx(next(out.rglob("0001_openpose.xlsx"))), truth


@pytest.mark.parametrize("part", PARTS)
def test_tracked_points_lie_near_the_true_ones(tracked, part):
    found, truth = tracked
    found, truth = found[:, PARTS[part]], truth[:, PARTS[part]]
    seen = found[..., 2] > 0
    assert seen.mean() > (0.3 if "hand" in part else 0.9)
    away = np.linalg.norm(found[..., :2] - truth, axis=-1)
    off = np.array([np.median(column[there]) for column, there in zip(away.T, seen.T, strict=True) if there.any()])
    assert off.max() < 0.05 * SIZE[1]
    assert np.median(off) < 0.02 * SIZE[1]


def test_every_point_of_the_face_is_nearest_to_its_own(tracked):
    found, truth = tracked
    face = slice(25 + 17, 25 + 68)  # without the jaw, whose points may slide along it
    seen = found[:, face, 2].all(1)
    middle = np.median(found[seen][:, face, :2], 0), np.median(truth[seen][:, face], 0)
    a, b = (points - points.mean(0) for points in middle)
    right = np.linalg.norm(a[:, None] - b[None], axis=-1).argmin(1)
    assert (right == np.arange(len(a))).mean() > 0.5
    assert np.linalg.norm(a[right] - a, axis=1).max() < 0.03 * SIZE[1]


def test_middles_and_unknown_points(tracked):
    found, _ = tracked
    neck, left, right = OPENPOSE_137.indices("neck", "left_shoulder", "right_shoulder")
    np.testing.assert_allclose(found[:, neck, :2], found[:, [left, right], :2].mean(1), atol=2e-3)
    assert not found[:, OPENPOSE_137.indices("left_pupil", "left_small_toe")].any()
