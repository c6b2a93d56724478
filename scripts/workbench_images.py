"""The images of the workbench in its guide: python scripts/workbench_images.py demo/interview.mp4

The video is a simulated interview, so that nobody real is shown; two coders are made up who judge its events.
"""

import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.workbench import Served, served, until  # noqa: E402

CHROMIUM = "/usr/bin/chromium"  # Debian's
IMAGES = ROOT / "docs" / "images"
NAMES = [f"P{person:02d} {part}.mp4" for person in (1, 2, 3, 4) for part in ("baseline", "interview")]
ANALYSED = 6
JUDGED = {"Anna": (1, 2, 3, 4, 5), "Ben": (1, 2, 3, 4)}  # recordings of each coder
DONE = {"Anna": (2, 3, 4), "Ben": (1, 2, 3, 4)}


def make_project(video: Path, folder: Path) -> None:
    """Copies of the interview, most of them analysed, with uncertain events as well."""
    for number, name in enumerate(NAMES):
        shutil.copy(video, folder / name)
        if number < ANALYSED:
            out = folder / f"{Path(name).stem}_kinesics"
            words = ["analyze", folder / name, "--out", out, "--threshold", "0.25"]
            subprocess.run([sys.executable, "-m", "kinesics.cli", *map(str, words)], check=True)


def judge(one: Served, coder: str, recording: int, chance: random.Random) -> None:
    """A coder's judgement of most events: accepted, with edges of their own, or rejected."""
    number = one.post("/api/coders", {"name": coder})["id"]
    tier = one.post(f"/api/recordings/{recording}/reviews", {"coder": number})["tier"]
    marks = tier["marks"] if recording in DONE[coder] else tier["marks"][: len(tier["marks"]) // 2]
    changes = [{"uid": mark["uid"], "after": judged(mark, chance)} for mark in marks]
    version = one.post(f"/api/reviews/{tier['id']}/edits", {"version": 0, "kind": "judge", "changes": changes})
    if recording in DONE[coder]:
        one.post(f"/api/reviews/{tier['id']}/done", {"version": version["version"], "done": True})


def judged(mark: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    after = {key: value for key, value in mark.items() if key not in ("uid", "origin")}
    start = max(0.0, mark["start"] + chance.gauss(0, 0.15))
    end = max(start + 0.2, mark["end"] + chance.gauss(0, 0.2))
    return after | {"start": start, "end": end, "status": "rejected" if chance.random() < 0.15 else "accepted"}


def take(page: Any, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(800)
    page.screenshot(path=IMAGES / f"workbench_{name}.png")
    print(IMAGES / f"workbench_{name}.png")


def main(video: Path) -> None:
    """Make the project, judge its events, and take the three pages."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_project(video, folder)
        with served(folder) as one, sync_playwright() as playwright:
            until(lambda: all(row["duration"] for row in one.get("/api/recordings")))
            chance = random.Random(1)
            for coder, recordings in JUDGED.items():
                for recording in recordings:
                    judge(one, coder, recording, chance)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1280, "height": 780})
            page.goto(one.address)
            page.locator("#rows .name a").first.wait_for()
            anna = next(row["id"] for row in one.get("/api/coders") if row["name"] == "Anna")
            take(page, "library")
            page.goto(f"{one.base}/review?recording=1&coder={anna}&at=8")
            page.wait_for_selector("body[data-ready]")
            page.wait_for_timeout(1500)
            take(page, "review")
            page.goto(f"{one.base}/agreement")
            page.locator("#disagreements a").first.wait_for()
            take(page, "agreement")
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
