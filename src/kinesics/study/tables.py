"""All tables of a study, and their files: each as CSV and as Parquet."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.errors import KinesicsError
from kinesics.files import not_written, replacing, sha256_of, write_text
from kinesics.progress import Progress, part_of
from kinesics.study.comparison import comparison_table, measure_table, pooled_table
from kinesics.study.frames import REAL, TEXT, WHOLE, stacked, typed_frame
from kinesics.study.measures import bin_table, event_table, face_table, frequent_labels, rate_table
from kinesics.study.models import model_table
from kinesics.study.recordings import Study
from kinesics.study.sequences import co_occurrence_test, pair_table, presence, transition_test
from kinesics.study.synchrony import Synchrony, overall_p, synchrony_of, synchrony_table
from kinesics.timeline.formats.table import as_cell

if TYPE_CHECKING:
    import pandas as pd

PAGE = "study.html"
LEDGER = ".kinesics.json"  # the sha256 of the files that were written; null while they are being written
LEVELS = ("body part", "class")
BIN = 60.0  # seconds
_LEAST = 20  # events of a label in the study, so that its pairs are tested
_NEEDS = ("pyarrow", "scipy", "statsmodels")


@dataclass(frozen=True, eq=False)
class StudyTables:
    """What a study says, a data frame a question; `docs/study.md` explains every column.

    Attributes
    ----------
    people : a row a recording and person.
    events : a row an event.
    rates : a row a recording, person, level and label.
    bins : the same in stretches of time.
    faces : a row a recording, person and facial action or expression.
    pooled : values of each group of people with intervals.
    transitions : which gesture follows which.
    co_occurrence : which gesture happens near which.
    synchrony : a row a pair of people in a recording.
    tests : one p of each question for the study as a whole.
    comparison : groups with effect sizes and intervals; None without groups.
    models : the same by models; None without groups.
    """

    people: pd.DataFrame
    events: pd.DataFrame
    rates: pd.DataFrame
    bins: pd.DataFrame
    faces: pd.DataFrame
    pooled: pd.DataFrame
    transitions: pd.DataFrame
    co_occurrence: pd.DataFrame
    synchrony: pd.DataFrame
    tests: pd.DataFrame
    comparison: pd.DataFrame | None = None
    models: pd.DataFrame | None = None

    def by_name(self) -> dict[str, pd.DataFrame]:
        """Those that there are."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: table for name, table in found.items() if table is not None}


def study_tables(study: Study, *, width: float = BIN, progress: Progress | None = None) -> StudyTables:
    """Count, test and compare.

    Parameters
    ----------
    study : to sum up.
    width : of the stretches of time, seconds.
    progress : called with the share done, 0..1.

    Returns
    -------
    All tables; those of groups where the study has two or more.

    Raises
    ------
    KinesicsError
        where a library of the extra `study` is missing.
    """
    check_libraries()
    events, faces = event_table(study), face_table(study)
    rates = rate_table(study, events)
    measures = measure_table(rates, faces)
    transitions, co_occurrence, tests = _pair_tables(study, events)
    part_of(progress, 0, 0.3)(1)
    pairs = list(_synchrony(study, part_of(progress, 0.3, 0.5)))
    tests += [("synchrony", signal, len(found), overall_p(found)) for signal, found in _by_signal(pairs).items()]
    several = len(study.groups) > 1
    return StudyTables(
        people=study.people,
        events=events,
        rates=rates,
        bins=bin_table(study, events, width),
        faces=faces,
        pooled=pooled_table(measures),
        transitions=transitions,
        co_occurrence=co_occurrence,
        synchrony=synchrony_table(pairs),
        tests=_test_table(tests),
        comparison=comparison_table(measures, study.groups) if several else None,
        models=model_table(measures, study.groups, part_of(progress, 0.5, 1)) if several else None,
    )


def check_libraries() -> None:
    """Raise KinesicsError where a library of the extra `study` is missing."""
    for name in _NEEDS:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise KinesicsError(
                f"stats: expected the library {name}, found none ({error}); pip install 'kinesics[study]'"
            ) from error


