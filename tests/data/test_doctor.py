"""`kinesics data doctor`: a sound data set passes, and each damage is told by its file and its fault."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.imigue_sample import light_hand, points, write_sample
from support.paths import BENCHMARKS

from kinesics.cli import main
from kinesics.data.doctor import examine
from kinesics.data.sets.imigue import files

TRAIN = "imigue_data_phase1/datasets/imigue_skeleton_train"
TEST = "imigue_data_phase2/imigue_skeleton_test"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sound")
    write_sample(root)
    return root


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(sound, tmp_path / "imigue"))


def told(folder: Path) -> list[tuple[str, str]]:
    """(file, fault) of every problem."""
    return [(str(one.file.relative_to(folder)), one.fault) for one in examine(folder, lambda _: None).problems]


def test_a_sound_set_passes_every_check(sound: Path) -> None:
    shares: list[float] = []
    diagnosis = examine(sound, shares.append)
    assert diagnosis.problems == ()
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert {split: (facts.clips, facts.videos) for split, facts in diagnosis.splits.items()} == {
        "train": (5, 2), "val": (1, 1), "test": (2, 1)
    }  # fmt: skip
    assert diagnosis.splits["train"].classes == {0: 1, 31: 1, 30: 1, 11: 1, 16: 1}
    assert diagnosis.splits["test"].classes == {}
    assert diagnosis.splits["val"].seconds == pytest.approx(10 / 25)


def _truncate(path: Path, share: float = 0.5) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


def _cut_columns(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for frame, row in enumerate(points(0).reshape(60, -1)[:, :408].tolist()):
            sheet.write_row(frame, 0, row)


def _swap_hands(path: Path) -> None:
    files.write_light_hand(path, light_hand(points(0))[:, [*range(25), *range(30, 35), *range(25, 30)]])


def _labels(*rows: tuple[int, int, int]) -> Callable[[Path], None]:
    return lambda path: files.write_labels(path, rows)


def _prepend(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text + path.read_text()) and None


DAMAGES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "missing mp4": ("imigue_rgb_phase1/train_data/0005/0005.mp4", Path.unlink, "is missing"),
    "truncated mp4": ("imigue_rgb_phase2/0217/0217.mp4", _truncate, "cut off"),
    "wrong column count": (f"{TRAIN}/0005/0005_openpose.xlsx", _cut_columns, "expected 411 columns .* found 408"),
    "reversed boundaries": (f"{TRAIN}/0005/0005_label.csv", _labels((1, 0, 9), (2, 30, 10)), "line 2: .*reversed"),
    "end past the video": (f"{TRAIN}/0005/0005_label.csv", _labels((1, 0, 60)), "line 1: ends at frame 60, past"),
    "class 57": (f"{TRAIN}/0012/0012_label.csv", _labels((57, 3, 9)), "line 1: class 57 does not exist"),
    "duplicate rows": (f"{TRAIN}/0012/0012_label.csv", _labels((4, 3, 9), (4, 3, 9)), "line 2: repeats line 1"),
    "a header": (f"{TRAIN}/0012/0012_label.csv", _prepend("class,start,end\n"), "a header where none belongs"),
    "hands swapped": (f"{TRAIN}/0005/0005_light_hand.csv", _swap_hands, "fingertips of the hands swapped"),
    "subject in two splits": (
        "subjects.csv",
        lambda path: files.write_subjects(path, {"0005": "2", "0012": "4", "0001": "7", "0217": "2"}),
        "subject 2 is in several splits: train, test",
    ),
    "a header of the light file": (f"{TRAIN}/0005/0005_light.csv", _prepend("f" + ",x" * 75 + "\n"), "has a header"),
    "a last frame lost": (
        "imigue_rgb_phase2/0217/0217.mp4",
        lambda path: _truncate(path, 0.99),
        "cut off before",
    ),
    "missing csv": (f"{TEST}/0217/0217_light_hand.csv", Path.unlink, "is missing"),
    "missing labels": (f"{TEST}/0217/0217_label.csv", Path.unlink, "is missing"),
    "a frame too few": (
        f"{TRAIN}/0005/0005_openpose.xlsx",
        lambda path: files.write_openpose_xlsx(path, points(0)[1:]),
        r"has 59 frames, 0005_light\.csv, 0005_light_hand\.csv, 0005\.mp4 60",
    ),
    "no xlsx": (f"{TRAIN}/0005/0005_openpose.xlsx", lambda path: path.write_text("x"), "none that can be read"),
    "a negative frame": (f"{TRAIN}/0005/0005_label.csv", _labels((1, -3, 9)), "line 1: starts at frame -3"),
    "an emotion of nobody": (
        "train_label.csv",
        lambda path: files.write_emotions(path, {"0005": 1, "0400": 0}),
        "emotion of video 0400, which is nowhere",
    ),
    "a leak of emotions": (
        "validation_label.csv",
        lambda path: files.write_emotions(path, {"0005": 1}),
        "video 0005, which is in train, not in val",
    ),
    "an unknown emotion": ("train_label.csv", _prepend("video_id,label\n0005,2\n"), "found '0005,2'"),
    "another table": ("subjects.csv", lambda path: path.write_text("who\n"), "expected the header video_id,subject"),
    "a leak of videos": (
        f"{TEST}/0005",
        lambda path: shutil.copytree(path.parents[2] / TRAIN / "0005", path) and None,
        "video 0005 is in train and in test",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damage_is_told_by_its_file_and_its_fault(folder: Path, damage: str) -> None:
    file, harm, fault = DAMAGES[damage]
    harm(folder / file)
    found = told(folder)
    assert [where for where, what in found if re.search(fault, what)] == [file]
    if damage != "a leak of videos":  # which leaves a recording without its video, too
        assert len(found) == 1
    assert not any("\n" in what for _, what in found)


def test_ten_damages_at_once_are_told_ten_times(folder: Path) -> None:
    chosen = dict(list(DAMAGES.items())[:10])
    by_file: dict[str, list[tuple[int, int, int]]] = {
        f"{TRAIN}/0005/0005_label.csv": [(1, 30, 10), (2, 0, 60)],
        f"{TRAIN}/0012/0012_label.csv": [(57, 3, 9), (4, 3, 9), (4, 3, 9)],
        f"{TEST}/0217/0217_label.csv": [],
    }
    for file, rows in by_file.items():
        files.write_labels(folder / file, rows)
    _prepend("class,start,end\n")(folder / f"{TEST}/0217/0217_label.csv")
    for name in ("missing mp4", "truncated mp4", "wrong column count", "hands swapped", "subject in two splits"):
        file, harm, _ = chosen[name]
        harm(folder / file)
    found = told(folder)
    assert len(found) == 10
    for name, (_, _, fault) in chosen.items():
        fault = fault.replace("line 2: .*rev", "line 1: .*rev").replace("line 1: ends", "line 2: ends")
        assert any(re.search(fault.replace("line 2: repeats line 1", "line 3: repeats line 2"), what)
                   for _, what in found), name  # fmt: skip


def test_a_real_copy_is_measured_by_the_published_counts(folder: Path) -> None:
    (folder / "kinesics.json").unlink()
    found = told(folder)
    assert {where for where, _ in found} == {"."}
    faults = {what for _, what in found}
    assert {"train: expected 12893 clips, found 5", "test: expected 104 videos, found 1"} <= faults
    assert "train: expected 1155 clips of 'pressing lips', found 0" in faults
    shutil.rmtree(folder / "imigue_data_phase2")
    shutil.rmtree(folder / "imigue_rgb_phase2")
    assert not any(what.startswith("test") for _, what in told(folder))  # a split that was not asked for is no fault


def test_headers_that_all_files_of_a_kind_have_are_no_fault(folder: Path) -> None:
    for path in folder.rglob("*_light_hand.csv"):
        path.write_text("frame" + ",x" * 105 + "\n" + path.read_text())
    assert told(folder) == []


def test_hands_that_all_files_have_the_other_way_round_are_no_fault(folder: Path) -> None:
    for path in folder.rglob("*_light_hand.csv"):
        found = files.read_light_hand(path)
        files.write_light_hand(path, found[:, [*range(25), *range(30, 35), *range(25, 30)]])
    assert told(folder) == []


def test_another_rate_than_that_of_the_labels(folder: Path) -> None:
    from kinesics.video import write_video

    noise = np.random.default_rng(0).integers(0, 255, (60, 48, 64, 3), np.uint8)
    write_video(folder / "imigue_rgb_phase2/0217/0217.mp4", noise, 30)
    assert told(folder) == [
        ("imigue_rgb_phase2/0217/0217.mp4", "runs at 30.000 frames a second, expected 25, by which labels are counted")
    ]


def test_exit_codes(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "doctor", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "every check passed" in out
    assert "illustrative" in out
    (folder / "imigue_rgb_phase2/0217/0217.mp4").unlink()
    with pytest.raises(SystemExit) as stopped:
        main(["data", "doctor", str(folder)])
    assert stopped.value.code == 1
    out = capsys.readouterr().out
    assert f"{folder / 'imigue_rgb_phase2/0217/0217.mp4'}: is missing\n" in out
    assert "1 problem found" in out
    assert main(["data", "doctor", str(tmp_path / "nowhere")]) == 2
    assert main(["data", "doctor", str(folder / TRAIN)]) == 2
    assert "expected a data set (iMiGUE" in capsys.readouterr().err


def test_data_sets_of_one_archive(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    if not BENCHMARKS.is_dir():
        pytest.skip("the shared benchmarks are not here")
    assert main(["data", "doctor", str(BENCHMARKS / "natops.npz")]) == 0
    broken = tmp_path / "natops.npz"
    broken.write_bytes((BENCHMARKS / "natops.npz").read_bytes()[:1000])
    with pytest.raises(SystemExit) as stopped:
        main(["data", "doctor", str(tmp_path)])
    assert stopped.value.code == 1
    assert f"{broken}: expected an archive" in capsys.readouterr().out


def test_every_skeleton_of_another_set_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, columns in ((1, 275), (2, 274)):
        name = f"Sample{number:04d}"
        (tmp_path / name).mkdir()
        np.savetxt(tmp_path / name / f"{name}_skeleton.csv", np.ones((30, columns)), fmt="%d", delimiter=",")
        (tmp_path / name / f"{name}_data.csv").write_text("30,28,8000\n")
        (tmp_path / name / f"{name}_finelabels.csv").write_text("1,0,9\n2,10,29\n")
    with pytest.raises(SystemExit):
        main(["data", "doctor", str(tmp_path)])
    out = capsys.readouterr().out
    assert "SMG in" in out
    assert f"{tmp_path / 'Sample0002/Sample0002_skeleton.csv'}: expected 275 numbers a line" in out
    assert "1 problem found" in out
