"""`Segment`, `Event` and `Timeline`: what happened when, in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("label", "index", "start", "end", "score", "person", "source")


@dataclass(frozen=True, order=True)
class Segment:
    """A stretch of time in seconds; raises ValueError unless start < end."""

    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError(f"a segment must end after it starts, found {self.start}..{self.end}")

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start

    def overlap(self, other: Segment) -> float:
        """Seconds that both share."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def iou(self, other: Segment) -> float:
        """Intersection over union in time, 0..1 (the tIoU of temporal detection)."""
        shared = self.overlap(other)
        return shared / (self.duration + other.duration - shared)


@dataclass(frozen=True)
class Event:
    """One micro-gesture: `index` is its row in the class table, `score` 0..1, `source` who said so."""

    label: str
    index: int
    start: float
    end: float
    score: float = 1.0
    person: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        Segment(self.start, self.end)

    @property
    def segment(self) -> Segment:
        """When it happens."""
        return Segment(self.start, self.end)


@dataclass(frozen=True)
class Timeline:
    """Events in order of time, on a recording of `duration` seconds."""

    events: tuple[Event, ...] = field(default=())
    duration: float = 0.0

    def __post_init__(self) -> None:
        ordered = sorted(self.events, key=lambda e: (e.start, e.end, e.person, e.index))
        object.__setattr__(self, "events", tuple(ordered))

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def only(self, label: str | None = None, person: int | None = None) -> Timeline:
        """The events of one label, one person, or both."""
        kept = (e for e in self if (label is None or e.label == label) and (person is None or e.person == person))
        return replace(self, events=tuple(kept))

    def between(self, start: float, end: float) -> Timeline:
        """The events that overlap start..end, whole."""
        window = Segment(start, end)
        return replace(self, events=tuple(e for e in self if e.segment.overlap(window) > 0))

    def joined(self, others: Iterable[Event]) -> Timeline:
        """This timeline with further events."""
        return replace(self, events=(*self.events, *others))

    def counts(self) -> dict[str, int]:
        """Events by label, most frequent first."""
        labels = [event.label for event in self]
        return {label: labels.count(label) for label in sorted(set(labels), key=lambda x: (-labels.count(x), x))}

    def rates(self) -> dict[str, float]:
        """Events a minute by label, most frequent first; empty for a recording without length."""
        if self.duration <= 0:
            return {}
        return {label: count * 60 / self.duration for label, count in self.counts().items()}

    def to_dataframe(self) -> pd.DataFrame:
        """One row an event; columns label, index, start, end, score, person, source."""
        import pandas as pd  # heavy, and only wanted here

        return pd.DataFrame([[getattr(event, c) for c in _COLUMNS] for event in self], columns=list(_COLUMNS))

    @classmethod
    def from_dataframe(cls, frame: pd.DataFrame, duration: float = 0.0) -> Timeline:
        """The inverse of `to_dataframe`."""
        events = (
            Event(str(label), int(index), float(start), float(end), float(score), int(person), str(source))
            for label, index, start, end, score, person, source in frame[list(_COLUMNS)].itertuples(index=False)
        )
        return cls(tuple(events), duration)
