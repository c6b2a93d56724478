"""What helps against a long tail: `python long_tail.py DIR` simulates a set with iMiGUE's frequencies and ablates.

The set (kinematic view: no pictures, so it takes minutes) is a folder of clips; each clip is another body. The
training clips of a class are in proportion to iMiGUE's, but four at least; validation and test likewise.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import sys
from pathlib import Path

import numpy as np

from kinesics.data.sets.clip_folder import CLASSES as CLASSES_FILE
from kinesics.data.sets.clip_folder import MANIFEST
from kinesics.data.sets.imigue.classes import CLASSES, TRAIN_CLIPS
from kinesics.files import write_text
from kinesics.simulator.clips import simulate_clip
from kinesics.skeleton.sequence import save_skeletons
from kinesics.training.ablate import ablate

SIZES = {"train": (1200, 4), "val": (250, 2), "test": (600, 5)}  # clips in all, and the least of a class


def counts(split: str) -> list[int]:
    size, least = SIZES[split]
    shares = np.array(TRAIN_CLIPS) / sum(TRAIN_CLIPS)
    return [max(least, round(size * share)) for share in shares.tolist()]


def write_clip(job: tuple[Path, int, tuple[int, ...]]) -> None:
    path, label, seed = job
    if not path.exists():
        clip = simulate_clip(label, seed)
        save_skeletons(path, [clip.detected.slice(*(round(25 * at) for at in (clip.motion.onset, clip.motion.offset)))])


def make(folder: Path, seed: int = 1) -> None:
    """Write the set; what an interrupted call has made is kept."""
    (folder / "skeletons").mkdir(parents=True, exist_ok=True)
    text, jobs = io.StringIO(), []
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("clip", "label", "split", "skeleton"))
    for number, split in enumerate(SIZES):
        labels = np.repeat(np.arange(len(CLASSES)), counts(split))
        for n, label in enumerate(labels.tolist()):
            name = f"{split}{n}"
            jobs.append((folder / "skeletons" / f"{name}.skeleton.npz", label, (seed, number, n)))
            rows.writerow((name, CLASSES[label], split, f"skeletons/{name}.skeleton.npz"))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for done, _ in enumerate(pool.imap_unordered(write_clip, jobs, chunksize=16), 1):
            if done % 200 == 0:
                print(f"{done} of {len(jobs)} clips", flush=True)
    write_text(folder / CLASSES_FILE, "".join(f"{name}\n" for name in CLASSES))
    write_text(folder / MANIFEST, text.getvalue())


if __name__ == "__main__":
    make(Path(sys.argv[1]) / "data")
    print(ablate("long_tail", Path(sys.argv[1]) / "data", Path(sys.argv[1]) / "runs").to_markdown())
