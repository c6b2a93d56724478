"""The workbench as its users have it: a process of its own over a folder, and requests with its token."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import Provenance, kinesics_json
from kinesics.web.project import TIMELINE, Project
from support import paths

ENVIRONMENT = {"BROWSER": "true", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


class Served:
    """A running `kinesics serve`: its address, and a client that holds its cookie."""

    def __init__(self, folder: Path, arguments: Sequence[str] = (), given: str = "") -> None:
        command = [sys.executable, "-m", "kinesics.cli", "serve", str(folder), *arguments]
        environment = os.environ | ENVIRONMENT | {"PYTHONPATH": str(paths.ROOT / "src")}
        self.folder = folder
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if given:
            self.process.stdin.write(given + "\n")
            self.process.stdin.flush()
        said = ""
        for line in self.process.stdout:
            said += line
            if found := re.search(r"http://\S+", line):
                self.address = found[0]
                break
        else:
            raise RuntimeError(said)
        self.base = self.address.partition("/?")[0].rstrip("/")
        self.client = httpx.Client(base_url=self.base, timeout=300)
        if "token" in self.address:
            until(self._comes_in)

    def _comes_in(self) -> bool:
        with suppress(httpx.TransportError):
            return self.client.get(self.address).status_code == 200
        return False

    def get(self, path: str, **more: Any) -> Any:
        answer = self.client.get(path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, content: Any = None, expected: int | None = None) -> Any:
        answer = self.client.post(path, json={} if content is None else content)
        assert answer.status_code == expected if expected else answer.status_code < 300, answer.text
        return answer.json()

    def upload(self, path: Path) -> dict[str, Any]:
        answer = self.client.post("/api/recordings/upload", params={"name": path.name}, content=path.read_bytes())
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def kill(self) -> None:
        """As a crash of the machine would: at once, without a word."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)


@contextmanager
def served(folder: Path, arguments: Sequence[str] = (), given: str = "") -> Iterator[Served]:
    one = Served(folder, arguments, given)
    try:
        yield one
    finally:
        one.stop()


def until(happened: Any, seconds: float = 300.0) -> Any:
    """Wait for it, and give what it gives."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := happened():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain")


def analysed_by_hand(folder: Path, name: str, events: Sequence[Event], duration: float) -> None:
    """The results of an analysis as far as a review reads them, without one."""
    out = Project(folder.resolve()).results_of(name)
    out.mkdir(exist_ok=True)
    recording = {"name": name, "kind": "video", "duration": duration}
    kinesics_json.write(out / TIMELINE, Timeline(tuple(events), duration), Provenance(recording))


def copied(source: Path, folder: Path, name: str) -> Path:
    target = folder / name
    shutil.copy(source, target)
    return target


def state_of(one: Served, name: str) -> dict[str, Any]:
    return next(dict(row) for row in one.get("/api/recordings") if row["name"] == name)


__all__ = ["Served", "analysed_by_hand", "copied", "json", "served", "state_of", "until"]
