"""How long the page of a study takes to open: `python study_page.py DIR [RECORDINGS]` (300 without a number).

Writes a study of simulated recordings of 3 minutes by the standing writers into DIR, of people who come twice in two
groups, each tenth with a second person and landmarks of both, runs `kinesics stats` on it and opens its page five times
in Debian's chromium. It ends with 1 where the console tells of an error, or anything is asked of a network.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from conftest import CHROMIUM, CHROMIUM_ARGS
from support.recordings import person
from support.studies import SECONDS, faces, random_events, write_recording, write_study

from kinesics.cli import main as kinesics
from kinesics.skeleton.sequence import save_skeletons

OPENED = 5


def write(folder: Path, count: int) -> Path:
    """The study; returns its table of people."""
    people = write_study(folder, count)
    for number in range(0, count, 10):
        rng = np.random.default_rng((7, number))
        events = [e for who in (1, 2) for e in random_events(rng, person=who)]
        name = folder / f"r{number:04d}"
        write_recording(name, events, seen={1: 1.0, 2: 0.9}, more=faces(rng))
        own = [tuple(e for e in events if e.person == who) for who in (1, 2)]
        save_skeletons(name / "landmarks.skeleton.npz", [person(SECONDS, own[0], 1), person(SECONDS, own[1], 2, 0.28)])
    for number in range(count):
        (folder / f"r{number:04d}" / "report.html").write_text("<title>the report of a recording</title>")
    return people


def opening(page: Path) -> tuple[list[float], list[str]]:
    """Seconds from the call to the load event, and what went wrong."""
    from playwright.sync_api import sync_playwright

    seconds, trouble = [], []
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        for _ in range(OPENED):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.on("console", lambda line: trouble.append(line.text) if line.type in ("error", "warning") else None)
            tab.on("pageerror", lambda error: trouble.append(str(error)))
            tab.on(
                "request", lambda sent: None if sent.url.startswith(("file:", "data:")) else trouble.append(sent.url)
            )
            began = time.perf_counter()
            tab.goto(page.as_uri(), wait_until="load")
            tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")  # drawn
            seconds.append(time.perf_counter() - began)
            tab.close()
        browser.close()
    return seconds, trouble


def main() -> int:
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300
    people = write(folder, count)
    began = time.perf_counter()
    code = kinesics(["stats", str(folder), "--groups", str(people)])
    page = folder / "stats" / "study.html"
    print(f"{count} recordings: stats {time.perf_counter() - began:.1f} s, {page.stat().st_size / 1e6:.2f} MB of page")
    seconds, trouble = opening(page)
    told = ", ".join(f"{one:.2f}" for one in seconds)
    print(f"opened and drawn in {told} s (median {statistics.median(seconds):.2f}); went wrong: {trouble or 'nothing'}")
    return code or bool(trouble)


if __name__ == "__main__":
    sys.exit(main())
