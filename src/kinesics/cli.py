"""The command line: one function a verb; whatever is heavy is imported inside the verb that needs it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.errors import KinesicsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kinesics.pipeline import Analysis

EXAMPLES = """\
examples:
  kinesics analyze interview.mp4                     timeline, ELAN tiers and a report in interview_kinesics/
  kinesics analyze interview.mp4 --person all        everybody in the picture
  kinesics analyze openpose_json/ --out result       landmarks that you have already
  kinesics classify clip.mp4                         what is done in one short, pre-cut clip
  kinesics simulate --class "touch neck" --out a.gif see what a class means

`kinesics VERB --help` tells more about each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all is well, 2 for a user's mistake, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        run: Callable[[argparse.Namespace], None] = options.run
        run(options)
    except KinesicsError as error:
        print(f"kinesics: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("kinesics: stopped; nothing half-written was left behind", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as in `kinesics … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="kinesics",
        description="From a video of a person to a timeline of micro-gestures. Nothing leaves this machine.",
        epilog=EXAMPLES,
        formatter_class=formatter,
    )
    parser.add_argument("--version", action="version", version=f"kinesics {_version()}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for name, (run, describe, summary, epilog) in VERBS.items():
        verb = verbs.add_parser(name, help=summary, description=summary, epilog=epilog, formatter_class=formatter)
        describe(verb)
        verb.set_defaults(run=run)
    return parser


def _version() -> str:
    from kinesics import __version__

    return __version__


# ── analyze ──────────────────────────────────────────────────────────────────────────────────────────────────


def _describe_analyze(verb: argparse.ArgumentParser) -> None:
    _describe_input(verb)
    verb.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: NAME_kinesics in this folder)")
    verb.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="X",
        help="score from 0 to 1 at which an event begins, for all classes (0.5) or one ('touch neck=0.3'); repeatable",
    )
    verb.add_argument(
        "--overlay", action="store_true", help="also write overlay.mp4: the video with skeleton and events"
    )
    verb.add_argument("--json", action="store_true", help="print timeline.json instead of the summary")


ANALYZE_EXAMPLES = """\
writes report.html, timeline.json, timeline.csv, timeline.eaf (ELAN), timeline.boris (BORIS), timeline.vtt
(subtitles), and landmarks.skeleton.npz, so that a second run with other settings does not look at the video again.

examples:
  kinesics analyze interview.mp4
  kinesics analyze interview.mp4 --out results --person all --overlay
  kinesics analyze interview.mp4 --threshold 0.6 --threshold "touch neck=0.3\""""


def _analyze(options: argparse.Namespace) -> None:
    every, single = _thresholds(options.threshold)
    source: Path = options.input
    _must_exist(source)
    out: Path = options.out or Path(f"{source.name.split('.')[0]}_kinesics")
    _make_folder(out)

    from kinesics.pipeline import analyze
    from kinesics.report import write_results

    with _progress("Reading movement") as progress:
        analysis = analyze(
            source,
            person=options.person,
            weights=options.weights,
            threshold=every,
            labels=single,
            cache=out / "landmarks.skeleton.npz",
            progress=progress,
        )
    with _progress("Drawing the overlay" if options.overlay else "Writing the report") as progress:
        written = write_results(analysis, out, overlay=options.overlay, progress=progress)
    if options.json:
        print((out / "timeline.json").read_text(encoding="utf-8"))
    else:
        _summary(analysis, written)


