"""A clip as a picture."""

import numpy as np
import PIL.Image
import pytest
from support.crab import CRAB, TREE, make

from kinesics.data.sets.clip_folder import ClipFolder
from kinesics.data.show import find_clip, show_clip
from kinesics.errors import KinesicsError
from kinesics.skeleton import SkeletonSequence, save_skeletons
from kinesics.skeleton.drawing import ON_LIGHT
from kinesics.video import write_video

TEAL = ON_LIGHT["left"]


@pytest.fixture
def folder(tmp_path):
    rows = [
        "video,walk,train,s1,v.mp4,0,1,",
        "flat,walk,train,s1,,0,1,flat.skeleton.npz",
        "deep,,test,,,,,deep.skeleton.npz",
    ]
    folder = make(tmp_path / "set", *rows, layout={"name": "crab", "joints": TREE})
    write_video(folder / "v.mp4", [np.full((48, 64, 3), 90, np.uint8)] * 10, 10)
    xyz = np.random.default_rng(0).normal(size=(20, 4, 3)).astype(np.float32)
    score = np.ones((20, 4), np.float32)
    score[10:, CRAB.index("left_claw")] = 0
    for name, is_3d in (("flat", False), ("deep", True)):
        one = SkeletonSequence(xyz * (1, 1, is_3d), score, 20, ClipFolder(folder).layout, is_3d=is_3d)
        save_skeletons(folder / f"{name}.skeleton.npz", [one])
    return folder


def near(picture, colour):
    return (np.abs(picture.astype(int) - colour).max(-1) < 12).sum()


def test_rows_follow_what_the_data_set_has(folder, tmp_path):
    data, heights, teal = ClipFolder(folder), {}, {}
    for name in ("video", "flat", "deep"):
        show_clip(data, find_clip(data, name), tmp_path / f"{name}.png")
        picture = np.asarray(PIL.Image.open(tmp_path / f"{name}.png").convert("RGB"))
        heights[name], teal[name] = len(picture), near(picture, TEAL)
        if name == "video":
            assert near(picture, (90, 90, 90)) > 8 * 200 * 150
    assert heights["video"] < heights["flat"] < heights["deep"]
    assert teal["video"] == 0
    assert 0 < teal["flat"] < teal["deep"]
    assert not list(tmp_path.glob("*.part"))


def test_what_was_lost_is_left_white(folder, tmp_path):
    data = ClipFolder(folder)
    show_clip(data, find_clip(data, "flat"), tmp_path / "a.png")
    picture = np.asarray(PIL.Image.open(tmp_path / "a.png").convert("RGB"))
    strip = picture[-130:-8, 110:]
    half = strip.shape[1] // 2
    assert near(strip[:, :half], TEAL) > 20 * half  # the claw's row is a quarter of 126 pixels high
    assert near(strip[:, half:], TEAL) < 20 * half * 0.1


def test_mistakes(folder, tmp_path):
    data = ClipFolder(folder)
    with pytest.raises(KinesicsError, match="no clip 'dee'; there are 3, such as deep"):
        find_clip(data, "dee")
    with pytest.raises(KinesicsError, match="cannot be written"):
        show_clip(data, find_clip(data, "flat"), tmp_path / "no" / "a.png")
