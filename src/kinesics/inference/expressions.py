"""Facial expression over time: a second look at the video, at a few faces a second, where the landmarks found them."""

from __future__ import annotations

import itertools
import json
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kinesics.files import replacing
from kinesics.inference.results import Expressions
from kinesics.models.face import mini_xception
from kinesics.models.face.mini_xception import MiniXception
from kinesics.preprocessing.face_crop import SIZE, TEMPLATE, align_face, readable_points, template_with_eyes
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence, load_metadata
from kinesics.skeleton.sequence import SUFFIX as SKELETON_SUFFIX
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image, VideoInfo, ahead, read_frames
from kinesics.weights.ledger import entry
from kinesics.weights.load import load_network
from kinesics.weights.specification import EXPRESSION

if TYPE_CHECKING:  # it brings all of torchvision with it, for seconds and 170 MB
    from kinesics.models.face.swinface import SwinFace, SwinFaceOutput

RATE = 5.0  # faces a second
SWINFACE = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")  # its head's order
SUFFIX = ".expressions.npz"
_MAX_SIDE = 1280  # pixels of the pictures; faces are far smaller
_BATCH = 64  # faces
_KERNEL = np.array([1, 2, 3, 2, 1], np.float32)  # over 0.8 s
_REVISION = 2  # of this file's arithmetic; a cache of another one is rebuilt


@dataclass(frozen=True, eq=False)
class FaceExpressionModel:
    """A network that names facial expressions, and the crop that it wants.

    look: from faces (N, size, size, 3) uint8 RGB, aligned to `template` (5, 2), to logits (N, C) in the order of
    `classes`, and features (N, W), or None where it gives none. facts: name, licence, training data, limits and sha256
    of the weights.
    """

    look: Callable[[Image], tuple[Tensor, Tensor | None]]
    classes: tuple[str, ...]
    template: FloatArray
    size: int
    facts: Mapping[str, Any]


def fer_model() -> FaceExpressionModel:
    """The small network that is shipped."""
    network, specification, sha256 = load_network(EXPRESSION)
    assert isinstance(network, MiniXception)
    template = template_with_eyes(mini_xception.SIZE, mini_xception.EYES_APART, mini_xception.EYES_BELOW)

    def look(faces: Image) -> tuple[Tensor, Tensor]:
        features = network.forward_features(mini_xception.grey(faces))
        return network.classify(features), features.mean((2, 3))

    facts = asdict(specification) | {"sha256": sha256}
    return FaceExpressionModel(look, specification.classes, template, mini_xception.SIZE, facts)


def swinface_model(network: SwinFace, facts: Mapping[str, Any]) -> FaceExpressionModel:
    """SwinFace's expression head; `facts` tell of its weights."""

    def look(faces: Image) -> tuple[Tensor, None]:
        x = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 127.5 - 1
        output: SwinFaceOutput = network(x, wanted=("Expression",))
        return output.expression, None

    return FaceExpressionModel(look, SWINFACE, TEMPLATE, SIZE, facts)


def face_model() -> FaceExpressionModel:
    """SwinFace where its weights are (`kinesics weights get swinface`), else the small network that is shipped."""
    published = entry("swinface")
    if not published.here:
        return fer_model()
    from kinesics.models.face.swinface import SwinFace

    network, specification, sha256 = load_network(published.path)
    assert isinstance(network, SwinFace)
    return swinface_model(network, asdict(specification) | {"sha256": sha256})


def read_expressions(
    video: VideoInfo,
    people: Sequence[SkeletonSequence],
    model: FaceExpressionModel,
    *,
    landmarks: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Expressions, ...]:
    """Everybody's facial expression at `RATE`, smoothed over about a second, in the order of `people`.

    A face that is not found, or has a finger before it, stays missing (NaN). One picture is held at a time.
    landmarks: the cache that `people` come from; beside it the result is kept, and read again as long as neither it
    nor the model has changed. progress: called with the share done, 0..1, while the video is looked at. Raises
    KinesicsError if the video cannot be read or the cache not be written.
    """
    look = partial(_look, video, people, model, progress or (lambda _: None))
    known = look() if landmarks is None else _kept(landmarks, model, look)
    times = (np.arange(known.probability.shape[1]) / _rate(video)).astype(np.float32)
    return tuple(
        Expressions(
            times, _smooth(known.probability[who]), model.classes, person.person, model.facts,
            None if known.tokens is None else known.tokens[who].astype(np.float32),
        )
        for who, person in enumerate(people)
    )  # fmt: skip


