"""Training of the skeleton network: a LightningModule, and the one command that makes the default weights."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
import torch.nn.functional as F
from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassAccuracy

from kinesics.data.imigue import CLASSES
from kinesics.data.windows import ClipArrays, ClipWindows
from kinesics.models.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.models.weights import NONE, Specification, save_weights
from kinesics.skeleton import UPPER_BODY

SMALL = AGCNConfig(
    classes=len(CLASSES) + 1,
    channels=4,
    persons=1,
    widths=(24, 24, 48, 48, 96, 96),
    strides=(1, 2, 1, 2, 1, 1),
    dropout=0.2,
)
FRAMES, FPS = 32, 12.5  # 2.56 s, about the mean clip of iMiGUE
Batch = tuple[Tensor, Tensor]


class GestureTask(L.LightningModule):
    """Cross-entropy on the joined logits and, at half weight, on each stream alone; AdamW, one cycle."""

    def __init__(self, config: AGCNConfig, steps: int, rate: float = 3e-3) -> None:
        super().__init__()
        self.network = TwoStreamAGCN(UPPER_BODY, config)
        self.steps, self.rate = steps, rate
        self.top1 = MulticlassAccuracy(config.classes, average="micro")
        self.mean_class = MulticlassAccuracy(config.classes, average="macro")

    def training_step(self, batch: Batch, _: int) -> Tensor:
        x, label = batch
        out = self.network(x)
        loss = sum(
            weight * F.cross_entropy(logits.float(), label, label_smoothing=0.1)
            for logits, weight in ((out.logits, 1.0), (out.joint.logits, 0.5), (out.bone.logits, 0.5))
        )
        self.log("train_loss", loss, prog_bar=True)
        assert isinstance(loss, Tensor)
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        x, label = batch
        logits = self.network(x).logits
        self.top1(logits, label)
        self.mean_class(logits, label)
        self.log("val_top1", self.top1, prog_bar=True)
        self.log("val_mean_class", self.mean_class, prog_bar=True)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.rate, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.rate, total_steps=self.steps, pct_start=0.15)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class NextEpoch(L.Callback):
    """Tells the data set which epoch it is, so that every epoch sees other windows."""

    def on_train_epoch_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        loader = trainer.train_dataloader
        if isinstance(loader, DataLoader) and isinstance(loader.dataset, ClipWindows):
            loader.dataset.epoch = trainer.current_epoch


def train(data: Path, out: Path, *, epochs: int, seed: int = 1, batch: int = 64) -> dict[str, float]:
    """Train on `data/{train,val,test}` as the simulator wrote them and write `out/gesture-skeleton.safetensors`.

    Resumes from `out/last.ckpt`. Temperature is fitted on val; the returned figures are of test.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # its tips advertise a cloud service
    L.seed_everything(seed, verbose=False)
    sets = {
        split: ClipWindows(ClipArrays.open(data / split), frames=FRAMES, fps=FPS, augment=split == "train", seed=seed)
        for split in ("train", "val", "test")
    }
    generator = torch.Generator().manual_seed(seed)
    loader = DataLoader(sets["train"], batch, shuffle=True, drop_last=True, generator=generator)
    task = GestureTask(SMALL, steps=epochs * len(loader))
    checkpoint = ModelCheckpoint(out, save_last=True)
    trainer = L.Trainer(
        max_epochs=epochs,
        precision="bf16-mixed",
        callbacks=[checkpoint, NextEpoch(), RichProgressBar()],
        logger=CSVLogger(out, name="logs"),
        gradient_clip_val=1.0,
        log_every_n_steps=10,
        enable_model_summary=False,
    )
    last = out / "last.ckpt"
    trainer.fit(task, loader, DataLoader(sets["val"], 256), ckpt_path=last if last.exists() else None)
    network = task.network.eval()
    logits, labels = predict(network, sets["val"])
    temperature = fit_temperature(logits, labels)
    thresholds = fit_thresholds((logits["both"] / temperature).softmax(1), labels)
    figures = metrics(*predict(network, sets["test"]), temperature)
    described = replace(
        _specification(len(sets["train"])), temperature=temperature, thresholds=thresholds, metrics=figures
    )
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


def fit_temperature(logits: dict[str, Tensor], labels: Tensor) -> float:
    """The temperature with the least cross-entropy on held-out clips (Guo et al., ICML 2017)."""
    grid = torch.logspace(-1, 1, 200)
    losses = torch.stack([F.cross_entropy(logits["both"] / t, labels) for t in grid])
    return float(grid[losses.argmin()])


def fit_thresholds(probability: Tensor, labels: Tensor) -> dict[str, float]:
    """For each gesture the score that separates its held-out windows best (F1), kept within 0.3 … 0.8."""
    grid = torch.arange(0.3, 0.801, 0.025)
    thresholds = {}
    for index, label in enumerate(CLASSES):
        called, true = probability[:, index, None] >= grid, (labels == index)[:, None]
        f1 = 2 * (called & true).sum(0) / (called.sum(0) + true.sum(0)).clamp(min=1)
        best = grid[f1 >= f1.max() - 1e-6]  # often a plateau: its middle is the safest
        thresholds[label] = round(float(best[len(best) // 2]), 3)
    return thresholds


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
        config=asdict(replace(SMALL, dropout=0.0)),
        layout=UPPER_BODY.name,
        classes=(*CLASSES, NONE),
        fps=FPS,
        frames=FRAMES,
        normalisation="kinesics.skeleton.normalise",
        training_data=f"{clips} simulated clips (Kinesics simulator, kinematic view); no recording of a real person",
        licence="Apache-2.0",
        limits="Trained on simulated movement alone; never measured against labelled real micro-gestures.",
    )
