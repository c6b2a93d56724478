"""SHREC'21 (Caputo et al. 2021, arXiv 2106.10980): gestures of one hand in the wild, in continuous recordings."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import ClipInfo, DatasetNotFoundError, GestureDataset, Split
from kinesics.data.sets.archive import archive_in, read_arrays
from kinesics.errors import KinesicsError
from kinesics.skeleton import SkeletonLayout, SkeletonSequence, make_layout
from kinesics.skeleton.sequence import FloatArray

FILE = "shrec21.npz"
CLASSES = (
    "ONE", "TWO", "THREE", "FOUR", "OK", "MENU", "LEFT", "RIGHT", "CIRCLE", "V", "CROSS", "GRAB", "PINCH", "TAP",
    "DENY", "KNOB", "EXPAND",
)  # fmt: skip
HAND_20 = make_layout(
    "hand_20",
    {"palm": None}
    | {
        f"{finger}_{joint}": f"{finger}_{before}" if before else "palm"
        for finger, joints in {"thumb": ("a", "b", "end")}.items()
        | {finger: ("a", "b", "c", "end") for finger in ("index", "middle", "ring", "pinky")}.items()
        for before, joint in zip(("", *joints), joints, strict=False)
    },
)
_UNIT = 1e-4  # metres
_VALIDATION = 6  # every sixth training recording

Truth = Literal["repaired", "2021"]


class SHREC21(GestureDataset):
    """17 gestures among other movement of a hand of 20 joints: 108 recordings to train, 72 to test, 50 frames a second.

    Every sixth training recording is taken for validation; who moved is not told. A clip is an event of a recording,
    `NNN_k`.

    Parameters
    ----------
    folder : of `shrec21.npz`, or the file itself
    truth : "repaired", the revised annotation with its typing errors mended; "2021", that of the contest, whose
        eighteenth class, POINTING, was withdrawn later
    """

    name: ClassVar[str] = "SHREC'21"
    access: ClassVar[str] = "https://univr-vips.github.io/Shrec21/"
    layout: SkeletonLayout = HAND_20
    fps: ClassVar[float] = 50.0

    def __init__(self, folder: Path, truth: Truth = "repaired") -> None:
        super().__init__(folder)
        path = archive_in(folder, FILE)
        if path is None:
            raise DatasetNotFoundError(f"{folder}: expected {FILE} (SHREC'21), found none; made from {self.access}")
        self.truth = truth
        events_of = {"repaired": "events", "2021": "events_2021"}[truth]
        positions, lengths, splits, events = read_arrays(path, "positions", "length", "split", events_of)
        if (
            positions.shape != (lengths.sum(), len(HAND_20), 3)
            or len(splits) != len(lengths)
            or events.shape[1:] != (4,)
        ):
            raise KinesicsError(
                f"{path}: expected positions (sum of length, 20, 3), split and {events_of} (E, 4), found "
                f"{positions.shape}, {splits.shape} and {events.shape}; copy it again"
            )
        self._positions = positions
        self._first = np.concatenate([[0], np.cumsum(lengths)])
        if truth == "2021":
            events = _contest_events(events, lengths)
        names = [f"{n + 1:03d}" for n in range(len(lengths))]
        self.splits: dict[str, Split] = dict(zip(names, map(_split, names, splits.tolist()), strict=True))
        self._clips = tuple(self._clip(path, row, k) for k, row in enumerate(events.tolist()))

    def _clip(self, path: Path, row: list[int], k: int) -> ClipInfo:
        recording, label, start, end = row
        name = f"{recording:03d}"
        seconds = start / self.fps, end / self.fps
        return ClipInfo(f"{name}_{k}", label, self.splits[name], "", *seconds, skeleton=path)

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say whether this looks like the data set's folder; cheap, and never raises."""
        return archive_in(folder, FILE) is not None

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return (*CLASSES, "POINTING") if self.truth == "2021" else CLASSES

    @property
    def clips(self) -> tuple[ClipInfo, ...]:
        """List all events in a steady order."""
        return self._clips

    def recording_of(self, clip: ClipInfo) -> str:
        """Name the recording: the number before the event's own."""
        return clip.id.split("_")[0]

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Give the hand of an event, or with an endless clip of the whole recording."""
        number = int(self.recording_of(clip)) - 1
        whole = _mended(self._positions[self._first[number] : self._first[number + 1]])
        first, last = round(clip.start * self.fps), round(min(clip.end, len(whole) / self.fps) * self.fps)
        xyz = whole[first:last] * np.array([_UNIT, -_UNIT, -_UNIT], np.float32)  # right, down, away
        return SkeletonSequence(xyz, np.ones(xyz.shape[:2], np.float32), self.fps, HAND_20, start=first / self.fps)


def _split(name: str, given: str) -> Split:
    return "test" if given == "test" else "val" if int(name) % _VALIDATION == 0 else "train"


def _contest_events(events: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """From the contest's annotation, 1-based and the end inclusive, to 0-based and exclusive; cut to the recording."""
    found = events.astype(np.int64)
    found[:, 2] -= 1
    found[:, 3] = np.minimum(found[:, 3], lengths[found[:, 0] - 1])
    return found[found[:, 3] > found[:, 2]]


def _mended(positions: FloatArray) -> FloatArray:
    """Frames before a hand is found, up to 16 m off, become the first good one."""
    palm = positions[:, 0].astype(float) * _UNIT
    far = np.linalg.norm(palm - np.median(palm, 0), axis=-1) > 3
    good = np.flatnonzero(~far)
    nearest = good[np.clip(np.searchsorted(good, np.arange(len(palm))), 0, len(good) - 1)]
    return np.asarray(positions[nearest], np.float32)
