"""`kinesics analyze` and `kinesics classify`: a recording in, its micro-gestures out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.common import Verb, describe_recording, engine_name, make_folder, must_exist, plain_console, say
from kinesics.errors import KinesicsError, printable
from kinesics.files import alone_in
from kinesics.progress import progress_bar

if TYPE_CHECKING:
    from kinesics.inference import Analysis
    from kinesics.perception import OpenPoseFolder


def _describe_analyze(verb: argparse.ArgumentParser) -> None:
    describe_recording(verb)
    verb.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: NAME_kinesics in this folder)")
    verb.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="X",
        help="score from 0 to 1 at which events begin, of all classes (0.5) or one ('touching jaw=0.3'); repeatable",
    )
    verb.add_argument(
        "--precision",
        type=float,
        metavar="X",
        help="in place of --threshold: for each gesture the least threshold at which this share of its events was "
        "right in simulated recordings (0.8: four of five)",
    )
    verb.add_argument(
        "--overlay", action="store_true", help="also write overlay.mp4: the video with skeleton and events"
    )
    verb.add_argument(
        "--blur",
        choices=("mosaic", "fill"),
        help="hide all faces in the report's images and in the overlay, as a mosaic or filled",
    )
    verb.add_argument(
        "--skeleton-only", action="store_true", help="show no image of the video at all, in report and overlay"
    )
    verb.add_argument(
        "--parquet", action="store_true", help="also write actions.parquet: facial actions at every moment"
    )
    verb.add_argument("--json", action="store_true", help="print timeline.json instead of the summary")
    verb.add_argument(
        "--force",
        action="store_true",
        help="overwrite results of another recording, or files that somebody else wrote or changed",
    )


ANALYZE_NOTES = """\
writes report.html, timeline.json, timeline.csv, timeline.eaf (ELAN), timeline.boris (BORIS), timeline.vtt
(subtitles), actions.csv and actions.json (52 facial actions over time, where the landmark engine reads them), and
landmarks.skeleton.npz with landmarks.expressions.npz (facial expression, for videos), so that a second run with other
settings does not track anybody again.

--threshold also takes the rules by which facial actions become events: lips pressed, brows raised, jaw open.

--blur and --skeleton-only change what is shown, not what is measured. The video itself stays as it is.

examples:
  kinesics analyze interview.mp4
  kinesics analyze interview.mp4 --blur mosaic --overlay
  kinesics analyze interview.mp4 --out results --person all --overlay
  kinesics analyze interview.mp4 --threshold 0.6 --threshold "touching or scratching neck=0.3\""""


def _analyze(options: argparse.Namespace) -> None:
    by_class = thresholds_of(options.threshold)
    if by_class and options.precision is not None:
        raise KinesicsError("--precision: expected it without --threshold, found both; leave one away")
    if options.blur and options.skeleton_only:
        raise KinesicsError("--blur and --skeleton-only: expected one of them; without images there is no face to hide")
    source: Path = options.input
    must_exist(source)
    engine = engine_name(options)

    from kinesics.inference import analyze
    from kinesics.inference.action_files import check_format
    from kinesics.inference.analyze import event_rule
    from kinesics.inference.precision import precise_thresholds
    from kinesics.inference.scorer import open_scorer
    from kinesics.report import check_folder, default_folder, result_names, write_results, written_results
    from kinesics.weights.specification import DEFAULT

    if options.parquet:
        check_format("Parquet")
    recording = _recording(options)
    out: Path = options.out or default_folder(source)
    names = result_names(overlay=options.overlay, parquet=options.parquet)
    if not options.force:
        check_folder(out, source, names)
    scorer = open_scorer(options.weights or DEFAULT, options.prior)
    if options.precision is not None:
        by_class = precise_thresholds(scorer.specification, scorer.sha256, options.precision)
    event_rule(scorer.specification, by_class)  # a class that these weights do not know is refused at once
    make_folder(out)
    with alone_in(out), progress_bar("Tracking people") as progress:
        analysis = analyze(
            recording,
            person=options.person,
            weights=scorer,
            threshold=by_class,
            engine=engine,
            cache=out / "landmarks.skeleton.npz",
            previews="skeleton" if options.skeleton_only else options.blur or True,
            progress=progress,
        )
    writing = "Drawing the overlay" if options.overlay else "Writing the report"
    with alone_in(out), progress_bar(writing) as progress, written_results(out, source, names):
        written = write_results(analysis, out, overlay=options.overlay, parquet=options.parquet, progress=progress)
    if options.json:
        say((out / "timeline.json").read_text(encoding="utf-8"))
    else:
        _summary(analysis, written)
    if (options.blur or options.skeleton_only) and not options.overlay and (out / "overlay.mp4").exists():
        say(f"Note: {out / 'overlay.mp4'} of an earlier run may show faces; remove it, or write it anew with --overlay")


