"""The command line: one file a verb or group of verbs; whatever is heavy is imported inside the verb that needs it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from kinesics.cli.ablate import ABLATE
from kinesics.cli.adapt import ADAPT
from kinesics.cli.agree import AGREE
from kinesics.cli.analyze import ANALYZE, CLASSIFY
from kinesics.cli.batch import BATCH
from kinesics.cli.bench import BENCH
from kinesics.cli.common import Verb
from kinesics.cli.data import DATA
from kinesics.cli.evaluate import ENSEMBLE, EVALUATE
from kinesics.cli.export import EXPORT
from kinesics.cli.live import LIVE
from kinesics.cli.models import MODELS
from kinesics.cli.serve import SERVE
from kinesics.cli.simulate import SIMULATE
from kinesics.cli.stats import STATS
from kinesics.cli.submit import SUBMIT
from kinesics.cli.train import REPRODUCE, TRAIN
from kinesics.cli.weights import WEIGHTS
from kinesics.errors import KinesicsError, printable

EXAMPLES = """\
examples:
  kinesics analyze interview.mp4                     timeline, ELAN tiers and a report in interview_kinesics/
  kinesics analyze interview.mp4 --person all        everybody in the video
  kinesics analyze openpose_json/ --out result       landmarks that you have already
  kinesics batch videos/ --out study                 all recordings of a study
  kinesics live                                      a camera, while it runs
  kinesics classify clip.mp4                         rank the classes of one short, pre-cut clip
  kinesics serve interviews/                         look at, correct and compare them in a browser
  kinesics simulate --class "touching or scratching neck" --out a.gif see what a class means

`kinesics VERB --help` says more about each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all is well, 2 for a user's mistake, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        options.perform(options)
    except KinesicsError as error:
        print(f"kinesics: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("kinesics: stopped; no unfinished file is left", file=sys.stderr)
        return 130
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader of our output has gone, as in `kinesics … | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        print(f"kinesics: {_out_of_reach(error)}", file=sys.stderr)
        return 2
    return 0


def _out_of_reach(error: OSError) -> str:
    """What the machine refuses, in one line: a full disk, a permission that was taken away, a device that failed."""
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "a file"
    return printable(
        f"{place}: expected to be read or written, found that it cannot be ({error.strerror or error}); see that there "
        "is room and permission, and call again"
    )


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


def _add(verbs: Any, name: str, verb: Verb) -> None:
    parser = verbs.add_parser(
        name,
        help=verb.summary,
        description=verb.summary,
        epilog=verb.notes,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if verb.describe is not None:
        verb.describe(parser)
    if verb.run is not None:
        parser.set_defaults(perform=verb.run)
        return
    inner = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for inner_name, inner_verb in verb.verbs.items():
        _add(inner, inner_name, inner_verb)


def _version() -> str:
    from kinesics import __version__

    return __version__


VERBS: dict[str, Verb] = {
    "analyze": ANALYZE,
    "classify": CLASSIFY,
    "batch": BATCH,
    "live": LIVE,
    "serve": SERVE,
    "agree": AGREE,
    "adapt": ADAPT,
    "stats": STATS,
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
