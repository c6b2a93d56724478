"""Thresholds by the precision that is wanted: what simulated recordings say of the weights that ship."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.inference.scores import gesture_names
from kinesics.weights.specification import Specification

TABLE = "precision.json"
_SHARED = 10.0  # events of all classes that each class is judged with: its own alone would be few
NEVER = 1.0  # the threshold of a class that is never so precise


def precise_thresholds(specification: Specification, sha256: str, precision: float) -> dict[str, float]:
    """Choose for each gesture the least threshold from which its events are as often right as wanted.

    Parameters
    ----------
    specification : of the weights.
    sha256 : of their file.
    precision : the share of events that should be right, 0..1.

    Returns
    -------
    Thresholds by class; `NEVER` for a class that no threshold makes so precise.

    Raises
    ------
    KinesicsError : for weights of which no precision was measured, and for a share that is none.
    """
    if not 0 < precision < 1:
        raise KinesicsError(f"--precision {precision:g}: expected a number between 0 and 1, such as 0.8")
    table = json.loads((files("kinesics.inference") / TABLE).read_text(encoding="utf-8"))
    if table["weights_sha256"] != sha256:
        raise KinesicsError(
            f"--precision: expected the weights that ship, whose precision was measured, found "
            f"{specification.name} of another file; use --threshold"
        )
    return chosen_thresholds(table, gesture_names(specification.classes), precision)


def chosen_thresholds(table: Mapping[str, Any], classes: Sequence[str], precision: float) -> dict[str, float]:
    """Choose thresholds from counts.

    Parameters
    ----------
    table : "thresholds" (G,), and "counts" by class: at each threshold how many events were right, and found.
    classes : that need one.
    precision : the share of events that should be right.

    Returns
    -------
    Thresholds by class.
    """
    thresholds = table["thresholds"]
    counts = np.array([table["counts"][label] for label in classes], float)  # (C, G, 2)
    found = expected_precision(counts)
    enough = [np.flatnonzero(row >= precision) for row in found]
    return {
        label: float(thresholds[int(rows[0])]) if len(rows) else NEVER
        for label, rows in zip(classes, enough, strict=True)
    }


def expected_precision(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate each class's precision, which never falls as thresholds rise.

    Parameters
    ----------
    counts : (C, G, 2) of each class at each threshold how many events were right, and found.

    Returns
    -------
    (C, G), 0..1.
    """
    right, found = counts.sum(0).T  # (G,) of all classes
    everybody = right / np.maximum(found, 1)
    each = (counts[..., 0] + _SHARED * everybody) / (counts[..., 1] + _SHARED)
    rising: NDArray[np.float64] = np.maximum.accumulate(each, axis=1)
    return rising
