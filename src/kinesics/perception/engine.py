"""What Kinesics asks of a landmark engine; another engine is one more file that keeps to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from kinesics.skeleton import SkeletonLayout
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels
BEGUN = 32  # images to begin before an answer is asked for: engines look at several together, and work on two such lots


@dataclass(frozen=True)
class Face:
    """Where somebody's head is in a frame: its middle and its width, in pixels."""

    x: float
    y: float
    width: float


@dataclass(frozen=True, eq=False)
class Landmarks:
    """One person in one frame.

    points: (V, 3) float32; x and y in pixels of the frame that was given, z in metres, away from the camera.
    score: (V,) float32 in 0..1, 0 for a point that is missing.
    metres_per_pixel: (2,) as measured on the body and on the head, NaN where it could not be measured.
    actions: (52,) how strongly each of `ACTIONS` is shown, 0..1, NaN where the face is not seen well; None from an
        engine that does not read them.
    """

    points: FloatArray
    score: FloatArray
    metres_per_pixel: FloatArray
    actions: FloatArray | None = None


class Follower(Protocol):
    """Follows one person from frame to frame."""

    def begin(self, image: Image, box: Box | None = None) -> Callable[[], Landmarks | None]:
        """Begin to look for the person in the next frame.

        Many frames may be begun before the first one's answer is asked for; engines that look at several at once are
        fastest then.

        Parameters
        ----------
        image : (H, W, 3) uint8 RGB
        box : the part of the frame that holds this person, among others; None for all of it

        Returns
        -------
        what waits for the answer: the person's landmarks, or None where there is nobody
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
    def is_3d(self) -> bool:
        """Whether z is measured."""
        ...

    def finder(self) -> AbstractContextManager[Finder]:
        """Open what finds everybody in a frame."""
        ...

    def follower(self) -> AbstractContextManager[Follower]:
        """Open what follows one person."""
        ...


class Finder(Protocol):
    """Finds everybody in single frames."""

    def find(self, image: Image) -> list[Face]:
        """The heads in a frame, (H, W, 3) uint8 RGB."""
        ...


def follow_all(follower: Follower, images: Iterable[Image]) -> Iterator[Landmarks | None]:
    """Follow one person through images in order, with as many begun ahead as engines look at together."""
    begun: deque[Callable[[], Landmarks | None]] = deque()
    for image in images:
        begun.append(follower.begin(image))
        if len(begun) > BEGUN:
            yield begun.popleft()()
    while begun:
        yield begun.popleft()()
