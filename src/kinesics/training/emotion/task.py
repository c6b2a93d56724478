"""`EmotionTask`: how InterFusion, and its encoders with it, learn what a whole recording shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import lightning as L
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.metrics import emotion_report
from kinesics.models.emotion.net import EmotionNet, build_head, head_config
from kinesics.models.emotion.streams import EmotionOutput, Gestures, Stream
from kinesics.training.emotion.data import EmotionDataSpec
from kinesics.training.inputs.batches import Batch
from kinesics.training.optimiser import adamw_one_cycle
from kinesics.training.trainer import State, initialise_from_run, without_prefix
from kinesics.weights.encoders import video_encoder_config
from kinesics.weights.load import Specification


class EmotionTask(L.LightningModule):
    """Binary cross-entropy on the fused logit and, at weight `auxiliary`, on each stream's own; AdamW, one cycle.

    Parameters
    ----------
    spec
        An `EmotionDataSpec`, linked from the data.
    preset
        The network's size.
    fusion
        How streams are joined: a row of `kinesics.models.emotion.net.HEADS`, full (InterFusion) among them.
    pooling
        How the tokens of a stream become one vector: attention, mean or best.
    smoothing
        Share of a label's weight that both classes get alike.
    auxiliary
        Weight of the mean loss of each stream alone.
    unsupervised
        Weight of a head's own loss that needs no label, where it has one.
    rate
        The highest learning rate.
    encoder_rate
        The share of it that the encoders get, where the data give frames; with tokens no encoder is trained.
    weight_decay
        As AdamW has it.
    start
        An earlier run's folder, from whose network this one is initialised; from its fusion where that run had tokens.
    """

    def __init__(
        self,
        spec: Any,  # the parser would take its fields apart
        preset: Literal["paper", "small", "tiny"] = "small",
        fusion: str = "full",
        pooling: Literal["attention", "mean", "best"] = "attention",
        smoothing: float = 0.1,
        auxiliary: float = 0.5,
        unsupervised: float = 0.1,
        rate: float = 1e-3,
        encoder_rate: float = 0.1,
        weight_decay: float = 0.05,
        start: Path | None = None,
    ) -> None:
        super().__init__()
        self.spec: EmotionDataSpec = spec
        self.preset, self.fusion = preset, fusion
        self.smoothing, self.auxiliary, self.unsupervised = smoothing, auxiliary, unsupervised
        self.rate, self.encoder_rate, self.weight_decay = rate, encoder_rate, weight_decay
        sizes = head_config(preset, spec.gestures, spec.face, spec.video)
        self._further: dict[str, Any] = {**spec.widths, "pooling": pooling}
        head = build_head(fusion, replace(sizes, **self._further))
        # frozen encoders stay out of it, and so of every checkpoint
        face, video = (spec.face, spec.video) if spec.from_frames else (None, None)
        self.network = EmotionNet(face, video, head)
        for encoder in filter(None, (face, video)):
            for module in encoder.modules():
                if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
                    module.eval()  # Lightning keeps it so: it stays as it was learned, since batches are small
        if start is not None:
            _start_from(self.network, start)
        self._validated: list[tuple[Tensor, Tensor]] = []

    def forward(self, batch: Batch) -> Tensor:
        """Compute (N, 2) logits of negative and positive: 0, and the network's own."""
        logit = self._output(batch).logit
        return torch.stack([torch.zeros_like(logit), logit], 1)

    def _output(self, batch: Batch) -> EmotionOutput:
        streams: dict[str, Any] = {}
        for name in self.spec.streams:
            tokens, seconds, mask = (batch[f"{name}_{part}"] for part in ("tokens", "seconds", "mask"))
            if name == "gestures":
                label, score, length = tokens.unbind(-1)
                streams[name] = Gestures(label.long(), score, seconds, length, mask)
            else:
                streams[name] = Stream(tokens, seconds, mask)
        out: EmotionOutput = self.network(**streams) if self.spec.from_frames else self.network.fuse(**streams)
        return out

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Compute a batch's loss."""
        out = self._output(batch)
        loss = self._loss(out.logit, batch["label"])
        alone = [logit for logit in out.stream_logits if logit is not None]
        if len(alone) > 1:
            loss = loss + self.auxiliary * torch.stack([self._loss(logit, batch["label"]) for logit in alone]).mean()
        if out.unsupervised is not None:
            loss = loss + self.unsupervised * out.unsupervised.mean()
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch["label"]), sync_dist=True)
        return loss

    def _loss(self, logit: Tensor, label: Tensor) -> Tensor:
        target = label.float() * (1 - self.smoothing) + self.smoothing / 2
        return F.binary_cross_entropy_with_logits(logit.float(), target)

    def validation_step(self, batch: Batch, _: int) -> None:
        """Collect the logits of a batch."""
        self._validated.append((self(batch).float(), batch["label"]))

    def on_validation_epoch_end(self) -> None:
        """Log the loss and accuracy of all batches together."""
        logits, labels = (torch.cat(parts).cpu() for parts in zip(*self._validated, strict=True))
        self._validated.clear()
        logit = logits[:, 1]
        report = emotion_report(logit.numpy(), labels.numpy())
        self.log("val_loss", F.binary_cross_entropy_with_logits(logit, labels.float()))
        self.log("val_accuracy", report["accuracy"], prog_bar=True)
        self.log("val_auc", report["auc"], prog_bar=True)

    def configure_optimizers(self) -> Any:
        """Build AdamW and its cycle, with the encoders at a rate of their own."""
        encoders = [part for name, part in self.network.named_children() if name != "fusion"]
        return adamw_one_cycle(
            self, encoders, rate=self.rate, encoder_rate=self.encoder_rate, weight_decay=self.weight_decay
        )

    def weights(self) -> tuple[nn.Module, Specification]:
        """Give the network with the encoders whose tokens it takes, and what is known of it."""
        spec = self.spec
        whole = EmotionNet(spec.face, spec.video, self.network.fusion)
        described = Specification(
            name=f"emotion-{'-'.join(spec.streams)}",
            network="emotion_net",
            config={
                "preset": self.preset,
                "gestures": spec.gestures,
                "mode": self.fusion,
                "face": spec.face_name,
                "video": video_encoder_config(spec.video) if spec.video else None,
                **self._further,
            },
            classes=spec.classes,
            normalisation="emotion-streams-v1",
            face_rate=spec.face_rate,
            stretch=spec.stretch,
            training_data=spec.training_data,
            licence="as the terms of the training data and of the encoders allow",
            limits="Reads movement, not minds: won or lost, as measured on its own data set alone.",
        )
        return whole, described


def _start_from(network: EmotionNet, folder: Path) -> None:
    """Start from an earlier run's network, or from its fusion where it had no encoders: those of the data stay."""

    def choose(state: State) -> tuple[nn.Module, State]:
        if all(key.startswith("fusion.") for key in state):
            return network.fusion, without_prefix(state, "fusion.")
        return network, state

    initialise_from_run(folder, choose, "model.preset, model.fusion, data.streams, data.face and data.video")
