"""The walk of docs/extending.md: its files and diffs go into a copy of the package, and its commands are run there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

pytest.importorskip("lightning", reason="the train extra is not installed")

from support import paths, source
from support.imigue_sample import write_sample

PAGE = (paths.DOCS / "extending.md").read_text("utf-8")
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
SHORT = ["--trainer.accelerator=cpu", "--trainer.precision=32-true", "--trainer.max_epochs=1"]
SHORT += ["--trainer.enable_progress_bar=false", "--trainer.limit_train_batches=1"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as the page leaves it, and a tiny data set."""
    folder = tmp_path_factory.mktemp("extending")
    shutil.copytree(source.PACKAGE, folder / "src" / "kinesics", ignore=shutil.ignore_patterns("__pycache__"))
    for kind, title, content in BLOCK.findall(PAGE):
        if kind == "python":
            assert not (folder / title).exists()
            (folder / title).write_text(content)
        elif kind == "diff":
            assert f"+++ b/{title}\n" in content
            patched = subprocess.run(
                ["git", "apply", "--unidiff-zero", "-"], cwd=folder, input=content, capture_output=True, text=True
            )
            assert patched.returncode == 0, patched.stderr
    return folder


@pytest.fixture(scope="module")
def ran(place: Path) -> Path:
    """The same, after all commands of the page, one after the other in one process."""
    write_sample(place / "imigue")
    lines = [line for kind, _, content in BLOCK.findall(PAGE) if kind == "console" for line in content.splitlines()]
    assert all(line.startswith("$ kinesics ") for line in lines)
    commands = [shlex.split(line)[2:] for line in lines]
    commands = [[*command, *(SHORT if command[0] == "train" else [])] for command in commands]
    code = f"from kinesics.cli import main\nassert not any(main(command) for command in {commands})"
    environment = os.environ | {"PYTHONPATH": str(place / "src"), "XDG_CACHE_HOME": str(place / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert '"mode": "strongest"' in done.stdout
    assert '"network": "tubes"' in done.stdout
    return place


def test_what_the_page_adds_is_trained_and_named_in_its_weights(ran: Path) -> None:
    config = {run.name: config_of(run / "weights.safetensors") for run in (ran / "runs").iterdir()}
    assert config["strongest"]["mode"] == "strongest"
    assert config["tubes"]["video"] == config["fused"]["video"]
    assert config["tubes"]["video"] == {"network": "tubes", "frames": 8, "size": 64, "width": 96}


def config_of(path: Path) -> dict[str, Any]:
    """The sizes in a weights file, which this package, without the additions, could not load."""
    with safe_open(path, "np") as file:
        config: dict[str, Any] = json.loads(file.metadata()["specification"])["config"]
    return config


def test_both_are_written_as_the_house_writes(place: Path) -> None:
    changed = [title for kind, title, _ in BLOCK.findall(PAGE) if kind in ("python", "diff")]
    assert len(changed) == 4
    shutil.copy(paths.ROOT / "pyproject.toml", place)
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *changed], cwd=place, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
