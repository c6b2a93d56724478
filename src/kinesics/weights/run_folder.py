"""The files that a training run leaves in its folder, each name in this one place; no torch is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunFolder:
    """The folder of a training run."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        """The trainer's state after the last whole epoch, from which a run resumes."""
        return self.path / "last.ckpt"

    @property
    def checkpoint_before(self) -> Path:
        """The state after the epoch before, for when the last one is damaged."""
        return self.path / "before.ckpt"

    @property
    def identity(self) -> Path:
        """What the run trains on and how, by which another one in this folder is known."""
        return self.path / "run.json"

    @property
    def weights(self) -> Path:
        """The trained network with its specification."""
        return self.path / "weights.safetensors"

    @property
    def logs(self) -> Path:
        """The folder of the whole config and of what was logged."""
        return self.path / "logs"

    def predictions(self, split: str) -> Path:
        """The network's predictions of a split ("val", "test")."""
        return self.path / f"predictions_{split}.npz"

    def events(self, split: str) -> Path:
        """The events that a spotting network found in a split's recordings."""
        return self.path / f"events_{split}.npz"

    def fold(self, number: int) -> RunFolder:
        """The folder of one fold's run, where the data come in folds."""
        return RunFolder(self.path / f"fold{number}")
