"""The landmark engine that travels with the package: MediaPipe's models run by OpenVINO, without torch and MediaPipe.

Pictures are looked at in stretches: one person's body, then face and hands, then the facial actions, each model for
many images at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import TypeVar

import numpy as np

from kinesics.perception.actions import ACTIONS
from kinesics.perception.engine import Box, Face, Landmarks
from kinesics.perception.fuse import FACE, Parts, fuse
from kinesics.perception.hands import Hand
from kinesics.perception.openvino import face, hands, pose
from kinesics.perception.openvino.detect import anchors, detections
from kinesics.perception.openvino.hand_track import HandTrack
from kinesics.perception.openvino.models import MODELS, Models
from kinesics.perception.openvino.regions import ImagePart, cut, whole_image
from kinesics.perception.openvino.track import STRETCH, FaceTrack, PoseTrack
from kinesics.skeleton import SkeletonLayout
from kinesics.skeleton.layouts import HOLISTIC
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image

IMAGES = 2 * STRETCH  # looked at together
REVISION = 1  # of this engine; a cache of another one is not used
_Record = TypeVar("_Record", pose.Poses, face.Faces)
_FACE_FOUND = 0.6
_POSE_BOX = 0.7  # a face's width against the box of the pose detector, which it puts around the head


class OpenVINOEngine:
    """MediaPipe's models without MediaPipe: 3D, offline, everything it needs inside the package."""

    def __init__(self) -> None:
        self._models = Models()

    @property
    def name(self) -> str:
        """Name, version, and revision of how the models are used."""
        return f"openvino {version('openvino')}, revision {REVISION}"

    @property
    def layout(self) -> SkeletonLayout:
        """That of MediaPipe Holistic."""
        return HOLISTIC

    @property
    def is_3d(self) -> bool:
        """Depth is found as well."""
        return True

    @contextmanager
    def finder(self) -> Iterator[_Finder]:
        """Find people in single images."""
        yield _Finder(self._models)

    @contextmanager
    def follower(self) -> Iterator[_Follower]:
        """Follow one person, in a thread of its own."""
        with ThreadPoolExecutor(1) as worker:  # one thread: stretches stay in order
            yield _Follower(self._models, worker)


class _Finder:
    """The full-range face detector (to about five metres); the pose detector adds heads that show no face."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def find(self, image: Image) -> list[Face]:
        view, spec = ImagePart(image), MODELS["face_finder"]
        where = whole_image(view)
        raw, logits = self._models.run("face_finder", cut([view], where, spec.side, black=True))
        rows = detections(raw[0], logits[0], anchors(spec.side, (4,), 1), spec.side, _FACE_FOUND)
        x, y, side = where[0, 0], where[0, 1], where[0, 2]
        corner = np.array([x, y] * 2) - side / 2
        faces = [_face(box * side + corner) for box in rows[:, :4]]
        heads = [_face(box, _POSE_BOX) for box in pose.detect_pose(view, self._models)[:, :4]]
        return faces + [head for head in heads if all(_apart(head, one) for one in faces)]


def _face(box: FloatArray, share: float = 1.0) -> Face:
    left, top, right, bottom = (float(value) for value in box)
    return Face((left + right) / 2, (top + bottom) / 2, share * (right - left))


def _apart(head: Face, face: Face) -> bool:
    return bool(np.hypot(head.x - face.x, head.y - face.y) > 1.5 * max(head.width, face.width))


class _Follower:
    """Collects images until there are enough for a stretch, or an answer is asked for."""

    def __init__(self, models: Models, worker: Executor) -> None:
        self._models, self._worker = models, worker
        self._body, self._face, self._hands = PoseTrack(models), FaceTrack(models), HandTrack(models)
        self._views: list[ImagePart] = []
        self._answers: list[Future[Landmarks | None]] = []

    def begin(self, image: Image, box: Box | None = None) -> Callable[[], Landmarks | None]:
        left, top, right, bottom = box or (0, 0, image.shape[1], image.shape[0])
        answer: Future[Landmarks | None] = Future()
        self._views.append(ImagePart(image[top:bottom, left:right], left, top))
        self._answers.append(answer)
        self._size = image.shape[1], image.shape[0]
        if len(self._views) == IMAGES:
            self._flush()
        return lambda: self._wait(answer)

    def see(self, image: Image) -> Landmarks | None:
        """The person in the next image, waited for."""
        return self.begin(image)()

    def _wait(self, answer: Future[Landmarks | None]) -> Landmarks | None:
        if answer in self._answers:
            self._flush()
        return answer.result()

    def _flush(self) -> None:
        views, answers = self._views, self._answers
        self._views, self._answers = [], []
        self._worker.submit(self._finish, views, answers, self._size)

    def _finish(self, views: list[ImagePart], answers: list[Future[Landmarks | None]], size: tuple[int, int]) -> None:
        try:
            for answer, seen in zip(answers, self._look(views, size), strict=True):
                answer.set_result(seen)
        except BaseException as error:
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)

    def _look(self, views: list[ImagePart], size: tuple[int, int]) -> list[Landmarks | None]:
        parts = [views[start : start + STRETCH] for start in range(0, len(views), STRETCH)]
        bodies = [self._body.follow(part) for part in parts]
        faces = _joined([self._face.follow(part, body) for part, body in zip(parts, bodies, strict=True)])
        body = _joined(bodies)
        found = self._hands.follow(views, body)
        actions = np.full((len(views), len(ACTIONS)), np.nan, np.float32)
        close = np.flatnonzero((faces.presence >= face.PRESENT) & faces.close.astype(bool))
        if len(close):
            actions[close] = face.read_actions(faces.points[close], self._models)
        return [_landmarks(body, faces, found, actions, i, size) for i in range(len(views))]


def _joined(records: list[_Record]) -> _Record:
    """Records of arrays, one after the other, as one."""
    first = records[0]
    return type(first)(**{name: np.concatenate([getattr(one, name) for one in records]) for name in vars(first)})


def _landmarks(
    body: pose.Poses, faces: face.Faces, found: hands.Hands, actions: FloatArray, i: int, size: tuple[int, int]
) -> Landmarks | None:
    if body.presence[i] < pose.PRESENT:
        return None
    mesh = faces.points[i, :FACE] if faces.presence[i] >= face.PRESENT else None
    left, right = (
        Hand(found.points[i, side], float(found.left[i, side])) if found.presence[i, side] > 0 else None
        for side in (0, 1)
    )
    points = body.points[i, : pose.POINTS]
    parts = Parts(points, body.visibility[i], body.world[i], mesh, (left, right), size)
    return fuse(parts, actions[i])
