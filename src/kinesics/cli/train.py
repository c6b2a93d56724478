"""`kinesics train` and `kinesics reproduce`: from data to weights and to numbers."""

from __future__ import annotations

import argparse
from pathlib import Path

from kinesics.cli.common import Verb, make_folder, must_exist, say
from kinesics.files import alone_in


def _describe_train(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--config", metavar="NAME", help="a .yaml, or one of Kinesics' own: gesture/small/1-skeleton")
    verb.add_argument("--data", type=Path, metavar="DIR", help="the data set, in place of the config's")
    verb.add_argument("--out", type=Path, metavar="DIR", help="for checkpoints, logs, weights (default: runs/NAME)")
    verb.add_argument("--clips", type=int, default=300, metavar="N", help="without a config: simulated clips a class")
    verb.add_argument(
        "--tracked",
        "--watched",  # its older name
        type=int,
        default=12,
        metavar="N",
        help="without a config: clips a class that are rendered and tracked by the landmark engine",
    )
    verb.add_argument("--epochs", type=int, default=12, metavar="N", help="without a config: passes over them")
    verb.add_argument("--start", type=Path, metavar="FILE", help="without a config: gesture weights to start from")
    verb.add_argument("--real", type=Path, metavar="PATH", help="without a config: UTD-MHAD, for the lifter")
    verb.add_argument("--seed", type=int, default=1)
    verb.add_argument("more", nargs="*", metavar="-- --OPTION=VALUE", help="overrides of any option of the config")


def _train(options: argparse.Namespace) -> None:
    out: Path = options.out or Path("runs") / (options.config or "default").removesuffix(".yaml")
    make_folder(out)
    with alone_in(out):
        if options.config is None:
            _train_default(options, out)
        else:
            _train_by_config(options, out)


def _train_by_config(options: argparse.Namespace, out: Path) -> None:
    from kinesics.training.reproduce import find_config
    from kinesics.training.run import run

    config = find_config(options.config)
    given = [f"--data.seed={options.seed}", f"--seed_everything={options.seed}", *options.more]
    if options.data is not None:
        must_exist(options.data)
        given = [f"--data.root={options.data}", *given]
    try:
        run(config, out, given)
    except SystemExit:  # the parser has printed its help
        return
    say(f"trained: {out}\njudge it: kinesics evaluate {out}")


def _train_default(options: argparse.Namespace, out: Path) -> None:
    from kinesics.training.shipped.gesture_weights import ShippedRecipe
    from kinesics.training.shipped.recipe import SimulatedCounts, train_shipped_weights

    if options.start is not None:
        must_exist(options.start)
    counts, recipe = SimulatedCounts(options.clips, options.tracked), ShippedRecipe(options.epochs, options.seed)
    figures = train_shipped_weights(out, counts, recipe, start=options.start, real=options.real)
    for name, value in figures.items():
        say(f"{name:40} {value:.3f}")


TRAIN = Verb(
    "train a network: by a config on a data set, or the shipped one on simulated people",
    """\
interrupted, it resumes when called again.

the paper's gesture track in five stages, each starting from the one before (small and tiny in place of paper likewise):
  for stage in 1-skeleton 2-video 3-fusion 4-together 5-classifier; do
    kinesics train --config gesture/paper/$stage --data imigue
  done

behind --, or in a config of your own:
  --trainer.devices=4                     several GPUs; each takes its share of the clips, data.batch is of one of them
  --trainer.accumulate_grad_batches=8     steps of 8 batches
  --trainer.precision=bf16-mixed          or 32-true
  --trainer.callbacks=kinesics.training.ema.EMA --trainer.callbacks.decay=0.99
                                          average the weights over the last 1 / (1 - decay) steps (EMA)
  --model.loss=logit-adjusted             for a long tail; or class-balanced
  --data.balance=1                        draw every class equally often
  --data.video=i3d                        another video encoder: i3d, mvit, a run's folder or a weights file

examples:
  kinesics train --config gesture/small/1-skeleton --data imigue
  kinesics train --config gesture/small/1-skeleton --data imigue --out runs/longer -- --trainer.max_epochs=80
  kinesics train --out runs/default       the shipped weights, from nothing
  kinesics train --out runs/default --real utd_mhad.npz       with real movement for the lifter""",
    _train,
    _describe_train,
)

# ── reproduce ────────────────────────────────────────────────────────────────────────────────────────────────


def _describe_reproduce(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name", help="natops, utd_mhad, mosi, shrec21 or shrec21_contest")
    verb.add_argument("--data", type=Path, required=True, metavar="PATH", help="the data set's folder or file")
    verb.add_argument("--out", type=Path, metavar="DIR", help="where the runs go (default: runs/NAME)")


def _reproduce(options: argparse.Namespace) -> None:
    must_exist(options.data)
    out: Path = options.out or Path("runs") / options.name
    make_folder(out)
    from kinesics.training.reproduce import reproduce

    result = reproduce(options.name, options.data, out)
    verdict = "reached" if result.reached else "NOT reached"
    say(
        f"{result.name}: {result.metric} {result.mean:.4f} ± {result.spread:.4f} over {len(result.values)} seeds; "
        f"expected {result.expected:.4f}: {verdict}"
    )
    for metric, bound in result.also.items():
        wanted = f"at least {bound.least:.4f}" if bound.least is not None else f"at most {bound.most:.4f}"
        say(f"  {metric} {bound.mean:.4f}; expected {wanted}: {'reached' if bound.reached else 'NOT reached'}")
    for line in result.lines():
        say(f"  {line}")
    if not result.reached:
        raise SystemExit(1)


REPRODUCE = Verb(
    "run a published benchmark and compare with the number expected",
    "examples:\n  kinesics reproduce natops --data natops.npz\n"
    "  kinesics reproduce shrec21 --data shrec21.npz     gestures found in continuous recordings",
    _reproduce,
    _describe_reproduce,
)
