"""Time and memory of `kinesics analyze` against the recording's length.

    python benchmarks/analyze.py CLIP --minutes 1 30 --size 1280x720 --json benchmarks/analyze.json

CLIP is played over and over, at 25 frames a second and the given size, into files of the given lengths.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from kinesics.video import read_frames, write_video

FPS = 25


def looped(clip: Path, frames: int, size: tuple[int, int]) -> Iterator[np.ndarray]:
    shown = 0
    for _ in count():
        for frame in read_frames(clip, fps=FPS):
            if shown == frames:
                return
            shown += 1
            yield np.asarray(Image.fromarray(frame.image).resize(size))


def measure(video: Path, out: Path, *more: str) -> dict[str, float]:
    """Seconds, and the peak of resident memory in MB, of `kinesics analyze` in a fresh process."""
    code = (
        "import resource, sys; from kinesics.cli import main; code = main(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr); sys.exit(code)"
    )
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, "analyze", str(video), "--out", str(out), *more],
        check=True,
        capture_output=True,
        text=True,
    )
    return {"seconds": time.perf_counter() - begin, "peak_mb": float(done.stderr.split()[-1])}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 30])
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    results = {
        "machine": platform.processor() or platform.machine(),
        "clip": options.clip.name,
        "size": options.size,
        "runs": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for minutes in options.minutes:
            video = Path(folder) / f"{minutes:g}min.mp4"
            write_video(video, looped(options.clip, round(minutes * 60 * FPS), (width, height)), FPS)
            run = {"minutes": minutes} | measure(video, Path(folder) / f"out{minutes:g}")
            run["seconds_per_second"] = run["seconds"] / (minutes * 60)
            results["runs"].append(run)
            print(json.dumps(run), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