def _recording(options: argparse.Namespace) -> Path | OpenPoseFolder:
    """The input, with the rate that is told of it."""
    from kinesics.perception import OpenPoseFolder

    return options.input if options.fps is None else OpenPoseFolder(options.input, options.fps)


def thresholds_of(texts: Sequence[str]) -> dict[str, float]:
    """What `--threshold` gave, each `0.6` or `CLASS=0.3`, as `threshold` of `kinesics.analyze` takes it."""
    from kinesics.inference.events import ALL_CLASSES

    return {name or ALL_CLASSES: onset for name, onset in map(_threshold, texts)}


def _threshold(text: str) -> tuple[str, float]:
    """`0.6` or `touching or scratching neck=0.3` as the name of a class, "" for all of them, and its onset."""
    name, _, number = text.rpartition("=")
    try:
        onset = float(number)
    except ValueError:
        onset = -1.0
    if not 0 < onset <= 1:
        raise KinesicsError(f"--threshold {text}: expected a number above 0 and up to 1, or CLASS=NUMBER")
    return name.strip(), onset


def _summary(analysis: Analysis, written: Sequence[Path]) -> None:
    from rich.table import Table

    timeline = analysis.timeline
    minutes, seconds = divmod(round(analysis.recording.duration), 60)
    people = "1 person" if len(analysis.people) == 1 else f"{len(analysis.people)} people"
    heading = f"{printable(analysis.recording.path.name)}: {minutes}:{seconds:02d} min, {people}"
    table = Table(title=heading, title_justify="left")
    for column in ("micro-gesture", "events", "a minute", "seconds", "best score"):
        table.add_column(column, justify="left" if column == "micro-gesture" else "right")
    rates = timeline.rates()
    for label, count in timeline.counts().items():
        events = timeline.only(label)
        lasting = sum(event.segment.duration for event in events)
        best = max(event.score for event in events)
        table.add_row(printable(label), str(count), f"{rates[label]:.1f}", f"{lasting:.1f}", f"{best:.2f}")
    if len(timeline):
        plain_console().print(table)
    else:
        say(f"{heading}: no micro-gesture reached its threshold (try --threshold 0.3)")
    learned = analysis.model["training_data"]
    say(f"It measures movement, not minds: look at each event yourself. It learned from {learned}.")
    for note in analysis.recording.notes:
        say(f"Note: {note}")
    for path in written:
        say(f"  {path}")


def _describe_classify(verb: argparse.ArgumentParser) -> None:
    describe_recording(verb)
    verb.add_argument("--json", action="store_true", help='print one object: {"classes": [{"label", "index", …}]}')
    verb.add_argument("--top", type=int, default=5, metavar="N", help="rows of the table (default 5)")


def _classify(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    must_exist(options.input)
    engine = engine_name(options)
    from kinesics.inference import classify
    from kinesics.inference.scorer import open_scorer
    from kinesics.weights.specification import DEFAULT

    scorer = open_scorer(options.weights or DEFAULT, options.prior)
    with progress_bar("Tracking people") as progress:
        ranked = classify(
            _recording(options),
            person=options.person,
            weights=scorer,
            engine=engine,
            progress=progress,
        )
    if options.json:
        say(json.dumps({"input": str(options.input), "classes": [asdict(one) for one in ranked]}, indent=2))
        return
    for one in ranked[: max(1, options.top)]:
        bar = "█" * round(30 * one.probability)
        say(f"{one.probability:6.1%}  {one.label:28} {bar}")


ANALYZE = Verb("find the micro-gestures in a recording", ANALYZE_NOTES, _analyze, _describe_analyze)
CLASSIFY = Verb(
    "rank the classes for one short, pre-cut clip",
    "example:\n  kinesics classify clip.mp4 --json",
    _classify,
    _describe_classify,
)
