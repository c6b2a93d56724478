"""Reviewed recordings of drawn people who lift a hand to the neck, and the folders of their analyses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesics.files import RESULTS_LEDGER, sha256_of
from kinesics.skeleton.sequence import save_skeletons
from kinesics.timeline import Timeline
from kinesics.timeline.formats import Provenance, elan, kinesics_json
from kinesics.training.adapt.reviewed import ReviewedRecording
from support.recordings import event, person

SECONDS = 24.0
OWN = "hand at the collar"


def reviewed(number: int, label: str = OWN, seconds: float = SECONDS) -> ReviewedRecording:
    """Two events at moments of its own; a little noise, so that no two people are alike."""
    rng = np.random.default_rng(number)
    starts = [3.0 + rng.uniform(0, 5), 13.0 + rng.uniform(0, 6)]
    moves = tuple(event("touching ears", start, start + 1.6) for start in starts)
    skeleton = person(seconds, moves)
    noise = rng.normal(0, 0.004, skeleton.xyz.shape) * (skeleton.score > 0)[..., None]
    skeleton = replace(skeleton, xyz=(skeleton.xyz + noise).astype(np.float32))
    return ReviewedRecording(f"talk {number}", f"guest {number}", skeleton, tuple((label, s, s + 1.6) for s in starts))


def analysed(folder: Path, one: ReviewedRecording, *, coded: bool = True) -> Path:
    """What `kinesics analyze` leaves of such a recording, with the observer's `reviewed.csv` beside it."""
    out = folder / f"{one.name}_kinesics"
    out.mkdir(parents=True)
    save_skeletons(out / "landmarks.skeleton.npz", [one.skeleton])
    timeline = Timeline((event("touching ears", 3.0, 4.0),), one.seconds)
    provenance = Provenance({"name": f"{one.name}.mp4"}, classes=("touching ears",))
    kinesics_json.write(out / "timeline.json", timeline, provenance)
    elan.write(out / "timeline.eaf", timeline, provenance)
    files = {name: sha256_of(out / name) for name in ("timeline.json", "timeline.eaf")}
    (out / RESULTS_LEDGER).write_text(json.dumps({"recording": {}, "files": files}))
    if coded:
        rows = [f"{one.name}.mp4,{label},{start},{end}" for label, start, end in one.events]
        (out / "reviewed.csv").write_text("\n".join(["video,label,start,end", *rows]) + "\n")
    return out
