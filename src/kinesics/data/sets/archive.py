"""Data sets that are one archive of arrays (`.npz`), each clip a skeleton of its own."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.skeleton.sequence import FloatArray


def archive_in(folder: Path, name: str) -> Path | None:
    """The archive of this name, given as the file itself or as the folder that holds it; None if it is not there."""
    path = folder if folder.name.lower() == name else folder / name
    return path if path.is_file() else None


def read_arrays(path: Path, *names: str) -> list[NDArray[Any]]:
    """The named arrays of an archive; raises KinesicsError for a broken one, or one that lacks any of them."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return [archive[name] for name in names]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise KinesicsError(
            f"{path}: expected an archive with the arrays {', '.join(names)}, found another or a broken one ({error}); "
            "copy it again"
        ) from error


def from_kinect(xyz: NDArray[Any]) -> FloatArray:
    """Turn the Kinect's axes (x to the sensor's left, y up, z away from it) into Kinesics' (right, down, away).

    Parameters
    ----------
    xyz : (..., 3) in any unit

    Returns
    -------
    (..., 3) float32 in the same unit
    """
    turned: FloatArray = (np.asarray(xyz, np.float32) * np.array([-1, -1, 1], np.float32)).astype(np.float32)
    return turned
