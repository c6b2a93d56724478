"""From a skeleton recording to `Scores`: overlapping windows through the network, averaged on a steady clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinesics.inference.scores import Scores, gestures_alone, probabilities
from kinesics.preprocessing.windows import as_trained, is_seen
from kinesics.skeleton import SkeletonSequence, resampled_rows
from kinesics.skeleton.sequence import FloatArray
from kinesics.weights.exported import ExportedNetwork
from kinesics.weights.specification import Specification

if TYPE_CHECKING:  # an exported network needs no torch
    from kinesics.models.skeleton.agcn import TwoStreamAGCN
    from kinesics.models.skeleton.agcn_inference import InferenceAGCN

    SkeletonNetwork = TwoStreamAGCN | InferenceAGCN | ExportedNetwork

STRIDE = 4  # network frames between windows: 0.32 s at 12.5 fps
BATCH = 16  # small: what a batch needs in passing is most of what scoring needs at all
STREAMS = ("both", "joint", "bone")


def score(sequence: SkeletonSequence, network: SkeletonNetwork, specification: Specification) -> Scores:
    """Class probabilities every `STRIDE` network frames.

    Every window's answer counts most at its middle and, falling off like a cosine, up to a quarter of its
    length away; windows in which nobody is seen say "none".
    """
    rows = resampled_rows(sequence, specification.fps)
    starts = np.arange(0, max(len(rows), 1), STRIDE) - specification.frames // 2
    # set aside at once: small results kept one by one would pin the heap between the networks' large ones
    shape = (len(starts), len(specification.classes))
    parts = {name: np.zeros(shape, np.float32) for name in STREAMS}
    for first in range(0, len(starts), BATCH):
        for name, probability in _batch(sequence, rows, starts[first : first + BATCH], network, specification).items():
            parts[name][first : first + BATCH] = probability
    smooth = {name: _overlap_average(rows, specification.frames) for name, rows in parts.items()}
    times = (sequence.start + np.arange(len(starts)) * STRIDE / specification.fps).astype(np.float32)
    both = smooth.pop("both")
    return Scores(times, both, specification.classes, sequence.person, smooth)


def classify_clip(
    sequence: SkeletonSequence, network: SkeletonNetwork, specification: Specification
) -> NDArray[np.float32]:
    """(32,) probabilities of the gestures for one pre-cut clip, "none" left out: the mean over its windows.

    A clip shorter than a window is held at its ends; a longer one is covered by windows half a length apart.
    """
    rows = resampled_rows(sequence, specification.fps)
    spare = len(rows) - specification.frames
    count = 1 + max(0, int(np.ceil(spare / (specification.frames // 2))))
    starts = np.round(np.linspace(0, spare, count) if spare > 0 else np.array([spare / 2])).astype(int)
    return gestures_alone(_batch(sequence, rows, starts, network, specification)["both"].mean(0), specification)


def _batch(
    sequence: SkeletonSequence,
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    network: SkeletonNetwork,
    specification: Specification,
) -> dict[str, FloatArray]:
    """Probabilities of one batch of windows; the recording is held at its ends."""
    shown = rows[np.clip(starts[:, None] + np.arange(specification.frames), 0, len(rows) - 1)]
    xyz, score = sequence.xyz[shown], sequence.score[shown]
    logits = network(xyz=xyz, score=score) if isinstance(network, ExportedNetwork) else _logits(network, xyz, score)
    seen = is_seen(score)
    return {name: probabilities(value, seen, specification) for name, value in logits.items()}


def _logits(network: TwoStreamAGCN | InferenceAGCN, xyz: FloatArray, score: FloatArray) -> dict[str, FloatArray]:
    import torch

    with torch.no_grad():
        out = network(torch.from_numpy(as_trained(xyz, score)))
    parts = {"both": out.logits, "joint": out.joint.logits, "bone": out.bone.logits}
    return {name: value.float().numpy() for name, value in parts.items()}


def _overlap_average(probability: FloatArray, frames: int) -> FloatArray:
    reach = max(1, frames // 4 // STRIDE)
    kernel = np.cos(np.linspace(-np.pi / 2, np.pi / 2, 2 * reach + 3))[1:-1]
    padded = np.pad(probability, ((reach, reach), (0, 0)), mode="edge")
    smooth = sum(weight * padded[i : i + len(probability)] for i, weight in enumerate(kernel / kernel.sum()))
    return np.asarray(smooth, np.float32)
