"""`kinesics analyze` and `kinesics classify`: a recording in, its micro-gestures out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.common import Verb, describe_input, make_folder, must_exist, progress_bar
from kinesics.errors import KinesicsError

if TYPE_CHECKING:
    from kinesics.inference import Analysis


def _describe_analyze(verb: argparse.ArgumentParser) -> None:
    describe_input(verb)
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
(subtitles), and landmarks.skeleton.npz with landmarks.expressions.npz (facial expression, for videos), so that a second
run with other settings does not look at the video again.

examples:
  kinesics analyze interview.mp4
  kinesics analyze interview.mp4 --out results --person all --overlay
  kinesics analyze interview.mp4 --threshold 0.6 --threshold "touch neck=0.3\""""


def _analyze(options: argparse.Namespace) -> None:
    every, single = _thresholds(options.threshold)
    source: Path = options.input
    must_exist(source)
    out: Path = options.out or Path(f"{source.name.split('.')[0]}_kinesics")
    make_folder(out)

    from kinesics.inference import analyze
    from kinesics.report import write_results

    with progress_bar("EmotionPrediction movement") as progress:
        analysis = analyze(
            source,
            person=options.person,
            weights=options.weights,
            threshold=every,
            labels=single,
            cache=out / "landmarks.skeleton.npz",
            progress=progress,
        )
    with progress_bar("Drawing the overlay" if options.overlay else "Writing the report") as progress:
        written = write_results(analysis, out, overlay=options.overlay, progress=progress)
    if options.json:
        print((out / "timeline.json").read_text(encoding="utf-8"))
    else:
        _summary(analysis, written)


def _summary(analysis: Analysis, written: Sequence[Path]) -> None:
    from rich.console import Console
    from rich.table import Table

    from kinesics.inference.analyze import unread_faces

    console = Console()
    timeline = analysis.timeline
    minutes, seconds = divmod(round(analysis.recording.duration), 60)
    people = "1 person" if len(analysis.people) == 1 else f"{len(analysis.people)} people"
    heading = f"{analysis.recording.path.name}: {minutes}:{seconds:02d} min, {people}"
    table = Table(title=heading, title_justify="left")
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
        console.print(f"{heading}: no micro-gesture reached its threshold (try --threshold 0.3)", soft_wrap=True)
    console.print("It reads movement, not minds: look at each event yourself. It learned from", end=" ")
    console.print(f"{analysis.model['training_data']}.", markup=False, highlight=False)
    if sentence := unread_faces(analysis):
        console.print(sentence, markup=False)
    for path in written:
        console.print(f"  {path}", highlight=False, soft_wrap=True)


def _thresholds(texts: Sequence[str]) -> tuple[float | None, dict[str, float]]:
    """--threshold 0.6 and --threshold "touch neck=0.3" as one number for all and a mapping for some."""
    from kinesics.data.sets.imigue.classes import CLASSES, match_class

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


def _describe_classify(verb: argparse.ArgumentParser) -> None:
    describe_input(verb)
    verb.add_argument("--json", action="store_true", help='print one object: {"classes": [{"label", "index", …}]}')
    verb.add_argument("--top", type=int, default=5, metavar="N", help="rows of the table (default 5)")


def _classify(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    must_exist(options.input)
    from kinesics.inference import classify

    with progress_bar("EmotionPrediction movement") as progress:
        ranked = classify(options.input, person=options.person, weights=options.weights, progress=progress)
    if options.json:
        print(json.dumps({"input": str(options.input), "classes": [asdict(one) for one in ranked]}, indent=2))
        return
    for one in ranked[: max(1, options.top)]:
        bar = "█" * round(30 * one.probability)
        print(f"{one.probability:6.1%}  {one.label:28} {bar}")


ANALYZE: Verb = (_analyze, _describe_analyze, "find the micro-gestures in a recording", ANALYZE_EXAMPLES)
CLASSIFY: Verb = (
    _classify,
    _describe_classify,
    "rank the classes for one short, pre-cut clip",
    "example:\n  kinesics classify clip.mp4 --json",
)
