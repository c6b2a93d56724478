"""What is asked of every recording, and the fingerprint by which one knows whether results answer it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kinesics.batch.places import Place
from kinesics.batch.study import FORMAT, STUDY, VERSION
from kinesics.errors import KinesicsError
from kinesics.files import sha256_of, written_on
from kinesics.weights.specification import DEFAULT, EMOTION, EXPRESSION


@dataclass(frozen=True)
class Settings:
    """The options of `kinesics analyze`, for all recordings alike.

    Attributes
    ----------
    engine : the landmark engine's name.
    person : "largest", "all", or a person's number.
    weights : a weights file, "" for those that are shipped.
    prior : as `open_scorer` takes it, "" for the weights' own.
    threshold : the onset of events by class, as `analyze` takes it.
    fps : frames a second of OpenPose's files, 0 where they are not told.
    overlay, parquet : whether to write those as well.
    """

    engine: str
    person: str = "largest"
    weights: str = ""
    prior: str = ""
    threshold: dict[str, float] = field(default_factory=dict)
    fps: float = 0.0
    overlay: bool = False
    parquet: bool = False

    @property
    def weights_file(self) -> Path:
        """The weights that are used."""
        return Path(self.weights) if self.weights else DEFAULT

    def facts(self) -> dict[str, Any]:
        """All that a result depends on beside the recording; files by their sha256, so that a change is noticed.

        Raises KinesicsError for weights that are not there.
        """
        if not self.weights_file.is_file():
            raise KinesicsError(f"{self.weights_file}: no such weights file; see `kinesics weights list`")
        prior = Path(self.prior)
        files = {"weights": self.weights_file, "expressions": EXPRESSION, "emotion": EMOTION}
        return (
            asdict(self)
            | {name: sha256_of(path) for name, path in files.items()}
            | {"prior": sha256_of(prior) if self.prior and prior.is_file() else self.prior}
            | {"kinesics": version("kinesics")}
        )


@dataclass(frozen=True)
class Task:
    """What every process and machine is given of a study.

    Attributes
    ----------
    place : where the study lies.
    settings : what is asked.
    fingerprint : of the settings, as in study.json and every row.
    day : on which the study was begun with these settings, as seconds since 1970: the date that its files bear, so
        that an interrupted study ends with the same bytes as one that was not.
    """

    place: Place
    settings: Settings
    fingerprint: str
    day: int


def fingerprint_of(settings: Settings) -> str:
    """Sixteen hexadecimal digits of all that a result depends on beside the recording."""
    return hashlib.sha256(json.dumps(settings.facts(), sort_keys=True).encode()).hexdigest()[:16]


def begin_study(place: Place, settings: Settings) -> Task:
    """Find the study in its place, or begin it.

    It is the same study as long as the same is asked; a call that asks for something else replaces study.json.
    """
    fingerprint = fingerprint_of(settings)
    before = _begun(place.read(STUDY))
    if before is not None and before["fingerprint"] == fingerprint:
        return Task(place, settings, fingerprint, int(before["day"]))
    today = written_on().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = round(today.timestamp())
    content = {"format": FORMAT, "version": VERSION, "fingerprint": fingerprint, "day": day}
    place.write(STUDY, json.dumps({**content, "asked": settings.facts()}, indent=1, ensure_ascii=False) + "\n")
    return Task(place, settings, fingerprint, day)


def _begun(content: bytes | None) -> dict[str, Any] | None:
    try:
        found = json.loads(content or b"")
        return found if {"fingerprint", "day"} <= {*found} else None
    except (ValueError, TypeError):
        return None
