"""The streams of a recording that emotion heads take, computed once.

They are faces, context, micro-gestures and, where asked for, facial actions.
"""

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
from kinesics.inference.skeleton import SkeletonScorer, skeleton_scorer
from kinesics.models.face.encoder import FaceEncoder
from kinesics.models.video.encoder import ClipEncoder, prepare_clip
from kinesics.perception.actions import ACTIONS
from kinesics.perception.openvino.face import ALIGNED, actions_of_aligned
from kinesics.perception.openvino.models import MODELS, Models, ledger
from kinesics.preprocessing.face_crop import FaceCrop, readable_points, template_with_eyes
from kinesics.preprocessing.face_motion import against_neutral
from kinesics.preprocessing.faces import faces_in_frame
from kinesics.preprocessing.pose_windows import FRAMES, POSE_JOINTS, pose_tokens
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.inputs.video_tokens import weights_digest
from kinesics.video import Image, prefetch, probe, read_frames
from kinesics.weights.load import DEFAULT, load_weights

GESTURE_FACTS = 3  # of a gesture token: class, score, length in seconds
_MAX_SIDE = 1280  # pixels of the frames that faces are cut out of
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
        """Read the tokens of recording i: (L, C) float32, and (L,) seconds."""
        rows = slice(int(self.first[i]), int(self.first[i] + self.count[i]))
        return np.array(self.tokens[rows], np.float32), np.array(self.seconds[rows], np.float32)


def cache_faces(
    recordings: Recordings,
    encoder: FaceEncoder,
    clips: tuple[ClipInfo, ...],
    *,
    rate: float,
    digest: str | None = None,
    progress: Progress | None = None,
) -> StreamCache:
    """Compute a token a face of all recordings, or find them in the cache, and open those of `clips`.

    An interrupted pass resumes.

    Parameters
    ----------
    recordings : all of the data set's.
    encoder : of faces, in eval mode.
    clips : the recordings to open.
    rate : faces a second, where the landmarks found one and no hand hides it.
    digest : the encoder's `weights_digest`, where it is known.
    progress : called with the share that is done, 0..1.

    Returns
    -------
    The tokens of `clips`.

    Raises
    ------
    KinesicsError : for a video that cannot be read.
    """

    @torch.no_grad()
    def encode(clip: ClipInfo, skeleton: SkeletonSequence) -> Tokens:
        faces, seconds = read_faces(clip, skeleton, encoder.crop, rate)
        parts = [encoder(encoder.prepare(part)).numpy() for part in _batches(faces)]
        return np.concatenate([np.zeros((0, encoder.width), np.float32), *parts]), seconds

    what = (float(rate), digest or weights_digest(encoder))
    return _cache("faces", recordings, clips, what, encoder.width, encode, progress)


def cache_face_actions(
    recordings: Recordings, clips: tuple[ClipInfo, ...], *, rate: float, progress: Progress | None = None
) -> StreamCache:
    """Read the facial actions of all recordings, or find them in the cache, and open those of `clips`.

    A token holds how strongly each of `kinesics.perception.actions.ACTIONS` is shown.

    Parameters
    ----------
    recordings : all of the data set's.
    clips : the recordings to open.
    rate : tokens a second, where the landmarks found a face and no hand hides it.
    progress : called with the share that is done, 0..1.

    Returns
    -------
    The tokens of `clips`.

    Raises
    ------
    KinesicsError : for a video that cannot be read.
    """
    models, files = Models(), ledger()
    size, apart, below = ALIGNED
    crop = FaceCrop(template_with_eyes(size, apart, below), size)

    def encode(clip: ClipInfo, skeleton: SkeletonSequence) -> Tokens:
        faces, seconds = read_faces(clip, skeleton, crop, rate)
        parts = [actions_of_aligned(part, models) for part in _batches(faces)]
        tokens = np.concatenate([np.zeros((0, len(ACTIONS)), np.float32), *parts])
        seen = np.isfinite(tokens[:, 0])
        return tokens[seen], seconds[seen]

    what = (float(rate), *(files[MODELS[name].file]["sha256"] for name in ("face", "actions")))
    return _cache("face_actions", recordings, clips, what, len(ACTIONS), encode, progress)


def motion_of(actions: StreamCache) -> StreamCache:
    """Put beside the facial actions of each recording how far they are from the person's running neutral face."""
    read = [against_neutral(*actions.read(i)) for i in range(len(actions))]
    none = np.zeros((0, 2 * actions.tokens.shape[1]), np.float32)
    seconds = [actions.read(i)[1] for i in range(len(actions))]
    count = actions.count
    joined = np.concatenate([np.zeros(0, np.float32), *seconds])
    return StreamCache(np.cumsum(count) - count, count, np.concatenate([none, *read]), joined)


def cache_poses(
    recordings: Recordings, clips: tuple[ClipInfo, ...], *, window: float, progress: Progress | None = None
) -> StreamCache:
    """Cut the joints of all recordings into windows, or find them in the cache, and open those of `clips`.

    Parameters
    ----------
    recordings : all of the data set's, in a layout of the upper body.
    clips : the recordings to open.
    window : seconds of a token.
    progress : called with the share that is done, 0..1.

    Returns
    -------
    The tokens of `clips`, see `pose_tokens`.
    """

    def encode(clip: ClipInfo, skeleton: SkeletonSequence) -> Tokens:
        return pose_tokens(skeleton, window)

    width = 3 * FRAMES * len(POSE_JOINTS)
    return _cache("poses", recordings, clips, (float(window), FRAMES), width, encode, progress)


