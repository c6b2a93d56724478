"""MA-52, from lists made after its description."""

import math

import pytest

from kinesics.data.dataset import DatasetNotFoundError
from kinesics.data.sets.ma52 import BODY_PART, BODY_PARTS, CLASSES, MA52
from kinesics.errors import KinesicsError


def test_classes():
    assert len(CLASSES) == len(set(CLASSES)) == 52
    assert [BODY_PART.count(part) for part in range(7)] == [5, 6, 13, 8, 6, 10, 4]
    assert CLASSES[9] == "nodding"
    assert list(BODY_PARTS)[BODY_PART[CLASSES.index("pushing glasses")]] == "head-hand"


def test_lists(tmp_path):
    (tmp_path / "train_list_videos.txt").write_text("0003_01_0005.mp4 8\n0004_05_0024.mp4 43\n\n")
    (tmp_path / "val_list_videos.txt").write_text("0007_00_0001.mp4 1")
    (tmp_path / "test_list_videos.txt").write_text("test0000.mp4 -1\ntest0001.mp4\n")
    assert MA52.recognises(tmp_path)
    data = MA52(tmp_path)
    assert [(clip.id, clip.label, clip.split, clip.subject) for clip in data.clips] == [
        ("0003_01_0005", 8, "train", "0003"),
        ("0004_05_0024", 43, "train", "0004"),
        ("0007_00_0001", 1, "val", "0007"),
        ("test0000", None, "test", ""),
        ("test0001", None, "test", ""),
    ]
    assert data.clips[0].video == tmp_path / "videos_train" / "0003_01_0005.mp4"
    assert data.clips[0].end == math.inf
    assert sum(data.published.values()) == 22_422
    with pytest.raises(KinesicsError, match="no skeletons"):
        data.read_skeleton(data.clips[0])


@pytest.mark.parametrize("line", ["0003_01_0005.mp4 52", "0003_01_0005.avi 3", "../a.mp4 3", "a.mp4 three", "7"])
def test_faults_name_the_line(tmp_path, line):
    (tmp_path / "train_list_videos.txt").write_text(f"0003_01_0005.mp4 8\n{line}\n")
    with pytest.raises(KinesicsError, match=rf"train_list_videos\.txt: expected .* in line 2, found '{line}'"):
        MA52(tmp_path)


def test_nothing_there(tmp_path):
    assert not MA52.recognises(tmp_path)
    with pytest.raises(DatasetNotFoundError, match=r"train_list_videos\.txt.*https://github"):
        MA52(tmp_path)
