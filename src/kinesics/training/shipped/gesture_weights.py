"""The one command that makes the default weights: the skeleton network on simulated clips."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from kinesics.data.dataset import Split
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.metrics import fit_temperature
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.progress import progress_bar
from kinesics.skeleton import UPPER_BODY
from kinesics.training.gesture.data import DataSpec, GestureWindows
from kinesics.training.gesture.task import GestureTask
from kinesics.training.inputs.clip_windows import ClipArrays, ClipWindows, JoinedClips
from kinesics.training.shipped.event_thresholds import event_figures, fit_event_thresholds, score_recordings, shift
from kinesics.training.trainer import fit, silence_logs
from kinesics.weights.load import NONE, Specification, load_weights, save_weights

FRAMES, FPS = 32, 12.5  # 2.56 s, about the mean clip of iMiGUE
WATCHED = "-watched"  # what the folder of a split of watched clips ends with
RATE = 3e-3  # the highest learning rate of a training from nothing
_TIMES = 4  # that training sees a watched clip for once that it sees another


class SimulatedClips(GestureWindows):
    """`folder/{train,val,test}` as the simulator wrote them, and `folder/{train,val,test}-watched` where they are."""

    def __init__(self, folder: Path, batch: int, seed: int) -> None:
        super().__init__(batch=batch, seed=seed)
        self.folder = folder

    def make_windows(self, split: Split) -> ClipWindows:
        return _windows(self.sources(split), training=split == "train", seed=self.seed)

    def sources(self, split: Split) -> list[tuple[ClipArrays, int]]:
        """The split's clips, and how often each is seen."""
        sources = [(ClipArrays.open(self.folder / split), 1)]
        if (watched := self.folder / f"{split}{WATCHED}").exists():
            sources.append((ClipArrays.open(watched), _TIMES if split == "train" else 1))
        return sources

    @property
    def labels(self) -> list[int]:
        return [int(label) for clips, times in self.sources("train") for label in np.tile(clips.label, times)]

    @property
    def facts(self) -> DataSpec:
        counts = np.bincount(self.labels, minlength=len(CLASSES) + 1)
        return DataSpec((*CLASSES, NONE), UPPER_BODY, tuple(counts.tolist()))


def _windows(sources: Sequence[tuple[ClipArrays, int]], *, training: bool = False, seed: int = 0) -> ClipWindows:
    return ClipWindows(JoinedClips(sources), frames=FRAMES, fps=FPS, augment=training, seed=seed)


def train(
    data: Path,
    out: Path,
    *,
    epochs: int,
    seed: int = 1,
    batch: int = 64,
    recordings: int = 180,
    films: int = 24,
    start: Path | None = None,
) -> dict[str, float]:
    """Train on the simulated clips of the folder `data` and write `out/gesture-skeleton.safetensors`.

    Its folders train, val and test were written by `simulate_dataset`, and train-watched, val-watched and test-watched,
    where they are, with `watched`. start: weights to go on from, at a third of the rate. Resumes from `out/last.ckpt`.
    Temperature is fitted on val, thresholds on so many simulated recordings and so many films; the returned figures are
    of test, those that begin with "watched/" of test-watched, those of events of as many other recordings and films.
    Raises KinesicsError for weights that cannot be read.
    """
    silence_logs()
    L.seed_everything(seed, verbose=False)
    clips = SimulatedClips(data, batch, seed)
    task = GestureTask(clips.facts, "small", contact=True, rate=RATE if start is None else RATE / 3)
    before = None if start is None else load_weights(start)
    if before is not None:
        try:
            task.network.load_state_dict(before[0].state_dict())
        except RuntimeError as error:
            raise KinesicsError(f"{start}: expected weights of the network that ships, found another") from error
    fit(task, clips, out, epochs=epochs)
    network = task.network.eval()
    assert isinstance(network, TwoStreamAGCN)
    logits, labels = predict(network, clips.windows("val"))
    described = replace(
        _specification(network.config, [len(source) for source, _ in clips.sources("train")]),
        temperature=fit_temperature(logits["both"].numpy(), labels.numpy()),
    )
    if before is not None:
        told = f"{described.training_data}; before that {before[1].training_data}"
        described = replace(described, training_data=told)
    with progress_bar("Setting thresholds") as progress:
        heard = score_recordings(network, described, recordings, seed, progress)
    thresholds = fit_event_thresholds(heard)
    watched = (data / f"train{WATCHED}").exists()
    if watched:
        with progress_bar("Setting thresholds by films") as progress:
            thresholds = shift(
                score_recordings(network, described, films, seed + 1, progress, watched=True), thresholds
            )
    with progress_bar("Judging events") as progress:
        other = score_recordings(network, described, recordings, seed + 1, progress)
    figures: dict[str, float] = {}
    for (source, _), kind in zip(clips.sources("test"), ("", "watched/"), strict=False):
        found = metrics(*predict(network, _windows([(source, 1)])), described.temperature)
        figures |= {kind + name: value for name, value in found.items()}
    if watched:
        with progress_bar("Judging events in films") as progress:
            seen = score_recordings(network, described, films, seed, progress, watched=True)
        figures |= {f"watched/{name}": value for name, value in event_figures(seen, thresholds).items()}
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


def _specification(config: AGCNConfig, clips: Sequence[int]) -> Specification:
    """clips: of the kinematic view, and of the watched one where there are any."""
    kinds = ("of a model of a landmark engine", "of films that the landmark engine watched")
    told = " and ".join(f"{count} {kind}" for count, kind in zip(clips, kinds, strict=False))
    return Specification(
        name="gesture-skeleton",
        network="two_stream_agcn",
        config=asdict(replace(config, dropout=0.0)),
        layout=UPPER_BODY.name,
        classes=(*CLASSES, NONE),
        fps=FPS,
        frames=FRAMES,
        normalisation="joints-v1",
        training_data=f"simulated clips (Kinesics simulator): {told}; no recording of a real person",
        licence="Apache-2.0",
        limits="Trained on simulated movement alone; never measured against labelled real micro-gestures.",
    )
