"""From a recording to `Scores` through a GestureNet: windows of frames and joints, each as a clip of its training.

The video is read again, in one pass for all windows and people: while a thread decodes and crops the frames of the
next windows, the network scores those that are complete. No other frames are held.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.inference.scores import Scores, probabilities, without_none
from kinesics.perception import Observation
from kinesics.preprocessing.person_crop import CropPlan, joint_places, plan_crop
from kinesics.preprocessing.windows import as_trained, is_seen
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence, rows_around
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image, VideoInfo, prefetch, read_frames_at
from kinesics.weights.exported import ExportedNetwork
from kinesics.weights.specification import Specification

if TYPE_CHECKING:  # an exported network needs no torch
    from kinesics.models.gesture.net import GestureNet

_BATCH = 2  # windows
_AHEAD = 2  # windows whose frames wait for the network

ModalityLogits = dict[str, FloatArray]


@dataclass(frozen=True)
class FusedScorer:
    """Scores people by frames and joints; a `kinesics.inference.scorer.Scorer`.

    Attributes
    ----------
    run : from frames (N, frames, size, size, 3) uint8 RGB or None, xyz (N, T, V, 3), score (N, T, V) and the joints'
        places (N, T, V, 2), 0..1 across the frames, to logits (N, C): "both", and those of each modality that took
        part, "video" and "skeleton".
    frames : of the video in a window.
    size : pixels of the square frames.
    specification : of the weights.
    video_only : whether the network was trained on frames alone.
    sha256 : of the weights file, "" for a network that is in no file yet.
    reads_video : True, it asks for frames of its own.
    """

    run: Callable[[Image | None, FloatArray, FloatArray, FloatArray], ModalityLogits]
    frames: int
    size: int
    specification: Specification
    video_only: bool
    sha256: str = ""
    reads_video: bool = True

    def score(
        self, people: Sequence[SkeletonSequence], observation: Observation, progress: Progress
    ) -> tuple[Scores, ...]:
        """Everybody's class probabilities at the stride of the specification, each of the window around it.

        Windows are as long as training clips were on average, and lie inside the recording. One in which the person's
        skeleton is missing gets the answer of the video's own head, and without a video all get that of the
        skeleton's. Where others are in the video, its frames do not count for somebody whose skeleton is missing.

        Parameters
        ----------
        people, observation, progress : as in `Scorer.score`.

        Returns
        -------
        One `Scores` a person, in their order.
        """
        self._check_frames(observation)
        length = self.specification.frames / self.specification.fps
        times = [np.arange(0, max(person.duration, 1e-3), self.specification.serving.stride) for person in people]
        starts = [_starts(clock, length, person) for clock, person in zip(times, people, strict=True)]
        order = sorted((start, who) for who, (unique, _) in enumerate(starts) for start in unique.tolist())
        windows = [self._window(people[who], observation.video, start, start + length) for start, who in order]
        found = self._probabilities(windows, observation, progress)
        whose = np.array([who for _, who in order])
        scores = []
        for who, (person, clock, (_, rows)) in enumerate(zip(people, times, starts, strict=True)):
            modalities = {name: values[whose == who][rows] for name, values in found.items()}
            seconds = (person.start + clock).astype(np.float32)
            both = modalities.pop("both")
            scores.append(Scores(seconds, both, self.specification.classes, person.person, modalities))
        return tuple(scores)

    def classify(self, person: SkeletonSequence, observation: Observation) -> FloatArray:
        """Probabilities (C,) of the gestures for one pre-cut clip, which is one window, as in training."""
        self._check_frames(observation)
        window = self._window(person, observation.video, 0.0, person.duration)
        found = self._probabilities([window], observation, lambda _: None)
        return without_none(found["both"][0], self.specification)

    def _check_frames(self, observation: Observation) -> None:
        if observation.video is None and self.video_only:
            raise KinesicsError(
                f"weights {self.specification.name}: expected a video, for they know frames alone, found landmarks; "
                "give the video, or leave --weights away"
            )

    def _window(self, person: SkeletonSequence, video: VideoInfo | None, start: float, end: float) -> _Window:
        """From `start` to `end`, in seconds from the person's first frame."""
        start, end = person.start + start, person.start + min(end, person.duration)
        stretch = person.between(start, end)
        if video is None:
            return _Window(stretch, None)
        return _Window(stretch, plan_crop(stretch, video, start, end, self.frames, self.size))

    def _probabilities(
        self, windows: Sequence[_Window], observation: Observation, progress: Progress
    ) -> dict[str, FloatArray]:
        """(N, C) of the windows, by "both" and by modality."""
        video = observation.video
        names = ["both", *(["video"] if video else []), *([] if self.video_only else ["skeleton"])]
        shape = (len(windows), len(self.specification.classes))
        found = {name: np.full(shape, np.nan, np.float32) for name in names}
        clips: Iterator[Image | None] = itertools.repeat(None)
        if video is not None:
            plans = [window.plan for window in windows if window.plan is not None]
            clips = prefetch(read_clips(video, plans), _AHEAD)
        for first in range(0, len(windows), _BATCH):
            batch = windows[first : first + _BATCH]
            answers = self._batch(batch, list(itertools.islice(clips, len(batch))), len(observation.people) > 1)
            for name, values in answers.items():
                found[name][first : first + len(batch)] = values
            progress((first + len(batch)) / len(windows))
        return found

    def _batch(
        self, windows: Sequence[_Window], clips: Sequence[Image | None], others_in_view: bool
    ) -> dict[str, FloatArray]:
        joints = [_joints(window, self.specification.frames) for window in windows]
        xyz, score, places = (np.stack(arrays) for arrays in zip(*joints, strict=True))
        has_video, has_skeleton = np.array([clip is not None for clip in clips]), is_seen(score)
        frames = None
        if has_video.any() or self.video_only:
            black = np.zeros((self.frames, self.size, self.size, 3), np.uint8)
            frames = np.stack([black if clip is None else clip for clip in clips])
        if others_in_view:
            has_video &= has_skeleton
        return _answers(self.run(frames, xyz, score, places), has_video, has_skeleton, self.specification)


