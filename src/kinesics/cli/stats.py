"""`kinesics stats`: what the analyses of a whole study say together."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.common import Verb, make_folder, must_exist, plain_console, say
from kinesics.errors import KinesicsError, printable
from kinesics.files import alone_in
from kinesics.progress import part_of, progress_bar

if TYPE_CHECKING:
    from kinesics.study import Study, StudyTables

NOTES = """\
STUDY holds a folder a recording, each as `kinesics analyze` or `kinesics batch` writes it. Into STUDY/stats go
study.html, a page of the whole study that links to each report, and these tables, as CSV and Parquet: people, events,
rates, bins, faces, pooled, transitions, co_occurrence, synchrony, tests, and with groups comparison and models.

people.csv has a column `recording` (the name of a file or folder) and `group`; `subject` where the same people recur,
and `person` (the number in the recording) where several are in one. The group that comes first is the one that others
are compared with. What each test assumes stands in docs/study.md and on the page.

examples:
  kinesics stats interviews
  kinesics stats interviews --groups people.csv --metadata sessions.csv"""


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("study", type=Path, metavar="STUDY", help="a folder with a folder of results a recording")
    verb.add_argument("--groups", type=Path, metavar="CSV", help="who is in which group, and who recurs: compare them")
    verb.add_argument("--metadata", type=Path, metavar="CSV", help="more columns for the tables, by name of recording")
    verb.add_argument("--bin", type=float, default=60.0, metavar="S", help="seconds of a stretch of time (default 60)")
    verb.add_argument("--nwb", action="store_true", help="also write each recording as Neurodata Without Borders")
    verb.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: STUDY/stats)")
    verb.add_argument("--force", action="store_true", help="overwrite files that somebody else wrote or changed")


def _stats(options: argparse.Namespace) -> None:
    if not (math.isfinite(options.bin) and options.bin >= 1):
        raise KinesicsError(f"--bin {options.bin:g}: expected a second or more, such as 60")
    for path in (options.study, options.groups, options.metadata):
        if path is not None:
            must_exist(path)

    from kinesics.study import check_tables, read_study, study_page, study_tables, write_tables
    from kinesics.study.nwb import check_nwb, write_nwb
    from kinesics.study.tables import check_libraries, table_names

    check_libraries()
    if options.nwb:
        check_nwb()
    out: Path = options.out or options.study / "stats"
    with progress_bar("Reading the study") as progress:
        study = read_study(options.study, groups=options.groups, metadata=options.metadata, out=out, progress=progress)
    if not options.force:
        check_tables(out, table_names(study.groups))
    make_folder(out)
    with alone_in(out), progress_bar("Counting and testing") as progress:
        tables = study_tables(study, width=options.bin, progress=part_of(progress, 0, 0.9))
        written = write_tables(tables, out, study_page(study, tables, link=_way(out, options.study)))
        if options.nwb:
            written.append(write_nwb(study, out / "nwb", part_of(progress, 0.9, 1)))
    _summary(study, tables)
    say(f"  {written[0]}\n  {len(written) - 1} tables and folders beside it")


def _way(out: Path, study: Path) -> str:
    """From the page to the study's folder, as a link."""
    import os
    from urllib.parse import quote

    try:
        return quote(Path(os.path.relpath(study.resolve(), out.resolve())).as_posix())
    except ValueError:  # another drive
        return study.resolve().as_uri()


def _summary(study: Study, tables: StudyTables) -> None:
    from rich.table import Table

    from kinesics.study.comparison import EVERYBODY

    hours = tables.people.drop_duplicates("recording")["duration"].sum() / 3600
    title = f"{len(study.recordings):,} recordings, {hours:,.1f} hours, {len(tables.events):,} events"
    names = list(study.groups) if len(study.groups) > 1 else [EVERYBODY]
    table = Table("events a minute seen", *names, title=title, title_justify="left")
    rates = tables.pooled.query("measure == 'rate' and level != 'class'").set_index(["group", "label"])
    for label in dict.fromkeys(label for _, label in rates.index):
        cells = [rates.loc[(name, label)] if (name, label) in rates.index else None for name in names]
        texts = ["" if one is None else f"{one['value']:.2f} ({one['low']:.2f} to {one['high']:.2f})" for one in cells]
        table.add_row(printable(label), *texts)
    plain_console().print(table)
    for test, of, _, p in tables.tests.itertuples(index=False):
        if math.isfinite(p):
            say(f"{test}, {of}: p {p:.3f} for all together")
    for note in study.notes:
        say(f"Note: {note}")


STATS = Verb("sum up a study: tables, tests, groups compared, and a page to look at", NOTES, _stats, _describe)
