import json
import math
from dataclasses import replace

import pytest
from support.recordings import event, person, talking, three_people, with_actions, with_faces
from support.studies import write_recording

from kinesics.errors import KinesicsError
from kinesics.report import write_results
from kinesics.skeleton.sequence import save_skeletons
from kinesics.study.recordings import read_recording, read_study


def test_what_analyze_writes_is_read(tmp_path):
    analysis = with_actions(with_faces(talking()))
    (tmp_path / "talk").mkdir()
    write_results(analysis, tmp_path / "talk")
    one = read_recording(tmp_path / "talk", "talk")
    assert one.file == "carphone_pristine.mp4"
    assert one.timeline.events == analysis.timeline.events
    assert one.coverage == pytest.approx({1: 1.0}, abs=0.01)
    assert len(one.classes) == 32
    assert {face.level for face in one.faces} == {"action", "expression"}
    assert one.names == {"talk", "carphone_pristine.mp4", "carphone_pristine"}


def test_people_without_events_are_people(tmp_path):
    analysis = replace(three_people(), timeline=talking().timeline)  # the other two do nothing
    (tmp_path / "three").mkdir()
    write_results(analysis, tmp_path / "three")
    study = read_study(tmp_path)
    assert study.people["person"].tolist() == [1, 2, 3]
    assert study.notes == ()


def test_coverage_of_earlier_analyses_comes_from_the_landmarks(tmp_path):
    folder = write_recording(tmp_path / "old", [event("touching ears", 1, 2, person=2)], duration=8)
    content = json.loads((folder / "timeline.json").read_text())
    del content["people"]
    (folder / "timeline.json").write_text(json.dumps(content))
    assert math.isnan(read_recording(folder, "old").coverage[2])
    assert "count as seen throughout" in read_study(tmp_path).notes[0]
    half = person(8.0, number=2)
    half.score[:100] = 0
    save_skeletons(folder / "landmarks.skeleton.npz", [person(8.0), half])
    assert read_recording(folder, "old").coverage == {2: 0.5}


def test_a_broken_recording_is_left_out_and_named(tmp_path):
    write_recording(tmp_path / "a", [])
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "timeline.json").write_text("{")
    study = read_study(tmp_path)
    assert [one.name for one in study.recordings] == ["a"]
    assert "b/timeline.json" in study.notes[0]
    (tmp_path / "a" / "timeline.json").write_text('{"format": "another"}')
    with pytest.raises(KinesicsError, match=r"timeline\.json: expected a timeline\.json written by Kinesics"):
        read_study(tmp_path)


def test_nothing_to_read_is_told_with_what_to_do(tmp_path):
    with pytest.raises(KinesicsError, match=r"expected folders of results .*found none; analyse recordings"):
        read_study(tmp_path)


def test_a_study_of_batch_is_read_by_its_own_names(tmp_path):
    write_recording(tmp_path / "recordings" / "day1" / "a.mp4", [])
    write_recording(tmp_path / "recordings" / ".tmp.new", [])  # that of a killed process
    (tmp_path / "study.json").write_text("{}")
    (tmp_path / "study.csv").write_text("recording,state,error\nday1/a.mp4,done,\nb.mp4,failed,no video in it\n")
    study = read_study(tmp_path)
    assert [one.name for one in study.recordings] == ["day1/a.mp4"]
    assert study.notes == ("1 of 2 recordings in study.csv have no results, such as b.mp4 (no video in it).",)
