"""From a skeleton recording to `Scores`: overlapping windows through the network, averaged on a steady clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinesics.inference.possible import without_impossible
from kinesics.inference.scores import Scores, probabilities, without_none
from kinesics.perception import Observation
from kinesics.preprocessing.windows import as_trained, is_seen, nearest_seen
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence, resampled_rows
from kinesics.skeleton.sequence import FloatArray
from kinesics.weights.exported import ExportedNetwork
from kinesics.weights.specification import Specification

if TYPE_CHECKING:  # an exported network needs no torch
    from kinesics.models.skeleton.agcn import TwoStreamAGCN
    from kinesics.models.skeleton.agcn_inference import InferenceAGCN

STREAMS = ("both", "joint", "bone")
_BATCH = 16  # windows; small: what a batch needs in passing is most of what scoring needs at all

StreamLogits = dict[str, FloatArray]


@dataclass(frozen=True)
class SkeletonScorer:
    """Scores people by their joints alone; a `kinesics.inference.scorer.Scorer`.

    Attributes
    ----------
    run : from xyz (N, T, V, 3) and score (N, T, V) to logits (N, C) of each of `STREAMS`.
    specification : of the weights.
    sha256 : of the weights file, "" for a network that is in no file yet.
    reads_video : False, it asks for no frame.
    """

    run: Callable[[FloatArray, FloatArray], StreamLogits]
    specification: Specification
    sha256: str = ""
    reads_video: bool = False

    def score(
        self, people: Sequence[SkeletonSequence], observation: Observation, progress: Progress
    ) -> tuple[Scores, ...]:
        """Everybody's class probabilities; this takes a moment, and so no progress is reported.

        Parameters
        ----------
        people, observation, progress : as in `Scorer.score`.

        Returns
        -------
        One `Scores` a person, in their order.
        """
        return tuple(self.score_person(person) for person in people)

    def score_person(self, person: SkeletonSequence) -> Scores:
        """One person's class probabilities, a window after the other at the stride of the specification.

        Every window's answer counts most at its middle and, falling off like a cosine, up to a quarter of its length
        away; windows in which nobody is present are "none".
        """
        specification = self.specification
        windows = recording_windows(person, specification)
        # allocated at once: small results in a list would pin the heap between the networks' large ones
        shape = (len(windows.starts), len(specification.classes))
        streams = {name: np.zeros(shape, np.float32) for name in STREAMS}
        for first in range(0, len(windows.starts), _BATCH):
            batch = self.score_windows(person, windows.rows, windows.starts[first : first + _BATCH])
            for name, probability in batch.items():
                streams[name][first : first + _BATCH] = probability
        smooth = {name: smooth_windows(values, specification) for name, values in streams.items()}
        both = smooth.pop("both")
        return Scores(windows.times, both, specification.classes, person.person, smooth)

    def classify(self, person: SkeletonSequence, observation: Observation | None = None) -> FloatArray:
        """Probabilities (C,) of the gestures for one pre-cut clip, "none" left out: the mean over its windows.

        A clip shorter than a window is held at its ends; a longer one is covered by windows half a length apart.
        """
        frames = self.specification.frames
        rows = resampled_rows(person, self.specification.fps)
        spare = len(rows) - frames
        count = 1 + max(0, int(np.ceil(spare / (frames // 2))))
        starts = np.round(np.linspace(0, spare, count) if spare > 0 else np.array([spare / 2])).astype(int)
        return without_none(self.score_windows(person, rows, starts)["both"].mean(0), self.specification)

    def score_windows(
        self, person: SkeletonSequence, rows: NDArray[np.int64], starts: NDArray[np.int64]
    ) -> dict[str, FloatArray]:
        """Score one batch of windows; the recording is held at its ends.

        Parameters
        ----------
        person : whom.
        rows : (T,) the frames of the network's clock.
        starts : (N,) of each window its first place in `rows`, which may lie before them.

        Returns
        -------
        Probabilities (N, C) of each of `STREAMS`.
        """
        xyz, score, present = held_windows(person, rows, starts, self.specification.frames)
        return {
            name: without_impossible(probabilities(x, present, self.specification), score, self.specification.classes)
            for name, x in self.run(xyz, score).items()
        }


class RecordingWindows(NamedTuple):
    """Where the windows of a recording lie.

    rows: (F,) the recording's frames at the network's rate. starts: (N,) the first of each window, an index of `rows`
    that may lie before or after them. times: (N,) seconds of their middles.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    times: FloatArray


