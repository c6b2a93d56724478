"""What this machine does in a second: every network in every way it can run here, beside a plain baseline.

The plain baseline is the network in eager float32, written the published way. All ways of one network are measured in
turn, round after round, after one round that does not count; given are medians, and half the distance between
quartiles.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from kinesics.deploy.cases import Case, CaseInputs, cases
from kinesics.deploy.machine import Machine, measure_machine, peak_memory, reset_peak_memory
from kinesics.progress import Progress
from kinesics.threads import threads

ROUNDS, QUICK_ROUNDS = 9, 3


@dataclass(frozen=True)
class BenchRow:
    """One way to do one thing.

    Attributes
    ----------
    what : the thing.
    how : the way.
    each : the unit that the times are of.
    milliseconds : the median.
    spread : half the distance between quartiles, milliseconds.
    speed : the plain baseline's time over this one, None where it is the only way.
    share : of the processor's measured peak in the same precision, None where it is not counted.
    peak_mb : the process's largest resident memory meanwhile, all of it.
    """

    what: str
    how: str
    each: str
    milliseconds: float
    spread: float
    speed: float | None = None
    share: float | None = None
    peak_mb: float | None = None


@dataclass(frozen=True)
class Bench:
    """All measurements: the machine, by which clock ("wall" or "processor"), in how many rounds, and the rows."""

    machine: Machine
    clock: str
    rounds: int
    rows: tuple[BenchRow, ...] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


def bench(
    clip: Path | None = None,
    *,
    weights: Path | None = None,
    quick: bool = False,
    processor_time: bool = False,
    only: str = "",
    progress: Progress = lambda _: None,
) -> Bench:
    """Measure everything, or what has `only` in its name.

    Parameters
    ----------
    clip : a video, to measure decoding, landmarks and `analyze` as well.
    weights : to analyse the clip with beside the shipped ones; else untrained GestureNets, which take as long.
    quick : whether to measure the small networks alone, in fewer rounds.
    processor_time : whether to count the processor's seconds in place of the clock's, for a machine that is busy with
        other things; give it one thread (OMP_NUM_THREADS=1) then.
    only : part of the names of what is measured, "" for everything.
    progress : called with the share done, 0..1.

    Returns
    -------
    The machine and a row for each way to do each thing.

    Raises
    ------
    KinesicsError
        for a clip or weights that cannot be read.
    """
    clock = time.process_time if processor_time else time.perf_counter
    rounds = QUICK_ROUNDS if quick else ROUNDS
    torch.set_num_threads(threads())
    machine = measure_machine(clock)
    rows: list[BenchRow] = []
    with tempfile.TemporaryDirectory() as folder:
        given = CaseInputs(clip, weights, Path(folder), ("small",) if quick else ("small", "paper"))
        chosen = [make for name, make in cases(given).items() if only in name]
        for number, make in enumerate(chosen):
            for case in make():
                rows += _measure(case, machine, rounds, clock)
            progress((number + 1) / len(chosen))
    return Bench(machine, "processor" if processor_time else "wall", rounds, tuple(rows))


def _measure(case: Case, machine: Machine, rounds: int, clock: Callable[[], float]) -> Iterator[BenchRow]:
    took: dict[str, list[float]] = {how: [] for how in case.ways}
    peak: dict[str, float | None] = {}
    with torch.inference_mode():
        for how, work in case.ways.items():
            reset_peak_memory()
            work()
            peak[how] = peak_memory()
        for _ in range(min(rounds, QUICK_ROUNDS) if case.slow else rounds):
            for how, work in case.ways.items():
                begin = clock()
                work()
                took[how].append(clock() - begin)
    plain = statistics.median(next(iter(took.values())))
    for how, seconds in took.items():
        middle = statistics.median(seconds)
        first, _, last = statistics.quantiles(seconds, n=4)
        each = 1000 / case.count
        speed = plain / middle if len(took) > 1 else None
        spread = (last - first) / 2 * each
        share = _share_of_peak(case, how, middle, machine)
        yield BenchRow(case.what, how, case.each, middle * each, spread, speed, share, peak[how])


def _share_of_peak(case: Case, how: str, seconds: float, machine: Machine) -> float | None:
    if not case.gflop or how.startswith("GPU"):  # whose peak is another
        return None
    gflop = case.plain_gflop if case.plain_gflop and how.startswith("plain") else case.gflop
    return gflop / seconds / machine.gflops["bf16" if "bf16" in how else "f32"]
