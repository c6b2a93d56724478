"""The command line: one file a verb or group of verbs; whatever is heavy is imported inside the verb that needs it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from kinesics.cli.ablate import ABLATE
from kinesics.cli.analyze import ANALYZE, CLASSIFY
from kinesics.cli.bench import BENCH
from kinesics.cli.common import Group, Run, Verb
from kinesics.cli.data import DATA
from kinesics.cli.evaluate import ENSEMBLE, EVALUATE
from kinesics.cli.export import EXPORT
from kinesics.cli.models import MODELS
from kinesics.cli.simulate import SIMULATE
from kinesics.cli.submit import SUBMIT
from kinesics.cli.train import REPRODUCE, TRAIN
from kinesics.cli.weights import WEIGHTS
from kinesics.errors import KinesicsError

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
        perform: Run = options.perform
        perform(options)
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
    for name, verb in VERBS.items():
        _add(verbs, name, verb)
    return parser


def _add(verbs: Any, name: str, verb: Verb | Group) -> None:
    """A verb with its options, or a group with verbs of its own (`kinesics data doctor`)."""
    summary, epilog = verb[-2:]
    formatter = argparse.RawDescriptionHelpFormatter
    parser = verbs.add_parser(name, help=summary, description=summary, epilog=epilog, formatter_class=formatter)
    if len(verb) == 4:
        run, describe = verb[:2]
        describe(parser)
        parser.set_defaults(perform=run)
        return
    inner = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for inner_name, inner_verb in verb[0].items():
        _add(inner, inner_name, inner_verb)


def _version() -> str:
    from kinesics import __version__

    return __version__


VERBS: dict[str, Verb | Group] = {
    "analyze": ANALYZE,
    "classify": CLASSIFY,
    "simulate": SIMULATE,
    "train": TRAIN,
    "reproduce": REPRODUCE,
    "ablate": ABLATE,
    "evaluate": EVALUATE,
    "ensemble": ENSEMBLE,
    "submit": SUBMIT,
    "weights": WEIGHTS,
    "data": DATA,
    "models": MODELS,
    "export": EXPORT,
    "bench": BENCH,
}
