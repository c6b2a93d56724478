"""`JOBS`: commands that write, what they need, and which of their files an interruption must not change."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from support.faults import Commands, Ended, tree

PART = (".part", ".tmp")


@dataclass(frozen=True)
class Job:
    """One command.

    make: writes what it reads to a folder, and gives what `Commands` takes beside it. arguments: run in that folder.
    results: what must be the same after an interruption, by the beginning of the path; "" for all.
    """

    make: Callable[[Path], dict[str, Any]]
    arguments: tuple[str, ...]
    results: tuple[str, ...] = ("",)
    leaves: tuple[str, ...] = field(default=())  # beginnings of paths that may differ, such as logs


def _landmarks(place: Path) -> dict[str, Any]:
    from kinesics.skeleton import save_skeletons
    from support.recordings import TALK, person

    save_skeletons(place / "somebody.skeleton.npz", [person(20.0, TALK)])
    return {}


def _video(place: Path) -> dict[str, Any]:
    from support.recordings import real_clip

    shutil.copy2(real_clip(), place / "talk.mp4")  # with its time
    return {}


def _coded(place: Path) -> dict[str, Any]:
    _video(place)
    rows = "".join(f"talk.mp4,{label},{start},{start + 1},anna\n" for start, label in ((0.2, "nod"), (2.0, "shrug")))
    (place / "coding.csv").write_text(f"video,label,start,end,subject\n{rows}")
    return {}


def _training(place: Path) -> dict[str, Any]:
    from support.fuzz.readers import clip_folder

    clip_folder(place / "data")
    (place / "c.yaml").write_text(
        "data: {frames: 8, batch: 2}\nmodel: {preset: tiny}\n"
        "trainer: {max_epochs: 3, accelerator: cpu, enable_progress_bar: false, num_sanity_val_steps: 0}\n"
    )
    return {"own_cache": True}


def _published(place: Path) -> dict[str, Any]:
    """A checkpoint with the published names of 2s-AGCN, behind the address of a server."""
    import torch

    from kinesics.files import sha256_of
    from kinesics.weights.ledger import Entry
    from support.paths import REFERENCE
    from support.reference import filled_state

    served = place.parent / "served"
    served.mkdir(exist_ok=True)
    file = served / "published.pt"
    if not file.exists():
        torch.save(filled_state(list(np.load(REFERENCE / "agcn_ntu.npz")["keys"])), file)
    url = f"{_server(served)}/published.pt"
    one = Entry("known", "a test", "agcn", "MIT", True, "a test", "published.pt", sha256_of(file), url=url)
    return {"ledger": asdict(one)}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@functools.cache
def _server(folder: Path) -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def _nothing(place: Path) -> dict[str, Any]:
    return {}


_TRAIN = ("train", "--config", "c.yaml", "--data", "data", "--out", "run", "--", "--data.workers=0")
JOBS: dict[str, Job] = {
    "analyze": Job(_landmarks, ("analyze", "somebody.skeleton.npz", "--out", "out")),
    "analyze a video": Job(_video, ("analyze", "talk.mp4", "--out", "out", "--overlay")),
    "data prepare": Job(_coded, ("data", "prepare", "talk.mp4", "--labels", "coding.csv", "--out", "out")),
    "train": Job(_training, _TRAIN, ("run/predictions", "run/weights", "run/run.json"), ("run/", "cache/")),
    "simulate": Job(_nothing, ("simulate", "--class", "touch neck", "--out", "clip.gif")),
    "simulate --videos": Job(
        _nothing, ("simulate", "--videos", "1", "--seconds", "2", "--size", "96x64", "--out", "set", "--workers", "1")
    ),
    "weights get": Job(_published, ("weights", "get", "known")),
}


@dataclass(frozen=True)
class Unbroken:
    """A job as it runs undisturbed: how many writes it takes, and what is there afterwards."""

    writes: int
    files: dict[str, bytes]


def unbroken(run: Commands, job: Job, folder: Path) -> Unbroken:
    with working(job, folder) as (place, more):
        ended = run(list(job.arguments), place, **more)
        assert ended.code == 0, ended.said
        return Unbroken(ended.writes, tree(place))


@contextmanager
def working(job: Job, folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder of its own, always of the same name, with what the job reads."""
    place = folder / "work"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    yield place, job.make(place)


def interrupted(run: Commands, name: str, whole: Unbroken, folder: Path, at: int, *, half: bool = False) -> list[str]:
    """Kill a job at a write, call it again, and say what is then not as after an unbroken call."""
    job = JOBS[name]
    with working(job, folder) as (place, more):
        first = run(list(job.arguments), place, kill=at, half=half, **more)
        if first.code != -9:
            return [f"write {at}: not killed, but {first.code}: {first.said[-300:]}"]
        faults = [f"write {at}: half-written {path}" for path in _broken(job, whole, tree(place))]
        second = run(list(job.arguments), place, **more)
        return faults + [f"write {at}: {fault}" for fault in differences(job, whole, second, tree(place))]


