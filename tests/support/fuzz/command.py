"""The same damaged files through the command line: exit code 0, or 2 with one line."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from support import videos
from support.fuzz.hunt import START, unhelpful
from support.fuzz.readers import READERS, clip_folder, save_person

ROOT = Path(__file__).parents[3]


def command_outcome(name: str, folder: Path, file: str, content: bytes) -> dict[str, Any]:
    """What the reader's command makes of a file in a folder of its own; `fault` as in `hunt`."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / file
        path.write_bytes(content)
        done = run([word.format(path, **_places(Path(place))) for word in READERS[name].command], Path(place))
    return {"code": done.returncode, "said": done.stderr, "fault": _fault(done, path)}


def run(arguments: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "XDG_CACHE_HOME": str(place / "cache")}
    command = [sys.executable, "-m", "kinesics.cli", *arguments]
    return subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, timeout=START)


def _places(place: Path) -> dict[str, Path]:
    """What the commands need beside the file: made once for each."""
    made = place.parent / "whole"
    (made / "videos").mkdir(parents=True, exist_ok=True)
    if not (made / "videos" / "clip.mp4").exists():
        videos.write(made / "videos" / "clip.mp4", videos.steady(100))
    return {
        "folder": place,
        "out": place / "out",
        "videos": made / "videos",
        "data": clip_folder(made / "data"),
        "person": save_person(made / "person.skeleton.npz"),
    }


def _fault(done: subprocess.CompletedProcess[str], path: Path) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    if "Traceback" in done.stderr or done.returncode not in (0, 1, 2):
        return f"exit code {done.returncode}: {' / '.join(lines[-3:])}"
    if done.returncode != 2:
        return ""
    if len(lines) != 1:
        return f"{len(lines)} lines: {' / '.join(lines[:4])}"
    lacking = unhelpful(lines[0], path)
    return f"{lacking} in {lines[0]!r}" if lacking else ""