def read_faces(clip: ClipInfo, skeleton: SkeletonSequence, crop: FaceCrop, rate: float) -> tuple[Image, FloatArray]:
    """Cut out the faces of a recording that can be read.

    Parameters
    ----------
    clip : the recording, with a video.
    skeleton : of the whole recording.
    crop : how faces are aligned.
    rate : faces a second.

    Returns
    -------
    Faces (N, S, S, 3) uint8 RGB and their times (N,) in seconds.
    """
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
    digest: str | None = None,
    progress: Progress | None = None,
) -> StreamCache:
    """Compute a token a window of all recordings, or find them in the cache, and open those of `clips`.

    Parameters
    ----------
    recordings : all of the data set's.
    encoder : of clips, in eval mode; a token is its pooled vector.
    clips : the recordings to open.
    window : seconds of a token.
    digest : the encoder's `weights_digest`, where it is known.
    progress : called with the share that is done, 0..1.

    Returns
    -------
    The tokens of `clips`.

    Raises
    ------
    KinesicsError : for a video that cannot be read.
    """

    @torch.no_grad()
    def encode(clip: ClipInfo, skeleton: SkeletonSequence) -> Tokens:
        parts = list(context_windows(clip, skeleton, window))
        with torch.autocast("cpu", torch.bfloat16):  # a third less time, and stored in 16 bits anyway
            pooled = [encoder(read_context(recordings, part, encoder)[None]).pooled[0] for part in parts]
        middles = [(part.start + part.end) / 2 for part in parts]
        return torch.stack(pooled).float().numpy(), np.array(middles, np.float32)

    what = (float(window), encoder.frames, encoder.size, digest or weights_digest(encoder))
    return _cache("context", recordings, clips, what, encoder.width, encode, progress)


def context_windows(clip: ClipInfo, skeleton: SkeletonSequence, window: float) -> Iterator[ClipInfo]:
    """Cut a recording into windows, as long as both frames and landmarks last.

    Parameters
    ----------
    clip : the recording.
    skeleton : of the whole recording.
    window : about how many seconds one lasts; all are equally long.

    Yields
    ------
    Each window, as a clip.
    """
    end = min(clip.end, skeleton.start + skeleton.duration)
    count = max(1, round(end / window))
    for number in range(count):
        yield replace(clip, start=end * number / count, end=end * (number + 1) / count)


def read_context(recordings: Recordings, window: ClipInfo, encoder: ClipEncoder) -> Tensor:
    """Read the person in a window as a clip encoder takes it.

    Parameters
    ----------
    recordings : that the window is of.
    window : a clip of `context_windows`.
    encoder : of clips.

    Returns
    -------
    (3, T, S, S) float32.
    """
    read = read_clip(recordings, window, frames=encoder.frames, size=encoder.size)
    assert read.frames is not None
    return prepare_clip(read.frames, encoder)


def cache_gestures(
    recordings: Recordings,
    clips: tuple[ClipInfo, ...],
    *,
    detector: SkeletonScorer,
    progress: Progress | None = None,
) -> StreamCache:
    """Detect the micro-gestures of all recordings, or find them in the cache, and open those of `clips`.

    A token is a gesture's class, score and length in seconds; its time is the gesture's start.

    Parameters
    ----------
    recordings : all of the data set's.
    clips : the recordings to open.
    detector : scores skeletons; the thresholds are those of its weights.
    progress : called with the share that is done, 0..1.

    Returns
    -------
    The tokens of `clips`.
    """
    specification = detector.specification
    rule = EventRule(by_class=specification.thresholds)

    def encode(clip: ClipInfo, skeleton: SkeletonSequence) -> Tokens:
        scores = detector.score_person(skeleton)
        events = sorted(
            find_events(scores, rule, start=0.0, end=skeleton.duration, source=specification.name),
            key=lambda event: event.start,
        )
        facts = [(event.index, event.score, event.end - event.start) for event in events]
        tokens = np.array(facts, np.float32).reshape(-1, GESTURE_FACTS)
        return tokens, np.array([event.start for event in events], np.float32)

    return _cache("gestures", recordings, clips, (detector.sha256,), GESTURE_FACTS, encode, progress)


def gesture_detector(weights: Path = DEFAULT) -> SkeletonScorer:
    """Open the skeleton weights that detect gestures; raises KinesicsError for weights of another network."""
    return skeleton_scorer(*load_weights(weights))


def labelled_gestures(recordings: Recordings, clips: tuple[ClipInfo, ...]) -> StreamCache:
    """Give the micro-gestures that the data set labels as tokens of `clips`; none where labels are hidden."""
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
    made_from = store.fingerprint(recordings.dataset.name, every, sources, (_REVISION, kind, what))
    folder = store.usual_folder(kind, made_from)

    def one(i: int) -> store.Encoded:
        tokens, seconds = encode(every[i], recordings.read_skeleton(every[i]))
        half = np.clip(tokens, -6e4, 6e4).astype("<f2")
        return np.array((len(seconds),), _RECORD), (half, seconds.astype("<f4"))

    records = store.build(folder, made_from, _RECORD, {"tokens.f16": 2 * width, "seconds.f32": 4}, one, progress)
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