def differences(job: Job, whole: Unbroken, ended: Ended, found: dict[str, bytes]) -> Iterator[str]:
    if ended.code != 0:
        yield f"the second call ended with {ended.code}: {ended.said[-300:]}"
        return
    yield from (f"{path} is left" for path in found if path.endswith(PART))
    for path in sorted({*whole.files, *found}):
        if path.startswith(job.leaves) and not path.startswith(job.results):
            continue
        if whole.files.get(path) != found.get(path):
            yield f"{path} is {'other' if path in found and path in whole.files else 'missing or too much'}"


def _broken(job: Job, whole: Unbroken, found: dict[str, bytes]) -> Iterator[str]:
    """Files under their final names that are not what an unbroken call writes; ledgers and caches know of it."""
    for path, content in found.items():
        final = not path.endswith(PART) and not path.startswith(job.leaves) and not Path(path).name.startswith(".")
        if final and path in whole.files and content != whole.files[path]:
            yield path


# ── other faults ─────────────────────────────────────────────────────────────────────────────────────────────


def full_disk(run: Commands, name: str, whole: Unbroken, disk: Path, share: float) -> list[str]:
    """With room for a share of what a job writes: exit code 2 in one line if it does not fit; the same results then.

    disk: an empty folder in which a file system of that size is mounted.
    """
    job = JOBS[name]
    with mounted(disk) as resize, working(job, disk) as (place, more):
        before = sum(map(len, tree(disk).values()))
        resize(before + int(share * sum(map(len, whole.files.values()))) + 16_384)
        first = run(list(job.arguments), place, **more)
        faults = _refused(job, whole, first, place) if first.code else []  # a small job may just fit
        resize(1 << 30)
        second = run(list(job.arguments), place, **more)
        faults += differences(job, whole, second, tree(place))
    return [f"disk full at {share:.0%}: {fault}" for fault in faults]


@contextmanager
def mounted(disk: Path) -> Iterator[Callable[[int], None]]:
    """A file system in memory, whose size in bytes can be changed; raises OSError where mounting is not allowed."""

    def mount(*options: str) -> None:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", disk], capture_output=True)
        if done.returncode:
            raise OSError(done.stderr.decode().strip())

    mount("size=1g")
    try:
        yield lambda size: mount("remount", f"size={size}")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def permission_lost(run: Commands, name: str, whole: Unbroken, folder: Path, at: int) -> list[str]:
    """With every file and folder made unchangeable before a write; the same results once it can be written again."""
    job = JOBS[name]
    with working(job, folder) as (place, more):
        try:
            first = run(list(job.arguments), place, lose=at, **more)
        finally:
            subprocess.run(["chattr", "-R", "-i", place], check=False, capture_output=True)
        faults = (
            []
            if first.code == 0 and not list(differences(job, whole, first, tree(place)))
            else _refused(job, whole, first, place, parts=True)
        )
        second = run(list(job.arguments), place, **more)
        faults += differences(job, whole, second, tree(place))
    return [f"permission lost at write {at}: {fault}" for fault in faults]


def clock_back(run: Commands, name: str, whole: Unbroken, folder: Path) -> list[str]:
    """All that a first call left is from tomorrow when a second one comes."""
    job = JOBS[name]
    with working(job, folder) as (place, more):
        run(list(job.arguments), place, kill=whole.writes // 2, **more)
        tomorrow = time.time() + 86_400
        for path in place.rglob("*"):
            if path.suffix != ".mp4":  # another time of the recording is another recording
                os.utime(path, (tomorrow, tomorrow))
        second = run(list(job.arguments), place, **more)
        return [f"clock back: {fault}" for fault in differences(job, whole, second, tree(place))]


def two_at_once(run: Commands, other: Commands, name: str, whole: Unbroken, folder: Path) -> list[str]:
    """Two calls in one folder: one ends well, the other too or with one line; a third finds all as it should be."""
    job = JOBS[name]
    with working(job, folder) as (place, more), ThreadPoolExecutor(2) as pool:
        arguments = list(job.arguments)
        calls = [pool.submit(one, arguments, place, name=str(n), **more) for n, one in enumerate((run, other))]
        ended = [call.result() for call in calls]
        faults = [f"{one.code}: {one.said[-300:]}" for one in ended if one.code != 0 and not _is_one_line(one)]
        if all(one.code for one in ended):
            faults.append("neither ended well")
        third = run(arguments, place, **more)
        return [f"two at once: {fault}" for fault in (*faults, *differences(job, whole, third, tree(place)))]


def _refused(job: Job, whole: Unbroken, ended: Ended, place: Path, *, parts: bool = False) -> list[str]:
    """What is wrong with how a call gave up; `parts`: temporary files may be left, for it could not remove them."""
    found = tree(place)
    faults = [] if _is_one_line(ended) else [f"ended with {ended.code}: {ended.said[-500:]}"]
    faults += [f"{path} is left" for path in found if path.endswith(".part") and not parts and "weights/" not in path]
    return faults + [f"half-written {path}" for path in _broken(job, whole, found)]


def _is_one_line(ended: Ended) -> bool:
    lines = [line for line in ended.said.splitlines() if line.startswith("kinesics: ")]
    return ended.code == 2 and len(lines) == 1 and "Traceback" not in ended.said
