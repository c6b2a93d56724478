"""`kinesics live` as its users meet it."""

import json

import pytest
from support import videos
from support.engines import EverybodyInTheMiddle

from kinesics.cli import main
from kinesics.perception.engines import ENGINES


@pytest.fixture(autouse=True)
def _engine(monkeypatch):
    monkeypatch.setitem(ENGINES, "middle", EverybodyInTheMiddle)


@pytest.mark.parametrize("window", [[], ["--no-window"]])
def test_a_file_as_the_camera(tmp_path, capsys, window):
    path = videos.write(tmp_path / "a.mp4", videos.steady(40))
    command = ["live", str(path), "--out", str(tmp_path / "out"), "--engine", "middle", *window]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "frames dropped" in told
    assert ("http://127.0.0.1" in told) == (not window)
    assert {one.name for one in (tmp_path / "out").iterdir()} >= {"recording.mkv", "events.jsonl", "timeline.json"}
    assert json.loads((tmp_path / "out" / "timeline.json").read_text())["recording"]["kind"] == "live"
    assert main(command) == 2, "an earlier recording is not overwritten"
    assert "earlier recording" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["no.mp4", "97"])
def test_a_source_that_is_not_there(tmp_path, capsys, source):
    assert main(["live", source, "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert source in told
