"""`kinesics evaluate` and `kinesics ensemble`: metrics with intervals, from the predictions of a run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.common import Verb, describe_prior, make_folder, say
from kinesics.errors import KinesicsError
from kinesics.weights.run_folder import RunFolder

if TYPE_CHECKING:
    from kinesics.evaluation import Evaluation, Predictions
    from kinesics.skeleton import SkeletonSequence


def _describe_evaluate(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("run", type=Path, help="a folder that `kinesics train` wrote, or its predictions (.npz)")
    verb.add_argument("--data", type=Path, metavar="DIR", help="the data set, to draw the most confident errors")
    verb.add_argument("--out", type=Path, metavar="DIR", help="where the page goes (default: the run's folder)")
    describe_prior(verb)
    verb.add_argument("--json", action="store_true", help="print all figures as JSON instead of a table")


def _evaluate(options: argparse.Namespace) -> None:
    events = RunFolder(options.run).events("test") if options.run.is_dir() else options.run
    if events.name == RunFolder(Path()).events("test").name and events.exists():
        _evaluate_events(options, events)
        return
    test, validation = _predictions(options.run)
    test = _expecting(test, options.prior)
    validation = validation and _expecting(validation, options.prior)
    out: Path = options.out or (options.run if options.run.is_dir() else options.run.parent)
    make_folder(out)
    from kinesics.evaluation import evaluate
    from kinesics.files import write_text
    from kinesics.report.evaluation import FIGURES, write_evaluation

    evaluation = evaluate(test, validation)
    skeleton = None if options.data is None else _skeletons(options.data, bool(evaluation.videos))
    name = options.run.resolve().name if options.run.is_dir() else options.run.stem
    write_evaluation(evaluation, out / "evaluation.html", name=name, skeleton=skeleton)
    write_text(out / "evaluation.json", json.dumps(evaluation.to_dict(), indent=2) + "\n")
    if options.json:
        say(json.dumps(evaluation.to_dict(), indent=2))
    else:
        _table(evaluation, FIGURES)
        say(f"  {out / 'evaluation.html'}\n  {out / 'evaluation.json'}")


def _evaluate_events(options: argparse.Namespace, path: Path) -> None:
    """Judge the events that a spotting run found in whole recordings."""
    from kinesics.evaluation.spots import SpottedRecordings, evaluate_spots
    from kinesics.files import write_text

    test, held = SpottedRecordings.load(path), RunFolder(path.parent).events("val")
    out: Path = options.out or path.parent
    make_folder(out)
    evaluation = evaluate_spots(test, SpottedRecordings.load(held) if held.exists() else None)
    content = json.dumps(evaluation.to_dict(), indent=2)
    write_text(out / "evaluation.json", content + "\n")
    if options.json:
        say(content)
        return
    from rich.console import Console
    from rich.table import Table

    title = (
        f"{evaluation.recordings:,} recordings, scores from {evaluation.threshold:g} (chosen on {evaluation.chosen_on})"
    )
    table = Table("", "", "95 % interval", title=title, title_justify="left")
    for name, figure in evaluation.figures.items():
        digits = 0 if name.endswith("_ms") else 3
        table.add_row(name, f"{figure.value:.{digits}f}", f"{figure.low:.{digits}f} to {figure.high:.{digits}f}")
    Console().print(table)
    say(f"  {out / 'evaluation.json'}")


def _expecting(predictions: Predictions, prior: str | None) -> Predictions:
    if prior is None:
        return predictions
    from kinesics.inference.prior import prior_ratio
    from kinesics.weights.specification import RECORDING

    if prior == RECORDING:
        raise KinesicsError(f"--prior {prior}: expected shares known beforehand; name even, interview, or a JSON file")
    return predictions.expecting(prior_ratio(prior, predictions.classes))


def _skeletons(folder: Path, recordings: bool) -> Callable[[str], SkeletonSequence]:
    """What reads a clip's skeleton, or a recording's, by its id."""
    from kinesics.data.recordings import Recordings
    from kinesics.data.registry import open_dataset

    opened = open_dataset(folder)
    dataset = Recordings(opened) if recordings else opened
    clips = {clip.id: clip for clip in dataset.clips}
    return lambda name: dataset.read_skeleton(clips[name])


def _predictions(run: Path) -> tuple[Predictions, Predictions | None]:
    from kinesics.evaluation import Predictions

    path = RunFolder(run).predictions("test") if run.is_dir() else run
    held = RunFolder(path.parent).predictions("val")
    return Predictions.load(path), Predictions.load(held) if held.exists() and held != path else None


def _table(evaluation: Evaluation, titles: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    things = "videos" if evaluation.videos else "clips"
    clips = f"{evaluation.classification.clips:,} {things} of {evaluation.subjects} subjects"
    table = Table("", "%", "95 % interval", title=clips, title_justify="left")
    for name, figure in evaluation.figures.items():
        table.add_row(titles[name], f"{100 * figure.value:.1f}", f"{100 * figure.low:.1f} to {100 * figure.high:.1f}")
    for when, error in evaluation.calibration_error.items():
        table.add_row(f"Calibration error, {when} scaling", f"{100 * error:.1f}", "")
    Console().print(table)


EVALUATE = Verb(
    "judge a run: all metrics with intervals, and a page to look at",
    "examples:\n  kinesics evaluate runs/natops\n  kinesics evaluate runs/imigue --data imigue --json",
    _evaluate,
    _describe_evaluate,
)

# ── ensemble ─────────────────────────────────────────────────────────────────────────────────────────────────


def _describe_ensemble(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("runs", type=Path, nargs="+", help="two or more folders that `kinesics train` wrote")
    verb.add_argument("--by", choices=("top1", "mean_class"), default="top1", help="what counts (default: top1)")
    verb.add_argument("--out", type=Path, metavar="DIR", required=True, help="where the combined predictions go")


def _ensemble(options: argparse.Namespace) -> None:
    if len(options.runs) < 2:
        raise KinesicsError("ensemble: expected two or more runs, found one")
    make_folder(options.out)
    pairs = [_predictions(run) for run in options.runs]
    validation = [held for _, held in pairs if held is not None]
    if len(validation) < len(pairs):
        without = options.runs[[held for _, held in pairs].index(None)]
        raise KinesicsError(
            f"{without}: expected {RunFolder(without).predictions('val').name} to choose weights by, found none; "
            "test is never used for it"
        )
    from kinesics.evaluation import combine
    from kinesics.metrics import mean_class_accuracy, top_k

    score = mean_class_accuracy if options.by == "mean_class" else (lambda x, y: top_k(x, y, 1))
    test = [predictions for predictions, _ in pairs]
    ensemble, gain = combine(validation, test, score)
    combined = RunFolder(options.out)
    ensemble(test).save(combined.predictions("test"))
    ensemble(validation).save(combined.predictions("val"))
    _shares(options.runs, ensemble.weights)
    say(
        f"gain over the best single run: {100 * gain.value:+.1f} points of {options.by} "
        f"({100 * gain.low:+.1f} to {100 * gain.high:+.1f})\n  {combined.predictions('test')}"
    )


def _shares(runs: Sequence[Path], weights: Sequence[float]) -> None:
    for run, weight in zip(runs, weights, strict=True):
        say(f"{weight:6.1%}  {run}")


ENSEMBLE = Verb(
    "combine the predictions of several runs, with weights chosen on validation",
    "example:\n  kinesics ensemble runs/skeleton runs/video --out runs/both --by mean_class",
    _ensemble,
    _describe_ensemble,
)
