"""The three streams of a recording that InterFusion takes, computed once: faces, context and micro-gestures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kinesics.data.cache import store
from kinesics.data.clips import read_clip
from kinesics.data.dataset import ClipInfo
from kinesics.data.recordings import Recordings
from kinesics.inference.events import EventRule, find_events
from kinesics.inference.skeleton import skeleton_scorer
from kinesics.models.face.encoder import FaceEncoder
from kinesics.models.video.encoder import ClipEncoder, prepare_clip
from kinesics.preprocessing.face_crop import FaceCrop, readable_points
from kinesics.preprocessing.faces import faces_in_frame
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.inputs.video_tokens import digest
from kinesics.video import Image, prefetch, probe, read_frames
from kinesics.weights.load import DEFAULT, NONE, load_weights

GESTURE_FACTS = 3  # of a gesture token: class, score, length in seconds
_MAX_SIDE = 1280  # pixels of the pictures that faces are cut out of
_BATCH = 64  # faces
_REVISION = 1
_RECORD = np.dtype([("frames", "<i8")])  # as the store calls it: tokens

Tokens = tuple[FloatArray, FloatArray]  # (L, C) and their times (L,) in seconds


@dataclass(frozen=True, eq=False)
class StreamCache:
    """Tokens of one kind of some recordings, memory-mapped."""

    first: NDArray[np.int64]
    count: NDArray[np.int64]
    tokens: NDArray[Any]
    seconds: FloatArray

    def __len__(self) -> int:
        return len(self.count)

    def read(self, i: int) -> Tokens:
        """Those of recording i: (L, C) float32, and (L,) seconds."""
        rows = slice(int(self.first[i]), int(self.first[i] + self.count[i]))
        return np.array(self.tokens[rows], np.float32), np.array(self.seconds[rows], np.float32)


def cache_faces(
    recordings: Recordings,
    encoder: FaceEncoder,
    clips: tuple[ClipInfo, ...],
    *,
    rate: float,
    progress: Progress | None = None,
) -> StreamCache:
    """A token a face, `rate` times a second where the landmarks found one and no hand hides it.

    This and the two functions below do it for all recordings, or find it in the cache, and open `clips`; an interrupted
    pass is gone on with. Raises KinesicsError for a video that cannot be read.
    """

    @torch.no_grad()
    def encode(clip: ClipInfo, skeleton: SkeletonSequence) -> Tokens:
        faces, seconds = read_faces(clip, skeleton, encoder.crop, rate)
        parts = [encoder(encoder.prepare(part)).numpy() for part in _batches(faces)]
        return np.concatenate([np.zeros((0, encoder.width), np.float32), *parts]), seconds

    what = (float(rate), digest(encoder))
    return _cache("faces", recordings, clips, what, encoder.width, encode, progress)


def read_faces(clip: ClipInfo, skeleton: SkeletonSequence, crop: FaceCrop, rate: float) -> tuple[Image, FloatArray]:
    """The faces (N, S, S, 3) uint8 of a recording that can be read, and when (N,) in seconds."""
    assert clip.video is not None
    info = probe(clip.video)
    points = readable_points(skeleton, (info.width, info.height))
    found: list[tuple[Image, float]] = []
    if not np.isnan(points).all():
        for frame in prefetch(read_frames(clip.video, fps=rate, max_side=_MAX_SIDE)):
            found += [(face, frame.time) for _, face in faces_in_frame(frame, info.width, [skeleton], [points], crop)]
    faces = np.stack([face for face, _ in found]) if found else np.zeros((0, crop.size, crop.size, 3), np.uint8)
    return faces, np.array([time for _, time in found], np.float32)


def cache_context(
    recordings: Recordings,
    encoder: ClipEncoder,
    clips: tuple[ClipInfo, ...],
    *,
    window: float,
    progress: Progress | None = None,
) -> StreamCache:
    """A token every `window` seconds: what a clip encoder makes of the person in that time."""

    @torch.no_grad()
    def encode(clip: ClipInfo, skeleton: SkeletonSequence) -> Tokens:
        parts = list(context_windows(clip, skeleton, window))
        with torch.autocast("cpu", torch.bfloat16):  # a third less time, and kept in 16 bits anyway
            pooled = [encoder(read_context(recordings, part, encoder)[None]).pooled[0] for part in parts]
        middles = [(part.start + part.end) / 2 for part in parts]
        return torch.stack(pooled).float().numpy(), np.array(middles, np.float32)

    what = (float(window), encoder.frames, encoder.size, digest(encoder))
    return _cache("context", recordings, clips, what, encoder.width, encode, progress)


def context_windows(clip: ClipInfo, skeleton: SkeletonSequence, window: float) -> Iterator[ClipInfo]:
    """The recording in stretches of about `window` seconds, as long as both pictures and landmarks last."""
    end = min(clip.end, skeleton.start + skeleton.duration)
    count = max(1, round(end / window))
    for number in range(count):
        yield replace(clip, start=end * number / count, end=end * (number + 1) / count)


def read_context(recordings: Recordings, window: ClipInfo, encoder: ClipEncoder) -> Tensor:
    """(3, T, S, S) what a clip encoder wants to see of the person in a window."""
    read = read_clip(recordings, window, frames=encoder.frames, size=encoder.size)
    assert read.frames is not None
    return prepare_clip(read.frames, encoder)


def cache_gestures(
    recordings: Recordings,
    clips: tuple[ClipInfo, ...],
    *,
    weights: Path = DEFAULT,
    progress: Progress | None = None,
) -> StreamCache:
    """A token a micro-gesture that skeleton `weights` detect: class, score and length; its time is its start.

    Thresholds are those in the weights. Raises KinesicsError for weights of another network.
    """
    network, specification, sha256 = load_weights(weights)
    scorer, rule = skeleton_scorer(network, specification), EventRule(by_class=specification.thresholds)

    def encode(clip: ClipInfo, skeleton: SkeletonSequence) -> Tokens:
        scores = scorer.score_person(skeleton)
        events = sorted(
            find_events(scores, rule, start=0.0, end=skeleton.duration, source=specification.name),
            key=lambda event: event.start,
        )
        facts = [(event.index, event.score, event.end - event.start) for event in events]
        tokens = np.array(facts, np.float32).reshape(-1, GESTURE_FACTS)
        return tokens, np.array([event.start for event in events], np.float32)

    return _cache("gestures", recordings, clips, (sha256,), GESTURE_FACTS, encode, progress)


def gesture_classes(weights: Path = DEFAULT) -> int:
    """How many micro-gestures they tell apart."""
    specification = load_weights(weights)[1]
    return len([name for name in specification.classes if name != NONE])


def labelled_gestures(recordings: Recordings, clips: tuple[ClipInfo, ...]) -> StreamCache:
    """The same of the micro-gestures that the data set's labels tell; where they are hidden, there are none."""
    found: dict[Path | None, list[ClipInfo]] = {}
    for one in recordings.dataset.clips:
        if one.label is not None:
            found.setdefault(one.video, []).append(one)
    own = [sorted(found.get(clip.video, []), key=lambda one: one.start) for clip in clips]
    count = np.array([len(some) for some in own], np.int64)
    facts = [(one.label, 1.0, one.end - one.start) for some in own for one in some]
    tokens = np.array(facts, np.float32).reshape(-1, GESTURE_FACTS)
    seconds = np.array([one.start for some in own for one in some], np.float32)
    return StreamCache(np.cumsum(count) - count, count, tokens, seconds)


