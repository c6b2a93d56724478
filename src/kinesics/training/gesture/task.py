"""`GestureTask`: how the gesture networks learn, whichever modalities they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

import lightning as L
import torch
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.metrics import mean_class_accuracy, top_k
from kinesics.models.gesture.fusion import FusionOutput
from kinesics.models.gesture.net import GESTURE_PRESETS, GestureNet, build_gesture_net
from kinesics.models.skeleton.agcn import AGCNOutput, TwoStreamAGCN, TwoStreamOutput
from kinesics.models.video.encoder import ClipTokens
from kinesics.training.gesture.data import Batch, DataSpec
from kinesics.training.losses import LongTailLoss, LossName
from kinesics.training.optimiser import adamw_one_cycle
from kinesics.training.trainer import State, initialise_from_run
from kinesics.weights.encoders import video_encoder_config
from kinesics.weights.load import Specification, layout_fields

Modality = Literal["skeleton", "joint", "bone", "video", "both"]
Part = Literal["all", "fusion", "classifier"]
Output = TwoStreamOutput | AGCNOutput | FusionOutput


class GestureTask(L.LightningModule):
    """Cross-entropy on the joined logits and, at weight `auxiliary`, on each stream alone; AdamW, one cycle.

    modality: "skeleton" trains a two-stream AGCN, "joint" and "bone" one of its streams; "video" a classifier on the
    data's video encoder; "both" their fusion, the one of `FUSIONS` that `fusion` names. preset: the network's size.
    loss, smoothing: see `LongTailLoss`. sparsity: weight of the exchange's usefulness. rate: the highest learning rate;
    encoder_rate: the encoders' share of it. start: a run's folder whose network is gone on from; a skeleton network
    becomes the skeleton encoder of a fusion. part: "fusion" leaves both encoders as they are; "classifier" trains the
    last layers alone (on balanced batches, after all else is learned). contact: the skeleton network also sees how near
    hands are to face and body, as the weights that ship do.
    """

    def __init__(
        self,
        facts: Any,  # DataSpec, linked from the data; the parser would take its fields apart
        preset: Literal["paper", "small", "tiny"] = "small",
        modality: Modality = "skeleton",
        fusion: str = "full",
        loss: LossName = "plain",
        smoothing: float = 0.1,
        auxiliary: float = 0.5,
        sparsity: float = 0.01,
        rate: float = 3e-3,
        encoder_rate: float = 1.0,
        weight_decay: float = 0.02,
        start: Path | None = None,
        part: Part = "all",
        contact: bool = False,
    ) -> None:
        super().__init__()
        self.facts: DataSpec = facts
        self.preset, self.modality, self.fusion = preset, modality, fusion
        self.auxiliary, self.sparsity = auxiliary, sparsity
        self.rate, self.encoder_rate, self.weight_decay = rate, encoder_rate, weight_decay
        self.network: TwoStreamAGCN | GestureNet = build(facts, preset, modality, fusion, contact)
        if start is not None:
            _start_from(self.network, start)
        _freeze(self.network, modality, part)
        self.loss = LongTailLoss(torch.tensor(facts.counts), loss, smoothing)
        self._seen: list[tuple[Tensor, Tensor]] = []

    def forward(self, batch: Batch) -> Tensor:
        """(N, classes) logits."""
        return self._answer(batch).logits

    def _answer(self, batch: Batch) -> Output:
        network, skeleton = self.network, batch["skeleton"]
        if isinstance(network, TwoStreamAGCN):
            out: Output = network(skeleton) if self.modality == "skeleton" else self._stream(network, skeleton)
            return out
        assert isinstance(network, GestureNet)
        video = network.video(batch["video"]) if "video" in batch else ClipTokens(batch["tokens"], batch["pooled"])
        if self.modality == "video":
            return network.fuse(video, None)
        return network.fuse(video, network.skeleton(skeleton).tokens, batch["places"], skeleton[:, 3, ..., 0])

    def _stream(self, network: TwoStreamAGCN, skeleton: Tensor) -> AGCNOutput:
        joints, bones = network.streams(skeleton)
        out: AGCNOutput = network.joint(joints) if self.modality == "joint" else network.bone(bones)
        return out

    def training_step(self, batch: Batch, _: int) -> Tensor:
        out = self._answer(batch)
        loss: Tensor = self.loss(out.logits, batch["label"])
        for logits in _single_streams(out):
            loss = loss + self.auxiliary * self.loss(logits, batch["label"])
        if isinstance(out, FusionOutput):
            loss = loss + self.sparsity * out.sparsity
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        self._seen.append((self(batch).float(), batch["label"]))

    def on_validation_epoch_end(self) -> None:
        logits, labels = (torch.cat(parts).cpu().numpy() for parts in zip(*self._seen, strict=True))
        self._seen.clear()
        self.log("val_top1", top_k(logits, labels, 1), prog_bar=True)
        self.log("val_mean_class", mean_class_accuracy(logits, labels), prog_bar=True)

    def configure_optimizers(self) -> Any:
        return adamw_one_cycle(
            self,
            self.network.encoders(),
            rate=self.rate,
            encoder_rate=self.encoder_rate,
            weight_decay=self.weight_decay,
        )

    def weights(self) -> tuple[nn.Module, Specification]:
        """The network as others can load it, and what is known of it; the run adds what it has measured."""
        facts, network = self.facts, self.network
        described = Specification(
            name=f"gesture-{self.modality}",
            network="gesture_net",
            config={},
            **layout_fields(facts.layout),
            classes=facts.classes,
            fps=facts.fps,
            frames=facts.frames,
            normalisation="joints-v1",
            training_data=facts.training_data,
            licence="as the terms of the training data allow",
            limits="Measured on the splits of its own data set alone.",
        )
        if isinstance(network, GestureNet):
            config = {
                "preset": self.preset,
                "modality": self.modality,
                "mode": self.fusion,
                "video": video_encoder_config(network.video),
            }
            return network, replace(described, config=config)
        assert isinstance(network, TwoStreamAGCN)
        config = asdict(network.config)
        if self.modality == "skeleton":
            return network, replace(described, network="two_stream_agcn", config=config)
        stream = network.joint if self.modality == "joint" else network.bone
        return stream, replace(described, network="agcn", config=config)


def _single_streams(out: Output) -> Iterator[Tensor]:
    """The logits of each stream or modality alone, where there are several."""
    if isinstance(out, TwoStreamOutput):
        yield from (out.joint.logits, out.bone.logits)
    elif isinstance(out, FusionOutput) and out.video_logits is not None and out.skeleton_logits is not None:
        yield from (out.video_logits, out.skeleton_logits)


def build(
    facts: DataSpec, preset: str, modality: Modality = "skeleton", fusion: str = "full", contact: bool = False
) -> TwoStreamAGCN | GestureNet:
    """The network of a preset for these classes and this layout; a GestureNet where video takes part."""
    classes = len(facts.classes)
    if contact and modality != "skeleton":
        raise KinesicsError(f"model.contact: expected model.modality skeleton beside it, found {modality}")
    if modality not in ("video", "both"):
        sizes = replace(GESTURE_PRESETS[preset].skeleton, classes=classes, contact=contact)
        try:
            return TwoStreamAGCN(facts.layout, sizes)
        except ValueError as error:
            raise KinesicsError(f"model.contact: {error}") from error
    if facts.encoder is None:
        raise KinesicsError(f"model.modality {modality}: the data have no video; name an encoder in data.video")
    return build_gesture_net(preset, classes, facts.layout, fusion, video=facts.encoder)


def _start_from(network: nn.Module, folder: Path) -> None:
    """Start from an earlier run's network; a skeleton network becomes the skeleton encoder of a fusion."""

    def choose(state: State) -> tuple[nn.Module, State]:
        of_skeleton = not any(key.startswith("fusion.") for key in state)
        return network.skeleton if isinstance(network, GestureNet) and of_skeleton else network, state

    initialise_from_run(folder, choose, "model.preset, model.modality, model.fusion and data.video")


