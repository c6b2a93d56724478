"""How long and large recordings were, so that a dry run can say what the next will take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from kinesics.batch.memory import USUAL
from kinesics.batch.places import Place
from kinesics.batch.recordings import Item
from kinesics.batch.study import WORK
from kinesics.batch.work import Outcome
from kinesics.errors import KinesicsError

FILE = f"{WORK}/measured.json"
_SAMPLE = 5  # recordings whose length is looked up


@dataclass(frozen=True)
class Measured:
    """Sums over recordings that were analysed.

    Attributes
    ----------
    length : seconds of recordings.
    source : bytes of recordings.
    processor : seconds of all cores together.
    results : bytes.
    peak : MB of the largest process.
    """

    length: float = 0.0
    source: float = 0.0
    processor: float = 0.0
    results: float = 0.0
    peak: float = 0.0

    def plus(self, outcome: Outcome) -> Measured:
        """These sums with one more recording."""
        if outcome.row.state != "done" or not outcome.seconds:
            return self
        return Measured(
            self.length + outcome.row.length,
            self.source + outcome.row.size,
            self.processor + outcome.processor,
            self.results + outcome.size,
            max(self.peak, outcome.peak),
        )


# of one process of a 2.x GHz Xeon core over the clips of benchmarks/batch.py
ASSUMED = Measured(length=1.0, source=60_000.0, processor=1.0, results=250_000.0, peak=USUAL)


@dataclass(frozen=True)
class Estimate:
    """What a batch will take.

    Attributes
    ----------
    length : seconds of recordings.
    processor : seconds of all cores together.
    results : bytes.
    peak : MB of a process.
    """

    length: float
    processor: float
    results: float
    peak: float


def read_measured(place: Place) -> Measured:
    """What earlier calls have measured; zeros without any."""
    try:
        found = json.loads(place.read(FILE) or b"{}")
        return Measured(**{field.name: float(found[field.name]) for field in fields(Measured)})
    except (ValueError, KeyError, TypeError):
        return Measured()


def write_measured(place: Place, measured: Measured) -> None:
    """Remember the sums for later calls."""
    place.write(FILE, json.dumps(asdict(measured), indent=1) + "\n")


def sampled_length(items: Sequence[Item]) -> float | None:
    """Seconds of all these recordings by those of a few videos among them; None where none can be read here."""
    from kinesics.video import probe

    seconds, size = 0.0, 0
    for item in items[:: max(1, len(items) // _SAMPLE)]:
        with suppress(KinesicsError):
            seconds, size = seconds + probe(Path(item.source)).duration, size + item.size
    return sum(item.size for item in items) * seconds / size if size else None


def estimate(sizes: Iterable[int], known: Measured, length: float | None = None) -> Estimate:
    """Say what some recordings will take.

    Parameters
    ----------
    sizes : bytes of each.
    known : what was measured on others.
    length : seconds of all, where that is known; else it goes by their bytes.

    Returns
    -------
    The estimate.
    """
    base = known if known.length else ASSUMED
    seconds = sum(sizes) * base.length / max(base.source, 1.0) if length is None else length
    return Estimate(
        length=seconds,
        processor=seconds * base.processor / base.length,
        results=seconds * base.results / base.length,
        peak=base.peak or USUAL,
    )
