"""What Kinesics asks of a landmark engine; another engine is one more file that keeps to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from kinesics.errors import KinesicsError
from kinesics.skeleton import SkeletonLayout
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image


@dataclass(frozen=True)
class Face:
    """Where somebody's head is in a picture: its middle and its width, in pixels."""

    x: float
    y: float
    width: float


@dataclass(frozen=True, eq=False)
class Landmarks:
    """One person in one picture.

    points: (V, 3) float32; x and y in pixels of the picture that was given, z in metres, away from the camera.
    score: (V,) float32 in 0..1, 0 for a point that is missing.
    metres_per_pixel: (2,) as measured on the body and on the head, NaN where it could not be measured.
    """

    points: FloatArray
    score: FloatArray
    metres_per_pixel: FloatArray


class Follower(Protocol):
    """Follows one person from picture to picture."""

    def begin(self, image: Image) -> Callable[[], Landmarks | None]:
        """Begin to look for the person in the next picture, (H, W, 3) uint8 RGB; what is returned waits for the answer.

        Several pictures may be begun before the first one's answer is asked for.
        """
        ...


class LandmarkEngine(Protocol):
    """Finds people and follows each of them."""

    @property
    def name(self) -> str:
        """Name and version; a cache made under another name is not used."""
        ...

    @property
    def layout(self) -> SkeletonLayout:
        """The layout of the landmarks, one that `to_upper_body` knows."""
        ...

    @property
    def is_3d(self) -> bool: ...

    def finder(self) -> AbstractContextManager[Finder]: ...

    def follower(self) -> AbstractContextManager[Follower]: ...


class Finder(Protocol):
    """Finds everybody in single pictures."""

    def find(self, image: Image) -> list[Face]: ...


def _mediapipe() -> LandmarkEngine:
    from kinesics.perception.mediapipe_engine import MediaPipeEngine

    return MediaPipeEngine()


DEFAULT_ENGINE = "mediapipe"
ENGINES: dict[str, Callable[[], LandmarkEngine]] = {"mediapipe": _mediapipe}  # by the names that --engine takes


def open_engine(name: str = DEFAULT_ENGINE) -> LandmarkEngine:
    """The landmark engine of this name in `ENGINES`; raises KinesicsError as `check_engine`."""
    return ENGINES[check_engine(name)]()


def check_engine(name: str) -> str:
    """The name, if there is an engine of it; else raises KinesicsError that lists them all."""
    if name not in ENGINES:
        raise KinesicsError(f"--engine {name}: no such landmark engine; expected one of {', '.join(ENGINES)}")
    return name
