"""`GestureTask`: how the gesture networks learn, whichever modalities they have."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import lightning as L
import torch
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.metrics import mean_class_accuracy, top_k
from kinesics.training.gesture.data import GestureDataSpec
from kinesics.training.gesture.modalities import NetworkOptions, TrainedModality, build_modality
from kinesics.training.inputs.batches import Batch
from kinesics.training.losses import LongTailLoss, LossName
from kinesics.training.optimiser import adamw_one_cycle
from kinesics.training.trainer import initialise_from_run
from kinesics.weights.load import Specification, layout_fields


class GestureTask(L.LightningModule):
    """Cross-entropy on the logits and, at weight `auxiliary`, on those of each stream alone; AdamW, one cycle.

    Parameters
    ----------
    spec
        A `GestureDataSpec`, linked from the data.
    preset
        The network's size.
    modality
        skeleton: a two-stream AGCN. joint, bone: one of its streams. video: a classifier on the data's video encoder.
        both: their fusion.
    fusion
        How both modalities are joined: full, exchange, cross-attention, concatenation or late.
    loss
        plain, or for a long tail logit-adjusted or class-balanced.
    smoothing
        Share of a label's weight that all classes get alike.
    auxiliary
        Weight of the loss of each stream or modality alone.
    sparsity
        Weight of the mean usefulness of what modalities exchange.
    rate
        The highest learning rate.
    encoder_rate
        The share of it that the encoders get.
    weight_decay
        As AdamW has it.
    start
        An earlier run's folder, from whose network this one is initialised. A skeleton network becomes the skeleton
        encoder of a fusion.
    part
        What is trained: all; fusion: all but both encoders; classifier: the last layers, on balanced batches after all
        else is learned.
    contact
        Whether the skeleton network also sees how near hands are to face and body, as the weights that ship do.
    """

    def __init__(
        self,
        spec: Any,  # the parser would take its fields apart
        preset: Literal["paper", "small", "tiny"] = "small",
        modality: str = "skeleton",
        fusion: str = "full",
        loss: LossName = "plain",
        smoothing: float = 0.1,
        auxiliary: float = 0.5,
        sparsity: float = 0.01,
        rate: float = 3e-3,
        encoder_rate: float = 1.0,
        weight_decay: float = 0.02,
        start: Path | None = None,
        part: Literal["all", "fusion", "classifier"] = "all",
        contact: bool = False,
    ) -> None:
        super().__init__()
        self.spec: GestureDataSpec = spec
        self.modality = modality
        self.auxiliary, self.sparsity = auxiliary, sparsity
        self.rate, self.encoder_rate, self.weight_decay = rate, encoder_rate, weight_decay
        self.trained = build_modality(modality, NetworkOptions(spec, preset, fusion, contact))
        self.network = self.trained.network
        if start is not None:
            options = "model.preset, model.modality, model.fusion and data.video"
            initialise_from_run(start, self.trained.initialised, options)
        _TRAIN_PART[part](self.trained)
        for module in self.trained.unused:  # several GPUs want every gradient
            module.requires_grad_(False)
        self.loss = LongTailLoss(torch.tensor(spec.counts), loss, smoothing)
        self._validated: list[tuple[Tensor, Tensor]] = []

    def forward(self, batch: Batch) -> Tensor:
        """Compute (N, classes) logits of a batch."""
        return self.trained.apply(batch).logits

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Compute a batch's loss."""
        out = self.trained.apply(batch)
        loss: Tensor = self.loss(out.logits, batch["label"])
        for logits in out.single:
            loss = loss + self.auxiliary * self.loss(logits, batch["label"])
        if out.sparsity is not None:
            loss = loss + self.sparsity * out.sparsity
        self.log("train_loss", loss, prog_bar=True, sync_dist=True)
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        """Collect the logits of a batch."""
        self._validated.append((self(batch).float(), batch["label"]))

    def on_validation_epoch_end(self) -> None:
        """Log the accuracy of all batches together."""
        logits, labels = (torch.cat(parts).cpu().numpy() for parts in zip(*self._validated, strict=True))
        self._validated.clear()
        self.log("val_top1", top_k(logits, labels, 1), prog_bar=True)
        self.log("val_mean_class", mean_class_accuracy(logits, labels), prog_bar=True)

    def configure_optimizers(self) -> Any:
        """Build AdamW and its cycle, with the encoders at a rate of their own."""
        return adamw_one_cycle(
            self,
            self.network.encoders(),
            rate=self.rate,
            encoder_rate=self.encoder_rate,
            weight_decay=self.weight_decay,
        )

    def weights(self) -> tuple[nn.Module, Specification]:
        """Give the network as others can load it, and what is known of it; the run adds what it has measured."""
        spec, saved = self.spec, self.trained.saved()
        return saved.module, Specification(
            name=f"gesture-{self.modality}",
            network=saved.network,
            config=saved.config,
            **layout_fields(spec.layout),
            classes=spec.classes,
            fps=spec.fps,
            frames=spec.frames,
            normalisation="joints-v1",
            training_data=spec.training_data,
            licence="as the terms of the training data allow",
            limits="Measured on the splits of its own data set alone.",
        )


def _train_all(trained: TrainedModality) -> None:
    pass


def _train_fusion(trained: TrainedModality) -> None:
    if trained.fusion is None:
        raise KinesicsError("model.part fusion: a network of skeletons alone has none; set model.part to all")
    _freeze(trained.network, trained.network.encoders())
    trained.fusion.requires_grad_(True)


def _train_classifier(trained: TrainedModality) -> None:
    _freeze(trained.network, [trained.network])
    for layer in trained.network.classifiers():
        layer.requires_grad_(True)


_TRAIN_PART = {"all": _train_all, "fusion": _train_fusion, "classifier": _train_classifier}


def _freeze(network: nn.Module, in_eval_mode: list[nn.Module]) -> None:
    network.requires_grad_(False)
    for module in in_eval_mode:
        module.eval()  # Lightning keeps it so: batch norms stay as they were learned
