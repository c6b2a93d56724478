"""Facial expression over time: a second look at the video, at a few faces a second, where the landmarks found them."""

from __future__ import annotations

import itertools
import json
import math
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from kinesics.errors import KinesicsError
from kinesics.models import fer
from kinesics.models.ledger import entry
from kinesics.models.weights import load_network
from kinesics.perception.face import SIZE, TEMPLATE, align_face, readable_points, template_with_eyes
from kinesics.pipeline.results import Expressions
from kinesics.skeleton import SkeletonSequence, load_note
from kinesics.skeleton.sequence import SUFFIX as SKELETON_SUFFIX
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image, VideoInfo, ahead, read_frames

if TYPE_CHECKING:  # it brings all of torchvision with it, for seconds and 170 MB
    from kinesics.models.swinface import SwinFace, SwinFaceOutput

RATE = 5.0  # faces a second
SWINFACE = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")  # its head's order
SUFFIX = ".expressions.npz"
_MAX_SIDE = 1280  # pixels of the pictures; faces are far smaller
_BATCH = 64  # faces
_KERNEL = np.array([1, 2, 3, 2, 1], np.float32)  # over 0.8 s
_REVISION = 1  # of this file's arithmetic; a cache of another one is rebuilt


@dataclass(frozen=True, eq=False)
class FaceExpressionModel:
    """A network that names facial expressions, and the crop that it wants.

    logits: from faces (N, size, size, 3) uint8 RGB, aligned to `template` (5, 2), to (N, C) in the order of `classes`.
    facts: name, licence, training data, limits and sha256 of the weights.
    """

    logits: Callable[[Image], Tensor]
    classes: tuple[str, ...]
    template: FloatArray
    size: int
    facts: Mapping[str, Any]


def fer_model() -> FaceExpressionModel:
    """The small network that is shipped."""
    network, facts = fer.load_fer()
    template = template_with_eyes(fer.SIZE, fer.EYES_APART, fer.EYES_BELOW)
    return FaceExpressionModel(lambda faces: network(fer.grey(faces)), fer.CLASSES, template, fer.SIZE, facts)


def swinface_model(network: SwinFace, facts: Mapping[str, Any]) -> FaceExpressionModel:
    """SwinFace's expression head; `facts` tell of its weights."""

    def logits(faces: Image) -> Tensor:
        x = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 127.5 - 1
        output: SwinFaceOutput = network(x, wanted=("Expression",))
        return output.expression

    return FaceExpressionModel(logits, SWINFACE, TEMPLATE, SIZE, facts)


def face_model() -> FaceExpressionModel:
    """SwinFace where its weights are (`kinesics weights get swinface`), else the small network that is shipped."""
    published = entry("swinface")
    if not published.here:
        return fer_model()
    from kinesics.models.swinface import SwinFace

    network, specification, sha256 = load_network(published.path)
    assert isinstance(network, SwinFace)
    return swinface_model(network, asdict(specification) | {"sha256": sha256})


def read_expressions(
    video: VideoInfo,
    people: Sequence[SkeletonSequence],
    model: FaceExpressionModel,
    *,
    landmarks: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Expressions, ...]:
    """Everybody's facial expression at `RATE`, smoothed over about a second, in the order of `people`.

    A face that is not found, or has a finger before it, stays missing (NaN). One picture is held at a time.
    landmarks: the cache that `people` come from; beside it the result is kept, and read again as long as neither it
    nor the model has changed. progress: called with the share done, 0..1, while the video is looked at. Raises
    KinesicsError if the video cannot be read or the cache not be written.
    """
    look = partial(_look, video, people, model, progress or (lambda _: None))
    known = look() if landmarks is None else _kept(landmarks, model, look)
    times = (np.arange(known.shape[1]) / _rate(video)).astype(np.float32)
    return tuple(
        Expressions(times, _smooth(probability), model.classes, person.person, model.facts)
        for person, probability in zip(people, known, strict=True)
    )


def _rate(video: VideoInfo) -> float:
    return min(RATE, video.fps)


@torch.no_grad()
def _look(
    video: VideoInfo, people: Sequence[SkeletonSequence], model: FaceExpressionModel, progress: Callable[[float], None]
) -> FloatArray:
    """(P, N, C) probabilities, NaN where no face can be read."""
    count = max(1, math.ceil(video.duration * _rate(video)))
    probability = np.full((len(people), count, len(model.classes)), np.nan, np.float32)
    faces = _faces(video, people, model, count, progress)
    while batch := list(itertools.islice(faces, _BATCH)):
        who, when, pictures = zip(*batch, strict=True)
        probability[list(who), list(when)] = model.logits(np.stack(pictures)).float().softmax(1).numpy()
    progress(1.0)
    return probability


def _faces(
    video: VideoInfo,
    people: Sequence[SkeletonSequence],
    model: FaceExpressionModel,
    count: int,
    progress: Callable[[float], None],
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


def _kept(landmarks: Path, model: FaceExpressionModel, look: Callable[[], FloatArray]) -> FloatArray:
    """What `look` gives, or gave before from the same landmarks and model."""
    path = landmarks.with_name(landmarks.name.removesuffix(SKELETON_SUFFIX) + SUFFIX)
    made_of = {"landmarks": load_note(landmarks), "model": dict(model.facts), "revision": _REVISION}
    note = json.dumps(made_of, sort_keys=True)
    known = _load(path, note)
    if known is None:
        known = look()
        _save(path, known, note)
    return known


def _load(path: Path, note: str) -> FloatArray | None:
    """What was saved under the same note; None if there is nothing of the kind."""
    try:
        with np.load(path, allow_pickle=False) as file:
            probability: FloatArray = file["probability"]
            return probability if str(file["note"]) == note else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _save(path: Path, probability: FloatArray, note: str) -> None:
    beside = path.with_name(path.name + ".part")
    try:
        with open(beside, "wb") as file:
            np.savez(file, note=np.array(note), probability=probability)
        os.replace(beside, path)
    except OSError as error:
        raise KinesicsError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
