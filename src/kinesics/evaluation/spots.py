"""Events that a network found in whole recordings: kept in a file, and judged with intervals by recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.metrics.detection import TIOU, Instance, detection_score
from kinesics.metrics.intervals import Interval, bootstrap
from kinesics.metrics.segments import (
    OVERLAPS,
    Scored,
    SegmentCounts,
    average_precision,
    contest_counts,
    edge_errors,
    edit_score,
    frame_accuracy,
    ranked_hits,
    segmental_counts,
    summed_contest,
)
from kinesics.reading import check_arrays, reading

THRESHOLDS = tuple(round(0.05 + 0.025 * step, 3) for step in range(36))
_DRAWS = 300
_SEGMENTAL = (10, 25, 50)  # per cent
_RATE = 25.0  # frames a second of labelled frames

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SpottedRecordings:
    """What was found in R recordings, and what is there.

    recordings: (R,) their ids. classes: their names. seconds: (R,) how long each is. fps: of the data, whose frames the
    contest's measures count.
    found: (K, 5) recording's row, class, start, end in seconds, score; with low scores too.
    truth: (E, 4) recording's row, class, start, end in seconds.
    """

    recordings: tuple[str, ...]
    classes: tuple[str, ...]
    seconds: NDArray[np.float64]
    fps: float
    found: NDArray[np.float64]
    truth: NDArray[np.float64]

    def events(self, threshold: float) -> dict[str, list[Scored]]:
        """Those of a score no lower, by recording, the best first."""
        kept = self.found[self.found[:, 4] >= threshold]
        kept = kept[np.argsort(-kept[:, 4], kind="stable")]
        by: dict[str, list[Scored]] = {name: [] for name in self.recordings}
        for row, label, start, end, score in kept.tolist():
            by[self.recordings[int(row)]].append((int(label), start, end, score))
        return by

    def true_events(self) -> dict[str, list[Instance]]:
        """What is there, by recording, in order of time."""
        by: dict[str, list[Instance]] = {name: [] for name in self.recordings}
        for row, label, start, end in self.truth[np.argsort(self.truth[:, 2], kind="stable")].tolist():
            by[self.recordings[int(row)]].append((int(label), start, end))
        return by

    def save(self, path: Path) -> None:
        """Write an .npz; raises KinesicsError if it cannot be written."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                recordings=np.array(self.recordings, np.str_),
                classes=np.array(self.classes, np.str_),
                seconds=self.seconds,
                fps=np.array(self.fps),
                found=self.found,
                truth=self.truth,
            )

    @classmethod
    def load(cls, path: Path) -> SpottedRecordings:
        """Raises KinesicsError for a missing file and for one that holds something else."""
        if not path.exists():
            raise KinesicsError(f"{path}: no such file; `kinesics train` with a spotting config writes it")
        with reading(path, "events that Kinesics found (.npz)", "let `kinesics train` write them again"):
            check_arrays(path)
            with np.load(path, allow_pickle=False) as file:
                recordings, classes = (tuple(map(str, file[key].tolist())) for key in ("recordings", "classes"))
                seconds, found, truth = (np.asarray(file[key], float) for key in ("seconds", "found", "truth"))
                fps = float(file["fps"])
            if found.shape[1:] != (5,) or truth.shape[1:] != (4,) or seconds.shape != (len(recordings),):
                raise ValueError("arrays of other shapes")
            for table in (found, truth):
                if not ((table[:, 0] >= 0) & (table[:, 0] < len(recordings)) & (table[:, 1] < len(classes))).all():
                    raise ValueError("recordings or classes out of their range")
            return cls(recordings, classes, seconds, fps, found, truth)


