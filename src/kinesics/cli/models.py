"""`kinesics models`: the networks, their presets and what they cost."""

from __future__ import annotations

import argparse

from kinesics.cli.common import Verb, say


def _models(options: argparse.Namespace) -> None:
    from kinesics.models.cost import table

    say(table())


MODELS = Verb(
    "list every network and preset: parameters, multiply-adds, input",
    "examples:\n  kinesics models          the table of docs/models.md, counted anew",
    _models,
)
