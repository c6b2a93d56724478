"""What the exchange of tokens is good for: a toy in which pose lost the hands, and only the image shows them.

    python benchmarks/exchange_toy.py --markdown table.md

A clip has a body state (one of four), which only the body's joint tokens tell, and a hand shape (one of four), which
only the patches under the two hands tell. The hands' joint tokens are noise and their confidence is 0, but their place
is known to within a tenth of the picture, as after a short loss. Every other patch shows a random shape too: only the
place says which patches count. The label is the pair of state and shape, one of 16: joints alone can reach no more than
25 %. All variants see the same clips, drawn anew for every step; nothing is tuned for one of them.
"""

import argparse
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from rich.progress import track
from torch import Tensor

from kinesics.models.gesture.fusion import FusionConfig, FusionOutput, GestureFusion
from kinesics.models.gesture.net import FUSIONS
from kinesics.models.video.encoder import ClipTokens

KINDS, STEPS, CELLS, JOINTS, HANDS, WIDTH = 4, 2, 5, 8, 2, 16
CLASSES = KINDS**2  # one for each body state and hand shape
BATCH, TESTED = 64, 2000
LOST = 0.2  # how far off, in all, a lost hand's place may be


class Clips(NamedTuple):
    """video: tokens (N, 4, 7, 7, 16). joints: (N, 4, 8, 16), the hands last. places and confidence as in the fusion."""

    video: ClipTokens
    joints: Tensor
    places: Tensor
    confidence: Tensor
    label: Tensor


class World:
    """Draws clips; the looks of shapes and states are fixed by the seed."""

    def __init__(self, seed: int) -> None:
        self.random = torch.Generator().manual_seed(seed)
        self.shapes = self.normal(KINDS, WIDTH)
        self.states = self.normal(KINDS, JOINTS - HANDS, WIDTH)

    def normal(self, *size: int) -> Tensor:
        return torch.randn(size, generator=self.random)

    def integers(self, *size: int, below: int = KINDS) -> Tensor:
        return torch.randint(below, size, generator=self.random)

    def clips(self, count: int) -> Clips:
        state, shape = self.integers(count), self.integers(count)
        cells = self.integers(count, STEPS, JOINTS, 2, below=CELLS)  # x, y of the patch under every joint
        shown = self.integers(count, STEPS, CELLS, CELLS)
        for hand in range(JOINTS - HANDS, JOINTS):
            x, y = cells[:, :, hand].unbind(-1)
            shown[torch.arange(count)[:, None], torch.arange(STEPS), y, x] = shape[:, None]
        video = self.shapes[shown] + 0.5 * self.normal(count, STEPS, CELLS, CELLS, WIDTH)
        joints = self.normal(count, STEPS, JOINTS, WIDTH)
        joints[:, :, :-HANDS] = self.states[state][:, None] + 0.5 * joints[:, :, :-HANDS]
        confidence = torch.ones(count, STEPS, JOINTS)
        confidence[:, :, -HANDS:] = 0
        places = (cells + 0.5) / CELLS
        places = places + (torch.rand(places.shape, generator=self.random) - 0.5) * LOST * (1 - confidence[..., None])
        pooled = video.mean((1, 2, 3))
        return Clips(ClipTokens(video, pooled), joints, places.clamp(0, 1), confidence, KINDS * state + shape)


def train(name: str, seed: int, steps: int, sparsity: float) -> GestureFusion:
    torch.manual_seed(seed)
    world = World(seed)
    network = FUSIONS[name](
        FusionConfig(CLASSES, WIDTH, WIDTH, JOINTS, 32, 4, STEPS, cross_blocks=1, self_blocks=1, drop=0)
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        clips = world.clips(BATCH)
        out = answer(network, clips)
        parts = (out.logits, out.video_logits, out.skeleton_logits)
        loss = sum(F.cross_entropy(logits, clips.label) for logits in parts) + sparsity * out.sparsity
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network


def answer(network: GestureFusion, clips: Clips) -> FusionOutput:
    return network(clips.video, clips.joints, clips.places, clips.confidence)


@torch.no_grad()
def measure(network: GestureFusion, seed: int) -> dict[str, float]:
    """Accuracies in %, and how useful hands, body and patches were found, on clips that training did not draw."""
    world = World(seed)
    world.random.manual_seed(1000 + seed)  # the same looks, other clips
    clips = world.clips(TESTED)
    out = answer(network.eval(), clips)

    def accuracy(logits: Tensor) -> float:
        return 100 * float((logits.argmax(-1) == clips.label).float().mean())

    found = {
        "fused": accuracy(out.logits),
        "video": accuracy(out.video_logits),
        "joints": accuracy(out.skeleton_logits),
    }
    exchange = getattr(getattr(network, "tokens", None), "exchange", None)
    if exchange is not None:
        found["hands"] = float(out.joint_usefulness[..., -HANDS:].mean())
        found["body"] = float(out.joint_usefulness[..., :-HANDS].mean())
        found["patches"] = float(out.patch_usefulness.mean())
        found["hands cut"] = 100 * float((out.joint_usefulness[..., -HANDS:] < exchange.threshold).float().mean())
        found["patches cut"] = 100 * float((out.patch_usefulness < exchange.threshold).float().mean())
        exchange.threshold = 0.0
        found["uncut"] = accuracy(answer(network, clips).logits)
    return found


def rows(
    fusions: tuple[str, ...], seeds: int, steps: int, sparsity: float
) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """Each fusion with the values of every seed."""
    for fusion in fusions:
        each = [measure(train(fusion, seed, steps, sparsity), seed) for seed in track(range(seeds), fusion)]
        yield fusion, {name: [found[name] for found in each] for name in each[0]}


def table(results: dict[str, dict[str, list[float]]]) -> str:
    """Markdown: mean ± standard deviation over the seeds."""

    def cell(values: list[float] | None, digits: int) -> str:
        if values is None:
            return "–"
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        return f"{statistics.mean(values):.{digits}f} ± {spread:.{digits}f}"

    names = {"fused": 1, "uncut": 1, "hands": 2, "body": 2, "patches": 2, "hands cut": 0, "patches cut": 0}
    lines = [
        "| fusion | accuracy, % | without the cut, % | useful: hands | body | patches | hands cut | patches cut |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for fusion, found in results.items():
        lines.append(f"| {fusion} | " + " | ".join(cell(found.get(name), names[name]) for name in names) + " |")
    last = list(results.values())[-1]
    lines.append(f"| video alone | {cell(last['video'], 1)} | – | – | – | – | – | – |")
    lines.append(f"| joints alone | {cell(last['joints'], 1)} | – | – | – | – | – | – |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fusions", nargs="+", choices=FUSIONS, default=tuple(FUSIONS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--sparsity", type=float, default=0.01, help="weight of the usefulness in the loss")
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    text = table(dict(rows(tuple(options.fusions), options.seeds, options.steps, options.sparsity)))
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n")


if __name__ == "__main__":
    main()
