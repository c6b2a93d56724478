"""What reading skeletons from the cache costs, beside what the small network costs: `python skeleton_cache.py DIR`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from kinesics.data.cache.skeletons import cache_skeletons
from kinesics.data.registry import open_dataset
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.training.inputs.clip_windows import ClipWindows

BATCH = 64


def seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    data = open_dataset(folder)
    with tempfile.TemporaryDirectory() as cache:
        print(f"{data.name}, {len(data.clips)} clips, {len(data.layout)} joints, one thread")
        print(f"first pass        {seconds(lambda: cache_skeletons(data, Path(cache))):8.2f} s")
        print(f"second start      {seconds(lambda: cache_skeletons(data, Path(cache))):8.4f} s")
        kept = cache_skeletons(data, Path(cache))
        count = len(kept)
        print(
            f"a whole clip      {1000 * seconds(lambda: [kept.read_skeleton(i) for i in range(count)]) / count:8.3f} ms"
        )
        windows = ClipWindows(kept, frames=32, fps=None, augment=True)
        print(f"a training window {1000 * seconds(lambda: [windows[i] for i in range(count)]) / count:8.3f} ms")
        sizes: dict[str, Any] = {"widths": (24, 24, 48, 48, 96, 96), "strides": (1, 2, 1, 2, 1, 1)}
        network = TwoStreamAGCN(data.layout, AGCNConfig(classes=len(data.classes), channels=4, persons=1, **sizes))
        pairs = [windows[i % count] for i in range(BATCH)]
        x, label = torch.stack([x for x, _ in pairs]), torch.stack([label for _, label in pairs])
        step = seconds(lambda: F.cross_entropy(network(x).logits, label.clamp(min=0)).backward())
        print(f"its training step {1000 * step / BATCH:8.3f} ms (small two-stream AGCN, float32)")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
