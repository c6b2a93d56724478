import csv

import pandas as pd

from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import EXPORTS, Provenance

EVENTS = (Event("a", 0, 0.2, 0.6, 0.5, 1), Event("b", 1, 0.4, 0.8, 1.0, 1), Event("=c", 2, 0.0, 0.1, 1.0, 2))


def test_a_row_a_frame(tmp_path):
    path = tmp_path / "t.frames.csv"
    EXPORTS["frames"].write(path, Timeline(EVENTS, 1.0), Provenance(classes=("a", "b", "z"), fps=10.0))
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    assert len(rows) == 2 * 10
    first = [row for row in rows if row["person"] == "1"]
    assert [row["time"] for row in first][:3] == ["0.000", "0.100", "0.200"]
    assert "".join(row["a"] for row in first) == "0011110000"
    assert "".join(row["b"] for row in first) == "0000111100"
    assert {row["z"] for row in rows} == {"0"}
    assert "".join(row["'=c"] for row in rows if row["person"] == "2") == "1000000000"
    EXPORTS["frames"].write(path, Timeline((), 0.5), Provenance(classes=("a",)))
    assert len(path.read_text().splitlines()) == 1 + 13, "25 a second where nothing is known"


def test_parquet_comes_back(tmp_path):
    path, timeline = tmp_path / "t.parquet", Timeline(EVENTS)
    EXPORTS["Parquet"].write(path, timeline, Provenance())
    assert EXPORTS["Parquet"].read(path) == timeline
    assert list(pd.read_parquet(path).columns) == ["label", "index", "start", "end", "score", "person", "source"]
