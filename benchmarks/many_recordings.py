"""A hundred thousand hours of video on machines that come and go: how long, how dear, and what becomes the limit.

    python benchmarks/many_recordings.py --out benchmarks/results/many_recordings.md

A simulation of what `kinesics batch --ray` does: a driver that hands out one recording after the other, the largest
first; cores that fetch it, analyse it and write its results; machines that die at random and lose what they were at.
`Constants` says which of them were measured, and where, and which are taken for granted; nothing runs a network.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Constants:
    """What one hour of video takes, and what there is for it.

    core_hours: of 720p with one person: 0.40 s a second on two cores (growth.md). start: seconds in which a process
    loads its networks (batch.md). hand_out, head_kb: of the head for a recording, taken for granted. video_gb: 720p at
    2 Mbit/s. results_gb: 1.5 MB of landmarks a minute (analyze.md) and 4 MB of report. files: of a recording.
    file_seconds: what making a file costs a shared filesystem, taken for granted, as is
    price: of a core for an hour, in euros.
    """

    core_hours: float = 0.8
    start: float = 5.0
    hand_out: float = 0.02
    head_kb: float = 30.0
    video_gb: float = 0.9
    results_gb: float = 0.094
    files: int = 14
    file_seconds: float = 0.002
    price: float = 0.04


@dataclass(frozen=True)
class Cluster:
    """machines of so many cores; a filesystem of so many GB a second; lifetime: mean hours until a machine dies."""

    machines: int
    cores: int = 16
    filesystem: float = 2.0
    lifetime: float = 20.0
    replaced: float = 0.1  # hours until another machine stands in its place


@dataclass(frozen=True)
class Outcome:
    hours: float
    lost: float
    head: float
    filesystem: float
    files: float


def lengths(total: float, seed: int) -> list[float]:
    """Hours of recordings, half an hour in the median, until they come to the total."""
    rng, found, whole = random.Random(seed), [], 0.0
    while whole < total:
        found.append(min(8.0, rng.lognormvariate(-0.7, 0.6)))
        whole += found[-1]
    return sorted(found)


def simulate(waiting: list[float], cluster: Cluster, known: Constants, seed: int) -> Outcome:
    """All of `waiting`, longest last, on a cluster; times in hours."""
    rng, waiting = random.Random(seed), list(waiting)
    total, count = sum(waiting), len(waiting)
    dies = [rng.expovariate(1 / cluster.lifetime) for _ in range(cluster.machines)]
    free = [(0.0, i // cluster.cores) for i in range(cluster.machines * cluster.cores)]
    head = disk = files = lost = end = 0.0
    again: list[tuple[float, float]] = []  # recordings whose machine died, by when
    while waiting or again:
        now, machine = heapq.heappop(free)
        if now >= dies[machine]:  # a new one in its place
            now += cluster.replaced
            dies[machine] = now + rng.expovariate(1 / cluster.lifetime)
        begun_anew = again and (again[0][0] <= now or not waiting)
        length = heapq.heappop(again)[1] if begun_anew else waiting.pop()
        head = max(head, now) + known.hand_out / 3600
        disk = max(disk, head) + length * (known.video_gb + known.results_gb) / cluster.filesystem / 3600
        files = max(files, head) + known.files * known.file_seconds / 3600
        done = max(disk, files) + known.start / 3600 + length * known.core_hours
        if done > dies[machine]:
            lost += max(0.0, dies[machine] - now)
            heapq.heappush(again, (dies[machine], length))
            done = max(dies[machine], now)
        heapq.heappush(free, (done, machine))
        end = max(end, done)
    busy = count / end
    return Outcome(
        hours=end,
        lost=lost / (lost + total * known.core_hours),
        head=busy * known.hand_out / 3600,
        filesystem=total * (known.video_gb + known.results_gb) / end / 3600 / cluster.filesystem,
        files=busy * known.files * known.file_seconds / 3600,
    )


def report(total: float, seed: int, known: Constants) -> str:
    waiting = lengths(total, seed)
    lines = []
    for machines, filesystem, lifetime in (
        (10, 2.0, 1e9), (100, 2.0, 1e9), (100, 2.0, 20.0), (100, 2.0, 2.0), (1000, 2.0, 20.0), (1000, 20.0, 20.0),
        (5000, 20.0, 20.0), (5000, 100.0, 20.0),
    ):  # fmt: skip
        found = simulate(waiting, Cluster(machines, filesystem=filesystem, lifetime=lifetime), known, seed)
        dies = "never" if lifetime > 1e6 else f"{lifetime:.0f} h"
        lines.append(
            f"| {machines} | {filesystem:.0f} | {dies} | {found.hours / 24:.2f} | {found.lost:.1%} | {found.head:.0%} "
            f"| {found.filesystem:.0%} | {found.files:.0%} |"
        )
    table = "\n".join(lines)
    tasks = len(waiting)
    return f"""\
# A hundred thousand hours, simulated

`python benchmarks/many_recordings.py {" ".join(sys.argv[1:])}`. {total:,.0f} hours of video in {tasks:,} recordings, \
on machines of 16 cores; seed {seed}. Constants: {known}.

| machines | filesystem, GB/s | a machine dies after | days | work lost | head busy | filesystem busy | its files busy |
|---:|---:|---|---:|---:|---:|---:|---:|
{table}

- Work: {known.core_hours * total:,.0f} core hours, {known.core_hours:.1f} an hour of video; at {known.price:.2f} \
euros a core hour {known.core_hours * known.price:.3f} euros an hour of video, \
{known.core_hours * known.price * total:,.0f} in all.
- Video read: {known.video_gb * total / 1000:,.0f} TB; results: {known.results_gb * total / 1000:,.1f} TB in \
{known.files * tasks:,} files.
- Through the head: {known.head_kb * tasks / 1e6:,.1f} GB and {known.hand_out * tasks / 3600:,.1f} hours of one core \
in all; it hands out at most {1 / known.hand_out:.0f} recordings a second, enough for \
{known.core_hours * 3600 * total / tasks / known.hand_out:,.0f} cores.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=100_000.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    text = report(options.hours, options.seed, Constants())
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
