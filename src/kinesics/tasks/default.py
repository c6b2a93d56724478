"""The one command that makes the default weights: the skeleton network on simulated clips."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor
from torch.utils.data import DataLoader

from kinesics.data.dataset import Split
from kinesics.data.imigue import CLASSES
from kinesics.data.windows import ClipArrays, ClipWindows
from kinesics.metrics import fit_temperature
from kinesics.models.agcn import TwoStreamAGCN
from kinesics.models.gesture import GESTURE_PRESETS
from kinesics.models.weights import NONE, Specification, save_weights
from kinesics.progress import progress_bar
from kinesics.skeleton import UPPER_BODY
from kinesics.tasks.data import Facts, GestureWindows
from kinesics.tasks.gesture import GestureTask
from kinesics.tasks.run import EpochStart, quiet
from kinesics.tasks.thresholds import event_figures, fit_event_thresholds, listen

FRAMES, FPS = 32, 12.5  # 2.56 s, about the mean clip of iMiGUE


class SimulatedClips(GestureWindows):
    """`folder/{train,val,test}` as the simulator wrote them."""

    def __init__(self, folder: Path, batch: int, seed: int) -> None:
        super().__init__(batch=batch, seed=seed)
        self.folder = folder

    def make_windows(self, split: Split) -> ClipWindows:
        clips = ClipArrays.open(self.folder / split)
        return ClipWindows(clips, frames=FRAMES, fps=FPS, augment=split == "train", seed=self.seed)

    @property
    def labels(self) -> list[int]:
        labels: list[int] = ClipArrays.open(self.folder / "train").label.tolist()
        return labels

    @property
    def facts(self) -> Facts:
        counts = np.bincount(self.labels, minlength=len(CLASSES) + 1)
        return Facts((*CLASSES, NONE), UPPER_BODY, tuple(counts.tolist()))


def train(
    data: Path, out: Path, *, epochs: int, seed: int = 1, batch: int = 64, recordings: int = 90
) -> dict[str, float]:
    """Train on `data/{train,val,test}` as the simulator wrote them and write `out/gesture-skeleton.safetensors`.

    Resumes from `out/last.ckpt`. Temperature is fitted on val, thresholds on so many simulated recordings; the
    returned figures are of test, and of as many other recordings.
    """
    quiet()
    L.seed_everything(seed, verbose=False)
    clips = SimulatedClips(data, batch, seed)
    task = GestureTask(clips.facts, "small")
    trainer = L.Trainer(
        max_epochs=epochs,
        precision="bf16-mixed",
        callbacks=[ModelCheckpoint(out, save_last=True, save_top_k=0), EpochStart(), RichProgressBar()],
        logger=CSVLogger(out, name="logs"),
        gradient_clip_val=1.0,
        log_every_n_steps=10,
        enable_model_summary=False,
    )
    last = out / "last.ckpt"
    trainer.fit(task, clips, ckpt_path=last if last.exists() else None)
    network = task.network.eval()
    assert isinstance(network, TwoStreamAGCN)
    logits, labels = predict(network, clips.windows("val"))
    described = replace(
        _specification(len(clips.windows("train"))),
        temperature=fit_temperature(logits["both"].numpy(), labels.numpy()),
    )
    with progress_bar("Setting thresholds") as progress:
        heard = listen(network, described, recordings, seed, progress)
    thresholds = fit_event_thresholds(heard)
    with progress_bar("Judging events") as progress:
        other = listen(network, described, recordings, seed + 1, progress)
    figures = metrics(*predict(network, clips.windows("test")), described.temperature)
    figures |= event_figures(other, thresholds)
    described = replace(described, thresholds=thresholds, metrics=figures)
    save_weights(out / "gesture-skeleton.safetensors", network, described)
    (out / "metrics.json").write_text(json.dumps(figures, indent=2))
    return figures


@torch.no_grad()
def predict(network: TwoStreamAGCN, windows: ClipWindows) -> tuple[dict[str, Tensor], Tensor]:
    """Logits (N, classes) of both streams and of each alone, and the labels (N,)."""
    parts: dict[str, list[Tensor]] = {"both": [], "joint": [], "bone": []}
    labels = []
    for x, label in DataLoader(windows, 256):
        out = network(x)
        for name, logits in (("both", out.logits), ("joint", out.joint.logits), ("bone", out.bone.logits)):
            parts[name].append(logits)
        labels.append(label)
    return {name: torch.cat(logits) for name, logits in parts.items()}, torch.cat(labels)


def metrics(logits: dict[str, Tensor], labels: Tensor, temperature: float) -> dict[str, float]:
    """Top-1, top-5 and mean-class accuracy; top-1 of each stream; top-1 among the gestures alone; and by class."""
    both = logits["both"] / temperature
    right = both.argmax(1) == labels
    top5 = (both.topk(5).indices == labels[:, None]).any(1)
    by_class = {c: right[labels == c].float().mean().item() for c in sorted(set(labels.tolist()))}
    gesture = labels < len(CLASSES)
    figures = {
        "top1": right.float().mean().item(),
        "top5": top5.float().mean().item(),
        "mean_class": float(np.mean(list(by_class.values()))),
        "top1_joint": (logits["joint"].argmax(1) == labels).float().mean().item(),
        "top1_bone": (logits["bone"].argmax(1) == labels).float().mean().item(),
        "top1_gestures_only": (both[gesture, : len(CLASSES)].argmax(1) == labels[gesture]).float().mean().item(),
    }
    return figures | {f"class/{(*CLASSES, NONE)[c]}": value for c, value in by_class.items()}


def _specification(clips: int) -> Specification:
    return Specification(
        name="gesture-skeleton",
        network="two_stream_agcn",
        config=asdict(replace(GESTURE_PRESETS["small"].skeleton, classes=len(CLASSES) + 1, dropout=0.0)),
        layout=UPPER_BODY.name,
        classes=(*CLASSES, NONE),
        fps=FPS,
        frames=FRAMES,
        normalisation="kinesics.skeleton.normalise",
        training_data=f"{clips} simulated clips (Kinesics simulator, kinematic view); no recording of a real person",
        licence="Apache-2.0",
        limits="Trained on simulated movement alone; never measured against labelled real micro-gestures.",
    )
