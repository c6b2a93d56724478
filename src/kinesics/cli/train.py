"""`kinesics train` and `kinesics reproduce`: from data to weights and to numbers."""

from __future__ import annotations

import argparse
from pathlib import Path

from kinesics.cli.common import Verb, make_folder, must_exist
from kinesics.errors import KinesicsError


def _describe_train(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--config", metavar="NAME", help="a .yaml, or one of Kinesics' own, such as gesture/small")
    verb.add_argument("--data", type=Path, metavar="DIR", help="the data set, in place of the config's")
    verb.add_argument("--out", type=Path, required=True, metavar="DIR", help="for checkpoints, logs, predictions")
    verb.add_argument("--clips", type=int, default=200, metavar="N", help="without a config: simulated clips a class")
    verb.add_argument("--epochs", type=int, default=12, metavar="N", help="without a config: passes over them")
    verb.add_argument("--seed", type=int, default=1)
    verb.add_argument("more", nargs="*", metavar="-- --OPTION=VALUE", help="anything else that the config could say")


def _train(options: argparse.Namespace) -> None:
    make_folder(options.out)
    if options.config is None:
        _train_default(options)
        return
    from kinesics.tasks.reproduce import find_config
    from kinesics.tasks.run import run

    config = find_config(options.config)
    given = [f"--data.seed={options.seed}", f"--seed_everything={options.seed}", *options.more]
    if options.data is not None:
        must_exist(options.data)
        given = [f"--data.root={options.data}", *given]
    try:
        run(config, options.out, given)
    except SystemExit as error:  # the parser has told what is wrong on standard error
        raise KinesicsError(f"{config}: cannot be run so; see the message above") from error
    print(f"trained: {options.out}\njudge it: kinesics evaluate {options.out}")


def _train_default(options: argparse.Namespace) -> None:
    from kinesics.data.simulator.world import Split, make_dataset
    from kinesics.tasks.default import train

    shares: dict[Split, float] = {"train": 1.0, "val": 0.1, "test": 0.1}
    for split, share in shares.items():
        make_dataset(options.out / "data" / split, max(1, round(options.clips * share)), split, options.seed)
    figures = train(options.out / "data", options.out, epochs=options.epochs, seed=options.seed)
    for name, value in figures.items():
        print(f"{name:40} {value:.3f}")


TRAIN: Verb = (
    _train,
    _describe_train,
    "train a network: by a config on a data set, or the shipped one on simulated people",
    "interrupted, it goes on where it stopped when called again.\n\nexamples:\n"
    "  kinesics train --config gesture/small --data imigue --out runs/skeleton\n"
    "  kinesics train --config gesture/small --data imigue --out runs/longer -- --trainer.max_epochs=80\n"
    "  kinesics train --out runs/default      the shipped weights, from nothing",
)

# ── reproduce ────────────────────────────────────────────────────────────────────────────────────────────────


def _describe_reproduce(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name", help="natops or utd_mhad")
    verb.add_argument("--data", type=Path, required=True, metavar="PATH", help="the data set's folder or file")
    verb.add_argument("--out", type=Path, metavar="DIR", help="where the runs go (default: runs/NAME)")


def _reproduce(options: argparse.Namespace) -> None:
    must_exist(options.data)
    out: Path = options.out or Path("runs") / options.name
    make_folder(out)
    from kinesics.tasks.reproduce import reproduce

    result = reproduce(options.name, options.data, out)
    verdict = "reached" if result.reached else "NOT reached"
    print(
        f"{result.name}: {result.metric} {result.mean:.4f} ± {result.spread:.4f} over {len(result.values)} seeds; "
        f"expected {result.expected:.4f}: {verdict}"
    )
    if not result.reached:
        raise SystemExit(1)


REPRODUCE: Verb = (
    _reproduce,
    _describe_reproduce,
    "run a published benchmark and compare with the number expected",
    "example:\n  kinesics reproduce natops --data natops.npz",
)
