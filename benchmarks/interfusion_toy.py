"""What fusion over time is good for: a toy in which only face and gesture together tell the label.

    python benchmarks/interfusion_toy.py --markdown table.md

A recording is a minute of 24 face tokens, 12 context tokens and 8 gestures. Four of the gestures are cues, of class 0
or 1; with each, the face shows look 0 or 1. The label is positive where look and class agree, and in one recording all
cues agree, or none does. Taken alone, looks and classes are fair coins; the context is noise. All other faces show one
of the same two looks at random, and four gestures of other classes are strewn in: only time says which face belongs to
which gesture. The mean look times the mean class still tells a little, so that the plain alternatives can beat chance.
All variants see the same recordings, drawn anew for every step, and the same training; InterFusion's closeness in time
was added while this toy was written, as results/interfusion_toy.md tells.
"""

import argparse
import statistics
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from rich.progress import track
from torch import Tensor

from kinesics.models.emotion.net import build_head
from kinesics.models.emotion.streams import EmotionConfig, EmotionHead, EmotionOutput, Gestures, Stream

SECONDS, FACES, WINDOWS, CUES, OTHERS, CLASSES, WIDTH = 60.0, 24, 12, 4, 4, 6, 16
MISSING = 0.2  # of the faces that belong to no cue
BATCH, TESTED, AUXILIARY = 64, 2000, 0.3
# a name, the head, and the streams that it is given
VARIANTS = (
    ("full", "full", ("face", "context", "gestures")),
    ("mean", "mean", ("face", "context", "gestures")),
    ("concatenation", "concatenation", ("face", "context", "gestures")),
    ("late", "late", ("face", "context", "gestures")),
    ("face alone", "full", ("face",)),
    ("gestures alone", "full", ("gestures",)),
    ("context alone", "full", ("context",)),
)


class Recordings(NamedTuple):
    """at_cue: (N, faces), True for the faces that belong to a cue."""

    face: Stream
    context: Stream
    gestures: Gestures
    label: Tensor
    at_cue: Tensor


class World:
    """Draws recordings; what the two looks look like is fixed by the seed."""

    def __init__(self, seed: int) -> None:
        self.random = torch.Generator().manual_seed(seed)
        self.looks = self.normal(2, WIDTH)

    def normal(self, *size: int) -> Tensor:
        return torch.randn(size, generator=self.random)

    def uniform(self, *size: int) -> Tensor:
        return torch.rand(size, generator=self.random)

    def coins(self, *size: int) -> Tensor:
        return torch.randint(2, size, generator=self.random)

    def recordings(self, count: int) -> Recordings:
        label, look, gap = self.coins(count), self.coins(count, FACES), SECONDS / FACES
        face_seconds = (torch.arange(FACES) + self.uniform(count, FACES)) * gap
        slots = self.uniform(count, FACES).argsort(1)[:, : CUES + OTHERS]  # the faces during which gestures happen
        cue = look.gather(1, slots[:, :CUES]) ^ (1 - label[:, None])
        other = torch.randint(2, CLASSES, (count, OTHERS), generator=self.random)
        at_cue = torch.zeros(count, FACES, dtype=torch.bool).scatter(1, slots[:, :CUES], True)
        length = 1 + self.uniform(count, CUES + OTHERS)
        middle = face_seconds.gather(1, slots) + 0.6 * (self.uniform(*slots.shape) - 0.5)
        order = self.uniform(*slots.shape).argsort(1)
        gesture = torch.cat([cue, other], 1).gather(1, order)
        start, length = (middle - length / 2).gather(1, order), length.gather(1, order)
        return Recordings(
            Stream(
                self.looks[look] + 0.5 * self.normal(count, FACES, WIDTH),
                face_seconds,
                at_cue | (self.uniform(count, FACES) > MISSING),
            ),
            Stream(self.normal(count, WINDOWS, WIDTH), self.uniform(count, WINDOWS) * SECONDS),
            Gestures(gesture, self.uniform(*slots.shape), start, length),
            label.float(),
            at_cue,
        )


def answer(network: EmotionHead, recordings: Recordings, streams: tuple[str, ...]) -> EmotionOutput:
    return network(**{name: getattr(recordings, name) for name in streams})


def train(head: str, streams: tuple[str, ...], seed: int, steps: int) -> EmotionHead:
    torch.manual_seed(seed)
    world = World(seed)
    network = build_head(
        head, EmotionConfig(WIDTH, WIDTH, CLASSES, width=32, heads=4, blocks=1, drop=0, stream_dropout=0)
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        recordings = world.recordings(BATCH)
        out = answer(network, recordings, streams)
        loss = F.binary_cross_entropy_with_logits(out.logit, recordings.label)
        for logits in out.stream_logits:
            if logits is not None:
                loss = loss + AUXILIARY * F.binary_cross_entropy_with_logits(logits, recordings.label)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def measure(network: EmotionHead, streams: tuple[str, ...], seed: int) -> dict[str, float]:
    """In %: accuracy, and how much of the moments of face and gestures lies on cues, on recordings that are new.

    Evenly spread moments would put 4 / (4 + 20 · 0.8) = 20 % and 4 / 8 = 50 % there.
    """
    world = World(seed)
    world.random.manual_seed(1000 + seed)  # the same looks, other recordings
    recordings = world.recordings(TESTED)
    out = answer(network, recordings, streams)
    found = {"accuracy": float(((out.logit > 0) == (recordings.label > 0)).float().mean())}
    for name, at_cue in (("face", recordings.at_cue), ("gestures", recordings.gestures.label < 2)):
        if name in streams:
            found[name] = float((getattr(out.moments, name) * at_cue).sum(1).mean())
    return {name: 100 * value for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    names = [name for name, _, _ in VARIANTS]
    parser.add_argument("--variants", nargs="+", choices=names, default=names)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    lines = ["| fusion | accuracy, % | face: moments on cues, % | gestures: moments on cues, % |", "|---|---|---|---|"]
    for name, mode, streams in VARIANTS:
        if name in options.variants:
            each = [
                measure(train(mode, streams, seed, options.steps), streams, seed)
                for seed in track(range(options.seeds), name)
            ]
            cells = (_cell([found[key] for found in each if key in found]) for key in ("accuracy", "face", "gestures"))
            lines.append(f"| {name} | {' | '.join(cells)} |")
    print("\n".join(lines))
    if options.markdown:
        options.markdown.write_text("\n".join(lines) + "\n")


def _cell(values: list[float]) -> str:
    """Mean ± standard deviation over the seeds."""
    if not values:
        return "–"
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.1f} ± {spread:.1f}"


if __name__ == "__main__":
    main()
