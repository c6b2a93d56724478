"""`kinesics train`: from nothing to weights."""

from __future__ import annotations

import argparse
from pathlib import Path

from kinesics.cli.common import Verb, make_folder


def _describe_train(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--out", type=Path, required=True, metavar="DIR", help="data, checkpoints, logs and weights")
    verb.add_argument("--clips", type=int, default=200, metavar="N", help="simulated clips a class (default 200)")
    verb.add_argument("--epochs", type=int, default=12, metavar="N", help="passes over them (default 12)")
    verb.add_argument("--seed", type=int, default=1)


def _train(options: argparse.Namespace) -> None:
    make_folder(options.out)
    from kinesics.data.simulator.world import Split, make_dataset
    from kinesics.tasks.gesture import train

    shares: dict[Split, float] = {"train": 1.0, "val": 0.1, "test": 0.1}
    for split, share in shares.items():
        make_dataset(options.out / "data" / split, max(1, round(options.clips * share)), split, options.seed)
    figures = train(options.out / "data", options.out, epochs=options.epochs, seed=options.seed)
    for name, value in figures.items():
        print(f"{name:40} {value:.3f}")


TRAIN: Verb = (
    _train,
    _describe_train,
    "train the skeleton network on simulated people, from nothing to weights",
    "interrupted, it goes on where it stopped when called again.\n\nexample:\n  kinesics train --out runs/default",
)
