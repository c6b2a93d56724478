"""SMG, from files made after its description."""

import numpy as np
import pytest

from kinesics.data.dataset import DatasetNotFoundError
from kinesics.data.sets.smg import CLASSES, SMG
from kinesics.errors import KinesicsError


def make(folder, name, labels="1,0,9\n17,10,10\n", frames=20):
    sample = folder / name
    sample.mkdir(parents=True)
    rows = np.zeros((frames, 25, 11))
    rows[..., 0] = np.arange(25) / 10  # x to the sensor's left
    rows[..., 1] = 0.5
    rows[..., 2] = 2 + np.arange(frames)[:, None] / 100
    rows[..., 7:9] = 960, 540
    rows[3, 4] = 0  # not tracked
    np.savetxt(sample / f"{name}_skeleton.csv", rows.reshape(frames, -1), "%.4f", delimiter=",")
    (sample / f"{name}_data.csv").write_text(f"{frames},28,4500\n")
    if labels is not None:
        (sample / f"{name}_finelabels.csv").write_text(labels)
    return sample


@pytest.mark.parametrize("below", [".", "experimentWell"])
def test_clips_and_skeletons(tmp_path, below):
    for name in ("Sample0030", "Sample0035", "Sample0036"):
        make(tmp_path / below, name)
    make(tmp_path / below, "Sample0040", labels=None)
    (tmp_path / below / "Sample0030" / "Sample0030_color.mp4").write_bytes(b"")
    assert SMG.recognises(tmp_path)
    data = SMG(tmp_path)
    assert len(data.classes) == len(set(CLASSES)) == 17
    assert [(clip.id, clip.label, clip.split, clip.subject) for clip in data.clips] == [
        ("Sample0030_0", 0, "train", "0030"),
        ("Sample0030_1", 16, "train", "0030"),
        ("Sample0035_0", 0, "val", "0035"),
        ("Sample0035_1", 16, "val", "0035"),
        ("Sample0036_0", 0, "test", "0036"),
        ("Sample0036_1", 16, "test", "0036"),
    ]
    assert data.clips[0].video.name == "Sample0030_color.mp4"
    assert data.clips[2].video is None
    first, second = (data.read_skeleton(clip) for clip in data.clips[:2])
    assert (len(first), len(second), first.fps) == (10, 1, 28)
    assert second.start == pytest.approx(10 / 28)
    np.testing.assert_allclose(second.xyz[0, 2], [-0.2, -0.5, 2.1], atol=1e-5)
    np.testing.assert_allclose(second.image_xy[0, 2], [0.5, 0.5])
    assert first.score[3, 4] == 0
    assert not first.xyz[3, 4].any()
    assert first.score.sum() == 249


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("finelabels", "1,0,9\n18,1,2\n", r"line 2, found '18,1,2'"),
        ("finelabels", "1,9,2\n", r"line 1, found '1,9,2'"),
        ("finelabels", "class,start,end\n", "found 'class,start,end'"),
        ("data", "20\n", "numFrames,fps,maxDepth"),
        ("data", "20,0,1\n", "fps 0"),
    ],
)
def test_faults_when_opening(tmp_path, name, content, says):
    sample = make(tmp_path, "Sample0001")
    (sample / f"Sample0001_{name}.csv").write_text(content)
    with pytest.raises(KinesicsError, match=rf"Sample0001_{name}\.csv: expected .*{says}"):
        SMG(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"), [("1,2,3\n", "found 3 columns"), ("x,y\n", "expected 275 numbers"), ("", "expected 275")]
)
def test_faults_of_a_skeleton(tmp_path, content, says):
    sample = make(tmp_path, "Sample0001")
    (sample / "Sample0001_skeleton.csv").write_text(content)
    data = SMG(tmp_path)
    with pytest.raises(KinesicsError, match=says):
        data.read_skeleton(data.clips[0])


def test_a_clip_beyond_the_recording(tmp_path):
    make(tmp_path, "Sample0001", labels="1,5,40\n")
    data = SMG(tmp_path)
    with pytest.raises(KinesicsError, match=r"expected 41 frames .clip Sample0001_0., found 20"):
        data.read_skeleton(data.clips[0])


def test_nothing_there(tmp_path):
    assert not SMG.recognises(tmp_path)
    with pytest.raises(DatasetNotFoundError, match=r"SampleNNNN.*https://github"):
        SMG(tmp_path)
