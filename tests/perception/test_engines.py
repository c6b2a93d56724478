from __future__ import annotations

import sys

import pytest

from kinesics.errors import KinesicsError
from kinesics.perception.engines import ENGINES, open_engine
from kinesics.skeleton.layouts import HOLISTIC


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_opens_by_its_name(name: str) -> None:
    pytest.importorskip(name)
    engine = open_engine(name)
    assert engine.name.startswith(name)
    assert engine.layout == HOLISTIC
    assert engine.is_3d


def test_an_unknown_engine() -> None:
    with pytest.raises(KinesicsError, match=r"no such landmark engine; expected one of openvino, mediapipe"):
        open_engine("eyes")


def test_an_engine_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(KinesicsError, match="pip install mediapipe"):
        open_engine("mediapipe")
