"""The reader of iMiGUE: its files, its trees, its traps."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.imigue_sample import LABELS, SPLITS, TIPS, light_hand, points, write_sample

from kinesics.data.dataset import DatasetNotFoundError
from kinesics.data.doctor import find_problems
from kinesics.data.registry import open_dataset
from kinesics.data.sets.imigue import files as imigue_files
from kinesics.data.sets.imigue.classes import CLASSES, TRAIN_CLIPS, VALIDATION_CLIPS
from kinesics.data.sets.imigue.dataset import CVPR_EMOTIONS, CVPR_SUBJECTS, IMiGUE
from kinesics.errors import KinesicsError
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.layouts import OPENPOSE_137


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sound")
    write_sample(root)
    return root


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(sound, tmp_path / "imigue"))


def file(folder: Path, video: str, ending: str) -> Path:
    return next(folder.rglob(f"{video}_{ending}"))


def test_points_come_back(tmp_path: Path) -> None:
    found = points(3)
    imigue_files.write_openpose_xlsx(tmp_path / "a.xlsx", found)
    np.testing.assert_allclose(imigue_files.read_openpose_xlsx(tmp_path / "a.xlsx"), found, atol=6e-4)
    imigue_files.write_light_hand(tmp_path / "a.csv", light_hand(found))
    np.testing.assert_allclose(imigue_files.read_light_hand(tmp_path / "a.csv"), light_hand(found), atol=6e-4)
    imigue_files.write_light(tmp_path / "b.csv", found[:, :25])
    np.testing.assert_allclose(imigue_files.read_light(tmp_path / "b.csv"), found[:, :25], atol=6e-4)


def test_same_points_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        imigue_files.write_openpose_xlsx(tmp_path / name, points(3))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:  # no clock inside: tomorrow's bytes are the same too
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        assert archive.read("docProps/core.xml").count(b"2021-01-01T00:00:00Z") == 2
    assert not list(tmp_path.glob("*.part"))


def test_the_official_lines(sound: Path) -> None:
    assert file(sound, "0005", "label.csv").read_text() == "1,0,9\n99,10,30\n31,20,59\n"
    first = file(sound, "0005", "light_hand.csv").read_text().splitlines()[0].split(",")
    assert len(first) == 106
    assert first[:4] == ["0", "32.000", "12.000", "0.900"]
    assert (sound / "train_label.csv").read_text() == "video_id,label\n0005,1\n0012,0\n"


@pytest.mark.parametrize("blank", [False, True])
@pytest.mark.parametrize("header", ["words", "numbers"])
def test_a_header_of_the_light_file_shifts_no_frame(tmp_path: Path, header: str, blank: bool) -> None:
    found = light_hand(points(1)) * (0 if blank else 1)
    bare, headed = tmp_path / "bare.csv", tmp_path / "headed.csv"
    imigue_files.write_light_hand(bare, found)
    table = pd.DataFrame(found.reshape(len(found), -1))
    names = None if header == "numbers" else [f"{c}{i}" for i in range(35) for c in "xys"]
    table.to_csv(headed, header=names or True)
    assert imigue_files.has_header(headed)
    assert not imigue_files.has_header(bare)
    np.testing.assert_allclose(imigue_files.read_light_hand(headed), imigue_files.read_light_hand(bare), atol=6e-4)


def test_frames_that_the_light_file_leaves_out_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    imigue_files.write_light_hand(path, light_hand(points(0)))
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:20] + lines[22:]))
    read = imigue_files.read_light_hand(path)
    assert len(read) == len(lines)
    assert (read[20:22] == 0).all()
    assert (read[22] == np.float32(light_hand(points(0)).round(3))[22]).all()


def test_clips(sound: Path) -> None:
    dataset = open_dataset(sound)
    assert isinstance(dataset, IMiGUE)
    clips = {clip.id: clip for clip in dataset.clips}
    assert list(clips) == ["0005_0", "0005_1", "0005_2", "0012_0", "0012_1", "0001_0", "0217_0", "0217_1"]
    assert [clips[f"0005_{k}"].label for k in range(3)] == [0, 31, 30]  # 99 is "illustrative", the last class
    assert clips["0012_0"].end - clips["0012_0"].start == pytest.approx(1 / 25)  # the end is inclusive
    assert {clip.id[:4]: clip.split for clip in dataset.clips} == SPLITS
    assert [clip.label for clip in dataset.split("test")] == [None, None]
    assert clips["0001_0"].video == sound / "imigue_rgb_phase1/validation_data/0001/0001.mp4"
    assert all(len(dataset.read_skeleton(clips[f"{video}_{k}"])) == row[2] - row[1] + 1
               for video, rows in LABELS.items() for k, row in enumerate(rows))  # fmt: skip


@pytest.mark.parametrize("simulated", [False, True])
def test_test_labels_are_hidden_only_where_they_are_dummies(folder: Path, simulated: bool) -> None:
    if not simulated:
        (folder / "kinesics.json").unlink()
    path = file(folder, "0217", "label.csv")
    imigue_files.write_labels(path, [(1, 0, 9), (1, 10, 20)])
    assert [clip.label for clip in IMiGUE(folder).split("test")] == ([0, 0] if simulated else [None, None])
    imigue_files.write_labels(path, [(1, 0, 9), (2, 10, 20)])
    assert [clip.label for clip in IMiGUE(folder).split("test")] == [0, 1]


def test_skeleton(sound: Path) -> None:
    dataset = IMiGUE(sound)
    clip = dataset.clips[2]
    skeleton = dataset.read_skeleton(clip)
    truth = points(0)[20:60]
    assert skeleton.layout == UPPER_BODY
    assert not skeleton.is_3d
    assert skeleton.start == pytest.approx(clip.start)
    assert skeleton.image_xy is not None
    for joint in ("right_wrist", "left_wrist", "left_eye", "right_ear"):
        source = {"left_eye": ["face_42", "face_45"]}.get(joint, [joint])
        expected = truth[0, OPENPOSE_137.indices(*source), :2].mean(0) / [64, 48]
        np.testing.assert_allclose(skeleton.image_xy[0, UPPER_BODY.index(joint)], expected, atol=1e-4)
    # of the body's size, not of the picture's
    left, right = skeleton.xyz[0, UPPER_BODY.indices("left_shoulder", "right_shoulder")]
    assert np.linalg.norm(left - right) == pytest.approx(0.36, abs=1e-3)
    assert left[0] > right[0]
    assert (skeleton.xyz[..., 2] == 0).all()
    assert (skeleton.score[30] == 0).all()  # frame 50 of the video shows nobody
    assert (skeleton.xyz[30] == 0).all()
    assert skeleton.score[0].min(where=skeleton.score[0] > 0, initial=1) > 0.6
    assert (skeleton.score[0, UPPER_BODY.indices("upper_lip", "left_index_knuckle", "right_pinky_tip")] > 0).all()


@pytest.mark.parametrize("swapped", [False, True])
def test_fingertips_go_to_the_nearer_wrist(folder: Path, swapped: bool) -> None:
    found = light_hand(points(0))
    order = [*range(25), *range(30, 35), *range(25, 30)] if swapped else [*range(35)]
    path = file(folder, "0005", "light_hand.csv")
    imigue_files.write_light_hand(path, found[:, order])
    file(folder, "0005", "openpose.xlsx").unlink()
    assert imigue_files.fingertips_swapped(imigue_files.read_light_hand(path)) is swapped
    dataset = IMiGUE(folder)
    skeleton = dataset.read_skeleton(dataset.clips[0])
    assert skeleton.image_xy is not None
    for side, first in (("left", 95), ("right", 116)):
        tip = skeleton.image_xy[0, UPPER_BODY.index(f"{side}_index_tip")]
        np.testing.assert_allclose(tip, points(0)[0, first + TIPS[1], :2] / [64, 48], atol=1e-4)
    assert skeleton.score[0, UPPER_BODY.index("upper_lip")] == 0  # only OpenPose's own file has a face


def test_hands_that_nobody_sees_decide_nothing() -> None:
    found = light_hand(points(0))
    found[:, 25:] = 0
    assert imigue_files.fingertips_swapped(found) is None


def test_what_openpose_lacks_comes_from_the_light_file(folder: Path) -> None:
    found = points(0)
    found[:, 95:] = 0
    imigue_files.write_openpose_xlsx(file(folder, "0005", "openpose.xlsx"), found)
    dataset = IMiGUE(folder)
    skeleton = dataset.read_skeleton(dataset.clips[0])
    assert (skeleton.score[:, UPPER_BODY.indices("left_thumb_tip", "upper_lip")] > 0).all()
    assert (skeleton.score[:, UPPER_BODY.index("left_index_knuckle")] == 0).all()


def test_light_files_and_no_videos_are_enough(folder: Path) -> None:
    for path in [*folder.rglob("*.xlsx"), *folder.rglob("*_light_hand.csv")]:
        path.unlink()
    for phase in (1, 2):
        shutil.rmtree(folder / f"imigue_rgb_phase{phase}")
    dataset = IMiGUE(folder)
    skeleton = dataset.read_skeleton(dataset.clips[0])
    assert skeleton.image_xy is None
    assert skeleton.score[0, UPPER_BODY.index("left_wrist")] == pytest.approx(0.9)
    assert skeleton.score[0, UPPER_BODY.index("left_thumb_tip")] == 0
    assert dataset.clips[0].video is None
    assert dataset.emotions == ()
    assert list(find_problems(dataset, lambda _: None)) == []


def test_clips_of_one_video_parse_its_files_once(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = imigue_files.read_openpose_xlsx
    seen = []
    monkeypatch.setattr(imigue_files, "read_openpose_xlsx", lambda path: seen.append(path) or read(path))
    dataset = IMiGUE(sound)
    assert len(dataset.clips) == 8
    assert seen == []  # opening and listing read no large file
    for clip in dataset.clips:
        dataset.read_skeleton(clip)
    assert len(seen) == len(SPLITS)


def test_folders_without_the_archives_names(folder: Path) -> None:
    (folder / "imigue_data_phase1/datasets/imigue_skeleton_train").rename(folder / "imigue_skeleton_train")
    assert [clip.id for clip in IMiGUE(folder).split("train")][:1] == ["0005_0"]


def test_emotions_of_the_challenge(sound: Path) -> None:
    found = {video.id: (video.split, video.label) for video in IMiGUE(sound).emotions}
    assert found == {"0005": ("train", 1), "0012": ("train", 0), "0001": ("val", 1), "0217": ("test", None)}


def test_spreadsheets_eat_zeros(folder: Path) -> None:
    (folder / "train_label.csv").write_text("video_id,label\r\n5,1\r\n12,0\r\n")
    assert [video.label for video in IMiGUE(folder).emotions][:2] == [1, 0]


def test_the_protocol_of_the_paper_splits_by_subject(sound: Path) -> None:
    dataset = IMiGUE(sound, "cvpr2021")
    assert {clip.id[:4]: clip.split for clip in dataset.clips} == {
        "0005": "train", "0012": "train", "0001": "test", "0217": "train"
    }  # fmt: skip
    assert {clip.subject for clip in dataset.split("test")} == {"7"}
    assert {video.id: video.split for video in dataset.emotions} == {"0001": "train", "0012": "test"}


def test_the_protocol_of_the_paper_needs_subjects(folder: Path) -> None:
    (folder / "subjects.csv").unlink()
    dataset = IMiGUE(folder, "cvpr2021")
    assert len(dataset.emotions) == 2  # these are told by video
    with pytest.raises(KinesicsError, match=r"subjects\.csv: expected a line video_id,subject"):
        _ = dataset.clips


def test_published_numbers() -> None:
    assert (len(CLASSES), sum(TRAIN_CLIPS), sum(VALIDATION_CLIPS)) == (32, 12_893, 777)
    train, test = CVPR_EMOTIONS["train"], CVPR_EMOTIONS["test"]
    assert (len(CVPR_SUBJECTS), len(train), len(test)) == (37, 102, 100)
    assert not train & test


def test_another_folder(tmp_path: Path) -> None:
    for opened in (IMiGUE, open_dataset):
        with pytest.raises(DatasetNotFoundError, match="iMiGUE") as caught:
            opened(tmp_path)
        assert str(tmp_path) in str(caught.value)
    assert not IMiGUE.recognises(tmp_path / "nowhere")
    with pytest.raises(KinesicsError, match="no such folder"):
        open_dataset(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("ending", "text", "told"),
    [
        ("label.csv", "class,start,end\n1,2,3\n", "a header where none belongs"),
        ("label.csv", "1,2,3\n1,2\n", "line 2 is '1,2'"),
        ("label.csv", "1,2,3.5\n", "line 1 is '1,2,3.5'"),
        ("light_hand.csv", "0,5,2,3\n", "expected 106 columns"),
        ("light_hand.csv", "", "expected 106 numbers a line, found No columns"),
        ("light_hand.csv", "0" + ",1" * 105 + "\n0" + ",1" * 105 + "\n", "frame numbers that rise"),
        ("light_hand.csv", "0" + ",x" * 105 + "\n1" + ",x" * 105 + "\n", "found could not convert"),
        ("openpose.xlsx", "no xlsx", "expected an xlsx file"),
    ],
)
def test_broken_files_are_named(folder: Path, ending: str, text: str, told: str) -> None:
    path = file(folder, "0005", ending)
    path.write_text(text)
    dataset = IMiGUE(folder)
    with pytest.raises(KinesicsError, match=told) as caught:
        dataset.read_skeleton(dataset.clips[0])
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_clip_that_outlasts_its_skeleton(folder: Path) -> None:
    imigue_files.write_labels(file(folder, "0005", "label.csv"), [(1, 50, 70)])
    dataset = IMiGUE(folder)
    with pytest.raises(KinesicsError, match="expected 71 frames"):
        dataset.read_skeleton(dataset.clips[0])
