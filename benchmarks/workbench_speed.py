"""How quick the review is with 2,000 events in two hours of video, and the library with hundreds of recordings.

    python benchmarks/workbench_speed.py --out benchmarks/results/workbench_speed.md

A real `kinesics serve`, and Chromium without a window. The video is two hours of the test clip, the events are drawn at
random. Opening is from the address until the page can be worked with; scrolling is traced frame by frame while the
wheel moves the tiers over the densest part; an edit lasts from the key until the server has it on its disk.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from conftest import CHROMIUM, CHROMIUM_ARGS
from playwright.sync_api import sync_playwright
from support.recordings import event, person, real_clip, repeated
from support.workbench import Served, analysed_by_hand, served, until

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.skeleton import save_skeletons

SECONDS, EVENTS, RECORDINGS, REPEATS, EDITS = 7200.0, 2000, 500, 5, 40
FRAMES = """() => new Promise((resolve) => {
    const times = [];
    const step = (moment) => {
        times.push(moment);
        if (moment - times[0] < 5000) requestAnimationFrame(step);
        else resolve(times);
    };
    requestAnimationFrame(step);
})"""
EDIT = """(key) => new Promise((resolve) => {
    const saved = document.getElementById("saved"), begin = performance.now();
    let drawn = 0;
    new MutationObserver((_, watcher) => {
        if (saved.dataset.state !== "saved") return;
        watcher.disconnect();
        resolve([drawn, performance.now() - begin]);
    }).observe(saved, { attributes: true, childList: true });
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    requestAnimationFrame(() => requestAnimationFrame(() => { drawn = performance.now() - begin; }));
})"""


def long_recording(folder: Path) -> None:
    repeated(real_clip(), folder / "long.mp4", SECONDS)
    rng = np.random.default_rng(0)
    starts = np.sort(rng.uniform(0, SECONDS - 10, EVENTS))
    found = [event(str(rng.choice(CLASSES)), s, s + 0.4 + rng.gamma(2.0, 0.8), rng.uniform(0.4, 0.98)) for s in starts]
    analysed_by_hand(folder, "long.mp4", found, SECONDS)
    save_skeletons(folder / "long_kinesics" / "landmarks.skeleton.npz", [person(SECONDS, tuple(found[:20]))])


def library(folder: Path) -> None:
    for number in range(RECORDINGS):
        name = f"recording {number:03d}.mp4"
        shutil.copy(real_clip(), folder / name)
        analysed_by_hand(folder, name, [event("touching ears", 0.5, 1.5, 0.7)], 4.0)


def opening(page: Any, address: str) -> float:
    begin = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("body[data-ready]")
    return time.perf_counter() - begin


def scrolling(page: Any) -> list[float]:
    """Milliseconds of each frame while the wheel moves the tiers."""
    box = page.locator(".vis-panel.vis-center").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 30)
    page.evaluate(f"window.frames_ = ({FRAMES})()")
    end = time.perf_counter() + 5
    while time.perf_counter() < end:
        page.mouse.wheel(60, 0)
        page.wait_for_timeout(8)
    times = page.evaluate("window.frames_")
    return [after - before for before, after in itertools.pairwise(times)]


def measure(page: Any, one: Served) -> Iterator[tuple[str, str, str]]:
    coder = one.post("/api/coders", {"name": "anna"})["id"]
    address = f"{one.base}/review?recording=1&coder={coder}"
    opening(page, address)  # the tier is made
    seconds = [opening(page, address) for _ in range(REPEATS)]
    yield "opens", f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})", "< 2 s"
    for zoom, what in ((0, "a minute in view"), (4, "ten minutes in view")):
        for _ in range(zoom):
            page.keyboard.press("-")
        frames = scrolling(page)
        slow = np.percentile(frames, 95)
        rate = 1000 * len(frames) / sum(frames)
        shown = page.locator(".vis-item").count()
        words = f"{rate:.0f} frames a second in the mean, 95 % of frames within {slow:.0f} ms, "
        yield f"scrolls, {what}", f"{words}slowest {max(frames):.0f} ms, {shown} events drawn", "≥ 30 frames a second"
    for _ in range(4):
        page.keyboard.press("+")
    edits = [page.evaluate(EDIT, key) for key in ["a", "x"] * (EDITS // 2)]
    for what, which in (("shown", 0), ("saved on the disk", 1)):
        own = [edit[which] for edit in edits]
        words = f"{statistics.median(own):.0f} ms in the median, 95 % within {np.percentile(own, 95):.0f} ms"
        yield f"an edit is {what}", words, "< 100 ms"


def measure_library(page: Any, one: Served) -> Iterator[tuple[str, str, str]]:
    until(lambda: sum(row["duration"] is not None for row in one.get("/api/recordings")) == RECORDINGS, 300)
    seconds = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        page.goto(one.base + "/", wait_until="commit")
        page.wait_for_selector(f"#rows tr:nth-child({RECORDINGS})", state="attached")
        seconds.append(time.perf_counter() - begin)
    yield (
        f"the library of {RECORDINGS} opens",
        f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})",
        "",
    )
    search = page.evaluate(
        """() => { const begin = performance.now(); const field = document.getElementById("search");
            field.value = "recording 49"; field.oninput(); document.getElementById("rows").offsetHeight;
            return performance.now() - begin; }"""
    )
    yield f"a search in {RECORDINGS}", f"{search:.0f} ms", ""


@contextmanager
def page_of(one: Served) -> Iterator[Any]:
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": 1360, "height": 820})
        page.set_default_timeout(120_000)
        page.goto(one.address)
        yield page


HEAD = """# The workbench's speed

`python benchmarks/workbench_speed.py` on {cores} cores ({load:.1f} other processes at work on them in the mean): a real
`kinesics serve`, Chromium without a window and without a graphics card, {events:,} events in {hours:g} hours of video.

| what | measured | wanted |
|---|---|---|
"""


def main() -> int:
    import os

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = []
    for make, measured in ((long_recording, measure), (library, measure_library)):
        with tempfile.TemporaryDirectory() as place:
            make(Path(place))
            with served(Path(place)) as one, page_of(one) as page:
                until(lambda: all(row["duration"] is not None for row in one.get("/api/recordings")), 300)
                for row in measured(page, one):
                    rows.append("| " + " | ".join(row) + " |")
                    print(rows[-1], flush=True)
    load = os.getloadavg()[0]
    head = HEAD.format(cores=os.cpu_count(), load=load, events=EVENTS, hours=SECONDS / 3600, machine=platform.machine())
    if options.out:
        options.out.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
