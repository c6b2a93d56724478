from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kinesics
from kinesics.perception.openvino.models import BATCH, FOLDER, MODELS, Models, ledger


def test_each_model_is_the_one_in_the_ledger() -> None:
    files = {path.name for path in FOLDER.glob("*.tflite")}
    assert set(ledger()) == files == {spec.file for spec in MODELS.values()}
    for name, entry in ledger().items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["licence"] == "Apache-2.0"
        assert entry["source"]


@pytest.mark.parametrize("name", [name for name, spec in MODELS.items() if spec.side])
def test_a_image_looks_the_same_alone_and_among_others(models: Models, name: str) -> None:
    rng = np.random.default_rng(0)
    side = MODELS[name].side
    images = rng.integers(0, 255, (BATCH + 2, side, side, 3), dtype=np.uint8)
    together = models.run(name, images)
    for i in (0, BATCH - 1, BATCH + 1):
        for all_, alone in zip(together, models.run(name, images[i : i + 1]), strict=True):
            assert all_.shape == (len(images), *alone.shape[1:])
            assert all_[i] == pytest.approx(alone[0], rel=0.05, abs=0.05 * max(1.0, float(np.abs(alone).max())))


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
