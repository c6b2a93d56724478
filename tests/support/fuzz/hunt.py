"""Give damaged files to a reader in a process of its own, and judge what becomes of each."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from support.fuzz.mutate import mutated
from support.fuzz.readers import READERS

TESTS = Path(__file__).parents[2]
SECONDS, MEGABYTES, START = 10.0, 1024, 120.0


class Hunt:
    """One reader's process, started again where an input kills it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        (folder / "seeds").mkdir()
        self.seeds = READERS[name].seeds(folder / "seeds")
        self._process: subprocess.Popen[str] | None = None
        self._fresh = True

    def damaged(self, random: Random) -> tuple[str, bytes]:
        """The name and the content of a damaged file."""
        name = random.choice(sorted(self.seeds))
        return name, mutated(self.seeds[name], random)

    def outcome(self, name: str, content: bytes) -> dict[str, Any]:
        """What becomes of it: see `fault`."""
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            path = Path(place) / name
            path.write_bytes(content)
            found = self._ask(path)
        return found | {"fault": fault(found, path)}

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, path: Path) -> dict[str, Any]:
        if self._process is None:
            self._process, self._fresh = self._started(), True
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        # the first one loads what it needs
        limit = START if self._fresh else SECONDS + 5
        if not select.select([self._process.stdout], [], [], limit)[0]:
            self.close()
            return {"outcome": "hang", "message": f"no answer in {limit:g} s", "seconds": limit, "megabytes": 0}
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._process = None
            return {"outcome": "killed", "message": f"exit code {code}", "seconds": 0, "megabytes": 0}
        found: dict[str, Any] = json.loads(line)
        if self._fresh:
            self._fresh, found["seconds"] = False, 0.0
        return found

    def _started(self) -> subprocess.Popen[str]:
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src"), os.environ.get("PYTHONPATH", "")]),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "CUDA_VISIBLE_DEVICES": "",
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "support.fuzz.worker", self.name]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=environment, **pipes)


@contextmanager
def hunting(name: str) -> Iterator[Hunt]:
    with tempfile.TemporaryDirectory() as folder:
        hunt = Hunt(name, Path(folder))
        try:
            yield hunt
        finally:
            hunt.close()


def fault(found: dict[str, Any], path: Path) -> str:
    """What is wrong with an outcome; "" where the file was read, or refused in one line that helps."""
    if found["outcome"] not in ("read", "refused"):
        return f"{found['outcome']}: {found['message']}"
    if found["seconds"] > SECONDS:
        return f"{found['seconds']:.0f} s"
    if found["megabytes"] > MEGABYTES:
        return f"{found['megabytes']} MB"
    if found["outcome"] == "refused" and (lacking := unhelpful(found["message"], path)):
        return f"{lacking} in {found['message']!r}"
    return ""


def unhelpful(message: str, path: Path) -> str:
    """What a message lacks of: the file, expected, found, what to do, all in one line that can be printed; or ""."""
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 or letter in "\u2028\u2029" for letter in message):
        return "a line break or a control character"
    if len(message) > 1500:
        return f"{len(message)} letters"
    if path.name not in message and str(path.parent) not in message:
        return "no name of the file"
    return next((f"no {name}" for name, words in _HELP.items() if not re.search(words, message)), "")


_HELP = {
    "expected": r"\bexpected\b|cannot be read",
    "found": r"\bfound\b|cannot be read|cut off|no such",
    "what to do": r"; [a-z\u00a0-\uffff]|\bsee\b|\bdo the\b",
}
