"""The workbench killed (SIGKILL) at twenty random moments of the whole line, and started again.

    python benchmarks/workbench_kills.py --out benchmarks/results/workbench_kills.md

Each round begins in an empty folder: a video and a file of landmarks are uploaded, the landmarks are analysed, and
meanwhile a coder edits a tier as fast as it is saved, and exports it. After the kill the server is started again: every
upload and edit that was answered must be there, no file may be broken, the analysis must end by itself, and the
database must be whole.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.workbench_kills import round_of_kill

HEAD = """# The workbench, killed

`python benchmarks/workbench_kills.py --rounds {rounds} --seed {seed}`: a real `kinesics serve` is killed by SIGKILL
after a random time up to {longest:g} s, while files are uploaded, an analysis runs, and a tier is edited and exported;
then it is started again on the same folder. Lost would be an upload or an edit that had been answered.

{faults} of {rounds} rounds found a fault; {edits} edits were answered in all, {lost}.

| round | killed after | at | uploads answered | edits answered | exports | analysis after restart | faults |
|---|---|---|---|---|---|---|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=12.0, help="seconds until the kill at most")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows, edits, broken, all_faults = [], 0, 0, []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "project"
            folder.mkdir()
            line, delay, faults = round_of_kill(folder, options.seed + number, options.longest)
        edits, broken, all_faults = edits + line.edits, broken + bool(faults), all_faults + faults
        job = "finished" if line.queued and not faults else "not begun" if not line.queued else "see faults"
        rows.append(
            f"| {number + 1} | {delay:.1f} s | {line.stage} | {len(line.uploaded)} | {line.edits} | {line.exported} "
            f"| {job} | {'; '.join(faults) or 'none'} |"
        )
        print(rows[-1], flush=True)
    lost = "none was lost" if not any("lost" in fault for fault in all_faults) else "some were lost"
    head = HEAD.format(
        rounds=options.rounds,
        seed=options.seed,
        longest=options.longest,
        faults=broken or "None",
        edits=edits,
        lost=lost,
    )
    if options.out:
        options.out.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
