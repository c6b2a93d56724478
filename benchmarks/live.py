"""Delay, dropped frames and memory of `kinesics live`, with a file played at its own speed as the camera.

    python benchmarks/live.py VIDEO [--minutes 5] [--size 640x480]

Scales VIDEO to the size, at 25 frames a second, and plays it round and round. Prints a line a minute: frames dropped,
the longest lag of a frame, the median delay from the end of an event to when it was known, processor seconds a second
of video, resident memory and the load of the machine.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import PIL.Image

from kinesics.inference.live import live
from kinesics.video import read_frames, write_video


def resident() -> float:
    """Resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--size", default="640x480")
    options = parser.parse_args()
    size = tuple(map(int, options.size.split("x")))
    images = [PIL.Image.fromarray(frame.image).resize(size) for frame in read_frames(options.video, fps=25)]
    count = round(options.minutes * 60 * 25)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.mp4"
        write_video(path, (np.asarray(images[i % len(images)]) for i in range(count)), 25)
        print("| minute | frames looked at | dropped | lag, s | delay, s | events | processor | memory, MB | load |")
        print("|---|---|---|---|---|---|---|---|---|")
        events, minute, longest, used = 0, 1, 0.0, time.process_time()
        for looked, update in enumerate(live(str(path), out=Path(folder)), 1):
            longest = max(longest, update.lag)
            events += sum(change.state == "ended" for change in update.changes)
            if update.time >= 60 * minute - 0.2:
                used, before = time.process_time(), used
                delay = "" if update.delay is None else f"{update.delay:.2f}"
                print(
                    f"| {minute} | {looked} | {update.dropped} | {longest:.2f} at most | {delay} | {events} | "
                    f"{(used - before) / 60:.2f} | {resident():.0f} | {os.getloadavg()[0]:.1f} |",
                    flush=True,
                )
                minute, longest = minute + 1, 0.0


if __name__ == "__main__":
    main()
