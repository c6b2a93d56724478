"""`kinesics ablate`: a grid of runs over several seeds, and one table of what each choice is worth."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinesics.errors import KinesicsError
from kinesics.evaluation.runs import answers_of, figures_of
from kinesics.files import write_text
from kinesics.reading import read_yaml
from kinesics.training.reproduce import find_config
from kinesics.training.run import run

_KEYS = {"title", "config", "split", "metrics", "seeds", "rows", "columns"}


@dataclass(frozen=True)
class Cell:
    """One choice: a row, or a row with a column.

    name: of the row and the column.
    config: of its runs.
    overrides: options in place of the config's.
    """

    name: str
    config: str
    overrides: Mapping[str, Any]

    def arguments(self, out: Path, seed: int) -> list[str]:
        """Write the overrides as the command line takes them; "@NAME" becomes the folder of cell NAME's run."""
        return [f"--{key}={_formatted(value, out, seed)}" for key, value in self.overrides.items()]


@dataclass(frozen=True)
class Ablation:
    """A grid of cells, in an order in which each comes after those that it is initialised from.

    title: of the table.
    cells: each run with every seed.
    split: that is judged.
    metrics: figures of `evaluate`.
    seeds: of the runs.
    """

    title: str
    cells: tuple[Cell, ...]
    split: str
    metrics: tuple[str, ...]
    seeds: tuple[int, ...]

    @classmethod
    def read(cls, path: Path) -> Ablation:
        """Read a file such as configs/ablations/gesture.yaml, which explains it; raises KinesicsError for another."""
        grid = read_yaml(path)
        try:
            unknown = set(grid) - _KEYS
            if unknown:
                raise ValueError(f"found {', '.join(sorted(unknown))}")
            cells = tuple(_cells(grid["config"], grid["rows"], grid.get("columns", {})))
            return cls(grid["title"], cells, grid["split"], tuple(grid["metrics"]), tuple(grid["seeds"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise KinesicsError(
                f"{path}: expected an ablation ({', '.join(sorted(_KEYS))}; ablations/gesture explains them), "
                f"found another file ({error}); mend it"
            ) from error


@dataclass(frozen=True)
class AblationResult:
    """What an ablation has measured.

    ablation: that was run.
    data: the name of the data set's folder.
    values: by cell, metric and seed; shares in 0..1.
    """

    ablation: Ablation
    data: str
    values: Mapping[str, Mapping[str, Mapping[int, float]]]

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, for JSON."""
        cells = {
            cell: {
                metric: {"seeds": dict(by_seed), "mean": statistics.fmean(by_seed.values()), "spread": spread(by_seed)}
                for metric, by_seed in metrics.items()
            }
            for cell, metrics in self.values.items()
        }
        return {"title": self.ablation.title, "data": self.data, "split": self.ablation.split, "cells": cells}

    def to_markdown(self) -> str:
        """Write a table of a line a cell, in percent, ± the standard deviation over seeds."""
        metrics = self.ablation.metrics
        seeds = sorted({seed for cell in self.values.values() for by_seed in cell.values() for seed in by_seed})
        lines = [
            f"# {self.ablation.title}",
            "",
            f"{self.ablation.split} of {self.data}, seeds {', '.join(map(str, seeds))}; %, ± the deviation over seeds",
            "",
            f"| | {' | '.join(metric.replace('_', ' ') for metric in metrics)} |",
            f"|---|{'---|' * len(metrics)}",
        ]
        for name, cell in self.values.items():
            lines.append(f"| {name} | {' | '.join(_mean_and_spread(cell[metric]) for metric in metrics)} |")
        return "\n".join(lines) + "\n"


def spread(by_seed: Mapping[int, float]) -> float:
    """Compute the standard deviation over seeds, 0 for a single one."""
    return statistics.stdev(by_seed.values()) if len(by_seed) > 1 else 0.0


def _mean_and_spread(by_seed: Mapping[int, float]) -> str:
    return f"{100 * statistics.fmean(by_seed.values()):.1f} ± {100 * spread(by_seed):.1f}"


def ablate(
    name: str,
    data: Path,
    out: Path,
    seeds: Sequence[int] = (),
    more: Sequence[str] = (),
    report: Callable[[str], None] = print,
) -> AblationResult:
    """Run a grid with each seed, and write ablation.json and ablation.md.

    A cell of a seed is a folder `out/CELL/seedN`; a finished one is not run again, an interrupted one resumes.

    Parameters
    ----------
    name : of `ablations/NAME` among Kinesics' configs, or a file.
    data : the data set.
    out : for the runs and the table.
    seeds : in place of the file's.
    more : further arguments of every run, which a cell's overrides go before.
    report : called with a line a run.

    Returns
    -------
    What was measured.

    Raises
    ------
    KinesicsError : for an unknown name, a file that is no ablation, and a metric that the runs do not have.
    """
    ablation = Ablation.read(find_config(name if name.endswith(".yaml") else f"ablations/{name}"))
    values: dict[str, dict[str, dict[int, float]]] = {
        cell.name: {metric: {} for metric in ablation.metrics} for cell in ablation.cells
    }
    for seed in seeds or ablation.seeds:
        for cell in ablation.cells:
            folder = _folder(out, cell.name, seed)
            if not answers_of(folder, ablation.split).exists():
                given = [f"--data.root={data}", f"--data.seed={seed}", f"--seed_everything={seed}"]
                run(find_config(cell.config), folder, [*given, *more, *cell.arguments(out, seed)])
            figures = figures_of(folder, ablation.split)
            for metric in ablation.metrics:
                if metric not in figures:
                    raise KinesicsError(f"{name}: expected metrics among {', '.join(figures)}, found {metric}")
                values[cell.name][metric][seed] = figures[metric]
            shown = ", ".join(f"{metric} {figures[metric]:.4f}" for metric in ablation.metrics)
            report(f"seed {seed}, {cell.name}: {shown}")
    result = AblationResult(ablation, data.name, values)
    write_text(out / "ablation.json", json.dumps(result.to_dict(), indent=2) + "\n")
    write_text(out / "ablation.md", result.to_markdown())
    return result


def _cells(config: str, rows: Mapping[str, Any], columns: Mapping[str, Any]) -> Iterator[Cell]:
    for row, options in rows.items():
        own = dict(options or {})
        base, crossed = own.pop("config", config), own.pop("columns", False)
        if not crossed:
            yield Cell(row, base, own)
            continue
        for column, further in columns.items():
            yield Cell(f"{row}/{column}", base, own | (further or {}))


def _formatted(value: Any, out: Path, seed: int) -> str:
    if isinstance(value, str) and value.startswith("@"):
        return str(_folder(out, value[1:], seed))
    return value if isinstance(value, str) else json.dumps(value)


def _folder(out: Path, cell: str, seed: int) -> Path:
    return out / cell.replace(" ", "-") / f"seed{seed}"
