"""How the lifter is trained and judged: on simulated movement, and on real one where UTD-MHAD is at hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from kinesics.data.dataset import Split
from kinesics.data.sets.utd_mhad import UTDMHAD
from kinesics.files import write_text
from kinesics.models.skeleton.lifter import FPS, Lifter, LifterConfig, image_plane
from kinesics.skeleton import UPPER_BODY
from kinesics.training.lifter.data import KinectMovements, LiftingWindows, Movements, SimulatedMovements
from kinesics.training.optimiser import adamw_one_cycle
from kinesics.training.trainer import fit, silence_logs
from kinesics.weights.load import save_weights
from kinesics.weights.specification import Specification

FRAMES = 64  # of a window
_MOTION = 0.5  # weight of the frame to frame movement in the loss
_BONES = {
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
_REAL: dict[Split, tuple[str, ...]] = {"train": ("s1", "s3", "s5", "s7"), "test": ("s2", "s4", "s6", "s8")}


class LifterData(L.LightningDataModule):
    """Windows of the simulated sets in `folder/{train,test}`, and of UTD-MHAD's odd subjects; its even ones test.

    Parameters
    ----------
    folder : of the simulated sets.
    real : UTD-MHAD, or None.
    batch : windows of a batch.
    seed : of all draws.
    """

    def __init__(self, folder: Path, real: UTDMHAD | None, batch: int, seed: int) -> None:
        super().__init__()
        self.folder, self.real, self.batch, self.seed = folder, real, batch, seed
        self._train = LiftingWindows([self.simulated("train"), self.kinect("train")], FRAMES, seed)

    def simulated(self, split: Split) -> Movements:
        """Open the simulated movements of a split."""
        return SimulatedMovements.open(self.folder / split)

    def kinect(self, split: Split) -> Movements:
        """Read the real movements of a split; none without UTD-MHAD."""
        return KinectMovements(self.real, _REAL[split] if self.real else ())

    def windows(self, split: Split) -> LiftingWindows:
        """Give the training windows; there are no others."""
        assert split == "train"
        return self._train

    def train_dataloader(self) -> DataLoader[Any]:
        """Give the training batches."""
        return DataLoader(self._train, self.batch, shuffle=True, drop_last=True)


class LifterTask(L.LightningModule):
    """The mean distance of joints from the truth, and of their movement from the true one; AdamW, one cycle.

    Parameters
    ----------
    config : the network's sizes; None for those that ship.
    rate : the highest learning rate.
    weight_decay : as AdamW has it.
    """

    def __init__(self, config: LifterConfig | None = None, rate: float = 1e-3, weight_decay: float = 0.01) -> None:
        super().__init__()
        self.network = Lifter(config)
        self.rate, self.weight_decay = rate, weight_decay

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], _: int) -> Tensor:
        """Compute a batch's loss.

        Parameters
        ----------
        batch : image planes (N, T, 42, 3), truth (N, T, 42, 3), weights (N, T, 42).
        _ : its number, not used.

        Returns
        -------
        () the loss.
        """
        flat, truth, weight = batch
        found = self.network(flat)
        away = _mean((found - truth).norm(dim=-1), weight)
        moved = _mean((found - truth).diff(dim=1).norm(dim=-1), weight[:, 1:])
        self.log("train_mm", 1000 * away, prog_bar=True)
        return away + _MOTION * moved

    def configure_optimizers(self) -> Any:
        """Build AdamW and its cycle."""
        return adamw_one_cycle(self, (), rate=self.rate, encoder_rate=1.0, weight_decay=self.weight_decay)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1)


def train_lifter(
    data: Path, out: Path, *, real: UTDMHAD | None, epochs: int, seed: int = 1, batch: int = 48
) -> dict[str, float]:
    """Train the lifter and write lifter.safetensors, or resume an interrupted training.

    Parameters
    ----------
    data : a folder with the simulated sets train and test, see `simulate_dataset`.
    out : the run's folder.
    real : UTD-MHAD, whose odd subjects train and whose even ones test; or None.
    epochs : how many in all.
    seed : of everything.
    batch : windows of a batch.

    Returns
    -------
    The figures of `judge_lifter` on the test set, NAME_simulated, and on the even subjects, NAME_real.
    """
    silence_logs()
    L.seed_everything(seed, verbose=False)
    module, task = LifterData(data, real, batch, seed), LifterTask()
    fit(task, module, out, epochs=epochs, accelerator="cpu")
    network = task.network.eval()
    figures = {f"{name}_simulated": value for name, value in judge_lifter(network, module.simulated("test")).items()}
    if real is not None:
        figures |= {f"{name}_real": value for name, value in judge_lifter(network, module.kinect("test")).items()}
    described = replace(_specification(network.config, len(module.simulated("train")), real), metrics=figures)
    save_weights(out / "lifter.safetensors", network, described)
    write_text(out / "lifter.json", json.dumps(figures, indent=2))
    return figures


@torch.no_grad()
def judge_lifter(network: Lifter, movements: Movements, seed: int = 0) -> dict[str, float]:
    """Judge a lifter on whole movements, each through one random camera.

    Parameters
    ----------
    network : in eval mode.
    movements : with their truth.
    seed : of the cameras.

    Returns
    -------
    `mm`, the mean distance of the detected joints from the truth, root (the neck) upon root; `mm_body`, that of
    shoulders, elbows, wrists, hips and head alone; `upper_arm` and `forearm`, how much a bone's length varies over a
    clip, its standard deviation as a share of its mean.
    """
    away: list[float] = []
    of_body: list[float] = []
    varying: dict[str, list[float]] = {name: [] for name in _BONES}
    body = UPPER_BODY.indices(*_body())
    for i in range(len(movements)):
        flat, truth, known = _projected(movements, i, np.random.default_rng((seed, 5, i)))
        found = network(flat[None])[0].float().numpy()
        error = np.linalg.norm(found - truth, axis=-1)
        away.append(float(error[known].mean()))
        of_body.append(float(error[:, body][known[:, body]].mean()))
        for name, bone in _BONES.items():
            varying[name] += list(_varying(found, *bone))
    figures = {"mm": 1000 * float(np.mean(away)), "mm_body": 1000 * float(np.mean(of_body))}
    return figures | {name: float(np.mean(values)) for name, values in varying.items()}


def _projected(movements: Movements, i: int, rng: np.random.Generator) -> tuple[Tensor, Any, Any]:
    xy, score, truth, known = movements.project(i, rng)
    counted = (score > 0) & known
    counted[:, UPPER_BODY.index("neck")] = False
    return torch.from_numpy(image_plane(xy, score)), truth, counted


def _body() -> Iterable[str]:
    yield "head"
    for joint in ("shoulder", "elbow", "wrist", "hip"):
        yield from (f"left_{joint}", f"right_{joint}")


def _varying(xyz: Any, first: str, second: str) -> Iterable[float]:
    for side in ("left", "right"):
        a, b = UPPER_BODY.indices(f"{side}_{first}", f"{side}_{second}")
        length = np.linalg.norm(xyz[:, a] - xyz[:, b], axis=-1)
        yield float(length.std() / length.mean())


def _specification(config: LifterConfig, clips: int, real: UTDMHAD | None) -> Specification:
    people = "; UTD-MHAD (Chen et al. 2015), subjects 1, 3, 5 and 7, for research" if real else ""
    return Specification(
        name="lifter",
        network="lifter",
        config=asdict(config),
        layout=UPPER_BODY.name,
        classes=(),
        fps=FPS,
        frames=FRAMES,
        normalisation="image-plane-v1",
        training_data=f"{clips} simulated clips (Kinesics simulator) through random cameras{people}",
        licence="Apache-2.0" + (", but for the terms of UTD-MHAD: research" if real else ""),
        limits="It guesses depth from x and y, for one who faces the camera within some 50 degrees; metres are those "
        "of a grown person of usual size.",
    )