def _cache(
    kind: str,
    recordings: Recordings,
    clips: tuple[ClipInfo, ...],
    what: object,
    width: int,
    encode: Callable[[ClipInfo, SkeletonSequence], Tokens],
    progress: Progress | None,
) -> StreamCache:
    every = recordings.clips
    sources = [path for clip in every for path in (clip.video, clip.skeleton)]
    note = store.fingerprint(recordings.dataset.name, every, sources, (_REVISION, kind, what))
    folder = store.usual_folder(kind, note)

    def one(i: int) -> store.Encoded:
        tokens, seconds = encode(every[i], recordings.read_skeleton(every[i]))
        half = np.clip(tokens, -6e4, 6e4).astype("<f2")
        return np.array((len(seconds),), _RECORD), (half, seconds.astype("<f4"))

    records = store.build(folder, note, _RECORD, {"tokens.f16": 2 * width, "seconds.f32": 4}, one, progress)
    rows = store.indices_of(every, clips)
    total = int(records["frames"].sum())
    return StreamCache(
        store.offsets(records)[rows],
        records["frames"][rows],
        store.map_file(folder / "tokens.f16", "<f2", (total, width)),
        store.map_file(folder / "seconds.f32", "<f4", (total,)),
    )


def _batches(faces: Image) -> Iterator[Image]:
    yield from (faces[first : first + _BATCH] for first in range(0, len(faces), _BATCH))
