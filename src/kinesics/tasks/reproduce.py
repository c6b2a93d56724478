"""`kinesics reproduce`: a benchmark's config run over its seeds, and its number compared with what is expected."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from kinesics.errors import KinesicsError
from kinesics.metrics import Predictions, evaluate
from kinesics.tasks.run import run
from kinesics.timeline.files import write_text

CONFIGS = Path(str(files("kinesics"))) / "configs"


@dataclass(frozen=True)
class Reproduction:
    """A benchmark's figure of each seed, and what was expected of their mean."""

    name: str
    metric: str
    values: dict[int, float]
    expected: float

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values.values())

    @property
    def spread(self) -> float:
        """The standard deviation over seeds."""
        return statistics.stdev(self.values.values()) if len(self.values) > 1 else 0.0

    @property
    def reached(self) -> bool:
        return self.mean >= self.expected

    def to_dict(self) -> dict[str, Any]:
        return vars(self) | {
            "mean": self.mean,
            "spread": self.spread,
            "reached": self.reached,
            "machine": platform.processor() or platform.machine(),
        }


def find_config(name: str) -> Path:
    """A config by its path, or one of Kinesics' own by its name (`benchmarks/natops`); raises KinesicsError."""
    for path in (Path(name), CONFIGS / f"{name}.yaml"):
        if path.suffix == ".yaml" and path.is_file():
            return path
    own = ", ".join(sorted(str(path.relative_to(CONFIGS).with_suffix("")) for path in CONFIGS.rglob("*.yaml")))
    raise KinesicsError(f"{name}: expected a config file (.yaml) or one of Kinesics' own: {own}")


def reproduce(name: str, data: Path, out: Path, told: Callable[[str], None] = print) -> Reproduction:
    """Run `benchmarks/NAME` with each of its seeds on `data`, one folder a seed in `out`, and write results.json.

    What an interrupted call has finished is kept. Raises KinesicsError for an unknown name, or a config that expects
    nothing.
    """
    config = find_config(f"benchmarks/{name}")
    expect = yaml.safe_load(config.read_text("utf-8")).get("expect")
    if expect is None:
        raise KinesicsError(f"{config}: expected a section `expect` with metric, value and seeds, found none")
    values: dict[int, float] = {}
    for seed in expect["seeds"]:
        folder = out / f"seed{seed}"
        if not (folder / "predictions_test.npz").exists():
            run(config, folder, [f"--data.root={data}", f"--data.seed={seed}", f"--seed_everything={seed}"])
        evaluation = evaluate(Predictions.load(folder / "predictions_test.npz"))
        values[seed] = evaluation.figures[expect["metric"]].value
        told(f"seed {seed}: {expect['metric']} {values[seed]:.4f}")
    result = Reproduction(name, expect["metric"], values, expect["value"])
    write_text(out / "results.json", json.dumps(result.to_dict(), indent=2) + "\n")
    return result
