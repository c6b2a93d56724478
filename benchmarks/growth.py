"""What grows with what: `analyze` with the recording's length and its people, `classify` with the number of clips, and
training's throughput with the processes that read its data.

    python benchmarks/growth.py CLIP --out benchmarks/results/growth.md

CLIP shows one person. All recordings are made of it, 1280 by 720 pixels and 25 frames a second, and every row is
measured in a fresh process, with its start. To be short: --minutes 0.1 --people 1 2 --clips 1 3 --training 16.
"""

import argparse
import csv
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
from analyze import FPS, looped, measure
from PIL import Image

from kinesics.video import write_video

SIZE = 1280, 720
WINDOW = 2.5  # seconds of a training clip
Row = dict[str, float | int | str]


def side_by_side(clip: Path, people: int, frames: int) -> Iterator[np.ndarray]:
    """The clip so many times in one picture, each a second later than the one before."""
    size = SIZE[0] // people, SIZE[1] // people
    streams = [
        itertools.islice(looped(clip, frames + FPS * number, size), FPS * number, None) for number in range(people)
    ]
    for tiles in zip(*streams, strict=True):
        yield np.asarray(Image.fromarray(np.hstack(tiles)).resize((SIZE[0], size[1] // 2 * 2)))


def of_length(clip: Path, folder: Path, lengths: list[float]) -> Iterator[Row]:
    for minutes in lengths:
        video = folder / f"{minutes:g}min.mp4"
        write_video(video, looped(clip, round(minutes * 60 * FPS), SIZE), FPS)
        found = measure(video, folder / video.stem)
        yield {"minutes": minutes, **found, "seconds a second": found["seconds"] / (minutes * 60)}
        video.unlink()


def of_people(clip: Path, folder: Path, numbers: list[int], seconds: float) -> Iterator[Row]:
    for people in numbers:
        video, out = folder / f"{people}people.mp4", folder / f"{people}people"
        write_video(video, side_by_side(clip, people, round(seconds * FPS)), FPS)
        found = measure(video, out, "--person", "all")
        with np.load(out / "landmarks.skeleton.npz") as kept:
            seen = sum(name.startswith("xyz_") for name in kept.files)
        yield {"people": people, "found": seen, **found, "seconds a second": found["seconds"] / seconds}


def of_clips(clip: Path, folder: Path, numbers: list[int], seconds: float) -> Iterator[Row]:
    """One process that classifies clip after clip."""
    code = (
        "import resource, sys; from pathlib import Path; from kinesics import classify\n"
        "for path in sys.argv[1:]: classify(Path(path))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    first = folder / "clip0.mp4"
    write_video(first, looped(clip, round(seconds * FPS), SIZE), FPS)
    paths = [first]
    for number in range(1, max(numbers)):
        paths.append(folder / f"clip{number}.mp4")
        paths[-1].hardlink_to(first)
    for count in numbers:
        begin = time.perf_counter()
        command = [sys.executable, "-c", code, *map(str, paths[:count])]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        took = time.perf_counter() - begin
        yield {
            "clips": count,
            "seconds": took,
            "peak_mb": float(done.stdout.split()[-1]),
            "seconds a clip": took / count,
        }


def of_workers(clip: Path, folder: Path, workers: list[int], windows: int) -> Iterator[Row]:
    """Windows a second through one pass of the loader, and through one of training, with the processes' start."""
    data = write_training_set(clip, folder / "training", windows)
    for kind, count in itertools.product(("skeletons", "pictures"), workers):
        command = [sys.executable, __file__, str(data), "--throughput", kind, "--workers", str(count)]
        cache = {"XDG_CACHE_HOME": str(folder / "cache")}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | cache)
        yield {"what": kind, "workers": count, **json.loads(done.stdout.splitlines()[-1])}


def write_training_set(clip: Path, folder: Path, windows: int) -> Path:
    """`windows` clips of one video, every one a little later, with the landmarks that are found in it."""
    from kinesics.perception import observe

    folder.mkdir()
    seconds = 10.0
    write_video(folder / "v.mp4", looped(clip, round(seconds * FPS), SIZE), FPS)
    observe(folder / "v.mp4", cache=folder / "v.skeleton.npz")
    classes = [f"class {number}" for number in range(8)]
    (folder / "classes.txt").write_text("\n".join(classes))
    starts = np.linspace(0, seconds - WINDOW, windows)
    with (folder / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["clip", "label", "split", "video", "start", "end", "skeleton"])
        for number, start in enumerate(starts):
            label = classes[number % len(classes)]
            rows.writerow([number, label, "train", "v.mp4", f"{start:.3f}", f"{start + WINDOW:.3f}", "v.skeleton.npz"])
    return folder


def throughput(folder: Path, kind: str, workers: int) -> dict[str, float]:
    """Of the small networks, by the settings of their configs, in float32."""
    import torch

    from kinesics.training.gesture.data import GestureData
    from kinesics.training.gesture.task import GestureTask
    from kinesics.training.inputs.augment import Augmentation
    from kinesics.training.inputs.video_augment import VideoAugmentation

    torch.manual_seed(0)
    augment = Augmentation(mirror=0)
    if kind == "skeletons":
        data = GestureData(folder, augment=augment, batch=32, workers=workers)
    else:
        data = GestureData(
            folder,
            augment=augment,
            batch=8,
            workers=workers,
            video="small",
            frozen=False,
            video_augment=VideoAugmentation(),
        )
    data.prepare_data()
    task = GestureTask(data.spec, modality="skeleton" if kind == "skeletons" else "both")
    optimiser = torch.optim.AdamW(task.parameters())

    def read() -> int:
        return sum(len(batch["label"]) for batch in data.train_dataloader())

    def train() -> int:
        seen = 0
        for batch in data.train_dataloader():
            loss = task.loss(task(batch), batch["label"])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            seen += len(batch["label"])
        return seen

    def rate(work: Callable[[], int]) -> float:
        begin = time.perf_counter()
        return work() / (time.perf_counter() - begin)

    return {"loader, windows a second": rate(read), "training, windows a second": rate(train)}


def table(title: str, rows: Iterator[Row]) -> Iterator[str]:
    """Markdown, line by line as it is measured."""
    yield f"\n## {title}\n\n"
    for number, row in enumerate(rows):
        if number == 0:
            yield f"| {' | '.join(row)} |\n|{'---:|' * len(row)}\n"
        cells = (f"{value:.3g}" if isinstance(value, float) and value < 100 else
                 f"{value:.0f}" if isinstance(value, float) else str(value) for value in row.values())  # fmt: skip
        yield f"| {' | '.join(cells)} |\n"


def parts(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    clip: Path = options.clip
    yield f"# Growth, {date.today():%-d %B %Y}\n\n{platform.machine()}, `python benchmarks/growth.py {clip.name} …`.\n"
    yield from table("analyze, by length", of_length(clip, folder, options.minutes))
    yield from table("analyze, by people", of_people(clip, folder, options.people, options.seconds))
    yield from table("classify, by clips in one process", of_clips(clip, folder, options.clips, options.clip_seconds))
    yield from table("training, by workers", of_workers(clip, folder, options.workers, options.training))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--minutes", type=float, nargs="*", default=[1, 10, 60])
    parser.add_argument("--people", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--seconds", type=float, default=60, help="of the recordings of several people")
    parser.add_argument("--clips", type=int, nargs="*", default=[1, 10, 50])
    parser.add_argument("--clip-seconds", type=float, default=3)
    parser.add_argument("--workers", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--training", type=int, default=256, help="windows of the training set")
    parser.add_argument("--throughput", choices=("skeletons", "pictures"), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.throughput:
        print(json.dumps(throughput(options.clip, options.throughput, options.workers[0])))
        return
    with tempfile.TemporaryDirectory() as folder:
        text = ""
        for line in parts(options, Path(folder)):
            print(line, end="", flush=True)
            text += line
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
