"""Data sets that are one archive of arrays (`.npz`), each clip a skeleton of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.reading import check_arrays, reading
from kinesics.skeleton.sequence import FloatArray


def archive_in(folder: Path, name: str) -> Path | None:
    """The archive of this name, given as the file itself or as the folder that holds it; None if it is not there."""
    path = folder if folder.name.lower() == name else folder / name
    return path if path.is_file() else None


def read_arrays(path: Path, *names: str) -> list[NDArray[Any]]:
    """The named arrays of an archive; raises KinesicsError for a broken one, or one that lacks any of them."""
    with reading(path, f"an archive with the arrays {', '.join(names)}", "copy it again"):
        check_arrays(path)
        with np.load(path, allow_pickle=False) as archive:
            return [np.asarray(archive[name]) for name in names]


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
