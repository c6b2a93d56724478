"""From a recording to `Scores` through a GestureNet: windows of pictures and joints, each as a clip of its training.

A second look at the video, with one pass for all windows and people: while a thread decodes and cuts the pictures of
the next windows, the network reads those that are complete. No other pictures are held.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinesics.inference.scores import Scores, gestures_alone, probabilities
from kinesics.preprocessing.person_crop import CropPlan, joint_places, plan_crop
from kinesics.preprocessing.windows import as_trained, is_seen
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence, rows_around
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image, VideoInfo, ahead, read_frames_at
from kinesics.weights.exported import ExportedNetwork
from kinesics.weights.specification import Specification

if TYPE_CHECKING:  # an exported network needs no torch
    from kinesics.models.gesture.net import GestureNet

STRIDE = 1.0  # seconds between windows
_BATCH = 2  # windows
_AHEAD = 2  # windows whose pictures wait for the network

Logits = dict[str, FloatArray]


@dataclass(frozen=True)
class FusedNetwork:
    """A GestureNet as it answers fastest here.

    run: from pictures (N, frames, size, size, 3) uint8 RGB or None, xyz (N, T, V, 3), score (N, T, V) and the joints'
    places (N, T, V, 2), 0..1 across the pictures, to logits (N, C): "both", and those of each modality that took part,
    "video" and "skeleton". frames, size: of the pictures. video_alone: whether it learned from pictures alone.
    """

    run: Callable[[Image | None, FloatArray, FloatArray, FloatArray], Logits]
    frames: int
    size: int
    specification: Specification
    video_alone: bool


def fused_network(network: GestureNet, specification: Specification) -> FusedNetwork:
    """Rearranged for inference, in the dtype that is fastest on this machine."""
    import torch

    from kinesics.models.optimised import optimised
    from kinesics.models.video.encoder import prepare_clip

    encoder, fast, video_alone = network.video, optimised(network), _video_alone(specification)

    def run(frames: Image | None, xyz: FloatArray, score: FloatArray, places: FloatArray) -> Logits:
        with torch.inference_mode():
            video = None if frames is None else torch.stack([prepare_clip(window, encoder) for window in frames])
            joints = () if video_alone else (torch.from_numpy(as_trained(xyz, score)), torch.from_numpy(places))
            out = fast(video, *joints)
        parts = {"both": out.logits, "video": out.video_logits, "skeleton": out.skeleton_logits}
        return {name: value.float().numpy() for name, value in parts.items() if value is not None}

    return FusedNetwork(run, encoder.frames, encoder.size, specification, video_alone)


def exported_fused_network(network: ExportedNetwork) -> FusedNetwork:
    """The same of an export, which always computes both modalities."""
    specification, sizes = network.specification, network.specification.config["video"]
    video_alone = _video_alone(specification)
    blank = np.zeros((1, sizes["frames"], sizes["size"], sizes["size"], 3), np.uint8)

    def run(frames: Image | None, xyz: FloatArray, score: FloatArray, places: FloatArray) -> Logits:
        pictures = blank.repeat(len(xyz), 0) if frames is None else frames
        out = network(frames=pictures, xyz=xyz, score=score, places=places)
        video, skeleton = out["video_logits"], out["skeleton_logits"]
        if video_alone:
            return {"both": video, "video": video}
        if frames is None:
            return {"both": skeleton, "skeleton": skeleton}
        return {"both": out["logits"], "video": video, "skeleton": skeleton}

    return FusedNetwork(run, sizes["frames"], sizes["size"], specification, video_alone)


def _video_alone(specification: Specification) -> bool:
    # older weights say so in their name only
    return bool(specification.config.get("modality", specification.name.removeprefix("gesture-")) == "video")


def score_fused(
    people: Sequence[SkeletonSequence],
    video: VideoInfo | None,
    network: FusedNetwork,
    *,
    others_in_view: bool = False,
    progress: Progress = lambda _: None,
) -> tuple[Scores, ...]:
    """Everybody's class probabilities every `STRIDE` seconds, each of the window around it, in the order of `people`.

    Windows are as long as training clips were on average, and lie inside the recording. One in which the person's
    skeleton is missing gets the answer of the video's own head, and without a video all get that of the skeleton's.
    others_in_view: whether others are in the video, so that it tells nothing of somebody whose skeleton is missing.
    progress: called with the share done, 0..1.
    """
    length = network.specification.frames / network.specification.fps
    times = [np.arange(0, max(person.duration, 1e-3), STRIDE) for person in people]
    starts = [_starts(clock, length, person) for clock, person in zip(times, people, strict=True)]
    order = sorted((start, who) for who, (unique, _) in enumerate(starts) for start in unique.tolist())
    windows = [_window(people[who], video, start, start + length, network) for start, who in order]
    found = _probabilities(windows, video, network, others_in_view, progress)
    whose = np.array([who for _, who in order])
    scores = []
    for who, (person, clock, (_, rows)) in enumerate(zip(people, times, starts, strict=True)):
        parts = {name: values[whose == who][rows] for name, values in found.items()}
        seconds = (person.start + clock).astype(np.float32)
        scores.append(Scores(seconds, parts.pop("both"), network.specification.classes, person.person, parts))
    return tuple(scores)


def classify_fused(
    person: SkeletonSequence, video: VideoInfo | None, network: FusedNetwork, *, others_in_view: bool = False
) -> FloatArray:
    """Probabilities of the gestures for one pre-cut clip, "none" left out; it is seen whole, as in training."""
    window = _window(person, video, 0.0, person.duration, network)
    found = _probabilities([window], video, network, others_in_view, lambda _: None)
    return gestures_alone(found["both"][0], network.specification)


def _starts(
    times: NDArray[np.float64], length: float, person: SkeletonSequence
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Where windows begin, in seconds from the person's first frame, and which of them is each time's."""
    unique, rows = np.unique(np.clip(times - length / 2, 0, max(0.0, person.duration - length)), return_inverse=True)
    return unique, rows


