"""Facial actions over time as files. A new format is a function here and a row of `ACTION_FORMATS`."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesics.errors import KinesicsError
from kinesics.files import replacing, write_text
from kinesics.inference.facial_actions import FacialActions
from kinesics.inference.results import Analysis
from kinesics.perception.actions import ACTIONS

JSON_RATE = 5.0  # rows a second
FORMAT, VERSION = "kinesics facial actions", 1


@dataclass(frozen=True)
class ActionFormat:
    """A way to write facial actions.

    Parameters
    ----------
    suffix : of the file's name, with its dot
    description : one line on who reads it
    write : called with the path and the analysis
    needs : the library that it is written with, "" where Kinesics brings all of it
    """

    suffix: str
    description: str
    write: Callable[[Path, Analysis], None]
    needs: str = ""


def _write_csv(path: Path, analysis: Analysis) -> None:
    """A line a moment, with the time in seconds; an empty field where a face could not be read."""
    table = analysis.actions_dataframe()
    table["time"] = table["time"].map("{:.3f}".format)
    write_text(path, table.to_csv(index=False, float_format="%.4f", lineterminator="\r\n"))


def _write_json(path: Path, analysis: Analysis) -> None:
    """A row each fifth of a second, the mean over it in whole percent; null where the face could not be read."""
    people = [
        {"person": one.person, "start": round(float(one.times[0]), 3), "rate": rate, "percent": rows}
        for one in analysis.actions
        for rate, rows in [_thinned(one)]
    ]
    content = {"format": FORMAT, "version": VERSION, "actions": ACTIONS, "people": people}
    write_text(path, json.dumps(content, separators=(",", ":")) + "\n")


def _thinned(actions: FacialActions) -> tuple[float, list[list[int] | None]]:
    """(rate, rows) of one person."""
    step = max(1, round(actions.rate / JSON_RATE))
    rows: list[list[int] | None] = []
    for first in range(0, len(actions.times), step):
        part = actions.strength[first : first + step]
        known = part[np.isfinite(part[:, 0])]
        rows.append((100 * known.mean(0)).round().astype(int).tolist() if len(known) else None)
    return round(actions.rate / step, 4), rows


def _write_parquet(path: Path, analysis: Analysis) -> None:
    with replacing(path) as temporary:
        analysis.actions_dataframe().to_parquet(temporary, engine="pyarrow", index=False)


ACTION_FORMATS: dict[str, ActionFormat] = {
    "CSV": ActionFormat(".csv", "a line a moment, for spreadsheets and statistics", _write_csv),
    "JSON": ActionFormat(".json", "five rows a second, for programs", _write_json),
    "Parquet": ActionFormat(".parquet", "every moment, for data frames", _write_parquet, "pyarrow"),
}


def check_format(name: str) -> None:
    """Raise KinesicsError where the library is missing that this row of `ACTION_FORMATS` is written with."""
    needs = ACTION_FORMATS[name].needs
    if not needs:
        return
    try:
        importlib.import_module(needs)
    except ImportError as error:
        raise KinesicsError(
            f"--{name.lower()}: expected the library {needs}, found none ({error}); pip install "
            f"'kinesics[{name.lower()}]', or leave it away: actions.csv is written without it"
        ) from error
