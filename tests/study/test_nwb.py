import pytest
from support.recordings import event, person
from support.studies import write_recording

from kinesics.errors import KinesicsError
from kinesics.skeleton.sequence import save_skeletons
from kinesics.study.nwb import check_nwb, write_nwb
from kinesics.study.recordings import read_study

pynwb = pytest.importorskip("pynwb")


@pytest.fixture
def folder(tmp_path):
    recording = write_recording(tmp_path / "day1" / "a", [event("touching ears", 1, 2.5, 0.75)], duration=4)
    save_skeletons(recording / "landmarks.skeleton.npz", [person(4.0), person(4.0, number=2)])
    write_recording(tmp_path / "day1" / "b", [])
    return tmp_path


def test_files_are_valid_and_hold_the_recording(folder, tmp_path):
    (tmp_path / "people.csv").write_text("recording,subject,group\na.mp4,s7,calm\n")
    (tmp_path / "meta.csv").write_text("recording,session_start_time\na,2026-03-01T14:30:00+01:00\n")
    study = read_study(folder, groups=tmp_path / "people.csv", metadata=tmp_path / "meta.csv")
    told: list[float] = []
    out = write_nwb(study, tmp_path / "nwb", told.append)
    assert sorted(path.name for path in out.iterdir()) == ["day1__a.nwb", "day1__b.nwb"]
    assert told[-1] == 1.0
    with pynwb.NWBHDF5IO(out / "day1__a.nwb", "r") as io:
        assert pynwb.validate(io=io) == []
        file = io.read()
        assert file.session_start_time.isoformat() == "2026-03-01T14:30:00+01:00"
        assert file.subject.subject_id == "s7"
        row = file.intervals["gestures"].to_dataframe().iloc[0]
        assert (row["label"], row["start_time"], row["stop_time"], row["person"]) == ("touching ears", 1.0, 2.5, 1)
        joints = file.processing["behavior"]["person_1_joints"]
        assert joints.data.shape == (100, 42, 3)
        assert joints.rate == 25.0
        assert "right_wrist" in joints.description
        assert "person_2_joints" not in file.processing["behavior"].data_interfaces  # who was not analysed
    with pynwb.NWBHDF5IO(out / "day1__b.nwb", "r") as io:
        assert pynwb.validate(io=io) == []
        file = io.read()
        assert "not known" in file.notes
        assert not file.intervals


def test_a_time_that_is_none_is_named(folder, tmp_path):
    (tmp_path / "meta.csv").write_text("recording,session_start_time\na,yesterday\n")
    study = read_study(folder, metadata=tmp_path / "meta.csv")
    with pytest.raises(KinesicsError, match=r"day1/a: expected a session_start_time such as .*, found yesterday"):
        write_nwb(study, tmp_path / "nwb")


def test_without_the_library_one_line(monkeypatch):
    check_nwb()
    monkeypatch.setitem(__import__("sys").modules, "pynwb", None)
    with pytest.raises(KinesicsError, match=r"pip install 'kinesics\[nwb\]'"):
        check_nwb()
