import pytest
from support.studies import write_recording

from kinesics.errors import KinesicsError
from kinesics.study.recordings import read_study


@pytest.fixture
def folder(tmp_path):
    for name, people in (("0001", {1: 1.0}), ("0002", {1: 1.0, 2: 0.5}), ("0003", {1: 1.0})):
        write_recording(tmp_path / "study" / name, [], seen=people)
    return tmp_path / "study"


def table(tmp_path, text, name="people.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_groups_are_joined_by_any_name_of_a_recording(folder, tmp_path):
    groups = table(tmp_path, "recording,group\n0001.mp4,calm\n0002,tense\n0003.mp4,calm\n")
    study = read_study(folder, groups=groups)
    assert study.groups == ("calm", "tense")
    assert study.people["group"].tolist() == ["calm", "tense", "tense", "calm"]
    assert study.people["cluster"].tolist() == ["0001", "0002", "0002", "0003"]


def test_people_of_one_recording_are_told_apart_and_recur(folder, tmp_path):
    groups = table(tmp_path, "video;person;subject;group\n0001;1;7;a\n0002;1;7;a\n0002;2;8;b\n")
    study = read_study(folder, groups=groups)
    assert study.people["cluster"].tolist() == ["7", "7", "8", "0003"]
    assert study.people["group"].tolist() == ["a", "a", "b", ""]
    assert "1 of 4 people have no group" in study.notes[0]


def test_metadata_is_joined(folder, tmp_path):
    metadata = table(tmp_path, "recording,age,site\n0001,31,Oulu\n0003,44,Turku\nelsewhere,1,x\n")
    study = read_study(folder, metadata=metadata)
    assert study.people["age"].tolist()[::3] == [31, 44]
    assert study.people["site"].isna().tolist() == [False, True, True, False]
    assert study.notes == ("1 rows of people.csv name no recording of the study, such as elsewhere.",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "expected a CSV with a column recording, found the columns a, b"),
        ("recording,sort\n0001,x\n", "expected a column group, found recording, sort"),
        ("recording,group\nx,1\n", "expected names of the study's recordings, such as 0001, 0002, 0003, found x"),
        ("recording,group\n0001,a\n0001.mp4,b\n", "expected one row a recording, found two of 0001"),
        ("recording,person,group\n0001,first,a\n", "expected a CSV with a column recording"),
        ("", "expected a CSV with a column recording"),
    ],
)
def test_mistakes_in_groups_are_named(folder, tmp_path, text, message):
    with pytest.raises(KinesicsError, match=message):
        read_study(folder, groups=table(tmp_path, text))


def test_metadata_may_not_overwrite(folder, tmp_path):
    with pytest.raises(KinesicsError, match="expected columns of other names than the study's own, found seen"):
        read_study(folder, metadata=table(tmp_path, "recording,seen\n0001,1\n"))


def test_a_name_of_two_recordings_is_refused(folder, tmp_path):
    write_recording(folder / "again" / "0001", [])
    assert len(read_study(folder, groups=table(tmp_path, "recording,group\nagain/0001,a\n")).people) == 5
    with pytest.raises(KinesicsError, match=r"0001\.mp4, which means 0001, again/0001; name the folder"):
        read_study(folder, groups=table(tmp_path, "recording,group\n0001.mp4,a\n"))
