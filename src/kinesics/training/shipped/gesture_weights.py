"""How the shipped gesture weights are trained: the skeleton network on simulated clips."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from kinesics.data.dataset import Split
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.files import write_text
from kinesics.metrics import fit_temperature
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.progress import progress_bar
from kinesics.simulator.clip_arrays import ClipArrays, JoinedClips
from kinesics.skeleton import UPPER_BODY
from kinesics.training.gesture.data import GestureDataSpec, collate_clips
from kinesics.training.gesture.task import GestureTask
from kinesics.training.inputs.batches import BatchData
from kinesics.training.inputs.clip_windows import ClipWindows
from kinesics.training.shipped.event_thresholds import (
    event_figures,
    fit_event_thresholds,
    score_recordings,
    shift_thresholds,
)
from kinesics.training.trainer import fit, silence_logs
from kinesics.weights.load import NONE, Specification, load_weights, save_weights
from kinesics.weights.specification import INTERVIEW

FRAMES, FPS = 32, 12.5  # 2.56 s, about the mean clip of iMiGUE
TRACKED = "-tracked"  # what the folder of a split's tracked clips ends with
LEARNING_RATE = 3e-3  # the highest of a training from nothing
_TRACKED_TIMES = 4  # that training draws a tracked clip for once that it draws another


@dataclass(frozen=True)
class ShippedRecipe:
    """How long the gesture weights are trained, and on how much their thresholds are set.

    epochs: passes over the clips.
    seed: of everything.
    batch: clips of a batch.
    recordings: simulated recordings that thresholds are fitted on, and as many that they are judged on.
    rendered: rendered recordings, tracked by the landmark engine, that thresholds are shifted and judged by.
    """

    epochs: int
    seed: int = 1
    batch: int = 64
    recordings: int = 180
    rendered: int = 24


class SimulatedClips(BatchData):
    """`folder/{train,val,test}` as the simulator wrote them, and `folder/{train,val,test}-tracked` where they are.

    Parameters
    ----------
    folder : of the sets.
    batch : clips of a batch.
    seed : of all draws.
    """

    collate = staticmethod(collate_clips)

    def __init__(self, folder: Path, batch: int, seed: int) -> None:
        super().__init__(batch, seed, judged=4)
        self.folder = folder

    @property
    def spec(self) -> GestureDataSpec:
        """What a network must know of these clips."""
        labels = [int(label) for clips, times in self.sources("train") for label in np.tile(clips.label, times)]
        counts = np.bincount(labels, minlength=len(CLASSES) + 1)
        return GestureDataSpec((*CLASSES, NONE), UPPER_BODY, tuple(counts.tolist()))

    @property
    def tracked(self) -> bool:
        """Whether there are tracked clips to train on."""
        return (self.folder / f"train{TRACKED}").exists()

    def sources(self, split: Split) -> list[tuple[ClipArrays, int]]:
        """Open a split's sets, each with how often its clips are drawn."""
        sources = [(ClipArrays.open(self.folder / split), 1)]
        if (tracked := self.folder / f"{split}{TRACKED}").exists():
            sources.append((ClipArrays.open(tracked), _TRACKED_TIMES if split == "train" else 1))
        return sources

    def make_windows(self, split: Split) -> ClipWindows:
        """Make a split's windows, augmented in training alone."""
        return _windows(self.sources(split), training=split == "train", seed=self.seed)


def _windows(sources: Sequence[tuple[ClipArrays, int]], *, training: bool = False, seed: int = 0) -> ClipWindows:
    return ClipWindows(JoinedClips(sources), frames=FRAMES, fps=FPS, augment=training, seed=seed)


def train_gesture_weights(data: Path, out: Path, recipe: ShippedRecipe, start: Path | None = None) -> dict[str, float]:
    """Train the gesture network and write gesture-skeleton.safetensors, or resume an interrupted training.

    Temperature is fitted on val and thresholds on recordings; all figures are of test and of other recordings.

    Parameters
    ----------
    data : a folder with the simulated sets train, val and test, and the tracked ones beside them, if any.
    out : the run's folder.
    recipe : how long, and on how much.
    start : weights to start from, at a third of the learning rate.

    Returns
    -------
    The figures, also written to metrics.json; those that begin with "tracked/" are of tracked clips and recordings.

    Raises
    ------
    KinesicsError : for weights to start from that cannot be read, or are of another network.
    """
    silence_logs()
    L.seed_everything(recipe.seed, verbose=False)
    clips = SimulatedClips(data, recipe.batch, recipe.seed)
    rate = LEARNING_RATE if start is None else LEARNING_RATE / 3
    task = GestureTask(clips.spec, "small", contact=True, rate=rate)
    earlier = "" if start is None else f"; before that {_initialise(task, start).training_data}"
    fit(task, clips, out, epochs=recipe.epochs)
    network = task.network.eval()
    assert isinstance(network, TwoStreamAGCN)
    logits, labels = stream_logits(network, clips.windows("val"))
    described = _specification(network.config, [len(source) for source, _ in clips.sources("train")])
    temperature = fit_temperature(logits["both"].numpy(), labels.numpy())
    described = replace(described, temperature=temperature, training_data=described.training_data + earlier)
    thresholds, event_metrics = _thresholds(network, described, recipe, tracked=clips.tracked)
    figures: dict[str, float] = {}
    for (source, _), prefix in zip(clips.sources("test"), ("", "tracked/"), strict=False):
        found = clip_figures(*stream_logits(network, _windows([(source, 1)])), temperature)
        figures |= {prefix + name: value for name, value in found.items()}
    figures |= event_metrics
    described = replace(described, thresholds=thresholds, metrics=figures)
    save_weights(out / "gesture-skeleton.safetensors", network, described)
    write_text(out / "metrics.json", json.dumps(figures, indent=2))
    return figures