def fused_scorer(network: GestureNet, specification: Specification, sha256: str = "") -> FusedScorer:
    """The scorer of a network in torch, rearranged for inference, in the dtype that is fastest on this machine.

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

    from kinesics.models.optimised import optimised
    from kinesics.models.video.encoder import prepare_clip

    encoder, fast, video_only = network.video, optimised(network), _video_only(specification)

    def run(frames: Image | None, xyz: FloatArray, score: FloatArray, places: FloatArray) -> ModalityLogits:
        with torch.inference_mode():
            video = None if frames is None else torch.stack([prepare_clip(window, encoder) for window in frames])
            joints = () if video_only else (torch.from_numpy(as_trained(xyz, score)), torch.from_numpy(places))
            out = fast(video, *joints)
        logits = {"both": out.logits, "video": out.video_logits, "skeleton": out.skeleton_logits}
        return {name: value.float().numpy() for name, value in logits.items() if value is not None}

    return FusedScorer(run, encoder.frames, encoder.size, specification, video_only, sha256)


def open_fused_scorer(path: Path) -> FusedScorer:
    """The scorer of a weights file."""
    from kinesics.weights.load import load_network

    network, specification, sha256 = load_network(path)
    return fused_scorer(cast("GestureNet", network), specification, sha256)


def exported_fused_scorer(network: ExportedNetwork) -> FusedScorer:
    """The scorer of an export, which always computes both modalities."""
    specification, sizes = network.specification, network.specification.config["video"]
    video_only = _video_only(specification)
    black = np.zeros((1, sizes["frames"], sizes["size"], sizes["size"], 3), np.uint8)

    def run(frames: Image | None, xyz: FloatArray, score: FloatArray, places: FloatArray) -> ModalityLogits:
        given = black.repeat(len(xyz), 0) if frames is None else frames
        out = network(frames=given, xyz=xyz, score=score, places=places)
        video, skeleton = out["video_logits"], out["skeleton_logits"]
        if video_only:
            return {"both": video, "video": video}
        if frames is None:
            return {"both": skeleton, "skeleton": skeleton}
        return {"both": out["logits"], "video": video, "skeleton": skeleton}

    return FusedScorer(run, sizes["frames"], sizes["size"], specification, video_only, network.sha256)


def _video_only(specification: Specification) -> bool:
    # older weights say so in their name only
    return bool(specification.config.get("modality", specification.name.removeprefix("gesture-")) == "video")


def _starts(
    times: NDArray[np.float64], length: float, person: SkeletonSequence
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Where windows begin, in seconds from the person's first frame, and which of them is each time's."""
    unique, rows = np.unique(np.clip(times - length / 2, 0, max(0.0, person.duration - length)), return_inverse=True)
    return unique, rows