class _Seen(NamedTuple):
    """Of everybody: probability (P, N, C) and tokens (P, N, W) or None; NaN where no face can be read."""

    probability: FloatArray
    tokens: NDArray[np.float16] | None


def _rate(video: VideoInfo) -> float:
    return min(RATE, video.fps)


@torch.no_grad()
def _look(
    video: VideoInfo, people: Sequence[SkeletonSequence], model: FaceExpressionModel, progress: Progress
) -> _Seen:
    count = max(1, math.ceil(video.duration * _rate(video)))
    probability = np.full((len(people), count, len(model.classes)), np.nan, np.float32)
    tokens: NDArray[np.float16] | None = None
    faces = _faces(video, people, model, count, progress)
    while batch := list(itertools.islice(faces, _BATCH)):
        who, when, pictures = zip(*batch, strict=True)
        logits, features = model.look(np.stack(pictures))
        probability[list(who), list(when)] = logits.float().softmax(1).numpy()
        if features is not None:
            if tokens is None:
                tokens = np.full((len(people), count, features.shape[1]), np.nan, np.float16)
            tokens[list(who), list(when)] = features.numpy()
    progress(1.0)
    return _Seen(probability, tokens)


def _faces(
    video: VideoInfo,
    people: Sequence[SkeletonSequence],
    model: FaceExpressionModel,
    count: int,
    progress: Progress,
) -> Iterator[tuple[int, int, Image]]:
    """(person, moment, aligned face) of every face that can be read."""
    size = (video.width, video.height)
    places = [readable_points(person, size) for person in people]
    if np.isnan(np.concatenate(places)).all():
        return  # not worth a look
    frames = ahead(read_frames(video.path, fps=_rate(video), max_side=_MAX_SIDE))
    for when, frame in zip(range(count), frames, strict=False):
        scale = frame.image.shape[1] / video.width
        for who, (person, points) in enumerate(zip(people, places, strict=True)):
            at = round((frame.time - person.start) * person.fps)
            if 0 <= at < len(points) and not np.isnan(points[at]).any():
                yield who, when, align_face(frame.image, points[at] * scale, model.template, model.size)
        progress(when / count)


def _smooth(probability: FloatArray) -> FloatArray:
    """A weighted mean over the neighbours of each moment that are known, (N, C); what is missing stays so."""
    known = ~np.isnan(probability)
    total, weight = (
        np.apply_along_axis(np.convolve, 0, values, _KERNEL, "same") for values in (np.nan_to_num(probability), known)
    )
    return np.where(known, total / np.maximum(weight, 1e-9), np.nan).astype(np.float32)


def _kept(landmarks: Path, model: FaceExpressionModel, look: Callable[[], _Seen]) -> _Seen:
    """What `look` gives, or gave before from the same landmarks and model."""
    path = landmarks.with_name(landmarks.name.removesuffix(SKELETON_SUFFIX) + SUFFIX)
    made_of = {"landmarks": load_metadata(landmarks), "model": dict(model.facts), "revision": _REVISION}
    note = json.dumps(made_of, sort_keys=True)
    known = _load(path, note)
    if known is None:
        known = look()
        _save(path, known, note)
    return known


def _load(path: Path, note: str) -> _Seen | None:
    """What was saved under the same note; None if there is nothing of the kind."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["note"]) != note:
                return None
            return _Seen(file["probability"], file.get("tokens"))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _save(path: Path, seen: _Seen, note: str) -> None:
    arrays = {"probability": seen.probability} | ({} if seen.tokens is None else {"tokens": seen.tokens})
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, note=np.array(note), **arrays)
