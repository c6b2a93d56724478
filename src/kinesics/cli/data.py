"""`kinesics data`: look after data sets."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.common import (
    Verb,
    code_mapping,
    describe_engine,
    describe_mapping,
    engine_name,
    make_folder,
    must_exist,
    plain_console,
    say,
)
from kinesics.errors import KinesicsError, printable
from kinesics.files import alone_in
from kinesics.progress import progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from kinesics.data.doctor import Diagnosis


def _describe_doctor(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", type=Path, metavar="DIR", help="the folder that holds what you unpacked")


def _doctor(options: argparse.Namespace) -> None:
    must_exist(options.folder)
    from kinesics.data.doctor import examine

    with progress_bar("Examining") as progress:
        diagnosis = examine(options.folder, progress)
    console = plain_console()
    say(f"{diagnosis.name} in {options.folder}")
    if diagnosis.splits:
        console.print(_split_table(diagnosis))
        console.print(_class_table(diagnosis))
    else:
        say("not counted: first repair what is named here")
    for problem in diagnosis.problems:
        say(f"{problem.file}: {problem.fault}")
    if diagnosis.problems:
        count = len(diagnosis.problems)
        console.print(f"{count} problem{'s'[: count > 1]} found", style="bold red")
        raise SystemExit(1)  # no mistake of the user, but nothing that a script should continue with
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
        table.add_row(str(index), printable(name), *(str(counts[index]) for counts in labelled.values()))
    return table


def _describe_show(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", type=Path, metavar="DIR", help="the folder that holds what you unpacked")
    verb.add_argument("clip", metavar="CLIP", help="the clip's name, such as 0001_12")
    verb.add_argument("--out", type=Path, required=True, metavar="FILE", help="the image to write (.png)")


def _show(options: argparse.Namespace) -> None:
    must_exist(options.folder)
    from kinesics.data.registry import open_dataset
    from kinesics.data.show import find_clip, show_clip

    dataset = open_dataset(options.folder)
    show_clip(dataset, find_clip(dataset, options.clip), options.out)
    say(options.out)


def _describe_prepare(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("videos", type=Path, metavar="VIDEOS", help="a folder of videos, or one video")
    verb.add_argument(
        "--labels",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="what was coded: ELAN (.eaf), BORIS (.boris, .boris.gz or its exports), VIA (.json or its exports), "
        "Datavyu (.opf or its exports), a table (CSV, Excel) with the columns video,label,start,end[,subject,person], "
        "or a folder of such files; repeatable",
    )
    describe_mapping(verb)
    verb.add_argument("--out", type=Path, required=True, metavar="D", help="the folder to write")
    verb.add_argument("--seed", type=int, default=0, help="another seed is another split of the subjects (default 0)")
    describe_engine(verb)


def _prepare(options: argparse.Namespace) -> None:
    must_exist(options.videos)
    engine = engine_name(options)
    mapping = code_mapping(options)
    make_folder(options.out)
    from rich.table import Table

    from kinesics.data.dataset import SPLITS
    from kinesics.data.prepare import prepare

    with alone_in(options.out), progress_bar("Tracking people") as progress:
        made = prepare(
            options.videos,
            options.labels,
            options.out,
            seed=options.seed,
            progress=progress,
            engine=engine,
            mapping=mapping,
        )
    table = Table("class", *SPLITS)
    for index, name in enumerate(made.classes):
        of_class = [clip.split for clip in made.clips if clip.label == index]
        table.add_row(printable(name), *(str(of_class.count(split)) for split in SPLITS))
    plain_console().print(table)
    for reason in made.left_out:
        say(f"left out: {reason}")
    for note in made.notes:
        say(f"note: {note}")
    missing = [split for split in SPLITS if not any(clip.split == split for clip in made.clips)]
    if missing:
        say(f"no {' and no '.join(missing)} split: it would need another subject (column subject)")
    say(f"{len(made.clips)} clips in {options.out}")


def _describe_shard(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", type=Path, metavar="DATA", help="the data set's folder or file")
    verb.add_argument("--out", type=Path, required=True, metavar="D", help="the folder to write")
    verb.add_argument("--clips", type=int, default=1000, metavar="N", help="of a shard (default 1000)")


def _shard(options: argparse.Namespace) -> None:
    must_exist(options.folder)
    if options.clips < 1:
        raise KinesicsError(f"--clips {options.clips}: expected a number from 1 on")
    make_folder(options.out)
    from kinesics.data.registry import open_dataset
    from kinesics.data.sets.shards import LISTING, write_shards

    if not (options.out / LISTING).exists() and any(options.out.iterdir()):
        raise KinesicsError(f"{options.out}: expected an empty folder, found one with files in it; give another --out")
    with alone_in(options.out), progress_bar("Writing shards") as progress:
        files = write_shards(open_dataset(options.folder), options.out, options.clips, progress)
    say(f"{len(files)} shards in {options.out}, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB")


DOCTOR = Verb(
    "recognise a data set, count it, and name each broken file",
    "examples:\n  kinesics data doctor ~/iMiGUE\n\nexit code 0: every check passed; 1: problems were found",
    _doctor,
    _describe_doctor,
)
SHOW = Verb(
    "draw one clip: frames, skeleton in 2D and 3D, label",
    "example:\n  kinesics data show ~/iMiGUE 0001_12 --out clip.png",
    _show,
    _describe_show,
)
PREPARE = Verb(
    "make a data set of your own coded videos",
    "interrupted, it resumes when called again.\n\nexamples:\n"
    "  kinesics data prepare videos/ --labels coding.csv --out mine\n"
    "  kinesics data prepare videos/ --labels elan_files/ --out mine",
    _prepare,
    _describe_prepare,
)
SHARD = Verb(
    "write the clips of a data set into a few large files, for training on several machines",
    "the tars are laid out as WebDataset's; every --data takes their folder. Skeletons go into them, not videos.\n\n"
    "example:\n  kinesics data shard ~/iMiGUE --out /shared/imigue_shards",
    _shard,
    _describe_shard,
)
DATA = Verb(
    "look after data sets",
    "examples:\n  kinesics data doctor ~/iMiGUE\n  kinesics data prepare videos/ --labels coding.csv --out mine",
    verbs={"doctor": DOCTOR, "show": SHOW, "prepare": PREPARE, "shard": SHARD},
)