class _Window(NamedTuple):
    """A stretch of one person, and what to cut out of its frames, if there is a video."""

    person: SkeletonSequence
    plan: CropPlan | None


def _answers(
    logits: Mapping[str, FloatArray],
    has_video: NDArray[np.bool_],
    has_skeleton: NDArray[np.bool_],
    specification: Specification,
) -> dict[str, FloatArray]:
    """Both modalities' answer, or where one is missing the other's own; and each alone, NaN where it is missing."""
    has = {"video": has_video, "skeleton": has_skeleton}
    both, present = logits["both"], np.zeros_like(has_video)
    for name, other in (("video", "skeleton"), ("skeleton", "video")):
        if name not in logits:
            continue
        present |= has[name]
        if other in logits:
            both = np.where((has[name] & ~has[other])[:, None], logits[name], both)
    answers = {name: probabilities(logits[name], has[name], specification) for name in has if name in logits}
    for name, values in answers.items():
        values[~has[name]] = np.nan
    return {"both": probabilities(both, present, specification)} | answers


def _joints(window: _Window, frames: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """xyz (T, V, 3), score (T, V) and places (T, V, 2) at `frames` moments that span the window."""
    person, plan = window
    last = len(person) - 1
    rows = rows_around(last / 2, last / frames, np.arange(frames, dtype=np.float32), len(person))
    places = np.full((*person.score.shape, 2), 0.5, np.float32)
    if plan is not None and person.image_xy is not None:
        places = joint_places(plan.box.inside(person.image_xy, plan.frame_size), person.score, person.layout)
    return person.xyz[rows], person.score[rows], places[rows]


def read_clips(video: VideoInfo, plans: Sequence[CropPlan]) -> Iterator[Image | None]:
    """Read the frames of every plan, in one pass for all.

    Parameters
    ----------
    video : whose frames to read.
    plans : N plans of equally many frames, in the order of their beginnings.

    Yields
    ------
    Of each plan (frames, size, size, 3) uint8 RGB, the last frame again where the video ends before; None where it
    ends before the first, or has no frames of its own.
    """
    times = np.stack([plan.times for plan in plans])
    count = times.shape[1]
    order = np.argsort(times, axis=None, kind="stable")
    sides = [plans[at // count].max_side for at in order]
    cut: dict[int, list[Image]] = {}  # of the plans that have begun and are not complete
    own: set[int] = set()  # those of which the video has a frame
    done = 0
    for at, frame in zip(order, read_frames_at(video.path, times.ravel()[order].tolist(), sides), strict=False):
        cut.setdefault(at // count, []).append(plans[at // count].cut(frame.image))
        if not frame.held:
            own.add(at // count)
        while len(cut.get(done, ())) == count:
            images = cut.pop(done)
            yield np.stack(images) if done in own else None
            done += 1
    for number in range(done, len(plans)):
        rest = cut.get(number)
        yield None if rest is None else np.stack(rest + rest[-1:] * (count - len(rest)))
