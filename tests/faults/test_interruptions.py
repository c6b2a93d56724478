"""A share of `benchmarks/faults.py`: whatever is interrupted, a second call ends with the same bytes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.faults import Commands, commands
from support.interruptions import JOBS, Unbroken, clock_back, full_disk, interrupted, permission_lost, unbroken

from kinesics.cli import main
from kinesics.errors import KinesicsError
from kinesics.files import alone_in, replacing

pytest.importorskip("lightning", reason="the train extra is not installed")

QUICK = ("analyze", "train", "weights get")


@pytest.fixture(scope="module")
def run() -> Iterator[Commands]:
    with commands() as one:
        yield one


@pytest.fixture(scope="module", params=QUICK)
def job(request: pytest.FixtureRequest, run: Commands, tmp_path_factory) -> tuple[str, Unbroken]:
    folder = tmp_path_factory.mktemp("unbroken")
    return request.param, unbroken(run, JOBS[request.param], folder)


def test_killed_at_a_write(run: Commands, job: tuple[str, Unbroken], tmp_path: Path) -> None:
    name, whole = job
    faults = []
    for at in sorted({0, whole.writes // 2, whole.writes - 1}):
        faults += interrupted(run, name, whole, tmp_path, at, half=bool(at % 2))
    assert faults == []


def test_on_a_full_disk(run: Commands, job: tuple[str, Unbroken], tmp_path: Path) -> None:
    name, whole = job
    (tmp_path / "disk").mkdir()
    try:
        assert full_disk(run, name, whole, tmp_path / "disk", 0.3) == []
    except OSError as error:
        pytest.skip(f"a small disk cannot be mounted ({error})")


def test_without_permission(run: Commands, job: tuple[str, Unbroken], tmp_path: Path) -> None:
    name, whole = job
    changed = subprocess.run(["chattr", "+i", tmp_path], capture_output=True, check=False)
    if changed.returncode:
        pytest.skip(f"chattr is not allowed here ({changed.stderr.decode().strip()})")
    subprocess.run(["chattr", "-i", tmp_path], check=True)
    assert permission_lost(run, name, whole, tmp_path, whole.writes // 2) == []


def test_after_the_clock_went_back(run: Commands, job: tuple[str, Unbroken], tmp_path: Path) -> None:
    name, whole = job
    assert clock_back(run, name, whole, tmp_path) == []


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    """But not what a running one writes, nor what another machine's does."""
    path = tmp_path / "a.txt"
    with replacing(path) as own:
        own.write_text("whole")
        gone = own.with_name(own.name.replace(f"-{own.name.split('-')[1].split('.')[0]}.", "-4194305."))
        other = own.with_name(f".a.txt.abcdef-{4194305}.part")
        for one in (gone, other):
            one.write_text("half")
        with replacing(tmp_path / "b.txt") as second:
            second.write_text("b")
        assert own.exists()
    with replacing(path) as again:
        again.write_text("new")
    assert sorted(one.name for one in tmp_path.iterdir()) == [other.name, "a.txt", "b.txt"]


def test_a_second_process_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 with one line; it may write as soon as the first one has left."""
    arguments = ["simulate", "--videos", "0", "--out", str(tmp_path)]
    with alone_in(tmp_path):
        with pytest.raises(KinesicsError, match="another that writes there"), alone_in(tmp_path):
            pass
        assert main(arguments) == 2
        assert "another that writes there; wait for it" in capsys.readouterr().err
    with alone_in(tmp_path), alone_in(tmp_path.parent):
        pass
