"""Faces in frames made unrecognisable: those of everybody who is tracked, and whatever else a face finder sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Literal

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from kinesics.perception.engine import Face
from kinesics.perception.engines import DEFAULT_ENGINE, open_engine
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.video import Frame, Image

HideHow = Literal["mosaic", "fill"]
Spot = tuple[float, float, float]  # middle and half width, pixels

_HEAD = UPPER_BODY.indices(
    "nose", "forehead", "chin", "left_eye", "right_eye", "left_ear", "right_ear", "left_brow", "right_brow",
    "left_cheek", "right_cheek", "left_mouth_corner", "right_mouth_corner", "upper_lip", "lower_lip",
)  # fmt: skip
_SHOULDERS = UPPER_BODY.indices("left_shoulder", "right_shoulder")
_SURE = 4  # points of the head from which it is surely placed
_REACH = 1.6  # how far what is hidden reaches beyond the points of the head, for hair and chin
_OF_SHOULDERS = 0.3  # of their distance, half a head at least
_GROWTH, _MOST = 0.5, 2.0  # a second, of a head that is not surely placed, and in all
_LEFT = 3.0  # seconds after which somebody who is not seen at all is taken to have left
_HELD = 1.0  # seconds for which a face that the finder saw stays hidden
_BLOCKS = 5  # of a mosaic, across a head
_TALLER = 1.2
_DARK = 40


class FaceHider:
    """Hides the faces in the frames of one recording, which come in order of time.

    Where a head is not surely placed, the last or the next place that is sure is hidden, larger by half a second for
    each second between.

    Parameters
    ----------
    people : everybody who was tracked, also those who are not analysed; with positions in the image.
    how : as a coarse mosaic, or filled.
    find : a face finder for whoever is not tracked; by default that of the landmark engine, None for none.
    """

    def __init__(
        self,
        people: Sequence[SkeletonSequence],
        how: HideHow,
        find: Callable[[Image], list[Face]] | Literal["engine"] | None = "engine",
    ) -> None:
        self.how = how
        self._heads = [_Head(one) for one in people if one.image_xy is not None]
        self._find = find
        self._open = ExitStack()
        self._seen: list[tuple[float, Spot]] = []

    def hide(self, frame: Frame) -> Image:
        """A copy of the frame's image with all faces hidden."""
        image = frame.image.copy()
        for spot in self.spots(frame):
            _hide(image, spot, self.how)
        return image

    def spots(self, frame: Frame) -> list[Spot]:
        """What is hidden in a frame, in its pixels."""
        height, width = frame.image.shape[:2]
        found = [spot for head in self._heads for spot in head.at(frame.time, (width, height))]
        seen = [(one.x, one.y, one.width * 0.5 * _REACH) for one in self._found(frame.image)]
        held = [  # those that the finder misses now
            (time, (x, y, half))
            for time, (x, y, half) in self._seen
            if 0 <= frame.time - time <= _HELD and not any(np.hypot(x - a, y - b) < half for a, b, _ in seen)
        ]
        self._seen = held + [(frame.time, spot) for spot in seen]
        return found + [(x, y, half * (1 + _GROWTH * (frame.time - time))) for time, (x, y, half) in self._seen]

    def _found(self, image: Image) -> list[Face]:
        if self._find == "engine":  # opened when the first frame comes
            self._find = self._open.enter_context(open_engine(DEFAULT_ENGINE).finder()).find
        return self._find(image) if callable(self._find) else []


class _Head:
    """One person's head over time."""

    def __init__(self, person: SkeletonSequence) -> None:
        assert person.image_xy is not None
        self.person = person
        points = np.where(person.score[..., None] > 0, person.image_xy, np.nan)
        self.head, self.shoulders = points[:, _HEAD], points[:, _SHOULDERS]
        self.sure = np.flatnonzero(np.isfinite(self.head[..., 0]).sum(1) >= _SURE)
        self.seen = np.flatnonzero((person.score > 0).any(1))

    def at(self, time: float, size: tuple[int, int]) -> Iterator[Spot]:
        """Where it is in a frame of `size`, once or never."""
        if not len(self.sure) or not len(self.seen):
            return
        row = int(np.clip(round((time - self.person.start) * self.person.fps), 0, len(self.person) - 1))
        away = float(np.abs(self.seen - row).min()) / self.person.fps
        if away > _LEFT:
            return
        nearest = int(self.sure[np.abs(self.sure - row).argmin()])
        growth = min(_MOST, 1 + _GROWTH * abs(nearest - row) / self.person.fps)
        x, y, half = _circle(self.head[nearest] * size, self.shoulders[nearest] * size)
        yield x, y, half * growth


def _circle(head: NDArray[np.floating[Any]], shoulders: NDArray[np.floating[Any]]) -> Spot:
    known = head[np.isfinite(head[:, 0])]
    middle = (known.min(0) + known.max(0)) / 2
    half = float(np.linalg.norm(known - middle, axis=1).max()) * _REACH
    apart = float(np.linalg.norm(shoulders[0] - shoulders[1]))
    least = apart * _OF_SHOULDERS if np.isfinite(apart) else 0.0
    return float(middle[0]), float(middle[1]), max(half, least, 4.0)


def _hide(image: Image, spot: Spot, how: HideHow) -> None:
    """Hide an ellipse in place."""
    x, y, half = spot
    tall = half * _TALLER
    height, width = image.shape[:2]
    left, top = max(0, int(x - half)), max(0, int(y - tall))
    right, bottom = min(width, int(x + half) + 1), min(height, int(y + tall) + 1)
    if left >= right or top >= bottom:
        return
    part = image[top:bottom, left:right]
    rows, columns = np.ogrid[top:bottom, left:right]
    inside = ((columns - x) / half) ** 2 + ((rows - y) / tall) ** 2 <= 1
    part[inside] = _mosaic(part, 2 * half / _BLOCKS)[inside] if how == "mosaic" else _DARK


def _mosaic(part: Image, block: float) -> Image:
    whole = PIL.Image.fromarray(part)
    few = (max(1, round(part.shape[1] / block)), max(1, round(part.shape[0] / block)))
    coarse = whole.resize(few, PIL.Image.Resampling.BOX)
    return np.asarray(coarse.resize(whole.size, PIL.Image.Resampling.NEAREST))
