"""`kinesics adapt`: weights that learn from an observer's corrections, and what to look at next."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.common import Verb, code_mapping, describe_mapping, must_exist, say
from kinesics.errors import KinesicsError
from kinesics.progress import Progress, progress_bar

if TYPE_CHECKING:
    from kinesics.inference.scorer import Scorer
    from kinesics.inference.scores import Scores
    from kinesics.metrics import Interval
    from kinesics.training.adapt.adaptation import Adaptation


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("results", type=Path, help="a folder of what `kinesics analyze` wrote, corrected by an observer")
    verb.add_argument(
        "--labels",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="the observer's codings of these recordings, or a folder of them, in place of corrected timelines; "
        "repeatable",
    )
    describe_mapping(verb)
    verb.add_argument(
        "--people",
        type=Path,
        metavar="FILE",
        help="who is in which recording: a CSV with the columns recording,person (default: somebody else in each)",
    )
    verb.add_argument("--weights", type=Path, metavar="FILE", help="the weights to adapt (default: the shipped ones)")
    verb.add_argument("--out", type=Path, metavar="FILE", help="the weights file to write, ending in .safetensors")
    verb.add_argument("--next", type=int, metavar="N", help="list N stretches to look at next, and adapt nothing")


NOTES = """\
An analysis counts as reviewed where its timeline.eaf, timeline.boris or timeline.csv was corrected, where a file
reviewed.eaf (.boris, .csv …) lies beside it, or where --labels names a coding of the recording. All that an observer
leaves in or adds is taken to happen, and nothing else: review a recording from its begin to its end.

Shares of the classes and thresholds are fitted, and the last layer for classes with five events or more, also for
classes that Kinesics does not know. What that gains is tried on people who were left out; where it gains nothing for
certain, no weights are written.

examples:
  kinesics adapt results/ --out mine.safetensors
  kinesics adapt results/ --labels codings/ --map codes.csv --people people.csv --out mine.safetensors
  kinesics analyze new.mp4 --weights mine.safetensors
  kinesics adapt results/ --next 20"""


def _adapt(options: argparse.Namespace) -> None:
    must_exist(options.results)
    if (options.out is None) == (options.next is None):
        raise KinesicsError("adapt: expected --out FILE.safetensors or --next N; give one of them")
    if options.next is not None:
        _suggest(options)
        return
    out: Path = options.out
    if out.suffix != ".safetensors" or not out.parent.is_dir():
        raise KinesicsError(f"--out {out}: expected the name of a .safetensors file in a folder that is there")
    if out.exists():
        raise KinesicsError(f"--out {out}: expected a new file, found one of this name; choose another")
    mapping = code_mapping(options)
    from kinesics.training.adapt.adaptation import adapt
    from kinesics.training.adapt.reviewed import read_people, read_reviewed
    from kinesics.weights.specification import DEFAULT

    people = {} if options.people is None else read_people(options.people)
    reviewed, notes = read_reviewed(options.results, labels=options.labels, mapping=mapping, people=people)
    with progress_bar("Adapting") as progress:
        adapted = adapt(reviewed, options.weights or DEFAULT, name=out.stem, progress=progress)
    adapted.save(out)
    _show(adapted)
    for note in notes:
        say(f"note: {note}")
    say(f"  {out}")


def _show(adapted: Adaptation) -> None:
    events = sum(adapted.counts.values())
    say(f"{events} events of {len(adapted.counts)} classes in {adapted.recordings} recordings, {adapted.people} people")
    say("F1 of events of people who were left out, in percent (95 % interval by people):")
    for title, one in (("before", adapted.before), ("adapted", adapted.after), ("gain", adapted.gain)):
        say(f"  {title:8} {_percent(one)}")
    for label, share in adapted.own.items():
        say(f"  {label}: {share:.0%} of {adapted.counts[label]} found")


def _percent(one: Interval) -> str:
    return f"{100 * one.value:5.1f}  ({100 * one.low:.1f} to {100 * one.high:.1f})"


def _suggest(options: argparse.Namespace) -> None:
    if options.next < 1:
        raise KinesicsError(f"--next {options.next}: expected a number of stretches, 1 or more")
    mapping = code_mapping(options)
    from kinesics.inference.analyze import event_rule
    from kinesics.inference.scorer import open_scorer
    from kinesics.training.adapt.label_next import suggest_next
    from kinesics.training.adapt.last_layer import examples
    from kinesics.training.adapt.reviewed import analysis_folders, read_reviewed
    from kinesics.weights.specification import DEFAULT

    folders = analysis_folders(options.results)
    try:
        reviewed, _ = read_reviewed(options.results, labels=options.labels, mapping=mapping)
    except KinesicsError:  # nothing is reviewed yet
        reviewed = []
    scorer = open_scorer(options.weights or DEFAULT)
    with progress_bar("Scoring") as progress:
        scored = list(_unreviewed(folders, {one.name for one in reviewed}, scorer, progress))
    found = suggest_next(scored, event_rule(scorer.specification), examples(reviewed))
    for one in found[: options.next]:
        who = f", person {one.person}" if one.person > 1 else ""
        say(f"{one.recording}{who}, {one.start:.2f} to {one.end:.2f} s: {one.label} ({one.reason})")
    if not found:
        say("nothing that is uncertain or rare in recordings that nobody has reviewed")


def _unreviewed(
    folders: list[Path], reviewed: set[str], scorer: Scorer, progress: Progress
) -> Iterator[tuple[str, Scores, float]]:
    """Name, scores and length of each recording that nobody has reviewed."""
    from kinesics.perception import Observation
    from kinesics.skeleton.sequence import SUFFIX, load_skeletons
    from kinesics.training.adapt.reviewed import recording_of

    for done, folder in enumerate(folders):
        progress(done / len(folders))
        name = recording_of(folder)
        if name not in reviewed:
            person = load_skeletons(folder / f"landmarks{SUFFIX}")[0]
            (scores,) = scorer.score((person,), Observation((person,), None), lambda _: None)
            yield name, scores, person.start + person.duration


ADAPT = Verb("adapt the weights to an observer's corrections", NOTES, _adapt, _describe)