def table_names(groups: Sequence[str]) -> tuple[str, ...]:
    """The files that `write_tables` and the page write for a study of these groups."""
    optional = () if len(groups) > 1 else ("comparison", "models")
    names = [one.name for one in fields(StudyTables) if one.name not in optional]
    return (PAGE, *(f"{name}{suffix}" for name in names for suffix in (".csv", ".parquet")))


def check_tables(out: Path, names: Sequence[str]) -> None:
    """See that these files may be written; raises KinesicsError for one that somebody else wrote or changed."""
    if (path := not_written(out, names, _written(out))) is not None:
        raise KinesicsError(
            f"{path}: expected a file as Kinesics wrote it, found one that somebody else wrote or changed; give "
            "another folder with --out, or overwrite it with --force"
        )


def write_tables(tables: StudyTables, out: Path, page: str) -> list[Path]:
    """Write every table and the page, and remember which files are Kinesics' own.

    Parameters
    ----------
    tables : of a study.
    out : the folder, which is there.
    page : the content of `study.html`.

    Returns
    -------
    The files.

    Raises
    ------
    KinesicsError
        for a file that cannot be written.
    """
    found = tables.by_name()
    names = [PAGE, *(f"{name}{suffix}" for name in found for suffix in (".csv", ".parquet"))]
    written = _written(out)
    _remember(out, written | dict.fromkeys(names))
    write_text(out / PAGE, page)
    for name, table in found.items():
        write_text(out / f"{name}.csv", _safe(table).to_csv(index=False, float_format="%.6g"), "utf-8-sig")
        with replacing(out / f"{name}.parquet") as temporary:
            table.to_parquet(temporary, engine="pyarrow", index=False)
    _remember(out, written | {name: sha256_of(out / name) for name in names})
    return [out / name for name in names]


def _pair_tables(
    study: Study, events: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[str, str, int, float]]]:
    """Transitions, co-occurrence, and the p of either at each level."""
    durations = dict(zip(study.people["recording"], study.people["duration"], strict=True))
    ordered = events.sort_values(["recording", "person", "start", "end"])
    sequences = ordered.groupby(["recording", "person"], sort=False).ngroup().to_numpy()
    following, together, tests = [], [], []
    for level in LEVELS:
        labels = frequent_labels(events, level, _LEAST)
        named = ordered.assign(label=ordered["body_part" if level == "body part" else "label"])
        number = {label: place for place, label in enumerate(labels)}
        codes = named["label"].map(number).fillna(len(labels)).to_numpy("int64")
        test = transition_test(codes, sequences, len(labels))
        following.append(pair_table(test, level, labels, ("first", "next")))
        tests.append(("transitions", level, len(codes), test.overall))
        there = [presence(part, labels, durations[name]) for (name, _), part in named.groupby(["recording", "person"])]
        test = co_occurrence_test(there if labels else [])
        together.append(pair_table(test, level, labels, ("one", "other"), half=True))
        tests.append(("co-occurrence", level, len(codes), test.overall))
    return stacked(following), stacked(together), tests


def _synchrony(study: Study, progress: Progress) -> Iterator[tuple[str, int, int, str, Synchrony]]:
    for number, recording in enumerate(study.recordings, 1):
        for found in synchrony_of(recording):
            yield (recording.name, *found)
        progress(number / len(study.recordings))


def _by_signal(pairs: list[tuple[str, int, int, str, Synchrony]]) -> dict[str, list[Synchrony]]:
    return {
        signal: [found for *_, kind, found in pairs if kind == signal] for signal in dict.fromkeys(p[3] for p in pairs)
    }


def _test_table(tests: list[tuple[str, str, int, float]]) -> pd.DataFrame:
    return typed_frame(tests, {"test": TEXT, "of": TEXT, "n": WHOLE, "p": REAL})


def _safe(table: pd.DataFrame) -> pd.DataFrame:
    """With texts that no spreadsheet program takes for formulas."""
    texts = table.select_dtypes(include=["object", "string"]).columns
    return table.assign(**{name: table[name].map(as_cell, na_action="ignore") for name in texts})


def _written(out: Path) -> dict[str, object]:
    try:
        return dict(json.loads((out / LEDGER).read_text(encoding="utf-8"))["study"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _remember(out: Path, files: dict[str, object]) -> None:
    write_text(out / LEDGER, json.dumps({"study": files}, indent=1) + "\n")
