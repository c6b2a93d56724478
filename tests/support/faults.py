"""Commands that are killed at a chosen write, in processes forked from one that has loaded what they need.

`python -m support.faults` reads a line of JSON for each command, and answers with its exit code and its writes.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
LOADED = ("kinesics.cli", "kinesics.training.run", "kinesics.training.gesture.task", "kinesics.inference",
          "kinesics.report", "kinesics.perception", "kinesics.data.prepare", "kinesics.simulator.examples",
          "kinesics.simulator.imigue_videos", "kinesics.weights.published", "kinesics.weights.load",
          "tensorboard.compat", "torch.utils.tensorboard", "plotly.graph_objects", "rich.progress")  # fmt: skip
WRITES = {"open", "os.rename", "os.remove", "os.mkdir", "os.truncate"}


@dataclass(frozen=True)
class Ended:
    """A command's exit code (-9 where it was killed), its writes, and what it printed."""

    code: int
    writes: int
    said: str


class Commands:
    """Runs commands in a working folder."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, arguments: list[str], place: Path, **more: Any) -> Ended:
        """more: `kill` at that write, `half` of what was written so far left, `lose` the permission before
        that write, `ledger` of weights."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"arguments": arguments, "place": str(place)} | more) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        return Ended(**json.loads(line))


@contextmanager
def commands() -> Iterator[Commands]:
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment |= {"CUDA_VISIBLE_DEVICES": "", "COLUMNS": "200"}
    command = [sys.executable, "-W", "ignore", "-m", "support.faults"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        try:
            yield Commands(process)
        finally:
            process.kill()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too; where a file tells the folder's own place, that is left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    place = os.fsencode(folder.resolve())
    return {
        str(path.relative_to(folder)): _timeless(path.name, path.read_bytes()).replace(place, b"") for path in files
    }


def _timeless(name: str, content: bytes) -> bytes:
    """Without what tells second and place of writing: ELAN's date, checksums of such files, and the folder's."""
    if name.endswith(".eaf"):
        return re.sub(rb' DATE="[^"]*"|>urn:[^<]*<', b"", content)
    if name == ".kinesics.json":
        return re.sub(rb'("timeline.eaf"|"manifest.csv"|"place"): "\w+"', rb"\1", content)
    return content


# ── in the process ───────────────────────────────────────────────────────────────────────────────────────────


def serve() -> None:
    import importlib

    answers = os.fdopen(os.dup(1), "w")
    for name in LOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        answers.write(json.dumps(_forked(json.loads(line))) + "\n")
        answers.flush()


def _forked(wanted: dict[str, Any]) -> dict[str, Any]:
    told = Path(tempfile.gettempdir()) / f"faults-{os.getpid()}"
    counter, said = told.with_suffix(".count"), told.with_suffix(".said")
    counter.write_bytes(b"")
    said.write_bytes(b"")
    child = multiprocessing.get_context("fork").Process(target=_run, args=(wanted, counter, said))
    child.start()
    child.join()
    return {"code": child.exitcode, "writes": counter.stat().st_size, "said": said.read_text(errors="replace")}


def _run(wanted: dict[str, Any], counter: Path, said: Path) -> None:
    output = os.open(said, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(wanted["place"])
    os.environ["KINESICS_WEIGHTS"] = str(Path(wanted["place"]) / "weights")
    if wanted.get("own_cache"):
        os.environ["XDG_CACHE_HOME"] = str(Path(wanted["place"]) / "cache")
    if "ledger" in wanted:
        _know(wanted["ledger"])
    sys.addaudithook(_Killer(wanted, os.open(counter, os.O_WRONLY | os.O_APPEND)))
    from kinesics.cli import main

    sys.exit(main(wanted["arguments"]))


class _Killer:
    """Counts the writes below the working folder, and ends the process before one of them."""

    def __init__(self, wanted: dict[str, Any], count: int) -> None:
        self._root, self._at, self._half = wanted["place"], wanted.get("kill"), wanted.get("half", False)
        self._lose, self._count, self._seen = wanted.get("lose"), count, 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in WRITES or not _writes(event, arguments):
            return
        path = os.path.abspath(os.fsdecode(arguments[0])) if isinstance(arguments[0], str | bytes | Path) else ""
        if not path.startswith(self._root):
            return
        os.write(self._count, b".")
        if self._seen == self._lose:
            subprocess.run(["chattr", "-R", "+i", self._root], check=False, capture_output=True)
        if self._seen == self._at:
            if self._half and event == "os.rename":
                os.truncate(path, os.path.getsize(path) // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        self._seen += 1


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event != "open":
        return True
    mode, flags = arguments[1], arguments[2]
    return any(letter in (mode or "") for letter in "wax+") or bool(flags & (os.O_WRONLY | os.O_RDWR))


def _know(described: dict[str, Any]) -> None:
    """An entry of the ledger, as tests make one."""
    from kinesics.weights.ledger import Entry, ledger

    ledger()[described["name"]] = Entry(**described)


if __name__ == "__main__":
    serve()
