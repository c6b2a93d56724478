"""`GestureTask`: how the gesture networks learn, whichever modalities they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import lightning as L
import torch
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.metrics import mean_class_accuracy, top_k
from kinesics.models.agcn import TwoStreamAGCN, TwoStreamOutput
from kinesics.models.cross_modal_token_fusion import FusionOutput, Mode
from kinesics.models.encoder import ClipTokens
from kinesics.models.gesture import GESTURE_PRESETS, GestureNet, build_gesture_net
from kinesics.tasks.data import Batch, Facts
from kinesics.tasks.losses import LongTailLoss, LossName


class GestureTask(L.LightningModule):
    """Cross-entropy on the joined logits and, at weight `auxiliary`, on each stream alone; AdamW, one cycle.

    modality: "skeleton" trains a two-stream AGCN; "video" a classifier on the tokens of the data's frozen encoder;
    "both" their fusion, in the mode `fusion`. preset: the network's size. loss, smoothing: see `LongTailLoss`.
    sparsity: weight of the exchange's usefulness. rate: the highest learning rate. start: a run's folder whose network
    is gone on from. part: "classifier" trains the last layer alone (on balanced batches, after all else is learned).
    """

    def __init__(
        self,
        facts: Any,  # Facts, linked from the data; the parser would take its fields apart
        preset: Literal["paper", "small", "tiny"] = "small",
        modality: Literal["skeleton", "video", "both"] = "skeleton",
        fusion: Mode = "full",
        loss: LossName = "plain",
        smoothing: float = 0.1,
        auxiliary: float = 0.5,
        sparsity: float = 0.01,
        rate: float = 3e-3,
        weight_decay: float = 0.02,
        start: Path | None = None,
        part: Literal["all", "classifier"] = "all",
    ) -> None:
        super().__init__()
        self.facts: Facts = facts
        self.modality, self.auxiliary, self.sparsity = modality, auxiliary, sparsity
        self.rate, self.weight_decay = rate, weight_decay
        self.network: nn.Module = build(facts, preset, modality, fusion)
        if start is not None:
            self._start_from(start)
        if part == "classifier":
            self._freeze_all_but_classifier()
        self.loss = LongTailLoss(torch.tensor(facts.counts), loss, smoothing)
        self._seen: list[tuple[Tensor, Tensor]] = []

    def forward(self, batch: Batch) -> Tensor:
        """(N, classes) logits."""
        return self._answer(batch).logits

    def _answer(self, batch: Batch) -> TwoStreamOutput | FusionOutput:
        if not isinstance(self.network, GestureNet):
            out: TwoStreamOutput = self.network(batch["skeleton"])
            return out
        video = ClipTokens(batch["tokens"], batch["pooled"])
        if self.modality == "video":
            return self.network.fuse(video, None)
        skeleton = batch["skeleton"]
        return self.network.fuse(video, self.network.skeleton(skeleton).tokens, batch["places"], skeleton[:, 3, ..., 0])

    def training_step(self, batch: Batch, _: int) -> Tensor:
        out = self._answer(batch)
        loss: Tensor = self.loss(out.logits, batch["label"])
        for logits in _single_streams(out):
            loss = loss + self.auxiliary * self.loss(logits, batch["label"])
        if isinstance(out, FusionOutput):
            loss = loss + self.sparsity * out.sparsity
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def _start_from(self, folder: Path) -> None:
        """The network of an earlier run's last checkpoint, with its averaged weights if it kept some."""
        state = torch.load(folder / "last.ckpt", map_location="cpu", weights_only=True)["state_dict"]
        self.network.load_state_dict({k.removeprefix("network."): v for k, v in state.items() if "network." in k})

    def _freeze_all_but_classifier(self) -> None:
        self.network.requires_grad_(False)
        self.network.eval()  # Lightning keeps it so: batch norms stay as they were learned
        heads = [module for name, module in self.network.named_modules() if name.endswith(("fc", "head"))]
        for head in heads:
            head.requires_grad_(True)

    def validation_step(self, batch: Batch, _: int) -> None:
        self._seen.append((self(batch).float(), batch["label"]))

    def on_validation_epoch_end(self) -> None:
        logits, labels = (torch.cat(parts).cpu().numpy() for parts in zip(*self._seen, strict=True))
        self._seen.clear()
        self.log("val_top1", top_k(logits, labels, 1), prog_bar=True)
        self.log("val_mean_class", mean_class_accuracy(logits, labels), prog_bar=True)

    def configure_optimizers(self) -> Any:
        trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=self.rate, weight_decay=self.weight_decay)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.rate, total_steps=steps, pct_start=0.15)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _single_streams(out: TwoStreamOutput | FusionOutput) -> Iterator[Tensor]:
    """The logits of each stream or modality alone, where there are several."""
    if isinstance(out, TwoStreamOutput):
        yield from (out.joint.logits, out.bone.logits)
    elif out.video_logits is not None and out.skeleton_logits is not None:
        yield from (out.video_logits, out.skeleton_logits)


def build(facts: Facts, preset: str, modality: str = "skeleton", fusion: Mode = "full") -> nn.Module:
    """The network of a preset for these classes and this layout; a GestureNet where video takes part."""
    classes = len(facts.classes)
    if modality == "skeleton":
        return TwoStreamAGCN(facts.layout, replace(GESTURE_PRESETS[preset].skeleton, classes=classes))
    if facts.encoder is None:
        raise KinesicsError(f"model.modality {modality}: the data have no video tokens; name an encoder in data.video")
    return build_gesture_net(preset, classes, facts.layout, fusion, video=facts.encoder)