def recording_windows(person: SkeletonSequence, specification: Specification) -> RecordingWindows:
    """The overlapping windows in which a recording is scored, at the stride of the specification."""
    stride = specification.stride_frames
    rows = resampled_rows(person, specification.fps)
    starts = np.arange(0, max(len(rows), 1), stride) - specification.frames // 2
    times = (person.start + np.arange(len(starts)) * stride / specification.fps).astype(np.float32)
    return RecordingWindows(rows, starts, times)


def held_windows(
    person: SkeletonSequence, rows: NDArray[np.int64], starts: NDArray[np.int64], frames: int
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Cut windows out of a recording, which is held at its ends and where nobody is seen.

    Parameters
    ----------
    person : the recording.
    rows : (F,) its frames at the network's rate.
    starts : (N,) the first of each window, an index of `rows`.
    frames : T, of a window.

    Returns
    -------
    xyz (N, T, V, 3), score (N, T, V), and (N,) whether the person is present.
    """
    held = rows[np.clip(starts[:, None] + np.arange(frames), 0, len(rows) - 1)]
    present = is_seen(person.score[held])
    held = nearest_seen(person.score)[held]
    return person.xyz[held], person.score[held], present


def smooth_windows(probability: FloatArray, specification: Specification) -> FloatArray:
    """Average windows over up to a quarter of their length, as recordings are scored.

    Parameters
    ----------
    probability : (N, C) of windows at the stride of the specification.
    specification : of the weights.

    Returns
    -------
    (N, C).
    """
    return _overlap_average(probability, specification.frames // 4 // specification.stride_frames)


def skeleton_scorer(
    network: TwoStreamAGCN | InferenceAGCN, specification: Specification, sha256: str = ""
) -> SkeletonScorer:
    """The scorer of a network in torch, as it is given.

    Parameters
    ----------
    network : in eval mode.
    specification : what its classes, window and temperature are.
    sha256 : of its weights file, if it has one.

    Returns
    -------
    It, ready to score.
    """
    import torch

    def run(xyz: FloatArray, score: FloatArray) -> StreamLogits:
        with torch.no_grad():
            out = network(torch.from_numpy(as_trained(xyz, score)))
        streams = {"both": out.logits, "joint": out.joint.logits, "bone": out.bone.logits}
        return {name: logits.float().numpy() for name, logits in streams.items()}

    return SkeletonScorer(run, specification, sha256)


def open_skeleton_scorer(path: Path) -> SkeletonScorer:
    """The scorer of a weights file, its network in the form and precision that is fastest on this machine."""
    from kinesics.models.optimised import best_dtype
    from kinesics.models.skeleton.agcn_inference import InferenceAGCN
    from kinesics.weights.load import load_weights

    network, specification, sha256 = load_weights(path)
    return skeleton_scorer(InferenceAGCN(network, best_dtype()), specification, sha256)


def exported_skeleton_scorer(network: ExportedNetwork) -> SkeletonScorer:
    """The scorer of an export, in which the normalisation is inside."""
    return SkeletonScorer(lambda xyz, score: network(xyz=xyz, score=score), network.specification, network.sha256)


def _overlap_average(probability: FloatArray, reach: int) -> FloatArray:
    """A weighted mean over windows up to `reach` away, one at least."""
    reach = max(1, reach)
    kernel = np.cos(np.linspace(-np.pi / 2, np.pi / 2, 2 * reach + 3))[1:-1]
    padded = np.pad(probability, ((reach, reach), (0, 0)), mode="edge")
    smooth = sum(weight * padded[i : i + len(probability)] for i, weight in enumerate(kernel / kernel.sum()))
    return np.asarray(smooth, np.float32)
