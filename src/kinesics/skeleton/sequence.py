"""`SkeletonSequence`, one person's joints over time, and Kinesics' own file of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinesics.files import replacing
from kinesics.reading import MOST_FPS, MOST_SECONDS, check_arrays, reading
from kinesics.skeleton.layout import SkeletonLayout
from kinesics.skeleton.layouts import LAYOUTS

FloatArray = NDArray[np.float32]
SUFFIX = ".skeleton.npz"
_MORE = "more_"  # before the names of arrays beside the skeletons


@dataclass(frozen=True, eq=False)
class SkeletonSequence:
    """T frames of V joints of one person, on a steady clock.

    xyz: (T, V, 3) float32; x to the image's right, y down, z away from the camera; metres, or body
        units for a source that knows no metres; z is 0 where `is_3d` is False. The origin is free.
    score: (T, V) float32 in 0..1; 0 means missing, and then xyz is 0 as well.
    image_xy: (T, V, 2) float32, 0..1 across the image (may lie outside it), or None.
    fps: frames a second; frame t was seen at `start + t / fps` seconds.
    """

    xyz: FloatArray
    score: FloatArray
    fps: float
    layout: SkeletonLayout
    image_xy: FloatArray | None = None
    is_3d: bool = True
    person: int = 0
    start: float = 0.0

    def __post_init__(self) -> None:
        frames, joints = self.score.shape
        if joints != len(self.layout) or self.xyz.shape != (frames, joints, 3):
            raise ValueError(
                f"layout {self.layout.name} has {len(self.layout)} joints: expected xyz (T, V, 3) and "
                f"score (T, V), found {self.xyz.shape} and {self.score.shape}"
            )
        if self.image_xy is not None and self.image_xy.shape != (frames, joints, 2):
            raise ValueError(f"expected image_xy {(frames, joints, 2)}, found {self.image_xy.shape}")
        if not self.fps > 0:
            raise ValueError(f"fps must be positive, found {self.fps}")

    def __len__(self) -> int:
        return len(self.score)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self) / self.fps

    def times(self) -> NDArray[np.float64]:
        """(T,) seconds."""
        return self.start + np.arange(len(self)) / self.fps

    def rows_at(self, times: ArrayLike, *, held: bool = False) -> NDArray[np.int64]:
        """Find the frame nearest to each of some times.

        Parameters
        ----------
        times: seconds, of any shape.
        held: whether the first or the last frame stands for times that the sequence does not reach.

        Returns
        -------
        The frames in the shape of `times`, -1 where the sequence does not reach.
        """
        rows: NDArray[np.int64] = np.round((np.asarray(times) - self.start) * self.fps).astype(np.int64)
        if held:
            return np.clip(rows, 0, len(self) - 1)
        return np.where((rows >= 0) & (rows < len(self)), rows, -1)

    def slice(self, first: int, last: int) -> SkeletonSequence:
        """Frames first..last-1, as views."""
        image_xy = None if self.image_xy is None else self.image_xy[first:last]
        start = self.start + first / self.fps
        return replace(self, xyz=self.xyz[first:last], score=self.score[first:last], image_xy=image_xy, start=start)

    def between(self, start: float, end: float) -> SkeletonSequence:
        """The frames from `start` to before `end` (seconds), at least one; ValueError for a start behind all."""
        first = max(0, math.ceil((start - self.start) * self.fps - 1e-3))
        last = len(self)
        if math.isfinite(end):
            last = min(last, max(first + 1, math.ceil((end - self.start) * self.fps - 1e-3)))
        if first >= last:
            raise ValueError(f"expected to begin before {self.start + self.duration:.2f} s, found {start:.2f} s")
        return self.slice(first, last)

    def mirrored(self) -> SkeletonSequence:
        """The same movement seen in a mirror: x negated, left and right joints exchanged."""
        order = self.layout.mirror
        xyz = self.xyz[:, order] * np.array([-1, 1, 1], np.float32)
        image_xy = None if self.image_xy is None else self.image_xy[:, order] * np.array([-1, 1], np.float32)
        if image_xy is not None:
            image_xy += np.array([1, 0], np.float32)
        return replace(self, xyz=xyz, score=self.score[:, order], image_xy=image_xy)


def resampled_rows(sequence: SkeletonSequence, fps: float) -> NDArray[np.int64]:
    """The frames nearest to a clock of `fps`; rows and no copy, for recordings may be hours long."""
    count = max(1, round(len(sequence) * fps / sequence.fps)) if len(sequence) else 0
    nearest = np.round(np.arange(count) * sequence.fps / fps).astype(np.int64)
    rows: NDArray[np.int64] = np.minimum(nearest, len(sequence) - 1)
    return rows


def rows_around(middle: float, step: float, places: FloatArray, length: int) -> NDArray[np.int64]:
    """Choose the frames of a window around a frame, held at the sequence's ends.

    Parameters
    ----------
    middle : the frame around which
    step : frames between two places
    places : (T,) 0..T − 1, or what a changed tempo makes of them
    length : of the sequence, frames

    Returns
    -------
    (T,) frames in 0..length − 1
    """
    rows = middle + (places - (len(places) - 1) / 2) * step
    held: NDArray[np.int64] = np.clip(np.round(rows), 0, length - 1).astype(np.int64)
    return held


def save_skeletons(
    path: Path,
    sequences: Sequence[SkeletonSequence],
    extra: dict[str, object] | None = None,
    more: Mapping[str, FloatArray] | None = None,
) -> None:
    """Write the people of one recording to one `.skeleton.npz`.

    Parameters
    ----------
    path : of the file
    sequences : one of each person
    extra : any metadata that fit into JSON; `load_metadata` gives them back
    more : arrays by name; `load_arrays` gives them back
    """
    header = {"format": "kinesics skeleton", "version": 1, "note": extra or {}, "people": []}
    arrays: dict[str, NDArray[np.generic]] = {}
    people: list[dict[str, object]] = []
    for i, sequence in enumerate(sequences):
        layout = sequence.layout
        person: dict[str, object] = {"person": sequence.person, "fps": sequence.fps, "start": sequence.start}
        person |= {"is_3d": sequence.is_3d, "layout": layout.name}
        if LAYOUTS.get(layout.name) != layout:
            person |= {"joints": layout.joints, "parents": layout.parents, "pairs": layout.pairs}
        people.append(person)
        arrays |= {f"xyz_{i}": sequence.xyz, f"score_{i}": sequence.score}
        if sequence.image_xy is not None:
            arrays[f"image_xy_{i}"] = sequence.image_xy
    header["people"] = people
    arrays |= {f"{_MORE}{name}": array for name, array in (more or {}).items()}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_skeletons(path: Path) -> list[SkeletonSequence]:
    """The people in a `.skeleton.npz`; raises KinesicsError if it is not one."""
    with _opened(path) as (file, header):
        return [_person(file, i, person) for i, person in enumerate(header["people"])]


def load_arrays(path: Path) -> dict[str, FloatArray]:
    """The arrays that were saved beside the skeletons; raises KinesicsError like `load_skeletons`."""
    with _opened(path) as (file, _):
        return {name.removeprefix(_MORE): file[name] for name in file.files if name.startswith(_MORE)}


def load_metadata(path: Path) -> dict[str, object]:
    """The note that was saved with the skeletons, which stay unread; raises KinesicsError like `load_skeletons`."""
    with _opened(path) as (_, header):
        note: dict[str, object] = header["note"]
        return note


@contextmanager
def _opened(path: Path) -> Iterator[tuple[np.lib.npyio.NpzFile, dict[str, Any]]]:
    expected = f"a skeleton file written by Kinesics (*{SUFFIX})"
    with reading(path, expected, "analyse the video again to rebuild it"):
        check_arrays(path)
        with np.load(path, allow_pickle=False) as file:
            header = json.loads(file["header"].tobytes())
            if header.get("format") != "kinesics skeleton":
                raise ValueError("another archive")
            yield file, header


def _person(file: np.lib.npyio.NpzFile, i: int, person: dict[str, Any]) -> SkeletonSequence:
    name = str(person["layout"])
    if "joints" in person:
        pairs = tuple((int(left), int(right)) for left, right in person["pairs"])
        layout = SkeletonLayout(name, tuple(person["joints"]), tuple(person["parents"]), pairs)
    else:
        layout = LAYOUTS[name]
    image_xy = np.asarray(file[f"image_xy_{i}"], np.float32) if f"image_xy_{i}" in file.files else None
    xyz, score = np.asarray(file[f"xyz_{i}"], np.float32), np.asarray(file[f"score_{i}"], np.float32)
    fps, start = float(person["fps"]), float(person["start"])
    if not (np.isfinite(xyz).all() and np.isfinite(score).all()):
        raise ValueError("places that are no numbers")
    if not 0 < fps <= MOST_FPS or len(score) > fps * MOST_SECONDS or not abs(start) <= MOST_SECONDS:
        raise ValueError(f"{len(score)} frames at {fps:g} a second from {start:g} s on")
    return SkeletonSequence(
        xyz=xyz,
        score=score,
        fps=fps,
        layout=layout,
        image_xy=image_xy,
        is_3d=bool(person["is_3d"]),
        person=int(person["person"]),
        start=start,
    )
