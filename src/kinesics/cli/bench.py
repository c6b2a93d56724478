"""`kinesics bench`: how fast this machine is, at everything that an analysis is made of."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.common import Verb, must_exist, say
from kinesics.progress import progress_bar

if TYPE_CHECKING:
    from kinesics.deploy.bench import Bench

_WIDTH = 130  # characters of a line in a file


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("clip", type=Path, nargs="?", help="a video, to measure decoding, landmarks and analyze as well")
    verb.add_argument("--weights", type=Path, metavar="FILE", help="weights with which to measure analyze as well")
    verb.add_argument("--quick", action="store_true", help="the small networks alone, in fewer rounds")
    verb.add_argument(
        "--only", default="", metavar="WORD", help="only what has this in its name: 2s-agcn, mvitv2, fusion …"
    )
    verb.add_argument("--json", action="store_true", help="print everything as JSON")
    verb.add_argument(
        "--processor-time", action="store_true", help="count the processor's seconds; for a machine that is busy"
    )


def _bench(options: argparse.Namespace) -> None:
    for given in (options.clip, options.weights):
        if given is not None:
            must_exist(given)
    from kinesics.deploy.bench import bench

    with progress_bar("Measuring") as progress:
        found = bench(
            options.clip, weights=options.weights, quick=options.quick, processor_time=options.processor_time,
            only=options.only.lower(), progress=progress,
        )  # fmt: skip
    if options.json:
        say(json.dumps(found.to_dict(), indent=2))
    else:
        _table(found)


def _table(found: Bench) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    machine, console = found.machine, Console()
    if not console.is_terminal:
        console.width = _WIDTH
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("what", "how", "ms", "±", "for each", "times plain", "of peak", "MB"):
        table.add_column(column, justify="left" if column in ("what", "how", "for each") else "right")
    before = ""
    for row in found.rows:
        speed = "" if row.speed is None else f"{row.speed:.2f}"
        share = "" if row.share is None else f"{row.share:.0%}"
        peak = "" if row.peak_mb is None else f"{row.peak_mb:.0f}"
        what = "" if row.what == before else row.what
        table.add_row(what, row.how, f"{row.milliseconds:.2f}", f"{row.spread:.2f}", row.each, speed, share, peak)
        before = row.what
    console.print(table)
    peaks = ", ".join(f"{name} {value:.0f} GFLOP/s" for name, value in machine.gflops.items())
    console.print(f"{machine.processor}, {machine.threads} threads; {peaks}; memory {machine.gigabytes:.0f} GB/s")
    console.print(f"medians of {found.rounds} rounds, {found.clock} time; MB: of the whole process", highlight=False)


BENCH = Verb(
    "measure this machine: decoding, landmarks, every network in every way it can run",
    "'plain' is the network in eager float32, written the published way.\n\n"
    "examples:\n  kinesics bench --quick\n  kinesics bench interview.mp4 --json > machine.json",
    _bench,
    _describe,
)
