"""Checkpoints that survive whatever interrupts their writing: the one before is kept until the next is whole."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.reading import reading
from kinesics.weights.run_folder import RunFolder


class KeepOneBefore(TorchCheckpointIO):
    """Writes `last.ckpt` beside first, and keeps the one before as `before.ckpt`."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write a checkpoint, and move what stood in its place to the one before.

        Parameters
        ----------
        checkpoint : the trainer's state
        path : where to write it
        storage_options : as Lightning passes them on

        Raises
        ------
        KinesicsError : if it cannot be written
        """
        place = Path(path)
        with replacing(place) as temporary:
            try:
                super().save_checkpoint(checkpoint, temporary, storage_options)
            except RuntimeError as error:  # what torch makes of a full disk
                raise KinesicsError(f"{place}: cannot be written ({error}); choose another place") from error
            if _is_whole(place):
                os.replace(place, RunFolder(place.parent).checkpoint_before)

    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True) -> dict[str, Any]:
        """Read a checkpoint as `read_checkpoint` does.

        Parameters
        ----------
        path : of the file
        map_location : where its tensors go
        weights_only : is always so

        Returns
        -------
        the trainer's state
        """
        return read_checkpoint(Path(path), map_location)


def read_checkpoint(path: Path, map_location: Any = "cpu") -> dict[str, Any]:
    """What a run's checkpoint holds; raises KinesicsError for anything but tensors and plain values."""
    with reading(path, "a checkpoint of tensors and plain values", "remove it, and train again"):
        state: dict[str, Any] = torch.load(path, map_location=map_location, weights_only=True)
        return state


def newest_checkpoint(out: Path) -> Path | None:
    """The checkpoint of a run folder to resume from: the last that is whole, or None where there is none at all.

    Raises KinesicsError where all are damaged.
    """
    folder = RunFolder(out)
    found = [path for path in (folder.checkpoint, folder.checkpoint_before) if path.exists()]
    whole = next((path for path in found if _is_whole(path)), None)
    if found and whole is None:
        raise KinesicsError(
            f"{found[0]}: expected a checkpoint, found a damaged file; remove it to begin anew, or give another --out"
        )
    return whole


def _is_whole(path: Path) -> bool:
    """Whether every part of the archive that torch writes has its checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False
