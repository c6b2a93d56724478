"""From a folder of analyses to tables and a page, through the command line."""

import re
import sys

import pandas as pd
import pytest
from support.recordings import event
from support.studies import write_recording, write_study

from kinesics.cli import main


def test_a_study_in_one_command(tmp_path, capsys):
    people = write_study(tmp_path / "study", 8)
    assert main(["stats", str(tmp_path / "study"), "--groups", str(people), "--bin", "30"]) == 0
    out = tmp_path / "study" / "stats"
    printed = capsys.readouterr().out
    assert "8 recordings, 0.4 hours" in printed
    assert str(out / "study.html") in printed
    rates = pd.read_csv(out / "rates.csv")
    assert rates.query("level == 'class'")["count"].sum() == len(pd.read_parquet(out / "events.parquet"))
    assert pd.read_csv(out / "bins.csv")["length"].max() == 30
    assert main(["stats", str(tmp_path / "study"), "--groups", str(people)]) == 0  # its own tables are no recording
    assert "8 recordings" in capsys.readouterr().out


def test_links_lead_from_any_folder_to_the_reports(tmp_path):
    folder = write_recording(tmp_path / "my study" / "a b", [event("touching ears", 1, 2)])
    (folder / "report.html").write_text("")
    out = tmp_path / "else" / "where"
    assert main(["stats", str(tmp_path / "my study"), "--out", str(out)]) == 0
    (link,) = re.findall(r'<a href="([^"#]+)">', (out / "study.html").read_text())
    assert link == "../../my%20study/a%20b/report.html"


def test_nwb_is_written_on_wish(tmp_path):
    pytest.importorskip("pynwb")
    write_recording(tmp_path / "a", [event("touching ears", 1, 2)])
    assert main(["stats", str(tmp_path), "--nwb"]) == 0
    assert (tmp_path / "stats" / "nwb" / "a.nwb").stat().st_size > 0


def test_mistakes_take_one_line(tmp_path, capsys, monkeypatch):
    write_recording(tmp_path / "study" / "a", [])
    study, missing = str(tmp_path / "study"), str(tmp_path / "missing.csv")
    for arguments, line in (
        (["stats", str(tmp_path / "none")], "no such file or folder"),
        (["stats", study, "--groups", missing], "no such file or folder"),
        (["stats", study, "--bin", "0"], "--bin 0: expected a second or more"),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert line in error
        assert error.count("\n") == 1
    assert not (tmp_path / "study" / "stats").exists()
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    assert main(["stats", study]) == 2
    assert "pip install 'kinesics[study]'" in capsys.readouterr().err


def test_what_somebody_changed_stays(tmp_path, capsys):
    write_recording(tmp_path / "a", [])
    assert main(["stats", str(tmp_path)]) == 0
    (tmp_path / "stats" / "people.csv").write_text("mine")
    assert main(["stats", str(tmp_path)]) == 2
    assert "people.csv: expected a file as Kinesics wrote it" in capsys.readouterr().err
    assert (tmp_path / "stats" / "people.csv").read_text() == "mine"
    assert main(["stats", str(tmp_path), "--force"]) == 0
    assert (tmp_path / "stats" / "people.csv").read_text("utf-8-sig").startswith("recording,")
