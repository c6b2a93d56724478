"""`kinesics data`: look after data sets."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.common import Group, Verb, must_exist, progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from kinesics.data.doctor import Diagnosis


def _describe_doctor(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", type=Path, metavar="DIR", help="the folder that holds what you unpacked")


def _doctor(options: argparse.Namespace) -> None:
    must_exist(options.folder)
    from rich.console import Console

    from kinesics.data.doctor import examine

    with progress_bar("Examining") as progress:
        diagnosis = examine(options.folder, progress)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{diagnosis.name} in {options.folder}", markup=False)
    if diagnosis.splits:
        console.print(_split_table(diagnosis))
        console.print(_class_table(diagnosis))
    for problem in diagnosis.problems:
        console.print(f"{problem.file}: {problem.fault}", markup=False)
    if diagnosis.problems:
        count = len(diagnosis.problems)
        console.print(f"{count} problem{'s'[: count > 1]} found", style="bold red")
        raise SystemExit(1)  # no mistake of the user, but nothing that a script should go on with
    console.print("every check passed", style="bold green")


def _split_table(diagnosis: Diagnosis) -> Table:
    from rich.table import Table

    table = Table("split", *("clips", "published", "videos", "subjects", "classes", "minutes"))
    for column in table.columns[1:]:
        column.justify = "right"
    for split, facts in diagnosis.splits.items():
        minutes = f"{facts.seconds / 60:.1f}" if math.isfinite(facts.seconds) else "–"
        published = "–" if facts.published is None else str(facts.published)
        numbers = (facts.clips, published, facts.videos, facts.subjects or "–", len(facts.classes) or "–", minutes)
        table.add_row(split, *map(str, numbers))
    return table


def _class_table(diagnosis: Diagnosis) -> Table:
    from rich.table import Table

    labelled = {split: facts.classes for split, facts in diagnosis.splits.items() if facts.classes}
    table = Table("", "class", *labelled)
    for column in (table.columns[0], *table.columns[2:]):
        column.justify = "right"
    for index, name in enumerate(diagnosis.classes):
        table.add_row(str(index), name, *(str(counts[index]) for counts in labelled.values()))
    return table


DOCTOR: Verb = (
    _doctor,
    _describe_doctor,
    "recognise a data set, count it, and name each broken file",
    "examples:\n  kinesics data doctor ~/iMiGUE\n\nexit code 0: every check passed; 1: problems were found",
)
DATA: Group = ({"doctor": DOCTOR}, "look after data sets", "examples:\n  kinesics data doctor ~/iMiGUE")
