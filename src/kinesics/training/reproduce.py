"""`kinesics reproduce`: a benchmark's config run over its seeds, and its number compared with what is expected."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from kinesics.errors import KinesicsError
from kinesics.evaluation.runs import answers_of, figures_of
from kinesics.files import write_text
from kinesics.reading import read_yaml
from kinesics.training.run import assemble, run

CONFIGS = Path(str(files("kinesics.training"))) / "configs"


@dataclass(frozen=True)
class Bound:
    """A further figure of a benchmark: its values by seed, and the least or the most that their mean should be."""

    values: dict[int, float]
    least: float | None = None
    most: float | None = None

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return statistics.fmean(self.values.values())

    @property
    def reached(self) -> bool:
        """Whether the mean lies where it should."""
        return (self.least is None or self.mean >= self.least) and (self.most is None or self.mean <= self.most)

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, for JSON."""
        return vars(self) | {"mean": self.mean, "reached": self.reached}


@dataclass(frozen=True)
class Reproduction:
    """A benchmark's figure of each seed, and what was expected of their mean.

    name: of the benchmark.
    metric: of `evaluate`.
    values: by seed.
    expected: the least mean.
    also: further figures by name.
    """

    name: str
    metric: str
    values: dict[int, float]
    expected: float
    also: dict[str, Bound] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return statistics.fmean(self.values.values())

    @property
    def spread(self) -> float:
        """The standard deviation over seeds."""
        return statistics.stdev(self.values.values()) if len(self.values) > 1 else 0.0

    @property
    def reached(self) -> bool:
        """Whether the mean is what was expected, or more, and all further figures are where they should be."""
        return self.mean >= self.expected and all(bound.reached for bound in self.also.values())

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, for JSON."""
        return vars(self) | {
            "mean": self.mean,
            "spread": self.spread,
            "reached": self.reached,
            "also": {name: bound.to_dict() for name, bound in self.also.items()},
            "machine": platform.processor() or platform.machine(),
        }


def find_config(name: str) -> Path:
    """Find a config by its path, or one of Kinesics' own by its name (`benchmarks/natops`); raises KinesicsError."""
    for path in (Path(name), CONFIGS / f"{name}.yaml"):
        if path.suffix == ".yaml" and path.is_file():
            return path
    own = ", ".join(sorted(str(path.relative_to(CONFIGS).with_suffix("")) for path in CONFIGS.rglob("*.yaml")))
    raise KinesicsError(f"{name}: expected a config file (.yaml) or one of Kinesics' own: {own}")


def reproduce(name: str, data: Path, out: Path, report: Callable[[str], None] = print) -> Reproduction:
    """Run a benchmark with each of its seeds, and write results.json.

    The seeds run at once, each in a process and a folder of its own. What an interrupted call has finished is not run
    again.

    Parameters
    ----------
    name : of `benchmarks/NAME` among Kinesics' configs.
    data : the data set.
    out : for the runs and the result.
    report : called with a line a seed.

    Returns
    -------
    The figures, beside what was expected.

    Raises
    ------
    KinesicsError : for an unknown name, or a config that expects nothing.
    """
    config = find_config(f"benchmarks/{name}")
    expect = read_yaml(config).get("expect")
    if expect is None:
        raise KinesicsError(f"{config}: expected a section `expect` with metric, value and seeds, found none")
    folders = {seed: out / f"seed{seed}" for seed in expect["seeds"]}
    _run_seeds(config, data, {k: v for k, v in folders.items() if not answers_of(v, "test").exists()})
    also = expect.get("also", {})
    found = {seed: figures_of(folder, "test") for seed, folder in folders.items()}
    for seed, figures in found.items():
        report(f"seed {seed}: " + ", ".join(f"{metric} {figures[metric]:.4f}" for metric in (expect["metric"], *also)))
    values = {seed: figures[expect["metric"]] for seed, figures in found.items()}
    bounds = {
        metric: Bound({seed: figures[metric] for seed, figures in found.items()}, **bound)
        for metric, bound in also.items()
    }
    result = Reproduction(name, expect["metric"], values, expect["value"], bounds)
    write_text(out / "results.json", json.dumps(result.to_dict(), indent=2) + "\n")
    return result


def _run_seeds(config: Path, data: Path, folders: dict[int, Path]) -> None:
    """All at once, for a small network cannot make much of several cores; a single one in this process."""
    runs = {
        folder: [f"--data.root={data}", f"--data.seed={seed}", f"--seed_everything={seed}"]
        for seed, folder in folders.items()
    }
    if len(runs) < 2:
        for folder, arguments in runs.items():
            run(config, folder, arguments)
        return
    first, arguments = next(iter(runs.items()))
    assemble(config, first, arguments).datamodule.prepare_data()  # once, not in each process
    threads = max(1, (os.cpu_count() or 1) // len(runs))
    pool = ProcessPoolExecutor(len(runs), get_context("spawn"), torch.set_num_threads, (threads,))
    with pool:
        pending = []
        for i, (folder, arguments) in enumerate(runs.items()):
            bar = f"--trainer.enable_progress_bar={str(i == 0).lower()}"  # one seed's bar stands for all
            pending.append(pool.submit(run, config, folder, [bar, *arguments]))
        for one in pending:
            one.result()