@dataclass(frozen=True)
class SpottingEvaluation:
    """The judgement of what was found.

    figures: by name, with 95 % intervals by recording. threshold: of a score, chosen on validation where there is one.
    chosen_on: "validation", or "nothing" for a threshold that was given.
    by_class: by name, true events, found ones and matches at an overlap of 0.3.
    recordings: how many.
    """

    figures: dict[str, Interval]
    threshold: float
    chosen_on: str
    by_class: dict[str, tuple[int, int, int]]
    recordings: int

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, for JSON."""
        return asdict(self) | {"figures": {name: interval._asdict() for name, interval in self.figures.items()}}


def choose_threshold(validation: SpottedRecordings) -> float:
    """The threshold of `THRESHOLDS` with the best F1 at an overlap of 0.3; of equal ones the middle."""
    truth = validation.true_events()
    scores = [detection_score(instances(validation.events(threshold)), truth).f1 for threshold in THRESHOLDS]
    best = np.flatnonzero(np.array(scores) >= max(scores) - 1e-9)
    return THRESHOLDS[int(best[len(best) // 2])]


def instances(events: Mapping[str, list[Scored]]) -> dict[str, list[Instance]]:
    """The events by recording without their scores."""
    return {name: [(label, start, end) for label, start, end, _ in rows] for name, rows in events.items()}


def evaluate_spots(
    test: SpottedRecordings, validation: SpottedRecordings | None = None, *, threshold: float = 0.3, draws: int = _DRAWS
) -> SpottingEvaluation:
    """Judge what was found in recordings.

    Parameters
    ----------
    test : what is judged.
    validation : on which the threshold is chosen, never on test.
    threshold : where there is no validation.
    draws : of the intervals.

    Returns
    -------
    All figures.

    Raises
    ------
    KinesicsError : where nothing is known to be true.
    """
    if not len(test.truth):
        raise KinesicsError("expected recordings with known events to judge by, found none; their labels are hidden")
    judged = validation is not None and len(validation.truth) > 0
    if validation is not None and judged:
        threshold = choose_threshold(validation)
    statistics = _detections(test, threshold) | _contest(test, threshold) | _frames(test, threshold) | _ranked(test)
    figures = {name: bootstrap(of, test.recordings, draws=draws) for name, of in statistics.items()}
    figures |= _edges(test, threshold, draws)
    return SpottingEvaluation(
        figures, threshold, "validation" if judged else "nothing", _by_class(test, threshold), len(test.recordings)
    )


def _detections(test: SpottedRecordings, threshold: float) -> dict[str, Any]:
    """F1 under both matchings, precision and recall at 0.3, and F1 at 0.5."""
    found, truth = instances(test.events(threshold)), test.true_events()
    tables: dict[str, NDArray[np.float64]] = {}
    for name, tiou, matching in (
        ("f1", TIOU, "one-to-one"),
        ("f1_organisers", TIOU, "organisers"),
        ("f1_50", 0.5, "one-to-one"),
    ):
        scores = [
            detection_score({r: found[r]}, {r: truth[r]}, tiou=tiou, matching=matching)  # type: ignore[arg-type]
            for r in test.recordings
        ]
        tables[name] = np.array([(one.matched, one.predicted, one.true) for one in scores], float)
    figures: dict[str, Any] = {
        name: lambda rows, table=table: _f1(*table[rows].sum(0)) for name, table in tables.items()
    }
    table = tables["f1"]
    figures["precision"] = lambda rows: float(table[rows, 0].sum() / max(table[rows, 1].sum(), 1))
    figures["recall"] = lambda rows: float(table[rows, 0].sum() / max(table[rows, 2].sum(), 1))
    return figures


def _f1(matched: float, predicted: float, true: float) -> float:
    precision, recall = matched / max(predicted, 1), matched / max(true, 1)
    return float(2 * precision * recall / max(precision + recall, 1e-12))


def _contest(test: SpottedRecordings, threshold: float) -> dict[str, Any]:
    found, truth = instances(test.events(threshold)), test.true_events()
    in_frames = [
        [(c, round(s * test.fps) + 1, round(e * test.fps)) for c, s, e in sorted(rows[name], key=_by_start)]
        for rows in (found, truth)
        for name in test.recordings
    ]
    count = len(test.recordings)
    pairs = zip(in_frames[:count], in_frames[count:], strict=True)
    counts = np.stack([contest_counts(answers, events, len(test.classes)) for answers, events in pairs])

    def figure(name: str) -> Any:
        return lambda rows: getattr(summed_contest(counts[rows].sum(0)), name)

    return {name: figure(name) for name in ("detection_rate", "false_positive_rate", "jaccard")}


def _by_start(event: Instance) -> float:
    return event[1]


def _frames(test: SpottedRecordings, threshold: float) -> dict[str, Any]:
    """Frame accuracy, edit score and segmental F1 of the frames as the strongest events label them."""
    found, truth = test.events(threshold), test.true_events()
    accuracy, edit = np.zeros(len(test.recordings)), np.zeros(len(test.recordings))
    counts = np.zeros((len(test.recordings), len(_SEGMENTAL), 3))
    for row, (name, seconds) in enumerate(zip(test.recordings, test.seconds, strict=True)):
        weakest_first = instances({name: found[name][::-1]})[name]
        predicted, true = (label_frames(events, seconds) for events in (weakest_first, truth[name]))
        accuracy[row], edit[row] = frame_accuracy(predicted, true), edit_score(predicted, true)
        for column, percent in enumerate(_SEGMENTAL):
            one = segmental_counts(predicted, true, percent / 100)
            counts[row, column] = one.hits, one.predicted, one.true
    figures: dict[str, Any] = {"frame_accuracy": lambda rows: float(accuracy[rows].mean())}
    figures["edit"] = lambda rows: float(edit[rows].mean())
    for column, percent in enumerate(_SEGMENTAL):
        figures[f"segmental_f1_{percent}"] = lambda rows, column=column: (
            SegmentCounts(*counts[rows, column].sum(0).astype(int).tolist()).f1
        )
    return figures


def label_frames(events: list[Instance], seconds: float, rate: float = _RATE) -> NDArray[np.int64]:
    """Label frames by events, class c as c + 1 and 0 where there is none; later ones cover earlier ones.

    Parameters
    ----------
    events : (class, start, end) in seconds.
    seconds : of the recording.
    rate : frames a second.

    Returns
    -------
    (T,) labels.
    """
    frames = np.zeros(max(1, round(seconds * rate)), np.int64)
    for label, start, end in events:
        frames[round(start * rate) : round(end * rate)] = label + 1
    return frames


def _ranked(test: SpottedRecordings) -> dict[str, Any]:
    """Mean average precision at each overlap; a prediction is a hit whatever other recordings are drawn."""
    found, truth = test.events(0.0), test.true_events()
    labels = sorted({int(label) for label in test.truth[:, 1]})
    true = np.array([[sum(e[0] == c for e in truth[name]) for c in labels] for name in test.recordings])
    figures: dict[str, Any] = {}
    for overlap in OVERLAPS:
        hits = [[ranked_hits(c, found[name], truth[name], overlap) for c in labels] for name in test.recordings]

        def figure(rows: Rows, hits: list[list[NDArray[np.float64]]] = hits) -> float:
            each = [
                average_precision([hits[row][k] for row in rows], int(true[rows, k].sum())) for k in range(len(labels))
            ]
            return float(np.nanmean(each))

        figures[f"map_{round(100 * overlap)}"] = figure
    return figures


def _edges(test: SpottedRecordings, threshold: float, draws: int) -> dict[str, Interval]:
    """The median error of the edges of matched events, in milliseconds; none where nothing matches."""
    found, truth = instances(test.events(threshold)), test.true_events()
    errors = [1000 * np.abs(edge_errors({r: found[r]}, {r: truth[r]})) for r in test.recordings]
    if not sum(map(len, errors)):
        return {}

    def figure(column: int) -> Any:
        return lambda rows: _median(np.concatenate([errors[row][:, column] for row in rows]))

    return {
        name: bootstrap(figure(column), test.recordings, draws=draws)
        for column, name in enumerate(("start_error_ms", "end_error_ms"))
    }


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _by_class(test: SpottedRecordings, threshold: float) -> dict[str, tuple[int, int, int]]:
    found, truth = instances(test.events(threshold)), test.true_events()
    counts = {}
    for index, label in enumerate(test.classes):
        own = [{name: [e for e in rows if e[0] == index] for name, rows in one.items()} for one in (found, truth)]
        score = detection_score(*own)
        counts[label] = score.true, score.predicted, score.matched
    return counts
