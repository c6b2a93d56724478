"""`kinesics reproduce`: a benchmark's config run over its seeds, and its number compared with what is expected."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
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
    besides: further figures of the same runs, by name and seed.
    compared: all figures of other choices, run with the same seeds, by choice, name and seed.
    also: further figures, and where their means should be, by name.
    """

    name: str
    metric: str
    values: dict[int, float]
    expected: float
    besides: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    compared: Mapping[str, Mapping[str, Mapping[int, float]]] = field(default_factory=dict)
    also: Mapping[str, Bound] = field(default_factory=dict)

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

    def lines(self) -> list[str]:
        """Write a line a choice, with its figures in words."""
        own = {self.metric: self.values, **self.besides}
        choices = {"": own, **self.compared} if self.besides or self.compared else {}
        return [f"{name or self.name}: {_in_words(figures)}" for name, figures in choices.items()]

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, for JSON."""
        return vars(self) | {
            "mean": self.mean,
            "spread": self.spread,
            "reached": self.reached,
            "also": {name: bound.to_dict() for name, bound in self.also.items()},
            "machine": platform.processor() or platform.machine(),
        }


def _in_words(figures: Mapping[str, Mapping[int, float]]) -> str:
    each = {metric: [*values.values()] for metric, values in figures.items()}
    spreads = {metric: statistics.stdev(some) if len(some) > 1 else 0.0 for metric, some in each.items()}
    return ", ".join(f"{metric} {statistics.fmean(each[metric]):.4f} ± {spreads[metric]:.4f}" for metric in each)


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
    also = expect.get("also", {})
    metrics = [expect["metric"], *expect.get("besides", []), *also]
    values = _figures(config, data, out, expect["seeds"], metrics)
    for seed in expect["seeds"]:
        shown = (expect["metric"], *also)
        report(f"seed {seed}: " + ", ".join(f"{metric} {values[metric][seed]:.4f}" for metric in shown))
    compared = {}
    for choice, overrides in expect.get("compared", {}).items():
        given = [
            f"--{option}={value if isinstance(value, str) else json.dumps(value)}"
            for option, value in overrides.items()
        ]
        compared[choice] = _figures(config, data, out / choice.replace(" ", "-"), expect["seeds"], metrics, given)
    own = values.pop(expect["metric"])
    bounds = {metric: Bound(values.pop(metric), **bound) for metric, bound in also.items()}
    result = Reproduction(name, expect["metric"], own, expect["value"], values, compared, bounds)
    write_text(out / "results.json", json.dumps(result.to_dict(), indent=2) + "\n")
    return result


def _figures(
    config: Path, data: Path, out: Path, seeds: Sequence[int], metrics: Sequence[str], given: Sequence[str] = ()
) -> dict[str, dict[int, float]]:
    """Figures by name and seed, of runs that are not run again where they are finished."""
    folders = {seed: out / f"seed{seed}" for seed in seeds}
    waiting = {seed: folder for seed, folder in folders.items() if not answers_of(folder, "test").exists()}
    _run_seeds(config, data, waiting, given)
    found = {seed: figures_of(at, "test") for seed, at in folders.items()}
    return {metric: {seed: figures[metric] for seed, figures in found.items()} for metric in metrics}


def _run_seeds(config: Path, data: Path, folders: dict[int, Path], given: Sequence[str]) -> None:
    """All at once, for a small network cannot make much of several cores; a single one in this process.

    Utterances are learned in less time than processes take to start.
    """
    runs = {
        folder: [f"--data.root={data}", f"--data.seed={seed}", f"--seed_everything={seed}", *given]
        for seed, folder in folders.items()
    }
    if len(runs) < 2 or read_yaml(config).get("task") == "utterances":
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
