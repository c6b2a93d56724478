"""A small share of what `benchmarks/fuzz.py` does by the hour: damaged files are read, or refused in one line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.fuzz.command import command_outcome
from support.fuzz.hunt import Hunt, hunting
from support.fuzz.mutate import mutated
from support.fuzz.readers import READERS

NEEDS = {"onnx": "onnxruntime", "safetensors": "torch", "openvino": "torch", "yaml": "lightning", "xlsx": "xlsxwriter"}
INPUTS = {"yaml": 6, "safetensors": 12}  # of the slower ones


@pytest.fixture(scope="module", params=READERS)
def hunt(request: pytest.FixtureRequest) -> Iterator[Hunt]:
    if request.param in NEEDS:
        pytest.importorskip(NEEDS[request.param])
    with hunting(request.param) as one:
        yield one


def test_whole_files_are_read(hunt: Hunt) -> None:
    for name, content in hunt.seeds.items():
        found = hunt.outcome(name, content)
        assert (found["outcome"], found["fault"]) == ("read", ""), found


def test_damaged_files_are_read_or_refused_in_one_line(hunt: Hunt) -> None:
    faults: list[str] = []

    @settings(
        max_examples=INPUTS.get(hunt.name, 40), database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(name=st.sampled_from(sorted(hunt.seeds)), seed=st.integers(0, 2**32))
    def change(name: str, seed: int) -> None:
        found = hunt.outcome(name, mutated(hunt.seeds[name], Random(seed)))
        if found["fault"]:
            faults.append(f"{name}, seed {seed}: {found['fault']}")
        assert not found["fault"], faults[-1]

    change()


@pytest.mark.parametrize("name", ["csv", "eaf", "boris", "xlsx", "npz"])
def test_a_damaged_file_on_the_command_line(tmp_path: Path, name: str) -> None:
    """Exit code 2 with one line, for a file of which nothing but half is there."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    (tmp_path / "seeds").mkdir()
    seeds = READERS[name].seeds(tmp_path / "seeds")
    shutil.rmtree(tmp_path / "seeds")
    file = next(file for file in sorted(seeds) if not file.startswith(("predictions", "1_", "manifest", "t")))
    found = command_outcome(name, tmp_path, file, seeds[file][: len(seeds[file]) // 2] + b"\0{")
    assert (found["code"], found["fault"]) == (2, ""), found