def _freeze(network: TwoStreamAGCN | GestureNet, modality: Modality, part: Part) -> None:
    """Leave to be trained what `part` names and the answer depends on: several GPUs want every gradient."""
    if part != "all":
        network.requires_grad_(False)
        for module in [network] if part == "classifier" else network.encoders():
            module.eval()  # Lightning keeps it so: batch norms stay as they were learned
    if part == "classifier":
        for layer in network.classifiers():
            layer.requires_grad_(True)
    elif part == "fusion":
        if not isinstance(network, GestureNet):
            raise KinesicsError(f"model.part fusion: a network of model.modality {modality} has none; say all")
        network.fusion.requires_grad_(True)
    for module in _unused(network, modality):
        module.requires_grad_(False)


def _unused(network: TwoStreamAGCN | GestureNet, modality: Modality) -> list[nn.Module]:
    """What takes no part in the answer of this modality."""
    if isinstance(network, GestureNet):
        if modality == "both":
            return []
        return [
            network.skeleton,
            *(part for part in network.fusion.children() if part is not network.fusion.video_head),
        ]
    assert isinstance(network, TwoStreamAGCN)
    unused: dict[Modality, list[nn.Module]] = {"joint": [network.bone], "bone": [network.joint]}
    return unused.get(modality, [])
