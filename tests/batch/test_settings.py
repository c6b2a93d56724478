"""By what a study is the same study."""

import json

import pytest

from kinesics.batch.places import LocalPlace
from kinesics.batch.settings import Settings, begin_study, fingerprint_of
from kinesics.errors import KinesicsError
from kinesics.weights.specification import DEFAULT


def test_the_fingerprint_changes_with_every_setting_and_with_the_bytes_of_files(tmp_path):
    weights, prior = tmp_path / "w.safetensors", tmp_path / "prior.json"
    weights.write_bytes(DEFAULT.read_bytes())
    prior.write_text('{"none": 1}')
    changes = (
        {}, {"engine": "mediapipe"}, {"person": "all"}, {"prior": "even"}, {"prior": str(prior)}, {"fps": 30.0},
        {"threshold": {"*": 0.4}}, {"overlay": True}, {"parquet": True},
    )  # fmt: skip
    found = [fingerprint_of(Settings(**{"engine": "openvino"} | one)) for one in changes]
    assert len(set(found)) == len(changes)
    copied = fingerprint_of(Settings("openvino", weights=str(weights)))
    weights.write_bytes(weights.read_bytes() + b"\0")
    assert copied != fingerprint_of(Settings("openvino", weights=str(weights)))
    prior.write_text('{"none": 2}')
    assert fingerprint_of(Settings("openvino", prior=str(prior))) not in found


def test_a_study_keeps_its_day_until_something_else_is_asked(tmp_path, monkeypatch):
    place = LocalPlace(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first = begin_study(place, Settings("openvino"))
    assert first.day == 1699920000
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert begin_study(place, Settings("openvino")) == first
    other = begin_study(place, Settings("openvino", person="all"))
    assert other.day > first.day
    assert json.loads((tmp_path / "study.json").read_text())["asked"]["person"] == "all"


def test_missing_weights_are_told(tmp_path):
    with pytest.raises(KinesicsError, match="no such weights file"):
        fingerprint_of(Settings("openvino", weights=str(tmp_path / "none.safetensors")))
