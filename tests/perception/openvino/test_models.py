from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kinesics
from kinesics.perception.openvino.models import FOLDER, LANES, MODELS, Models, ledger
from kinesics.skeleton.sequence import FloatArray


def test_each_model_is_the_one_in_the_ledger() -> None:
    files = {path.name for path in FOLDER.glob("*.tflite")}
    assert set(ledger()) == files == {spec.file for spec in MODELS.values()}
    for name, entry in ledger().items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["licence"] == "Apache-2.0"
        assert entry["source"]


@pytest.mark.parametrize("name", [name for name, spec in MODELS.items() if spec.side])
def test_an_image_looks_the_same_alone_and_among_others(models: Models, name: str) -> None:
    rng = np.random.default_rng(0)
    side = MODELS[name].side
    images = rng.integers(0, 255, (LANES + 2, side, side, 3), dtype=np.uint8)
    together = models.run(name, images)
    for i in (0, LANES - 1, LANES + 1):
        for all_, alone in zip(together, models.run(name, images[i : i + 1]), strict=True):
            assert all_.shape == (len(images), *alone.shape[1:])
            assert all_[i] == pytest.approx(alone[0], rel=0.05, abs=0.05 * max(1.0, float(np.abs(alone).max())))


def test_compiled_models_are_kept_and_damaged_ones_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    image = np.random.default_rng(0).integers(0, 255, (1, 192, 192, 3), dtype=np.uint8)
    first = Models().run("plain_face", image)
    [kept] = (tmp_path / "kinesics" / "landmark_models").iterdir()
    whole = kept.read_bytes()
    assert _same(Models().run("plain_face", image), first)
    assert kept.read_bytes() == whole
    for damaged in (whole[:30_000], whole[: len(whole) // 2] + bytes(2000) + whole[len(whole) // 2 + 2000 :], b""):
        kept.write_bytes(damaged)
        assert _same(Models().run("plain_face", image), first)
        again = kept.read_bytes()
        assert hashlib.sha256(again[32:]).digest() == again[:32]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(Models().run("plain_face", np.zeros((1, 192, 192, 3), np.uint8))) == 2


def _same(found: list[FloatArray], expected: list[FloatArray]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


def test_the_engine_needs_neither_torch_nor_mediapipe() -> None:
    code = (
        "import sys, numpy; from kinesics.perception.engines import open_engine; engine = open_engine('openvino');\n"
        "with engine.follower() as one: one.see(numpy.zeros((64, 64, 3), numpy.uint8))\n"
        "with engine.finder() as finder: finder.find(numpy.zeros((64, 64, 3), numpy.uint8))\n"
        "print(engine.name, *{'torch', 'mediapipe', 'tensorflow', 'jax'} & set(sys.modules))"
    )
    source = str(Path(kinesics.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": source},
    )
    assert done.stdout.startswith("openvino ")
    assert done.stdout.split(",")[1].split() == ["revision", "1"]


def test_openvino_reports_nothing_over_the_network():
    code = (
        "import kinesics, openvino; from openvino.tools.ovc import telemetry_utils as utils; print(utils.tm.__name__)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert said == ["openvino.tools.ovc.telemetry_stub"]
