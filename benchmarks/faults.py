"""Whatever writes, interrupted on purpose: killed at its writes, on a full disk, without permission, twice at once.

    python benchmarks/faults.py --out benchmarks/results/faults.md
    python benchmarks/faults.py --jobs train "weights get" --most 20

Every job runs once undisturbed, which counts its writes and keeps its files. Then, in a new folder each time, it is
disturbed and called again, and its files must be those of the undisturbed call, byte by byte, with nothing beside
them. Needs root for the disk (a tmpfs) and the permission (chattr); without, those are left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.faults import Commands, commands
from support.interruptions import (
    JOBS,
    Unbroken,
    clock_back,
    full_disk,
    interrupted,
    permission_lost,
    two_at_once,
    unbroken,
)

SHARES = (0.02, 0.3, 0.6, 0.9)
KINDS = ("killed", "killed, half left", "disk full", "permission lost", "clock back", "two at once")


@dataclass
class Row:
    writes: int
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    faults: list[str] = field(default_factory=list)

    def add(self, kind: str, found: list[str]) -> None:
        self.counts[kind] += 1
        self.faults += found
        for fault in found:
            print(f"  {fault}", flush=True)


def spread(count: int, most: int) -> Iterator[int]:
    """At most `most` of the numbers below `count`, the first and the last among them."""
    yield from sorted({round(n * (count - 1) / max(1, min(count, most) - 1)) for n in range(min(count, most))})


def disturb(name: str, run: Commands, other: Commands, folder: Path, most: int) -> Row:
    whole = unbroken(run, JOBS[name], folder)
    row = Row(whole.writes)
    for at in spread(whole.writes, most):
        row.add("killed", interrupted(run, name, whole, folder, at))
        if at % 2:
            row.add("killed, half left", interrupted(run, name, whole, folder, at, half=True))
    others(row, name, whole, run, folder)
    row.add("clock back", clock_back(run, name, whole, folder))
    row.add("two at once", two_at_once(run, other, name, whole, folder))
    return row


def others(row: Row, name: str, whole: Unbroken, run: Commands, folder: Path) -> None:
    """Those that need root."""
    disk = folder / "disk"
    disk.mkdir()
    tries: list[tuple[str, Callable[[], list[str]]]] = [
        ("disk full", lambda share=share: full_disk(run, name, whole, disk, share)) for share in SHARES
    ]
    tries += [
        ("permission lost", lambda at=at: permission_lost(run, name, whole, folder, at))
        for at in spread(whole.writes, 4)
    ]
    for kind, attempt in tries:
        try:
            row.add(kind, attempt())
        except OSError as error:
            print(f"  {kind}: left out ({error})", flush=True)


def table(rows: dict[str, Row]) -> str:
    lines = [
        "# Interrupted on purpose\n",
        f"`python benchmarks/faults.py {' '.join(sys.argv[1:])}`. After every interruption the same command was called "
        "again, and its files compared with those of an undisturbed call, byte by byte (of ELAN's file, all but its "
        "date). Killed: SIGKILL before a write (opening, renaming, removing, making a folder); half left: the file "
        "that was about to take its place is cut to half before. Disk full: a tmpfs with room for 2, 30, 60 and 90 "
        "% of what is written.\n",
        f"| command | writes | {' | '.join(KINDS)} | faults |",
        f"|---|{'---:|' * (len(KINDS) + 2)}",
    ]
    for name, row in rows.items():
        lines.append(f"| {name} | {row.writes} | {' | '.join(map(str, row.counts.values()))} | {len(row.faults)} |")
    sums = [sum(row.counts[kind] for row in rows.values()) for kind in KINDS]
    faults = sum(len(row.faults) for row in rows.values())
    lines.append(f"| **all, {sum(sums)}** | | {' | '.join(map(str, sums))} | {faults} |\n")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--most", type=int, default=1000, help="writes of a job at which it is killed")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows: dict[str, Row] = {}
    with commands() as run, commands() as other:
        for name in options.jobs:
            with tempfile.TemporaryDirectory() as folder:
                rows[name] = disturb(name, run, other, Path(folder), options.most)
            print(f"{name}: {rows[name].counts}, {len(rows[name].faults)} faults", flush=True)
            if options.out:
                options.out.write_text(table(rows), encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
