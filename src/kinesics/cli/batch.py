"""`kinesics batch`: all recordings of a study, over processes or machines, into one table."""

from __future__ import annotations

import argparse
import signal
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.analyze import thresholds_of
from kinesics.cli.common import Verb, describe_engine, describe_prior, engine_name, must_exist, say
from kinesics.errors import KinesicsError

if TYPE_CHECKING:
    from kinesics.batch.measured import Measured
    from kinesics.batch.run import Plan, Runner
    from kinesics.batch.settings import Settings
    from kinesics.batch.study import Row

_MOST_NAMED = 10  # recordings in the summary


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "input",
        nargs="+",
        help="a folder, a list (.txt, a path a line), a pattern ('day*/*.mp4'), recordings, or addresses such as "
        "s3://bucket/videos",
    )
    verb.add_argument("--out", required=True, metavar="STUDY", help="the study's folder, or its address")
    verb.add_argument("--person", default="largest", metavar="WHO", help="largest (default), all, or a number")
    verb.add_argument("--weights", type=Path, metavar="FILE", help="other weights than the shipped ones")
    describe_prior(verb)
    verb.add_argument("--fps", type=float, metavar="X", help="frames a second of OpenPose files")
    describe_engine(verb)
    verb.add_argument(
        "--threshold", action="append", default=[], metavar="X", help="as `kinesics analyze` takes it; repeatable"
    )
    verb.add_argument("--overlay", action="store_true", help="also write overlay.mp4")
    verb.add_argument("--parquet", action="store_true", help="also write actions.parquet")
    verb.add_argument(
        "--processes", type=int, metavar="N", help="at the same time (default: as many as cores and memory allow)"
    )
    verb.add_argument("--ray", metavar="ADDRESS", help="on a Ray cluster; auto: the one that this machine belongs to")
    verb.add_argument("--shard", metavar="K/N", help="the K-th of N parts, each a job of its own")
    verb.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and how long and large it will be"
    )


def _batch(options: argparse.Namespace) -> None:
    settings = _settings(options)
    shard = _shard(options.shard)
    if options.processes is not None and options.processes < 1:
        raise KinesicsError(f"--processes {options.processes}: expected a number from 1 on")
    from kinesics.batch.measured import read_measured
    from kinesics.batch.places import place_of
    from kinesics.batch.recordings import find_recordings
    from kinesics.batch.run import check_out, plan_study, run_study

    check_out(options.out)
    if options.dry_run:
        place = place_of(options.out)
        plan = plan_study(find_recordings(options.input), place, settings, shard)
        _say_estimate(plan, read_measured(place), options)
        return
    signal.signal(signal.SIGTERM, _interrupt)  # how schedulers end a job
    plan, rows = run_study(options.input, options.out, settings, _runner(options), shard)
    _summary(plan, rows, options.out)


def _settings(options: argparse.Namespace) -> Settings:
    threshold = thresholds_of(options.threshold)
    engine = engine_name(options)
    if options.weights is not None:
        must_exist(options.weights)
    from kinesics.batch.settings import Settings

    if options.parquet:
        from kinesics.inference.action_files import check_format

        check_format("Parquet")
    return Settings(
        engine=engine,
        person=options.person,
        weights="" if options.weights is None else str(options.weights.resolve()),
        prior=options.prior or "",
        threshold=threshold,
        fps=options.fps or 0.0,
        overlay=options.overlay,
        parquet=options.parquet,
    )


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    number, _, count = text.partition("/")
    if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
        raise KinesicsError(f"--shard {text}: expected a part and how many there are, such as 3/16")
    return int(number), int(count)


def _runner(options: argparse.Namespace) -> Runner:
    if options.ray is not None:
        from kinesics.batch.cluster import run_on_cluster

        return partial(run_on_cluster, address=options.ray)
    from kinesics.batch.processes import run_on_processes

    return partial(run_on_processes, most=options.processes)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _say_estimate(plan: Plan, known: Measured, options: argparse.Namespace) -> None:
    from kinesics.batch.measured import estimate, sampled_length
    from kinesics.batch.memory import free_memory, processes_allowed
    from kinesics.threads import cores

    items = [item for item, _ in plan.pending]
    say(f"{len(plan.items)} recordings; {len(items)} to analyse, {sum(item.size for item in items) / 1e9:.2f} GB")
    if not items:
        return
    sizes = [item.size for item in items]
    found = estimate(sizes, known, None if known.length else sampled_length(items))
    at_once = options.processes or processes_allowed(min(cores(), len(items)), free_memory(), (), found.peak)
    by = "recordings of this study" if known.length else "recordings of others"
    say(
        f"about {_duration(found.length)} of recordings; {_duration(found.processor)} of one core, which makes "
        f"{_duration(found.processor / at_once)} with {at_once} processes of {found.peak:.0f} MB here; "
        f"{found.results / 1e9:.2f} GB of results (estimated from {by})"
    )
    for item in items[:_MOST_NAMED]:
        say(f"  {item.name}")
    if len(items) > _MOST_NAMED:
        say(f"  and {len(items) - _MOST_NAMED} more")


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if seconds >= 60 else f"{seconds:.0f} s"


def _summary(plan: Plan, rows: Mapping[str, Row], out: str) -> None:
    from kinesics.batch.study import STATES

    states = Counter(row.state for row in rows.values())
    counts = ", ".join(f"{states[state]} {state}" for state in STATES if states[state])
    say(f"{counts}; {len(plan.pending)} of them in this call\n{out}/study.csv")
    names = [item.name for item, _ in plan.pending]
    troubled = [rows[name] for name in names if rows[name].error]
    for row in troubled[:_MOST_NAMED]:
        say(f"  {row.state}: {row.error}")
    if len(troubled) > _MOST_NAMED:
        say(f"  and {len(troubled) - _MOST_NAMED} more in study.csv")
    if any(rows[name].state in ("interrupted", "waiting") for name in names):
        say("call again to try those that were interrupted")
        raise SystemExit(1)  # so that a scheduler knows


BATCH = Verb(
    "analyse all recordings of a study, over processes or machines",
    """\
one folder a recording as `kinesics analyze` writes it, and study.csv: what became of each. Called again, it does what
is missing or has changed (recordings, settings, weights) and nothing else; a broken file is a row with its error.

exit code 0: every recording is done, or failed for a reason of its own; 1: some were interrupted, call again.

examples:
  kinesics batch videos/ --out study
  kinesics batch videos/ --out study --dry-run
  kinesics batch 'day*/*.mp4' --out study --person all --threshold 0.6
  kinesics batch videos/ --out study --shard 3/16      one job of an array of 16; when all have ended, once without it
  kinesics batch s3://bucket/videos --out s3://bucket/study --ray auto""",
    _batch,
    _describe,
)
