"""`SpottingTask`: how networks that find gestures in recordings learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import lightning as L
import numpy as np
import torch
from torch import Tensor, nn

from kinesics.data.dataset import Split
from kinesics.evaluation.spots import SpottedRecordings, choose_threshold, evaluate_spots
from kinesics.inference.spotting import Spots, SuppressionRule, spots_of
from kinesics.models.gesture.spotter import SpotterConfig
from kinesics.models.gesture.spotting_net import SpottingNet
from kinesics.models.skeleton.joint_encoder import JointEncoder, JointEncoderConfig
from kinesics.training.inputs.batches import Batch
from kinesics.training.optimiser import adamw_one_cycle
from kinesics.training.spotting.data import SpottingData, SpottingSpec
from kinesics.training.spotting.loss import assign, label_tokens, spotting_loss
from kinesics.training.spotting.tokens import TokenData
from kinesics.weights.load import Specification, layout_fields, save_weights
from kinesics.weights.run_folder import RunFolder


class SpottingTask(L.LightningModule):
    """Focal loss of the classes and DIoU loss of the edges at the points near an event's centre; AdamW, one cycle.

    Parameters
    ----------
    spec
        A `SpottingSpec`, linked from the data.
    network
        spotter, or a baseline: fcn, stabnet, aed_bilstm.
    width
        Channels of the spotter; the joints' encoder has as many.
    encoder_blocks
        Convolutions over time at the frames' rate; none where tokens are given.
    stride
        Frames of a token.
    blocks
        Of mixing before the pyramid.
    levels
        Of the pyramid; 1 for none.
    reach
        Tokens to either side that one attends to.
    mixer
        attention, or pool for max-pooling.
    drop
        Of paths and channels in training.
    radius
        Strides from an event's centre within which points answer for it.
    edges
        Weight of the edges' loss.
    exclusive
        Whether there is one gesture at a time at most.
    rate
        The highest learning rate.
    weight_decay
        As AdamW has it.
    """

    def __init__(
        self,
        spec: Any,  # the parser would take its fields apart
        network: str = "spotter",
        width: int = 128,
        encoder_blocks: int = 2,
        stride: int = 2,
        blocks: int = 2,
        levels: int = 4,
        reach: int = 8,
        mixer: Literal["attention", "pool"] = "attention",
        drop: float = 0.1,
        radius: float = 1.5,
        edges: float = 1.0,
        exclusive: bool = False,
        rate: float = 1e-3,
        weight_decay: float = 0.05,
    ) -> None:
        super().__init__()
        self.spec: SpottingSpec = spec
        encoder = None
        if not spec.channels:
            encoder = JointEncoder(spec.layout, JointEncoderConfig(width, width, encoder_blocks, stride, drop))
        config = SpotterConfig(
            len(spec.classes), spec.channels or width, width, blocks, levels, reach, mixer=mixer, drop=drop
        )
        self.network = SpottingNet(network, config, encoder, exclusive)
        self.radius, self.edges, self.rate, self.weight_decay = radius, edges, rate, weight_decay
        self.rule = SuppressionRule(exclusive=exclusive)

    @torch.no_grad()
    def forward(self, batch: Batch) -> list[Spots]:
        """Find the events of each window, in seconds from its first frame."""
        points = self.network(batch["frames"], batch["real"])
        count = batch["frames"].shape[1]
        seconds = self.network.stride / self.spec.fps
        half = 0.5 / self.spec.fps  # a frame is seen in its middle
        grid = self.network.grid(count)
        found = []
        for row, real in enumerate(batch["real"]):
            distances = None if points.distances is None else points.distances[row].float().cpu().numpy()
            probability = points.logits[row].float().sigmoid().cpu().numpy()
            length = int(real.sum()) / self.network.stride
            spots = spots_of(probability, distances, grid.place.cpu().numpy(), length=length, rule=self.rule)
            span = np.maximum(spots.span * seconds + half, 0)
            found.append(spots._replace(span=span, doubt=spots.doubt * seconds))
        return found

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Compute a batch's loss."""
        points = self.network(batch["frames"], batch["real"])
        grid = self.network.grid(batch["frames"].shape[1])
        grid = type(grid)(*(part.to(self.device) for part in grid))
        events = batch["events"].clone()
        events[..., 1:] /= self.network.stride
        if points.distances is None:
            targets = label_tokens(events, len(grid.place), len(self.spec.classes))
        else:
            targets = assign(events, grid, len(self.spec.classes), self.radius)
        frames = (grid.place * self.network.stride).long()
        of_classes, of_edges = spotting_loss(points, targets, batch["real"][:, frames])
        loss = of_classes + self.edges * of_edges
        self.log("train_loss", loss, prog_bar=True)
        self.log("train_edges", of_edges)
        return loss

    def configure_optimizers(self) -> Any:
        """Build AdamW and its cycle."""
        return adamw_one_cycle(self, [], rate=self.rate, encoder_rate=1.0, weight_decay=self.weight_decay)

    def save_run(self, data: SpottingData | TokenData, out: Path) -> None:
        """Write the events of validation and test, and the network with the threshold chosen on validation.

        Parameters
        ----------
        data : whose recordings.
        out : the run's folder.
        """
        folder = RunFolder(out)
        found = {split: find_spots(self, data, split) for split in ("val", "test") if data.clips(split)}
        for split, spotted in found.items():
            spotted.save(folder.events(split))
        network, described = self.weights()
        if "val" in found:
            onset = choose_threshold(found["val"])
            described = replace(described, thresholds=dict.fromkeys(self.spec.classes, onset))
        if "test" in found and len(found["test"].truth):
            figures = evaluate_spots(found["test"], found.get("val")).figures
            described = replace(described, metrics={name: figure.value for name, figure in figures.items()})
        save_weights(folder.weights, network, described)

    def weights(self) -> tuple[nn.Module, Specification]:
        """Give the network as others can load it, and what is known of it; the run adds what it has measured."""
        spec = self.spec
        return self.network, Specification(
            name="spotter",
            network="spotting_net",
            config=self.network.sizes(),
            **layout_fields(spec.layout),
            classes=spec.classes,
            fps=spec.fps,
            frames=self.network.stride,
            normalisation="bones-v1",
            training_data=spec.training_data,
            licence="as the terms of the training data allow",
            limits="Measured on the splits of its own data set alone.",
        )


def find_spots(task: SpottingTask, data: SpottingData | TokenData, split: Split) -> SpottedRecordings:
    """Find the events of a split's recordings in eval mode.

    Parameters
    ----------
    task : with its network.
    data : whose recordings.
    split : which of them.

    Returns
    -------
    Those of any score, beside what is there.
    """
    task.eval()
    windows = data.windows(split)
    names = tuple(clip.id for clip in data.clips(split))
    found: list[tuple[float, ...]] = []
    loader = data.val_dataloader() if split == "val" else data.test_dataloader()
    for row, batch in enumerate(loader):
        (spots,) = task({k: v.to(task.device) for k, v in batch.items()})
        found += [(row, *one) for one in zip(spots.label, *spots.span.T, spots.score, strict=True)]
    truth = [(row, *event) for row, name in enumerate(names) for event in data.events[name]]
    return SpottedRecordings(
        names,
        task.spec.classes,
        np.array([windows.seconds(row) for row in range(len(names))]),
        windows.source_fps,
        np.array(found, float).reshape(-1, 5),
        np.array(truth, float).reshape(-1, 4),
    )
