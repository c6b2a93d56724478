"""How far coders agree, with one another and with Kinesics: tiers in, tables out."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kinesics.data.codings import CodedTier
from kinesics.errors import KinesicsError
from kinesics.inference.action_events import ONSETS
from kinesics.metrics.agreement import (
    LINKED,
    OVERLAPS,
    Link,
    Table,
    align_events,
    alpha_of,
    coded_units,
    cohen_kappa,
    coincidences,
    edge_differences,
    event_kappa,
    event_table,
    link_events,
    one_class,
    overlap_f1,
    time_unit_table,
    unit_states,
)
from kinesics.metrics.detection import Instance
from kinesics.metrics.intervals import DRAWS, Interval, Rows, bootstrap
from kinesics.timeline import Timeline

if TYPE_CHECKING:
    import pandas as pd

UNIT = 0.1  # seconds
TOLERANCE = 0.5  # seconds


@dataclass(frozen=True)
class AgreementRule:
    """By what codings are compared.

    Attributes
    ----------
    unit : seconds of a unit of time.
    tolerance : seconds that an edge may be off in the kappa with tolerance.
    overlap : the share of the longer event that two must share to be one.
    draws : of the bootstrap.
    """

    unit: float = UNIT
    tolerance: float = TOLERANCE
    overlap: float = LINKED
    draws: int = DRAWS


@dataclass(frozen=True)
class PairFigures:
    """How far two coders agree on one class, or on all of them.

    Attributes
    ----------
    first, second : events of each.
    linked : events that both have at the same time, and call alike.
    time_kappa, tolerant_kappa : of units of time, without and with the tolerance.
    event_kappa : of linked events (Holle and Rein).
    event_maximum, raw : the most that the totals allow, and the share that agrees.
    aligned_kappa : of aligned events (Quera, Bakeman and Gnisci).
    f1 : by intersection over union.
    onset, offset : seconds by which the second coder is later, in the mean, and their mean size.
    """

    first: int
    second: int
    linked: int
    time_kappa: Interval
    tolerant_kappa: Interval
    event_kappa: Interval
    event_maximum: float
    raw: float
    aligned_kappa: float
    f1: Mapping[float, Interval]
    onset: tuple[float, float]
    offset: tuple[float, float]


@dataclass(frozen=True)
class Disagreement:
    """A stretch of a recording that two coders see otherwise; a label is "" where a coder has nothing there."""

    recording: str
    start: float
    end: float
    first: str
    second: str
    first_label: str
    second_label: str

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True)
class PairAgreement:
    """How far two coders agree: over all classes and class by class, on the recordings that both have coded."""

    first: str
    second: str
    recordings: int
    overall: PairFigures
    by_class: Mapping[str, PairFigures]


@dataclass(frozen=True)
class Agreement:
    """How far several coders agree.

    Attributes
    ----------
    coders : their names.
    recordings : that two of them have coded, at least.
    rule : by what they are compared.
    pairs : each coder against each.
    alpha : Krippendorff's, of units of time, over all coders.
    alpha_by_class : the same for each class, present or absent.
    disagreements : of all pairs, the longest first.
    notes : what could not be compared.
    """

    coders: tuple[str, ...]
    recordings: tuple[str, ...]
    rule: AgreementRule
    pairs: tuple[PairAgreement, ...]
    alpha: Interval
    alpha_by_class: Mapping[str, Interval]
    disagreements: tuple[Disagreement, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; NaN becomes None."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    def to_dataframe(self) -> pd.DataFrame:
        """A row a pair and class, the first of each pair over all classes ("all")."""
        import pandas as pd

        rows = [
            {"first coder": pair.first, "second coder": pair.second, "class": name} | _flat(figures)
            for pair in self.pairs
            for name, figures in {"all": pair.overall, **pair.by_class}.items()
        ]
        return pd.DataFrame(rows)

    def disagreements_dataframe(self) -> pd.DataFrame:
        """A row a disagreement, the longest first."""
        import pandas as pd

        columns = ["recording", "start", "end", "duration", "first coder", "first", "second coder", "second"]
        rows = [
            (d.recording, d.start, d.end, round(d.duration, 3), d.first, d.first_label, d.second, d.second_label)
            for d in self.disagreements
        ]
        return pd.DataFrame(rows, columns=columns)


def _flat(figures: PairFigures) -> dict[str, float]:
    row: dict[str, float] = {"first": figures.first, "second": figures.second, "linked": figures.linked}
    intervals = {name: getattr(figures, name) for name in ("time_kappa", "tolerant_kappa", "event_kappa")}
    intervals |= {f"f1_{overlap:g}": one for overlap, one in figures.f1.items()}
    for name, one in intervals.items():
        row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    row |= {"event_maximum": figures.event_maximum, "raw": figures.raw, "aligned_kappa": figures.aligned_kappa}
    for name in ("onset", "offset"):
        mean, size = getattr(figures, name)
        row |= {f"{name}_later": mean, f"{name}_apart": size}
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, Interval):
        return {name: _plain(number) for name, number in value._asdict().items()}
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value


# ── from tiers to what is compared ───────────────────────────────────────────────────────────────────────────


@dataclass
class _Recording:
    """One recording, or one person of it, as each coder sees it.

    name: of the recording. events: by coder. units: by coder (N, C).
    """

    name: str
    duration: float
    events: dict[str, list[Instance]]
    units: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def compare_tiers(tiers: Sequence[CodedTier], rule: AgreementRule | None = None) -> Agreement:
    """Compare the codings of two or more coders.

    Recordings are matched by their names; where each coder has one alone, these are taken for the same. People are told
    apart where two of the coders number them.

    Parameters
    ----------
    tiers : of the coders, whose names differ; Kinesics may be one of them.
    rule : by what they are compared.

    Returns
    -------
    All figures with 95 % intervals by recording, and the disagreements.

    Raises
    ------
    KinesicsError
        for coders who have no recording in common.
    """
    rule = rule or AgreementRule()
    names = [tier.name for tier in tiers]
    if len(set(names)) < len(names) or len(names) < 2:
        raise KinesicsError(f"agreement: expected two or more coders of different names, found {', '.join(names)}")
    notes: list[str] = []
    matched = _matched(_without_rules(tiers, notes), notes)
    classes = list(dict.fromkeys(event.label for found in matched.values() for one in found.values() for event in one))
    classes.sort()
    recordings = [one for name, found in matched.items() for one in _parted(name, found, classes)]
    for one in recordings:
        times = ((np.arange(max(1, round(one.duration / rule.unit))) + 0.5) * rule.unit).astype(np.float64)
        one.units = {coder: coded_units(events, times, len(classes)) for coder, events in one.events.items()}
    pairs, disagreements = [], []
    for first, second in combinations(names, 2):
        common = [one for one in recordings if first in one.events and second in one.events]
        if not common:
            notes.append(f"{first} and {second} have no recording in common")
            continue
        compared = _Pair(first, second, common, classes, rule)
        pairs.append(compared.agreement())
        disagreements += compared.disagreements()
    alpha, by_class = _alphas(names, recordings, classes, rule)
    disagreements.sort(key=lambda one: (-one.duration, one.recording, one.start))
    return Agreement(
        tuple(names), tuple(matched), rule, tuple(pairs), alpha, by_class, tuple(disagreements), tuple(notes)
    )


def _without_rules(tiers: Sequence[CodedTier], notes: list[str]) -> list[CodedTier]:
    """Without the events of rules on facial actions that are no class, where one coder alone has them: Kinesics."""
    used = Counter(
        label for tier in tiers for label in {event.label for one in tier.recordings.values() for event in one}
    )
    alone = {label for label in ONSETS if used[label] == 1}
    notes += [f"{label!r} is a rule of Kinesics that no coder codes, and is left out" for label in sorted(alone)]
    return [
        replace(
            tier,
            recordings={
                name: replace(one, events=tuple(event for event in one if event.label not in alone))
                for name, one in tier.recordings.items()
            },
        )
        for tier in tiers
    ]


def _matched(tiers: Sequence[CodedTier], notes: list[str]) -> dict[str, dict[str, Timeline]]:
    """By recording the timelines of those who coded it, two at least."""
    if all(len(tier.recordings) == 1 for tier in tiers):
        (name,) = tiers[0].recordings
        others = {other for tier in tiers for other in tier.recordings if other != name}
        notes += [f"{other!r} is taken for {name!r}: each coder has one recording" for other in sorted(others)]
        return {name: {tier.name: next(iter(tier.recordings.values())) for tier in tiers}}
    every = dict.fromkeys(name for tier in tiers for name in tier.recordings)
    found = {name: {tier.name: tier.recordings[name] for tier in tiers if name in tier.recordings} for name in every}
    alone = [name for name, by in found.items() if len(by) < 2]
    notes += [f"{name!r} was coded by {next(iter(found[name]))} alone" for name in alone]
    if len(alone) == len(found):
        listed = "; ".join(f"{tier.name}: {', '.join(list(tier.recordings)[:5])}" for tier in tiers)
        raise KinesicsError(f"agreement: expected a recording that two coders have coded, found {listed}")
    return {name: by for name, by in found.items() if len(by) > 1}


def _parted(name: str, found: Mapping[str, Timeline], classes: Sequence[str]) -> list[_Recording]:
    """A recording by people where two coders number several, else whole."""
    numbered = {coder: {event.person for event in timeline} for coder, timeline in found.items()}
    several = sorted(set().union(*numbered.values()) - {0})
    by_person = len(several) > 1 and sum(bool(people) and 0 not in people for people in numbered.values()) > 1
    duration = max(max([one.duration, *(event.end for event in one)]) for one in found.values())
    index = {label: place for place, label in enumerate(classes)}
    parts = []
    for person in several if by_person else [None]:
        events = {
            coder: [(index[event.label], event.start, event.end) for event in timeline.only(person=person)]
            for coder, timeline in found.items()
        }
        parts.append(_Recording(name, duration, events))
    return parts


# ── two coders ───────────────────────────────────────────────────────────────────────────────────────────────


class _Pair:
    """Two coders on the recordings that both have coded: everything by recording first, so that they can be drawn."""

    def __init__(
        self, first: str, second: str, recordings: list[_Recording], classes: Sequence[str], rule: AgreementRule
    ) -> None:
        self.first, self.second, self.recordings = first, second, recordings
        self.classes, self.rule = classes, rule
        self.pairs = [(one.events[first], one.events[second]) for one in recordings]
        self.links = [link_events(a, b, rule.overlap) for a, b in self.pairs]
        self.aligned = [align_events(a, b) for a, b in self.pairs]
        count = len(classes)
        self.tables = self._tables(self.links, count)
        self.aligned_table = self._tables(self.aligned, count).sum(0)
        self.groups = [one.name for one in recordings]

    def _tables(self, links: Sequence[list[Link]], classes: int) -> NDArray[np.float64]:
        """(R, C + 1, C + 1)"""
        return np.stack([event_table(one, a, b, classes) for one, (a, b) in zip(links, self.pairs, strict=True)])

    def agreement(self) -> PairAgreement:
        """All figures."""
        by_class = {name: self._figures(place) for place, name in enumerate(self.classes)}
        by_class = {name: one for name, one in by_class.items() if one.first or one.second}
        return PairAgreement(self.first, self.second, len(set(self.groups)), self._figures(None), by_class)

    def _figures(self, label: int | None) -> PairFigures:
        """Of one class, or of all."""
        pairs = [(_only(a, label), _only(b, label)) for a, b in self.pairs]
        tables, aligned = self.tables, self.aligned_table
        if label is not None:
            tables = np.stack([one_class(table, label) for table in tables])
            aligned = one_class(aligned, label)
        kappa: Callable[[Table], float] = cohen_kappa if label is not None else lambda table: event_kappa(table).kappa
        total = tables.sum(0)
        maximum, raw = _limits(total) if label is not None else event_kappa(total)[1:]
        counts = {t: np.array([overlap_f1(a, b, t) for a, b in pairs], float) for t in OVERLAPS}
        onset, offset = self._edges(label)
        return PairFigures(
            sum(len(a) for a, _ in pairs),
            sum(len(b) for _, b in pairs),
            len(onset),
            self._drawn(self._time_tables(label, 0), cohen_kappa),
            self._drawn(self._time_tables(label, round(self.rule.tolerance / self.rule.unit)), cohen_kappa),
            self._drawn(tables, kappa),
            maximum,
            raw,
            kappa(aligned),
            {t: self._drawn(one, _f1) for t, one in counts.items()},
            _later(onset),
            _later(offset),
        )

    def _drawn(self, parts: NDArray[np.float64], statistic: Callable[[Table], float]) -> Interval:
        """A statistic of a sum over recordings, with its interval from recordings drawn anew."""
        return _drawn(parts, statistic, self.groups, self.rule.draws)

    def _time_tables(self, label: int | None, tolerance: int) -> NDArray[np.float64]:
        """(R, S, S) of units of time: of combinations of classes, or of one class, absent or present."""
        both = [one.units[coder] for one in self.recordings for coder in (self.first, self.second)]
        if label is None:
            states, count = unit_states(both)
        else:
            states, count = [one[:, label].astype(np.int64) for one in both], 2
        return np.stack(
            [time_unit_table(a, b, count, tolerance=tolerance) for a, b in zip(states[::2], states[1::2], strict=True)]
        )

    def _edges(self, label: int | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        found = []
        for links, (a, b) in zip(self.links, self.pairs, strict=True):
            chosen = [one for one in links if label is None or (one.first is not None and a[one.first][0] == label)]
            found.append(edge_differences(chosen, a, b))
        return np.concatenate([one.onset for one in found]), np.concatenate([one.offset for one in found])

    def disagreements(self) -> list[Disagreement]:
        """Events that one coder alone has, and linked ones of two names."""
        found = []
        for one, links, (a, b) in zip(self.recordings, self.links, self.pairs, strict=True):
            for link in links:
                mine, theirs = (None if n is None else events[n] for n, events in ((link.first, a), (link.second, b)))
                if mine is not None and theirs is not None and mine[0] == theirs[0]:
                    continue
                events = [event for event in (mine, theirs) if event is not None]
                start, end = min(event[1] for event in events), max(event[2] for event in events)
                labels = ["" if event is None else self.classes[event[0]] for event in (mine, theirs)]
                found.append(Disagreement(one.name, start, end, self.first, self.second, *labels))
        return found


def _drawn(
    parts: NDArray[np.float64], statistic: Callable[[Table], float], groups: Sequence[str], draws: int
) -> Interval:
    """A statistic of a sum over parts, with its interval from groups of them drawn anew; NaN where there is one."""
    if len(set(groups)) == 1:
        return Interval(statistic(parts.sum(0)), float("nan"), float("nan"))

    def summed(rows: Rows) -> float:
        return statistic(np.tensordot(np.bincount(rows, minlength=len(parts)), parts, 1))

    with warnings.catch_warnings():  # where no draw has a figure, neither has the interval
        warnings.simplefilter("ignore", RuntimeWarning)
        return bootstrap(summed, groups, draws=draws)


def _only(events: Sequence[Instance], label: int | None) -> list[Instance]:
    return [event for event in events if label is None or event[0] == label]


def _limits(table: Table) -> tuple[float, float]:
    """The highest kappa that the totals of a table allow, and the raw agreement."""
    total = table.sum()
    if not total:
        return float("nan"), float("nan")
    expected = float(table.sum(0) @ table.sum(1)) / total**2
    most = float(np.minimum(table.sum(0), table.sum(1)).sum()) / total
    return (most - expected) / (1 - expected) if expected < 1 else float("nan"), float(np.trace(table) / total)


def _f1(counts: NDArray[np.float64]) -> float:
    return float(2 * counts[0] / counts[1]) if counts[1] else float("nan")


def _later(differences: NDArray[np.float64]) -> tuple[float, float]:
    if not len(differences):
        return float("nan"), float("nan")
    return float(differences.mean()), float(np.abs(differences).mean())


# ── all coders ───────────────────────────────────────────────────────────────────────────────────────────────


def _alphas(
    names: Sequence[str], recordings: Sequence[_Recording], classes: Sequence[str], rule: AgreementRule
) -> tuple[Interval, dict[str, Interval]]:
    """Krippendorff's alpha over all classes, and of each."""
    coded = [(one, coder) for one in recordings for coder in names if coder in one.units]
    states, count = unit_states([one.units[coder] for one, coder in coded])
    by_part = {(id(one), coder): state for (one, coder), state in zip(coded, states, strict=True)}

    def interval(tables: NDArray[np.float64]) -> Interval:
        return _drawn(tables, alpha_of, [one.name for one in recordings], rule.draws)

    def tables(value: Callable[[_Recording, str], NDArray[np.float64]], states: int) -> NDArray[np.float64]:
        found = []
        for one in recordings:
            ratings = np.full((len(names), len(next(iter(one.units.values())))), np.nan)
            for row, coder in enumerate(names):
                if coder in one.units:
                    ratings[row] = value(one, coder)
            found.append(coincidences(ratings, states))
        return np.stack(found)

    alpha = interval(tables(lambda one, coder: by_part[id(one), coder].astype(float), count))
    return alpha, {
        name: interval(tables(lambda one, coder, place=place: one.units[coder][:, place].astype(float), 2))  # type: ignore[misc]
        for place, name in enumerate(classes)
    }
