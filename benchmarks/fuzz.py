"""Damaged files for every reader, by the hour: which are read, which refused in one line, and which do worse.

    python benchmarks/fuzz.py --minutes 60 --out benchmarks/results/fuzz.md
    python benchmarks/fuzz.py --inputs 2400 --readers csv eaf
    python benchmarks/fuzz.py --atheris json --minutes 60

The readers share the time, or the inputs; a seed names them all. Every tenth of `--commands` goes through the command
line as well. With --atheris the coverage of one reader's code in Python leads the search (`pip install atheris`).
Whatever does worse is kept in --keep, with its name and its seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.fuzz.command import command_outcome
from support.fuzz.guided import search
from support.fuzz.hunt import Hunt, hunting
from support.fuzz.readers import READERS


@dataclass
class Row:
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0
    megabytes: int = 0
    commands: int = 0


def hunt_one(name: str, options: argparse.Namespace, until: float) -> Row:
    row = Row()
    with hunting(name) as hunt:
        for number in range(options.inputs // len(options.readers) if options.inputs else sys.maxsize):
            if time.monotonic() > until:
                break
            random = Random(f"{options.seed} {name} {number}")
            file, content = hunt.damaged(random)
            add(row, hunt.outcome(file, content), f"{number} {file}", content, options.keep)
            if number < options.commands:
                through_command_line(row, hunt, file, content, number, options.keep)
    return row


def through_command_line(row: Row, hunt: Hunt, file: str, content: bytes, number: int, keep: Path) -> None:
    found = command_outcome(hunt.name, hunt.folder, file, content)
    row.commands += 1
    if found["fault"]:
        save(row, f"command {number} {file}: {found['fault']}", f"command-{number}-{file}", content, keep)


def add(row: Row, found: dict, name: str, content: bytes, keep: Path) -> None:
    row.outcomes[found["outcome"]] += 1
    row.seconds, row.megabytes = max(row.seconds, found["seconds"]), max(row.megabytes, found["megabytes"])
    if found["fault"]:
        save(row, f"{name}: {found['fault']}", name.replace(" ", "-"), content, keep)


def save(row: Row, fault: str, name: str, content: bytes, keep: Path) -> None:
    row.faults.append(fault)
    print(fault[:600], flush=True)
    keep.mkdir(parents=True, exist_ok=True)
    (keep / name).write_bytes(content)


def table(rows: dict[str, Row], options: argparse.Namespace) -> str:
    lines = [
        "# Damaged files for every reader\n",
        f"`python benchmarks/fuzz.py {' '.join(sys.argv[1:])}`, seed {options.seed}. Every input is a small real file "
        "that was changed one to three times: bits, cuts, splices, repeats, numbers at a border, and, by their own "
        "structure, the members of archives, the values of JSON and YAML, the tags of XML, the lines of tables. A "
        "fault is any exception but `KinesicsError`, a message that is not one line with the file, what was expected, "
        "what was found and what to do, more than 10 s, more than 1 GB, or the end of the process.\n",
        "| reader | inputs | read | refused | faults | longest, s | most memory, MB | of them by command line |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in rows.items():
        count = sum(row.outcomes.values())
        done = f"{row.outcomes['read']} | {row.outcomes['refused']} | {len(row.faults)}"
        lines.append(f"| {name} | {count} | {done} | {row.seconds:.1f} | {row.megabytes} | {row.commands} |")
    every = [row for row in rows.values()]
    count, faults = sum(sum(row.outcomes.values()) for row in every), sum(len(row.faults) for row in every)
    read, refused = (sum(row.outcomes[what] for row in every) for what in ("read", "refused"))
    commands = sum(row.commands for row in every)
    lines.append(f"| **all** | {count} | {read} | {refused} | {faults} | | | {commands} |\n")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="in all")
    parser.add_argument("--inputs", type=int, help="in all, in place of a time")
    parser.add_argument("--commands", type=int, default=0, help="inputs of each reader that the command line gets too")
    parser.add_argument("--readers", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--seed", default="1")
    parser.add_argument("--keep", type=Path, default=Path("fuzz"), help="for the inputs that do worse")
    parser.add_argument("--atheris", choices=READERS, help="one reader, led by coverage")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.atheris:
        search(options.atheris, options.minutes, options.keep)
        return
    rows = {}
    for name in options.readers:
        share = float("inf") if options.inputs else 60 * options.minutes / len(options.readers)
        rows[name] = hunt_one(name, options, time.monotonic() + share)
        print(f"{name}: {dict(rows[name].outcomes)}, {len(rows[name].faults)} faults", flush=True)
    text = table(rows, options)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
