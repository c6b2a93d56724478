"""Studies made by the standing writers: events by chance or by plan, in folders as `analyze` leaves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES, TRAIN_CLIPS
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import FORMATS, Provenance
from support.recordings import MODEL, event

SECONDS = 180.0
_SHOWN = (7, 10, 11, 16, 19, 21, 22, 28, 30, 31)  # of the classes, some of every part of the body


def write_recording(
    folder: Path,
    events: Iterable[Event],
    *,
    duration: float = SECONDS,
    seen: Mapping[int, float] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Path:
    """A folder of results with timelines in every format, for people who were seen for shares of the time."""
    folder.mkdir(parents=True, exist_ok=True)
    people = [{"person": person, "seen": share} for person, share in (seen or {1: 1.0}).items()]
    recording = {"name": f"{folder.name}.mp4", "kind": "video", "duration": duration, "fps": 25.0}
    provenance = Provenance(recording, MODEL, {"people": people, **(more or {})}, CLASSES)
    for one in FORMATS.values():
        one.write(folder / f"timeline{one.suffix}", Timeline(tuple(events), duration), provenance)
    return folder


def random_events(
    rng: np.random.Generator, duration: float = SECONDS, a_minute: float = 12.0, person: int = 1
) -> list[Event]:
    """Some of iMiGUE's classes, as often as they are, at moments of no pattern."""
    starts = np.sort(rng.uniform(0, duration - 3, rng.poisson(a_minute * duration / 60)))
    shares = np.array([TRAIN_CLIPS[label] for label in _SHOWN])
    labels = rng.choice(_SHOWN, len(starts), p=shares / shares.sum())
    lengths = 0.4 + rng.gamma(2.0, 0.6, len(starts))
    return [
        event(CLASSES[label], float(start), float(min(start + length, duration)), float(rng.uniform(0.5, 1)), person)
        for label, start, length in zip(labels, starts, lengths, strict=True)
    ]


def faces(rng: np.random.Generator, person: int = 1) -> dict[str, Any]:
    """Facial actions and expressions in sum."""
    actions = {
        label: [round(float(x), 3) for x in np.sort(rng.beta(2, 12, 2))] for label in ("brows up", "smile", "blink")
    }
    shares = rng.dirichlet((8, 2, 1)).round(4).tolist()
    expressions = dict(zip(("neutral", "happiness", "sadness"), shares, strict=True))
    return {
        "actions": {"people": [{"person": person, "seen": 0.8, "mean_and_p95": actions}], "model": {}},
        "expressions": {"people": [{"person": person, "seen": 0.7, "shares": expressions}], "model": {}},
    }


def write_study(
    folder: Path, count: int, *, groups: Sequence[str] = ("calm", "tense"), effect: float = 1.6, seed: int = 0
) -> Path:
    """Recordings of people who come twice, in turn of one group and another, whose rates differ by `effect`.

    Returns the table of people, which lies beside the recordings.
    """
    rows = ["recording,subject,group"]
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        subject = number // 2
        group = subject % len(groups)
        own = np.random.default_rng((seed, 9999, subject)).gamma(8, 1 / 8)
        name = f"r{number:04d}"
        found = random_events(rng, a_minute=10 * own * effect**group)
        seen = round(float(rng.uniform(0.6, 1)), 4)
        write_recording(folder / name, found, seen={1: seen}, more=faces(rng))
        rows.append(f"{name}.mp4,s{subject:03d},{groups[group]}")
    people = folder / "people.csv"
    people.write_text("\n".join(rows) + "\n")
    return people
