"""`kinesics submit`: the files that the MiGA challenge takes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from kinesics.cli.common import Verb, say
from kinesics.errors import KinesicsError
from kinesics.weights.run_folder import RunFolder


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "run",
        type=Path,
        nargs="?",
        help="a trained run's folder (one that spots: track 2), or one full of `analyze`'s results (track 2)",
    )
    verb.add_argument(
        "--out", type=Path, metavar="FILE", help=".csv, or .zip as the challenge of 2023 wants it; track 2: a folder"
    )
    verb.add_argument("--no-header", action="store_true", help="track 1 without the line Id,Target, as in 2023")
    verb.add_argument("--check", type=Path, metavar="FILE", help="judge a file (or a folder of track 2) instead")
    verb.add_argument("--track", choices=("classification", "recognition", "emotion"), help="where --check cannot tell")


def _submit(options: argparse.Namespace) -> None:
    if options.check is not None:
        _check(options.check, options.track)
        return
    if options.run is None or options.out is None:
        raise KinesicsError("submit: name a run and --out FILE, or a file to judge with --check FILE")
    timelines = sorted(options.run.glob("*/timeline.json")) if options.run.is_dir() else []
    if timelines:
        _recognition(timelines, options.out)
        return
    if options.run.is_dir() and RunFolder(options.run).events("test").exists():
        _spotted(RunFolder(options.run), options.out)
        return
    _classification_or_emotion(options)


def _classification_or_emotion(options: argparse.Namespace) -> None:
    """Track 1 or 3 from the predictions of a run, by what its classes are."""
    from kinesics.evaluation import EMOTION, Predictions, write_classification, write_emotion
    from kinesics.weights.specification import NONE

    path: Path = RunFolder(options.run).predictions("test") if options.run.is_dir() else options.run
    predictions = Predictions.load(path)
    if predictions.classes == EMOTION:
        positive = predictions.probability[:, 1]
        write_emotion(options.out, {int(name): float(p) for name, p in zip(predictions.ids, positive, strict=True)})
    else:
        columns = [column for column, name in enumerate(predictions.classes) if name != NONE]
        targets = [_class_of(predictions.classes[column], path) for column in columns]
        best = predictions.logits[:, columns].argmax(1)
        predicted = {name: targets[column] for name, column in zip(predictions.ids, best, strict=True)}
        write_classification(options.out, predicted, header=not options.no_header)
    say(f"{options.out}: {len(predictions.ids)} rows, checked")


def _recognition(timelines: list[Path], out: Path) -> None:
    """Track 2 from the timelines of `kinesics analyze`, named by their recordings; frames are the recording's own."""
    from kinesics.data.sets.imigue.classes import class_id
    from kinesics.evaluation import write_recognition

    sequences = {}
    for path in timelines:
        content = json.loads(path.read_text(encoding="utf-8"))
        fps = content["recording"]["fps"]
        sequences[content["recording"]["name"].split(".")[0]] = [
            (
                class_id(_class_of(event["label"], path)),
                round(event["start"] * fps),
                max(round(event["end"] * fps) - 1, round(event["start"] * fps)),
            )
            for event in content["events"]
        ]
    say(f"{out}: {len(write_recognition(out, sequences))} sequences, checked")


def _spotted(run: RunFolder, out: Path) -> None:
    """Track 2 from the events of a spotting run, at the threshold that was chosen on its validation split."""
    from kinesics.data.sets.imigue.classes import class_id
    from kinesics.evaluation import write_recognition
    from kinesics.evaluation.spots import SpottedRecordings, choose_threshold

    path, held = run.events("test"), run.events("val")
    if not held.exists():
        raise KinesicsError(f"{held}: expected events of validation to choose a threshold by, found none; train again")
    spotted = SpottedRecordings.load(path)
    targets = [class_id(_class_of(label, path)) for label in spotted.classes]
    sequences = {
        name: [
            (targets[label], round(start * spotted.fps), max(round(end * spotted.fps) - 1, round(start * spotted.fps)))
            for label, start, end, _ in events
        ]
        for name, events in spotted.events(choose_threshold(SpottedRecordings.load(held))).items()
    }
    say(f"{out}: {len(write_recognition(out, sequences))} sequences, checked")


def _class_of(label: str, source: Path) -> int:
    """The index of a class of iMiGUE, by which the challenge counts, whatever index the weights give it."""
    from kinesics.data.sets.imigue.classes import CLASSES
    from kinesics.timeline.gesture_names import current_name
    from kinesics.timeline.labels import near_labels

    label = current_name(label)
    if label not in CLASSES:
        raise KinesicsError(
            f"{source}: expected the classes of iMiGUE, as the challenge has them, found {label!r}; near it are "
            f"{', '.join(near_labels(label, CLASSES))}; use weights that were trained on iMiGUE"
        )
    return CLASSES.index(label)


def _check(path: Path, track: str | None) -> None:
    from kinesics.evaluation import check_submission

    faults = check_submission(path, track)  # type: ignore[arg-type]
    if not faults:
        say(f"{path}: passes")
        return
    more = f" (and {len(faults) - 10} more)" if len(faults) > 10 else ""
    raise KinesicsError(f"{path}: expected a submission, found {len(faults)} faults{more}: {'; '.join(faults[:10])}")


SUBMIT = Verb(
    "write a file for the MiGA challenge, or judge anybody's",
    "examples:\n  kinesics submit runs/imigue --out track1.csv\n"
    "  kinesics submit runs/imigue --out track1.zip --no-header   as in 2023\n"
    "  kinesics submit --check track1.csv",
    _submit,
    _describe,
)