class _Window(NamedTuple):
    """A stretch of one person, and its pictures, if there is a video."""

    person: SkeletonSequence
    look: CropPlan | None


def _window(
    person: SkeletonSequence, video: VideoInfo | None, start: float, end: float, network: FusedNetwork
) -> _Window:
    """From `start` to `end`, in seconds from the person's first frame."""
    start, end = person.start + start, person.start + min(end, person.duration)
    stretch = person.between(start, end)
    if video is None:
        return _Window(stretch, None)
    return _Window(stretch, plan_crop(stretch, video, start, end, network.frames, network.size))


def _probabilities(
    windows: Sequence[_Window],
    video: VideoInfo | None,
    network: FusedNetwork,
    others_in_view: bool,
    progress: Progress,
) -> dict[str, FloatArray]:
    """(N, C) of the windows, by "both" and by modality."""
    names = ["both", *(["video"] if video else []), *([] if network.video_alone else ["skeleton"])]
    shape = (len(windows), len(network.specification.classes))
    found = {name: np.full(shape, np.nan, np.float32) for name in names}
    pictures: Iterator[Image | None] = itertools.repeat(None)
    if video is not None:
        pictures = ahead(_pictures(video, [window.look for window in windows if window.look is not None]), _AHEAD)
    for first in range(0, len(windows), _BATCH):
        batch = windows[first : first + _BATCH]
        for name, values in _batch(
            batch, list(itertools.islice(pictures, len(batch))), network, others_in_view
        ).items():
            found[name][first : first + len(batch)] = values
        progress((first + len(batch)) / len(windows))
    return found


def _batch(
    windows: Sequence[_Window], frames: Sequence[Image | None], network: FusedNetwork, others_in_view: bool
) -> dict[str, FloatArray]:
    joints = [_joints(window, network.specification.frames) for window in windows]
    xyz, score, places = (np.stack(part) for part in zip(*joints, strict=True))
    has_video, has_skeleton = np.array([one is not None for one in frames]), is_seen(score)
    pictures = None
    if has_video.any() or network.video_alone:
        nothing = np.zeros((network.frames, network.size, network.size, 3), np.uint8)
        pictures = np.stack([nothing if one is None else one for one in frames])
    if others_in_view:
        has_video &= has_skeleton
    return _answers(network.run(pictures, xyz, score, places), has_video, has_skeleton, network.specification)


def _answers(
    logits: Mapping[str, FloatArray],
    has_video: NDArray[np.bool_],
    has_skeleton: NDArray[np.bool_],
    specification: Specification,
) -> dict[str, FloatArray]:
    """Both modalities' answer, or where one is missing the other's own; and each alone, NaN where it is missing."""
    has = {"video": has_video, "skeleton": has_skeleton}
    both, seen = logits["both"], np.zeros_like(has_video)
    for name, other in (("video", "skeleton"), ("skeleton", "video")):
        if name not in logits:
            continue
        seen |= has[name]
        if other in logits:
            both = np.where((has[name] & ~has[other])[:, None], logits[name], both)
    answers = {name: probabilities(logits[name], has[name], specification) for name in has if name in logits}
    for name, values in answers.items():
        values[~has[name]] = np.nan
    return {"both": probabilities(both, seen, specification)} | answers


def _joints(window: _Window, frames: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """xyz (T, V, 3), score (T, V) and places (T, V, 2) at `frames` moments that span the window."""
    person, look = window
    last = len(person) - 1
    rows = rows_around(last / 2, last / frames, np.arange(frames, dtype=np.float32), len(person))
    places = np.full((*person.score.shape, 2), 0.5, np.float32)
    if look is not None and person.image_xy is not None:
        places = joint_places(look.box.inside(person.image_xy, look.picture), person.score, person.layout)
    return person.xyz[rows], person.score[rows], places[rows]


def _pictures(video: VideoInfo, looks: Sequence[CropPlan]) -> Iterator[Image | None]:
    """The pictures of each look, (N, S, S, 3), in one pass for all, which must begin one after the other.

    The last picture again where the video ends before; None where it ends before the first.
    """
    times = np.stack([look.times for look in looks])
    count = times.shape[1]
    order = np.argsort(times, axis=None, kind="stable")
    sides = [looks[place // count].max_side for place in order]
    cut: dict[int, list[Image]] = {}  # of the looks that have begun and are not complete
    done = 0
    for place, frame in zip(order, read_frames_at(video.path, times.ravel()[order].tolist(), sides), strict=False):
        cut.setdefault(place // count, []).append(looks[place // count].cut(frame.image))
        while len(cut.get(done, ())) == count:
            yield np.stack(cut.pop(done))
            done += 1
    for number in range(done, len(looks)):
        images = cut.get(number)
        yield None if images is None else np.stack(images + images[-1:] * (count - len(images)))
