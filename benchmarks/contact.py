"""Whether networks name touches better that see how near hands are to face and body.

    python benchmarks/contact.py runs/default/data --seeds 1 2

On the simulated clips that `kinesics train` leaves: half-wide networks with and without contact learn from the same
windows of modelled clips in the same order, and are judged on those of `val`, and on the tracked ones of `train`,
which they have not seen. Test clips are left alone.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch.utils.data import DataLoader, Subset

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.simulator.clip_arrays import ClipArrays
from kinesics.skeleton import UPPER_BODY
from kinesics.training.inputs.clip_windows import ClipWindows
from kinesics.training.shipped.gesture_weights import FPS, FRAMES, LEARNING_RATE, TRACKED, stream_logits

SIZES = AGCNConfig(
    classes=len(CLASSES) + 1, channels=4, persons=1, widths=(12, 12, 24, 24, 48, 48), strides=(1, 2, 1, 2, 1, 1),
    dropout=0.2,
)  # fmt: skip
BATCH = 64
FACE = [i for i, name in enumerate(CLASSES) if name in (
    "touching or scratching head", "covering face", "touching or scratching facial parts", "biting nails",
    "touching or scratching forehead", "rubbing eyes", "touching ears", "touching jaw", "touching or scratching neck",
)]  # fmt: skip


def learn(windows: ClipWindows, count: int, contact: bool, seed: int, epochs: int) -> TwoStreamAGCN:
    torch.manual_seed(seed)
    network = TwoStreamAGCN(UPPER_BODY, replace(SIZES, contact=contact))
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=0.02)
    steps = epochs * (count // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    loss = torch.nn.functional.cross_entropy
    for epoch in track(range(epochs), f"{'contact' if contact else 'plain'}, seed {seed}"):
        windows.epoch = epoch
        order = torch.Generator().manual_seed(1000 * seed + epoch)
        for x, label in DataLoader(Subset(windows, range(count)), BATCH, shuffle=True, drop_last=True, generator=order):
            out = network(x)
            whole = loss(out.logits, label) + 0.5 * (loss(out.joint.logits, label) + loss(out.bone.logits, label))
            optimiser.zero_grad()
            whole.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return network.eval()


def judge(network: TwoStreamAGCN, clips: ClipArrays) -> tuple[float, float]:
    """Top-1 of all classes, and of those that touching or scratching head or neck."""
    logits, labels = stream_logits(network, ClipWindows(clips, frames=FRAMES, fps=FPS, augment=False))
    right = (logits["both"].argmax(1) == labels).numpy()
    return float(right.mean()), float(right[np.isin(labels.numpy(), FACE)].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--clips", type=int, default=4080)
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    judged = {"modelled": ClipArrays.open(options.data / "val")}
    judged["tracked"] = ClipArrays.open(options.data / f"train{TRACKED}")
    for seed in options.seeds:
        windows = ClipWindows(
            ClipArrays.open(options.data / "train"), frames=FRAMES, fps=FPS, augment=True, seed=seed
        )  # fmt: skip
        for contact in (False, True):
            network = learn(windows, options.clips, contact, seed, options.epochs)
            found = {name: judge(network, clips) for name, clips in judged.items()}
            told = "; ".join(f"{name} ({len(judged[name])}) {a:.3f}, face {b:.3f}" for name, (a, b) in found.items())
            print(f"{'contact' if contact else 'plain'}, seed {seed}: {told}", flush=True)


if __name__ == "__main__":
    main()
