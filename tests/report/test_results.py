import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.recordings import landmarks_only, talking, with_faces

from kinesics.errors import KinesicsError
from kinesics.report import write_results
from kinesics.timeline.formats import FORMATS


def test_every_file_holds_the_same_events(tmp_path):
    analysis = talking()
    told: list[float] = []
    written = write_results(analysis, tmp_path, progress=told.append)
    assert written == [
        tmp_path / name
        for name in ("report.html", "timeline.json", "timeline.csv", "timeline.eaf", "timeline.boris", "timeline.vtt")
    ]
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert told == sorted(told)
    assert told[-1] == 1.0
    times = [(event.label, event.index, event.start, event.end, event.person) for event in analysis.timeline]
    for one in FORMATS.values():
        if one.read is None:
            continue
        found = one.read(tmp_path / f"timeline{one.suffix}")
        assert [(e.label, e.index, e.start, e.end, e.person) for e in found] == times
    assert (tmp_path / "timeline.vtt").read_text().count("-->") == len(times)


def test_json_tells_of_recording_and_model_but_not_of_this_machine(tmp_path):
    analysis = talking()
    write_results(analysis, tmp_path)
    content = json.loads((tmp_path / "timeline.json").read_text())
    assert content["recording"] | {"duration": 0} == {
        "name": "carphone_pristine.mp4", "kind": "video", "duration": 0, "fps": pytest.approx(29.97, abs=0.01),
        "frames": 120, "width": 193, "height": 144,
    }  # fmt: skip
    assert content["model"]["training_data"] == analysis.model["training_data"]
    for path in tmp_path.iterdir():
        assert str(analysis.recording.path.parent) not in path.read_text() or path.suffix in (".eaf", ".boris")


def test_json_tells_of_faces_in_sum(tmp_path):
    analysis = with_faces(talking())
    write_results(analysis, tmp_path)
    content = json.loads((tmp_path / "timeline.json").read_text())
    (face,) = analysis.expressions
    (told,) = content["expressions"]["people"]
    assert told["person"] == 1
    assert told["seen"] == pytest.approx(face.readable, abs=1e-3)
    assert told["shares"] == pytest.approx(face.shares(), abs=1e-4)
    assert content["expressions"]["model"]["licence"].startswith("MIT")
    assert FORMATS["JSON"].read(tmp_path / "timeline.json").events == analysis.timeline.events
    write_results(landmarks_only(), tmp_path)
    assert "expressions" not in json.loads((tmp_path / "timeline.json").read_text())


def test_landmarks_and_the_overlay(tmp_path):
    told: list[float] = []
    written = write_results(landmarks_only(), tmp_path, overlay=True, progress=told.append)
    assert written[:2] == [tmp_path / "report.html", tmp_path / "overlay.mp4"]
    assert all(path.stat().st_size > 0 for path in written)
    assert told == sorted(told)
    assert "MEDIA_DESCRIPTOR" not in (tmp_path / "timeline.eaf").read_text()


def test_mistakes_are_named_in_one_line(tmp_path):
    analysis = talking()
    with pytest.raises(KinesicsError, match=r"timeline\.json: cannot be written"):
        write_results(analysis, tmp_path / "missing")
    moved = replace(analysis, recording=replace(analysis.recording, path=Path("moved.mp4")))
    with pytest.raises(KinesicsError, match=r"moved\.mp4: no such file"):
        write_results(moved, tmp_path)
