"""A workbench that is killed at a random moment of the whole line, and what must be there after a restart."""

from __future__ import annotations

import random
import shutil
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from kinesics.skeleton import save_skeletons
from kinesics.web.database import DATABASE
from support.recordings import TALK, event, person, real_clip
from support.workbench import Served, analysed_by_hand, until

LANDMARKS = "somebody.skeleton.npz"
VIDEO = "talk.mp4"
CODED = "coded.mp4"
STAGES = ("uploading", "queueing the analysis", "analysing and editing")
_PAUSE = 0.02  # seconds between two edits


@dataclass
class Line:
    """What a page has done so far, by the answers that came: nothing of it may be lost."""

    stage: str = "starting"
    uploaded: list[str] = field(default_factory=list)
    queued: bool = False
    marks: dict[str, Any] = field(default_factory=dict)
    coming: dict[str, Any] = field(default_factory=dict)  # the tier as the edit would make it that was not answered
    edits: int = 0
    exported: int = 0


def round_of_kill(folder: Path, seed: int, longest: float) -> tuple[Line, float, list[str]]:
    """Serve, work, kill after a random time, serve again.

    folder: empty. longest: seconds until the kill at most. Gives what was done, after how many seconds it was killed,
    and what is wrong afterwards.
    """
    rng = random.Random(seed)
    shutil.copy(real_clip(), folder / CODED)
    events = [event("touching ears", 0.1 * i + 0.1, 0.1 * i + 0.18, 0.5) for i in range(30)]
    analysed_by_hand(folder, CODED, events, 4.0)
    line, one = Line(), Served(folder)
    working = threading.Thread(target=_work, args=(one, line, random.Random(seed + 1)), daemon=True)
    working.start()
    delay = rng.uniform(0.05, longest)
    time.sleep(delay)
    one.kill()
    working.join(30)
    again = Served(folder)
    try:
        return line, delay, list(_faults(again, line))
    finally:
        again.stop()


def _work(one: Served, line: Line, rng: random.Random) -> None:
    """The whole line, until the server is gone."""
    try:
        _upload(one, line)
        line.stage = STAGES[1]
        number = next(row["id"] for row in one.get("/api/recordings") if row["name"] == LANDMARKS)
        one.post("/api/recordings/analyze", {"recordings": [number]})
        line.queued, line.stage = True, STAGES[2]
        coder = one.post("/api/coders", {"name": "anna"})["id"]
        coded = next(row["id"] for row in one.get("/api/recordings") if row["name"] == CODED)
        tier = one.post(f"/api/recordings/{coded}/reviews", {"coder": coder})["tier"]
        line.marks = {mark["uid"]: mark for mark in tier["marks"]}
        line.coming = dict(line.marks)
        version = int(tier["version"])
        while True:
            version = _edit(one, line, rng, int(tier["id"]), version)
            if rng.random() < 0.05:
                got = one.client.get(f"/api/recordings/{coded}/export", params={"tier": tier["id"], "format": "ELAN"})
                line.exported += got.status_code == 200
            time.sleep(_PAUSE)
    except (httpx.TransportError, AssertionError):
        return


def _upload(one: Served, line: Line) -> None:
    line.stage = STAGES[0]
    place = one.folder.parent / f"{one.folder.name}-sources"
    place.mkdir(exist_ok=True)
    shutil.copy(real_clip(), place / VIDEO)
    save_skeletons(place / LANDMARKS, [person(6.0, TALK)])
    for name in (VIDEO, LANDMARKS):
        one.upload(place / name)
        line.uploaded.append(name)


def _edit(one: Served, line: Line, rng: random.Random, review: int, version: int) -> int:
    uid = rng.choice([*line.marks, f"new-{line.edits}"])
    start = rng.uniform(0, 3)
    after: dict[str, Any] | None = {
        "label": rng.choice(["nod", "touching ears"]), "start": start, "end": start + 0.5, "person": 1,
        "status": rng.choice(["accepted", "rejected"]), "note": str(line.edits), "origin": None,
    }  # fmt: skip
    if rng.random() < 0.1 and uid in line.marks:
        after = None
    line.coming = {key: mark for key, mark in line.marks.items() if key != uid}
    if after is not None:
        line.coming[uid] = {"uid": uid, **after}
    change = {"version": version, "kind": "move", "changes": [{"uid": uid, "after": after}]}
    answer = one.post(f"/api/reviews/{review}/edits", change)
    line.marks, line.edits = line.coming, line.edits + 1
    return int(answer["version"])


def _faults(one: Served, line: Line) -> Any:
    """What is not as it must be, in sentences."""
    rows = {row["name"]: row for row in one.get("/api/recordings")}
    until(lambda: {row["name"] for row in one.get("/api/recordings")} >= set(line.uploaded), 30)
    for name, row in rows.items():
        if row["problem"]:
            yield f"{name}: {row['problem']}"
    if line.marks:
        tier = one.post(f"/api/recordings/{rows[CODED]['id']}/reviews", {"coder": 1})["tier"]
        found = {mark["uid"]: mark for mark in tier["marks"]}
        if found not in (line.marks, line.coming):
            lost = [uid for uid, mark in line.marks.items() if found.get(uid) != mark]
            yield f"{len(lost)} of {line.edits} answered edits are lost: {lost[:3]}"
    if line.queued:
        until(lambda: one.get("/api/now")["jobs"][-1]["state"] not in ("queued", "running"), 900)
        job = one.get("/api/now")["jobs"][-1]
        if job["state"] != "done":
            yield f"the analysis ended as {job['state']}: {job['message']}"
        if not (one.folder / "somebody_kinesics" / "report.html").exists():
            yield "the analysis left no report"
    with sqlite3.connect(one.folder / DATABASE) as connection:
        if (told := connection.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            yield f"the database: {told}"