def _summary(analysis: Analysis, written: Sequence[Path]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    timeline = analysis.timeline
    minutes, seconds = divmod(round(analysis.recording.duration), 60)
    people = "1 person" if len(analysis.people) == 1 else f"{len(analysis.people)} people"
    table = Table(title=f"{analysis.recording.path.name}: {minutes}:{seconds:02d} min, {people}", title_justify="left")
    for column in ("micro-gesture", "events", "a minute", "seconds", "best score"):
        table.add_column(column, justify="left" if column == "micro-gesture" else "right")
    rates = timeline.rates()
    for label, count in timeline.counts().items():
        events = timeline.only(label)
        lasting = sum(event.segment.duration for event in events)
        best = max(event.score for event in events)
        table.add_row(label, str(count), f"{rates[label]:.1f}", f"{lasting:.1f}", f"{best:.2f}")
    if len(timeline):
        console.print(table)
    else:
        console.print(f"{analysis.recording.path.name}: no micro-gesture reached its threshold (try --threshold 0.3)")
    console.print("It reads movement, not minds, and learned from simulated people alone: look at each event yourself.")
    for path in written:
        console.print(f"  {path}", highlight=False, soft_wrap=True)


# ── classify ─────────────────────────────────────────────────────────────────────────────────────────────────


def _describe_classify(verb: argparse.ArgumentParser) -> None:
    _describe_input(verb)
    verb.add_argument("--json", action="store_true", help='print one object: {"classes": [{"label", "index", …}]}')
    verb.add_argument("--top", type=int, default=5, metavar="N", help="rows of the table (default 5)")


def _classify(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    _must_exist(options.input)
    from kinesics.pipeline import classify

    with _progress("Reading movement") as progress:
        ranked = classify(options.input, person=options.person, weights=options.weights, progress=progress)
    if options.json:
        print(json.dumps({"input": str(options.input), "classes": [asdict(one) for one in ranked]}, indent=2))
        return
    for one in ranked[: max(1, options.top)]:
        bar = "█" * round(30 * one.probability)
        print(f"{one.probability:6.1%}  {one.label:28} {bar}")


# ── simulate and train ───────────────────────────────────────────────────────────────────────────────────────


def _describe_simulate(verb: argparse.ArgumentParser) -> None:
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("--class", dest="label", metavar="NAME", help='one micro-gesture by name, such as "touch neck"')
    what.add_argument(
        "--interview", type=float, metavar="SECONDS", help="an interview with many, and its true timeline"
    )
    what.add_argument("--list", action="store_true", help="print the 32 classes")
    verb.add_argument("--out", type=Path, metavar="FILE", help="what to write: .gif or .mp4 by its name")
    verb.add_argument("--seed", type=int, default=1, help="another seed is another person (default 1)")


def _simulate(options: argparse.Namespace) -> None:
    if options.list:
        from kinesics.data.imigue import CLASSES

        print("\n".join(f"{index:2}  {label}" for index, label in enumerate(CLASSES)))
        return
    if options.out is None:
        raise KinesicsError("simulate: name the file to write, such as --out clip.gif")
    if options.label is not None:
        from kinesics.data.imigue import match_class

        match_class(options.label)
    from kinesics.data.simulator.world import simulate_class, simulate_interview

    with _progress("Simulating") as progress:
        if options.label is not None:
            simulate_class(options.label, options.out, options.seed, progress=progress)
        else:
            simulate_interview(options.out, options.interview, options.seed, progress=progress)
    print(options.out)


def _describe_train(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--out", type=Path, required=True, metavar="DIR", help="data, checkpoints, logs and weights")
    verb.add_argument("--clips", type=int, default=200, metavar="N", help="simulated clips a class (default 200)")
    verb.add_argument("--epochs", type=int, default=12, metavar="N", help="passes over them (default 12)")
    verb.add_argument("--seed", type=int, default=1)


def _train(options: argparse.Namespace) -> None:
    _make_folder(options.out)
    from kinesics.data.simulator.world import Split, make_dataset
    from kinesics.tasks.gesture import train

    shares: dict[Split, float] = {"train": 1.0, "val": 0.1, "test": 0.1}
    for split, share in shares.items():
        make_dataset(options.out / "data" / split, max(1, round(options.clips * share)), split, options.seed)
    figures = train(options.out / "data", options.out, epochs=options.epochs, seed=options.seed)
    for name, value in figures.items():
        print(f"{name:40} {value:.3f}")


# ── shared parts ─────────────────────────────────────────────────────────────────────────────────────────────


def _describe_input(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("input", type=Path, help="a video, a folder of OpenPose JSON files, or a .skeleton.npz")
    verb.add_argument("--person", default="largest", metavar="WHO", help="largest (default), all, or a number")
    verb.add_argument("--weights", type=Path, metavar="FILE", help="other weights than the shipped ones")


def _must_exist(path: Path) -> None:
    """Told before anything heavy is loaded."""
    if not path.exists():
        raise KinesicsError(f"{path}: no such file or folder")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise KinesicsError(f"{folder}: cannot make this folder ({error}); choose another with --out") from error
    if not os.access(folder, os.W_OK):
        raise KinesicsError(f"{folder}: this folder cannot be written to; choose another with --out")


def _thresholds(texts: Sequence[str]) -> tuple[float | None, dict[str, float]]:
    """--threshold 0.6 and --threshold "touch neck=0.3" as one number for all and a mapping for some."""
    from kinesics.data.imigue import CLASSES, match_class

    every, single = None, {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        value = _probability(text, number)
        if equals:
            single[CLASSES[match_class(name)]] = value
        else:
            every = value
    return every, single


def _probability(option: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise KinesicsError(f"--threshold {option}: expected a number above 0 and up to 1, or CLASS=NUMBER")
    return value


@contextmanager
def _progress(title: str) -> Iterator[Callable[[float], None]]:
    """A bar with the time left on standard error, gone when done."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share)


Verb = tuple[Callable[[argparse.Namespace], None], Callable[[argparse.ArgumentParser], None], str, str]
VERBS: dict[str, Verb] = {
    "analyze": (_analyze, _describe_analyze, "find the micro-gestures in a recording", ANALYZE_EXAMPLES),
    "classify": (
        _classify,
        _describe_classify,
        "rank the classes for one short, pre-cut clip",
        "example:\n  kinesics classify clip.mp4 --json",
    ),
    "simulate": (
        _simulate,
        _describe_simulate,
        "show a micro-gesture, or a whole interview, by a simulated person",
        'examples:\n  kinesics simulate --class "touch neck" --out clip.gif\n'
        "  kinesics simulate --interview 60 --out interview.mp4 --seed 7\n  kinesics simulate --list",
    ),
    "train": (
        _train,
        _describe_train,
        "train the skeleton network on simulated people, from nothing to weights",
        "interrupted, it goes on where it stopped when called again.\n\nexample:\n  kinesics train --out runs/default",
    ),
}

if __name__ == "__main__":
    sys.exit(main())
