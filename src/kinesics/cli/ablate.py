"""`kinesics ablate`: what each part of a network, or of its training, is worth."""

from __future__ import annotations

import argparse
from pathlib import Path

from kinesics.cli.common import Verb, make_folder, must_exist, say
from kinesics.errors import KinesicsError


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name", help="gesture, emotion, interviews, mosi, long_tail, spotting, or a .yaml of your own")
    verb.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data set")
    verb.add_argument("--out", type=Path, required=True, metavar="DIR", help="for the runs and the table")
    verb.add_argument("--seeds", type=int, nargs="+", default=[], metavar="N", help="(default: those of the file)")
    verb.add_argument(
        "--set", nargs="+", default=[], metavar="OPTION=VALUE", help="overrides for every run: data.batch=16"
    )


def _ablate(options: argparse.Namespace) -> None:
    must_exist(options.data)
    make_folder(options.out)
    from kinesics.training.ablate import ablate

    try:
        overrides = [f"--{override}" for override in options.set]
        result = ablate(options.name, options.data, options.out, options.seeds, overrides)
    except SystemExit as error:  # the parser has printed what is wrong on standard error
        raise KinesicsError(f"{options.name}: cannot be run so; see the message above") from error
    say(f"\n{result.to_markdown()}\n  {options.out / 'ablation.md'}\n  {options.out / 'ablation.json'}")


ABLATE = Verb(
    "run a grid of choices with several seeds, and report what each is worth",
    "interrupted, it resumes when called again.\n\nexamples:\n"
    "  kinesics ablate gesture --data imigue --out runs/gesture\n"
    "  kinesics ablate long_tail --data imigue --out runs/tail --seeds 1 2 3 4 5",
    _ablate,
    _describe,
)
