"""The challenge's files, checked by our own check and by one written from the challenge's description alone."""

import csv
import re
import zipfile

import pytest

from kinesics.errors import KinesicsError
from kinesics.evaluation import check_submission, write_classification, write_emotion, write_recognition

TARGETS = {f"{video:04d}_{k}": (video + k) % 32 for video in (54, 7) for k in range(12)}


def test_classification_as_described(tmp_path):
    path = tmp_path / "track1.csv"
    write_classification(path, TARGETS)
    lines = path.read_text().splitlines()
    assert lines[0] == "Id,Target"
    assert all(re.fullmatch(r"\d{4}_\d+,([0-9]|[12][0-9]|3[01])", line) for line in lines[1:])
    assert dict(line.split(",") for line in lines[1:]) == {name: str(label) for name, label in TARGETS.items()}
    assert lines[1:4] == ["0007_0,7", "0007_1,8", "0007_2,9"]
    assert check_submission(path, ids=TARGETS) == []
    assert check_submission(path) == ["expected 4,562 clips, found 24"]


def test_classification_of_2023_has_no_header_and_a_zip(tmp_path):
    path = tmp_path / "track1.zip"
    write_classification(path, TARGETS, header=False)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["Submission.csv"]
        assert len(archive.read("Submission.csv").splitlines()) == len(TARGETS)
    assert check_submission(path, ids=TARGETS) == []


def test_a_full_test_set_passes_without_ids(tmp_path):
    write_classification(tmp_path / "t.csv", {f"{i // 50:04d}_{i % 50}": i % 32 for i in range(4562)})
    assert check_submission(tmp_path / "t.csv") == []


def test_recognition_as_described(tmp_path):
    sequences = {"0054": [(99, 300, 340), (3, 10, 40)], "0055": []}
    written = write_recognition(tmp_path / "out", sequences)
    assert [path.name for path in written] == ["0054_prediction.csv", "0055_prediction.csv"]
    rows = list(csv.reader(written[0].open()))
    assert rows == [["3", "10", "40"], ["99", "300", "340"]]
    assert check_submission(tmp_path / "out", ids=["0054", "0055"]) == []
    assert check_submission(written[0]) == []
    assert check_submission(tmp_path / "out", ids=["0054", "0056"]) == [
        "0056: expected 0056_prediction.csv, found none",
        "0055: not a sequence of this test set",
    ]


def test_emotion_as_described(tmp_path):
    write_emotion(tmp_path / "track3.csv", {112: 1, 9: 0.25})
    assert (tmp_path / "track3.csv").read_text() == "video_id,label\n9,0.25\n112,1\n"
    assert check_submission(tmp_path / "track3.csv", ids=["0009", "0112"]) == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.csv", "Id,Target\n0001_0,32\n", "line 2: expected a class from 0 to 31, found '32'"),
        ("a.csv", "Id,Target\n0001_0,-1\n", "found '-1'"),
        ("a.csv", "Id,Target\n1_0,3\n", "expected an id such as 0054_0, found '1_0'"),
        ("a.csv", "Id,Target\n0001_0,3\n0001_0,4\n", "line 3: 0001_0 stands here a second time"),
        ("a.csv", "Id,Target\n0001_0,3,9\n", "found 3 columns"),
        ("a.csv", "video_id,label\n1,1.5\n", "expected 0, 1 or a probability, found '1.5'"),
        ("a.csv", "video_id,label\n1,nan\n", "found 'nan'"),
        ("a.csv", "video_id,label\n1,1\n01,0\n", "1 stands here a second time"),
        ("a_prediction.csv", "32,1,5\n", "expected a class id of 1 … 31 or 99, found 32"),
        ("a_prediction.csv", "3,9,5\n", "ends at frame 5, before its start at 9"),
        ("a_prediction.csv", "gesture,start,end\n3,1,5\n", "line 1: expected gesture,start,end as whole numbers"),
        ("a_prediction.csv", "3,1,5\n3,1,5\n", "line 2: stands here a second time"),
    ],
)
def test_faults_are_told(tmp_path, name, text, fault):
    (tmp_path / name).write_text(text)
    assert any(fault in told for told in check_submission(tmp_path / name))


def test_missing_and_foreign_ids_are_told(tmp_path):
    write_classification(tmp_path / "a.csv", {"0001_0": 3, "0009_1": 4})
    assert check_submission(tmp_path / "a.csv", ids=["0001_0", "0001_1"]) == [
        "1 ids are missing, among them 0001_1",
        "1 ids are not of this test set, among them 0009_1",
    ]


def test_what_the_challenge_does_not_know_is_not_written(tmp_path):
    with pytest.raises(KinesicsError, match="not written"):
        write_classification(tmp_path / "a.csv", {"0001_0": 32})
    with pytest.raises(KinesicsError, match="not written"):
        write_emotion(tmp_path / "a.csv", {1: float("nan")})
    assert not list(tmp_path.iterdir())


def test_unreadable_files(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("other.csv", "0001_0,3")
    (tmp_path / "c.csv").write_text("what,is,this,file\n")
    for name, fault in (("a.csv", "no UTF-8"), ("b.zip", "Submission.csv"), ("c.csv", "cannot tell")):
        with pytest.raises(KinesicsError, match=fault):
            check_submission(tmp_path / name)
    with pytest.raises(KinesicsError, match="no such file"):
        check_submission(tmp_path / "none.csv")
