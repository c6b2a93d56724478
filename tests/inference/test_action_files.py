import importlib
import json

import numpy as np
import pandas as pd
import pytest
from support.recordings import talking, three_people, with_actions

from kinesics.errors import KinesicsError
from kinesics.inference.action_files import ACTION_FORMATS, check_format
from kinesics.perception.actions import ACTIONS


def test_csv_holds_every_moment(tmp_path):
    analysis = with_actions(three_people())
    ACTION_FORMATS["CSV"].write(tmp_path / "actions.csv", analysis)
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "actions.csv"), analysis.actions_dataframe(), check_dtype=False, atol=1e-3
    )


def test_json_holds_five_rows_a_second_in_percent(tmp_path):
    analysis = with_actions(talking())
    ACTION_FORMATS["JSON"].write(tmp_path / "actions.json", analysis)
    content = json.loads((tmp_path / "actions.json").read_text())
    assert content["actions"] == list(ACTIONS)
    (one,) = content["people"]
    assert 4 <= one["rate"] <= 6.3
    assert len(one["percent"]) == pytest.approx(one["rate"] * analysis.recording.duration, abs=1)
    assert None in one["percent"], "the face is not readable in the middle"
    smile = [row and row[ACTIONS.index("mouthSmileLeft")] for row in one["percent"]]
    assert max(value for value in smile if value is not None) == 90
    assert len((tmp_path / "actions.json").read_bytes()) < 150 * len(one["percent"]) + 2000, "compact"


def test_parquet_holds_every_moment(tmp_path):
    pytest.importorskip("pyarrow", reason="the parquet extra is not installed")
    analysis = with_actions(three_people())
    ACTION_FORMATS["Parquet"].write(tmp_path / "actions.parquet", analysis)
    read = pd.read_parquet(tmp_path / "actions.parquet")
    pd.testing.assert_frame_equal(read, analysis.actions_dataframe())
    assert np.isnan(read["jawOpen"]).any()
    assert [path.name for path in tmp_path.iterdir()] == ["actions.parquet"]


def test_a_missing_library_is_told_before_anything_is_done(monkeypatch):
    monkeypatch.setattr(importlib, "import_module", _refuse)
    with pytest.raises(
        KinesicsError, match=r"--parquet: expected the library pyarrow, found none .*pip install 'kinesics\[parquet\]'"
    ):
        check_format("Parquet")
    check_format("CSV")


def _refuse(name):
    raise ImportError(name)
