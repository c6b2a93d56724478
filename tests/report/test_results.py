import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from support.recordings import landmarks_only, talking, with_faces

from kinesics.errors import KinesicsError
from kinesics.inference.hide_faces import FaceHider
from kinesics.report import write_results
from kinesics.skeleton.drawing import EDGE
from kinesics.timeline.formats import FORMATS
from kinesics.video import read_frames


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


def shown_in(path):
    """The images in a report."""
    return re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", path.read_text(encoding="utf-8"))


def test_faces_are_hidden_in_the_report_and_the_overlay(tmp_path):
    one = talking()
    plain, hidden, alone = (tmp_path / name for name in ("plain", "hidden", "alone"))
    for folder in (plain, hidden, alone):
        folder.mkdir()
    hider = FaceHider(one.people, "fill", None)
    write_results(one, plain)
    write_results(replace(one, hider=hider), hidden, overlay=True)
    write_results(replace(one, skeleton_only=True), alone, overlay=True)
    before, after = shown_in(plain / "report.html"), shown_in(hidden / "report.html")
    assert len(before) == len(after) > 0
    assert shown_in(alone / "report.html") == []
    for old, new in zip(before, after, strict=True):
        images = [np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(text)))) for text in (old, new)]
        height, width = images[0].shape[:2]
        middle = np.s_[int(0.36 * height) : int(0.44 * height), int(0.47 * width) : int(0.53 * width)]
        assert np.abs(images[1][middle].astype(int) - 40).max() < 12, "filled"
        assert np.abs(images[0][middle].astype(int) - 40).mean() > 20
    video = next(iter(read_frames(one.recording.path))).image.astype(int)
    drawn, ground = (next(iter(read_frames(folder / "overlay.mp4"))).image.astype(int) for folder in (hidden, alone))
    cheeks = []
    for image in (video, drawn):
        height, width = image.shape[:2]
        cheek = image[int(0.45 * height) : int(0.47 * height), int(0.44 * width) : int(0.46 * width)]
        cheeks.append(np.abs(cheek - 40).mean())
    assert cheeks[1] < 0.5 * cheeks[0]
    assert np.abs(ground[:20, :20] - np.array(EDGE)).max() < 12, "a dark ground"