def _initialise(task: GestureTask, start: Path) -> Specification:
    network, specification, _ = load_weights(start)
    try:
        task.network.load_state_dict(network.state_dict())
    except RuntimeError as error:
        raise KinesicsError(f"{start}: expected weights of the network that ships, found another") from error
    return specification


def _thresholds(
    network: TwoStreamAGCN, specification: Specification, recipe: ShippedRecipe, *, tracked: bool
) -> tuple[dict[str, float], dict[str, float]]:
    """Thresholds fitted on recordings and shifted by rendered ones, and their figures on other recordings."""
    fitting, judging = recipe.seed, recipe.seed + 1
    with progress_bar("Setting thresholds") as progress:
        fitted = score_recordings(network, specification, recipe.recordings, fitting, progress)
    thresholds = fit_event_thresholds(fitted)
    figures: dict[str, float] = {}
    if tracked:
        with progress_bar("Shifting thresholds by rendered recordings") as progress:
            rendered = score_recordings(network, specification, recipe.rendered, judging, progress, tracked=True)
        thresholds = shift_thresholds(rendered, thresholds)
        with progress_bar("Judging events in rendered recordings") as progress:
            rendered = score_recordings(network, specification, recipe.rendered, fitting, progress, tracked=True)
        figures = {f"tracked/{name}": value for name, value in event_figures(rendered, thresholds).items()}
    with progress_bar("Judging events") as progress:
        judged = score_recordings(network, specification, recipe.recordings, judging, progress)
    return thresholds, figures | event_figures(judged, thresholds)


@torch.no_grad()
def stream_logits(network: TwoStreamAGCN, windows: ClipWindows) -> tuple[dict[str, Tensor], Tensor]:
    """Compute logits (N, classes) of both streams and of each alone, and give the labels (N,) with them."""
    parts: dict[str, list[Tensor]] = {"both": [], "joint": [], "bone": []}
    labels = []
    for x, label in DataLoader(windows, 256):
        out = network(x)
        for name, logits in (("both", out.logits), ("joint", out.joint.logits), ("bone", out.bone.logits)):
            parts[name].append(logits)
        labels.append(label)
    return {name: torch.cat(logits) for name, logits in parts.items()}, torch.cat(labels)


def clip_figures(logits: dict[str, Tensor], labels: Tensor, temperature: float) -> dict[str, float]:
    """Judge the classification of clips.

    Parameters
    ----------
    logits : (N, classes) of "both" streams, "joint" and "bone".
    labels : (N,).
    temperature : divides the logits.

    Returns
    -------
    Top-1, top-5 and mean-class accuracy, top-1 of each stream and among the gestures alone, and the recall of each
    class.
    """
    both = logits["both"] / temperature
    correct = both.argmax(1) == labels
    top5 = (both.topk(5).indices == labels[:, None]).any(1)
    by_class = {c: correct[labels == c].float().mean().item() for c in sorted(set(labels.tolist()))}
    gesture = labels < len(CLASSES)
    figures = {
        "top1": correct.float().mean().item(),
        "top5": top5.float().mean().item(),
        "mean_class": float(np.mean(list(by_class.values()))),
        "top1_joint": (logits["joint"].argmax(1) == labels).float().mean().item(),
        "top1_bone": (logits["bone"].argmax(1) == labels).float().mean().item(),
        "top1_gestures_only": (both[gesture, : len(CLASSES)].argmax(1) == labels[gesture]).float().mean().item(),
    }
    return figures | {f"class/{(*CLASSES, NONE)[c]}": value for c, value in by_class.items()}


def _specification(config: AGCNConfig, clips: Sequence[int]) -> Specification:
    """clips: how many simulated detections are of, and how many are tracked where there are any."""
    kinds = ("simulated detections", "rendered videos tracked by the landmark engine")
    counted = " and ".join(f"{count} of {kind}" for count, kind in zip(clips, kinds, strict=False))
    return Specification(
        name="gesture-skeleton",
        network="two_stream_agcn",
        config=asdict(replace(config, dropout=0.0)),
        layout=UPPER_BODY.name,
        classes=(*CLASSES, NONE),
        fps=FPS,
        frames=FRAMES,
        normalisation="joints-v1",
        training_data=f"simulated clips (Kinesics simulator): {counted}; no recording of a real person",
        licence="Apache-2.0",
        prior=INTERVIEW,
        limits="Trained on simulated movement alone; never measured against labelled real micro-gestures.",
    )
