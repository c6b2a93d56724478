"""`kinesics ablate`: a grid of runs over several seeds, and one table of what each choice is worth."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions, evaluate
from kinesics.evaluation.ensemble import fit_ensemble
from kinesics.evaluation.runs import answers_of, figures_of
from kinesics.files import write_text
from kinesics.reading import read_yaml
from kinesics.training.reproduce import find_config
from kinesics.training.run import run
from kinesics.weights.run_folder import RunFolder

_KEYS = {"title", "config", "split", "metrics", "seeds", "rows", "columns", "ensembles", "permuted"}
_CHOSEN = "chosen on validation"  # the cell that a search over all of them takes
Values = Mapping[str, Mapping[str, Mapping[int, float]]]  # by cell, metric and seed; shares in 0..1


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
    ensembles: by name the cells that are combined, with weights chosen on validation.
    permuted: whether all is done once more on labels dealt out anew, which tells what such a search finds by chance.
    """

    title: str
    cells: tuple[Cell, ...]
    split: str
    metrics: tuple[str, ...]
    seeds: tuple[int, ...]
    ensembles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    permuted: bool = False

    @classmethod
    def read(cls, path: Path) -> Ablation:
        """Read a file such as configs/ablations/gesture.yaml, which explains it; raises KinesicsError for another."""
        grid = read_yaml(path)
        try:
            unknown = set(grid) - _KEYS
            if unknown:
                raise ValueError(f"found {', '.join(sorted(unknown))}")
            cells = tuple(_cells(grid["config"], grid["rows"], grid.get("columns", {})))
            ensembles = {name: tuple(some) for name, some in grid.get("ensembles", {}).items()}
            unknown = {one for some in ensembles.values() for one in some} - {cell.name for cell in cells}
            if unknown:
                raise ValueError(f"found ensembles of {', '.join(sorted(unknown))}, which are no cells")
            given = tuple(grid["metrics"]), tuple(grid["seeds"]), ensembles, bool(grid.get("permuted", False))
            return cls(grid["title"], cells, grid["split"], *given)
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
    values: of each cell and ensemble, and of the cell that is best on validation.
    chance: the same on permuted labels; empty without.
    """

    ablation: Ablation
    data: str
    values: Values
    chance: Values = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give plain data, for JSON."""
        tables = {"cells": self.values} | ({"permuted": self.chance} if self.chance else {})
        parts = {
            part: {cell: {metric: _summed_up(some) for metric, some in of.items()} for cell, of in values.items()}
            for part, values in tables.items()
        }
        return {"title": self.ablation.title, "data": self.data, "split": self.ablation.split, **parts}

    def to_markdown(self) -> str:
        """Write a table of a line a cell, in percent, ± the standard deviation over seeds, permuted beside it."""
        metrics = self.ablation.metrics
        seeds = sorted({seed for cell in self.values.values() for by_seed in cell.values() for seed in by_seed})
        lines = [
            f"# {self.ablation.title}",
            "",
            f"{self.ablation.split} of {self.data}, seeds {', '.join(map(str, seeds))}; %, ± the deviation over seeds"
            + ("; in parentheses the same on permuted labels" if self.chance else ""),
            "",
            f"| | {' | '.join(metric.replace('_', ' ') for metric in metrics)} |",
            f"|---|{'---|' * len(metrics)}",
        ]
        for name, cell in self.values.items():
            chance = self.chance.get(name, {})
            shown = (
                _mean_and_spread(cell[metric]) + (f" ({_mean_and_spread(chance[metric])})" if chance else "")
                for metric in metrics
            )
            lines.append(f"| {name} | {' | '.join(shown)} |")
        return "\n".join(lines) + "\n"


def _summed_up(by_seed: Mapping[int, float]) -> dict[str, Any]:
    return {"seeds": dict(by_seed), "mean": statistics.fmean(by_seed.values()), "spread": spread(by_seed)}


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
    search = _Search(ablation, data, out, tuple(more), report)
    chosen = seeds or ablation.seeds
    values = search.run(chosen)
    chance = replace(search, out=out / "permuted", permuted=True).run(chosen) if ablation.permuted else {}
    result = AblationResult(ablation, data.name, values, chance)
    write_text(out / "ablation.json", json.dumps(result.to_dict(), indent=2) + "\n")
    write_text(out / "ablation.md", result.to_markdown())
    return result


@dataclass(frozen=True)
class _Search:
    """A grid's runs in one folder: all of its cells, its ensembles, and the choice among all."""

    ablation: Ablation
    data: Path
    out: Path
    more: tuple[str, ...]
    report: Callable[[str], None]
    permuted: bool = False

    def run(self, seeds: Sequence[int]) -> dict[str, dict[str, dict[int, float]]]:
        """The figures of each cell and ensemble, by metric and seed."""
        values: dict[str, dict[str, dict[int, float]]] = {}
        for seed in seeds:
            for name, figures in self._of_seed(seed):
                for metric in self.ablation.metrics:
                    if metric not in figures:
                        raise KinesicsError(
                            f"{self.ablation.title}: expected metrics among {', '.join(figures)}, found {metric}"
                        )
                    values.setdefault(name, {}).setdefault(metric, {})[seed] = figures[metric]
                shown = ", ".join(f"{metric} {figures[metric]:.4f}" for metric in self.ablation.metrics)
                self.report(f"{'permuted ' if self.permuted else ''}seed {seed}, {name}: {shown}")
        return values

    def _of_seed(self, seed: int) -> Iterator[tuple[str, dict[str, float]]]:
        split, found = self.ablation.split, {}
        for cell in self.ablation.cells:
            folder = _folder(self.out, cell.name, seed)
            if not answers_of(folder, split).exists():
                own = [f"--data.permuted={seed}"] if self.permuted else []
                given = [f"--data.root={self.data}", f"--data.seed={seed}", f"--seed_everything={seed}", *own]
                run(find_config(cell.config), folder, [*given, *self.more, *cell.arguments(self.out, seed)])
            if RunFolder(folder).events(split).exists():  # of recordings, which no ensemble combines
                yield cell.name, figures_of(folder, split)
                continue
            found[cell.name] = Predictions.load(RunFolder(folder).predictions(split))
            yield cell.name, _figures(found[cell.name])
        if not (self.ablation.ensembles or self.ablation.permuted):
            return
        validation = {
            name: Predictions.load(RunFolder(_folder(self.out, name, seed)).predictions("val")) for name in found
        }
        for name, cells in self.ablation.ensembles.items():
            ensemble = fit_ensemble([validation[cell] for cell in cells], accuracy)
            found[name] = ensemble([found[cell] for cell in cells])
            validation[name] = ensemble([validation[cell] for cell in cells])
            yield name, _figures(found[name])
        best = max(found, key=lambda name: accuracy(validation[name].logits, validation[name].labels))
        yield _CHOSEN, _figures(found[best])


def accuracy(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Compute the share of right predictions.

    Parameters
    ----------
    logits : (N, classes).
    labels : (N,), their indices.

    Returns
    -------
    In 0..1.
    """
    return float((logits.argmax(1) == labels).mean())


def _figures(predictions: Predictions) -> dict[str, float]:
    return {name: interval.value for name, interval in evaluate(predictions).figures.items()}


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
