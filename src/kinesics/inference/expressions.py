"""Facial expression over time: frames of the video a few times a second, and in them the faces that tracking found."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from kinesics.files import replacing
from kinesics.inference.face_model import FaceExpressionModel
from kinesics.inference.frame_pass import FrameRequest, read_requests
from kinesics.inference.results import Expressions
from kinesics.preprocessing.face_crop import readable_points
from kinesics.preprocessing.faces import faces_in_frame
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence, load_metadata
from kinesics.skeleton.sequence import SUFFIX as SKELETON_SUFFIX
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Frame, Image, VideoInfo

FACE_RATE = 5.0  # faces a second
SUFFIX = ".expressions.npz"
_MAX_SIDE = 1280  # pixels of the frames; faces are far smaller
_BATCH = 64  # faces
_KERNEL = np.array([1, 2, 3, 2, 1], np.float32)  # over 0.8 s
_REVISION = 2  # of this file's arithmetic; a cache of another one is rebuilt


class ExpressionReader:
    """Classifies the faces of one video while it is read: `requests` the frames, then `result`.

    Parameters
    ----------
    video : whose frames are read.
    people : everybody in it, with the places of their joints in the image.
    model : the network that classifies faces.
    cache : the file of landmarks that `people` come from, or None; the result is cached beside it, and used again as
        long as neither it nor the model has changed.
    """

    def __init__(
        self,
        video: VideoInfo,
        people: Sequence[SkeletonSequence],
        model: FaceExpressionModel,
        cache: Path | None = None,
    ) -> None:
        self._video, self._people, self._model = video, people, model
        self._rate = min(FACE_RATE, video.fps)
        self._count = max(1, math.ceil(video.duration * self._rate))
        self._cache = None if cache is None else _Cache.beside(cache, model)
        self._cached = None if self._cache is None else self._cache.load()
        self._probability = np.full((len(people), self._count, len(model.classes)), np.nan, np.float32)
        self._tokens: NDArray[np.float16] | None = None
        self._faces: list[_Face] = []  # of the next batch
        self._points: list[FloatArray] = []
        if self._cached is None:
            self._points = [readable_points(person, (video.width, video.height)) for person in people]

    def requests(self) -> list[FrameRequest]:
        """The frames to read; none where the result is cached, or no face can be read."""
        if not any((~np.isnan(points)).any() for points in self._points):
            return []
        times = [number / self._rate for number in range(self._count)]
        return [FrameRequest(times, _MAX_SIDE, self._take)]

    def result(self) -> tuple[Expressions, ...]:
        """Everybody's expressions at `FACE_RATE`, smoothed over about a second, in the order of `people`.

        A face that is not found, or has a finger before it, stays missing (NaN). Raises KinesicsError where the cache
        cannot be written.
        """
        self._classify()
        found = self._cached or _Classified(self._probability, self._tokens)
        if self._cached is None and self._cache is not None:
            self._cache.save(found)
        times = (np.arange(found.probability.shape[1]) / self._rate).astype(np.float32)
        tokens = found.tokens
        return tuple(
            Expressions(
                times, smooth(found.probability[who]), self._model.classes, person.person, self._model.facts,
                None if tokens is None else tokens[who].astype(np.float32),
            )
            for who, person in enumerate(self._people)
        )  # fmt: skip

    def _take(self, number: int, frame: Frame) -> None:
        """Cut out everybody's face; one frame is held at a time, and the faces of a batch."""
        for who, image in faces_in_frame(frame, self._video.width, self._people, self._points, self._model.crop):
            self._faces.append(_Face(who, number, image))
            if len(self._faces) == _BATCH:
                self._classify()

    def _classify(self) -> None:
        """The network on the faces that wait."""
        if not self._faces:
            return
        who, number, images = (list(column) for column in zip(*self._faces, strict=True))
        self._faces.clear()
        with torch.no_grad():
            logits, features = self._model.classify(np.stack(images))
        self._probability[who, number] = logits.float().softmax(1).numpy()
        if features is not None:
            if self._tokens is None:
                self._tokens = np.full((*self._probability.shape[:2], features.shape[1]), np.nan, np.float16)
            self._tokens[who, number] = features.numpy()


def read_expressions(
    video: VideoInfo,
    people: Sequence[SkeletonSequence],
    model: FaceExpressionModel,
    *,
    landmarks: Path | None = None,
    progress: Progress = lambda _: None,
) -> tuple[Expressions, ...]:
    """Read everybody's facial expressions in a pass of the video of their own.

    Parameters
    ----------
    video, people, model : as in `ExpressionReader`.
    landmarks : its `cache`.
    progress : called with the share done, 0..1.

    Returns
    -------
    One `Expressions` a person, in their order.

    Raises
    ------
    KinesicsError
        for a video that cannot be read, or a cache that cannot be written.
    """
    reader = ExpressionReader(video, people, model, landmarks)
    read_requests(video.path, reader.requests(), progress)
    return reader.result()


def smooth(probability: FloatArray) -> FloatArray:
    """A weighted mean over the neighbours of each moment that are known, (N, C); what is missing (NaN) stays so."""
    known = ~np.isnan(probability)
    total, weight = (
        np.apply_along_axis(np.convolve, 0, values, _KERNEL, "same") for values in (np.nan_to_num(probability), known)
    )
    return np.where(known, total / np.maximum(weight, 1e-9), np.nan).astype(np.float32)


class _Face(NamedTuple):
    """A face to classify: the rows of its person and its moment, and (size, size, 3) uint8 RGB."""

    who: int
    number: int
    image: Image


class _Classified(NamedTuple):
    """Of everybody: probability (P, N, C) and tokens (P, N, W) or None; NaN where no face can be read."""

    probability: FloatArray
    tokens: NDArray[np.float16] | None


class _Cache(NamedTuple):
    """A file of classified faces, and what they must have been made from to be used again."""

    path: Path
    fingerprint: str

    @classmethod
    def beside(cls, landmarks: Path, model: FaceExpressionModel) -> _Cache:
        made_from = {"landmarks": load_metadata(landmarks), "model": dict(model.facts), "revision": _REVISION}
        path = landmarks.with_name(landmarks.name.removesuffix(SKELETON_SUFFIX) + SUFFIX)
        return cls(path, json.dumps(made_from, sort_keys=True))

    def load(self) -> _Classified | None:
        """What was saved under the same fingerprint; None if there is nothing of the kind."""
        try:
            with np.load(self.path, allow_pickle=False) as file:
                if str(file["note"]) != self.fingerprint:
                    return None
                return _Classified(file["probability"], file.get("tokens"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def save(self, found: _Classified) -> None:
        arrays = {"probability": found.probability} | ({} if found.tokens is None else {"tokens": found.tokens})
        with replacing(self.path) as temporary, temporary.open("wb") as file:
            np.savez(file, note=np.array(self.fingerprint), **arrays)
