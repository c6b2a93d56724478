"""`GestureTask`: how the gesture networks learn, whichever modalities they have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import lightning as L
import torch
from torch import Tensor, nn

from kinesics.metrics import mean_class_accuracy, top_k
from kinesics.models.agcn import AGCNConfig, TwoStreamAGCN, TwoStreamOutput
from kinesics.tasks.data import Batch, Facts
from kinesics.tasks.losses import LongTailLoss, LossName

SKELETON_PRESETS: dict[str, AGCNConfig] = {
    "paper": AGCNConfig(channels=4, persons=1),
    "small": AGCNConfig(
        channels=4, persons=1, widths=(24, 24, 48, 48, 96, 96), strides=(1, 2, 1, 2, 1, 1), dropout=0.2
    ),
    "tiny": AGCNConfig(channels=4, persons=1, widths=(8, 8, 16), strides=(1, 2, 2)),
}


class GestureTask(L.LightningModule):
    """Cross-entropy on the joined logits and, at weight `auxiliary`, on each stream alone; AdamW, one cycle.

    preset: the network's size. loss, smoothing: see `LongTailLoss`. rate: the highest learning rate.
    """

    def __init__(
        self,
        facts: Any,  # Facts, linked from the data; the parser would take its fields apart
        preset: Literal["paper", "small", "tiny"] = "small",
        loss: LossName = "plain",
        smoothing: float = 0.1,
        auxiliary: float = 0.5,
        rate: float = 3e-3,
        weight_decay: float = 0.02,
    ) -> None:
        super().__init__()
        self.facts: Facts = facts
        self.auxiliary, self.rate, self.weight_decay = auxiliary, rate, weight_decay
        self.network: nn.Module = build(facts, preset)
        self.loss = LongTailLoss(torch.tensor(facts.counts), loss, smoothing)
        self._seen: list[tuple[Tensor, Tensor]] = []

    def forward(self, batch: Batch) -> Tensor:
        """(N, classes) logits."""
        logits: Tensor = self.network(batch["skeleton"]).logits
        return logits

    def training_step(self, batch: Batch, _: int) -> Tensor:
        out = self.network(batch["skeleton"])
        loss = torch.stack([weight * self.loss(logits, batch["label"]) for logits, weight in self._heads(out)]).sum()
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def _heads(self, out: TwoStreamOutput) -> Iterator[tuple[Tensor, float]]:
        yield out.logits, 1.0
        yield out.joint.logits, self.auxiliary
        yield out.bone.logits, self.auxiliary

    def validation_step(self, batch: Batch, _: int) -> None:
        self._seen.append((self(batch).float(), batch["label"]))

    def on_validation_epoch_end(self) -> None:
        logits, labels = (torch.cat(parts).cpu().numpy() for parts in zip(*self._seen, strict=True))
        self._seen.clear()
        self.log("val_top1", top_k(logits, labels, 1), prog_bar=True)
        self.log("val_mean_class", mean_class_accuracy(logits, labels), prog_bar=True)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.rate, weight_decay=self.weight_decay)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.rate, total_steps=steps, pct_start=0.15)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def build(facts: Facts, preset: str) -> TwoStreamAGCN:
    """The network of a preset for these classes and this layout."""
    from dataclasses import replace

    return TwoStreamAGCN(facts.layout, replace(SKELETON_PRESETS[preset], classes=len(facts.classes)))
