"""Detection in time: right label and more than 0.3 of overlap (the MiGA challenge's second track)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError

Instance = tuple[int, float, float]  # label, start, end (exclusive)
Matching = Literal["one-to-one", "organisers"]
TIOU = 0.3


@dataclass(frozen=True)
class DetectionScore:
    """Pooled over all sequences; precision and recall are 0 where nothing was predicted or nothing is true."""

    matched: int
    predicted: int
    true: int

    @property
    def precision(self) -> float:
        """The share of predictions that match."""
        return self.matched / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """The share of true instances that are matched."""
        return self.matched / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both; the organisers' matching can count more matches than predictions and exceed 1."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def detection_score(
    predictions: Mapping[str, Sequence[Instance]],
    truth: Mapping[str, Sequence[Instance]],
    *,
    tiou: float = TIOU,
    matching: Matching = "one-to-one",
) -> DetectionScore:
    """Match predictions to true instances, sequence by sequence.

    Parameters
    ----------
    predictions : by sequence, (label, start, end) each; a missing sequence has none.
    truth : likewise.
    tiou : the intersection over union in time that a match must exceed.
    matching : "one-to-one" gives every prediction to at most one instance, as many as can be. "organisers" counts an
        instance as found if any prediction fits, so that one long prediction may find several: the published script
        forgets to take a matched prediction out.

    Returns
    -------
    The counts, pooled over all sequences.
    """
    matched = 0
    for name, instances in truth.items():
        fits = _fits(predictions.get(name, ()), instances, tiou)
        matched += _one_to_one(fits) if matching == "one-to-one" else int(fits.any(0).sum())
    return DetectionScore(matched, sum(map(len, predictions.values())), sum(map(len, truth.values())))


def _fits(predictions: Sequence[Instance], truth: Sequence[Instance], tiou: float) -> NDArray[np.bool_]:
    """(P, G): the same label, and an intersection over union above `tiou`."""
    p, g = (np.array(rows, float).reshape(-1, 3) for rows in (predictions, truth))
    shared = np.minimum(p[:, None, 2], g[None, :, 2]) - np.maximum(p[:, None, 1], g[None, :, 1])
    union = np.maximum(p[:, None, 2], g[None, :, 2]) - np.minimum(p[:, None, 1], g[None, :, 1])
    fits: NDArray[np.bool_] = (p[:, None, 0] == g[None, :, 0]) & (shared > tiou * union)
    return fits


def _one_to_one(fits: NDArray[np.bool_]) -> int:
    if not fits.any():
        return 0
    try:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import maximum_bipartite_matching
    except ImportError as error:
        raise KinesicsError(
            f"matching events: expected the library scipy, found none ({error}); pip install 'kinesics[study]'"
        ) from error
    return int((maximum_bipartite_matching(csr_array(fits), perm_type="column") >= 0).sum())
