"""NATOPS (Song, Demirdjian & Davis, FG 2011; archive of Bagnall et al. 2018): gestures that direct aircraft."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import ClipInfo, DatasetNotFoundError, GestureDataset, Split
from kinesics.data.sets.archive import archive_in, from_kinect, read_arrays
from kinesics.errors import KinesicsError
from kinesics.skeleton import SkeletonLayout, SkeletonSequence, make_layout

FILE = "natops.npz"
NATOPS_ARMS = make_layout(
    "natops_arms",
    {
        "left_hand_tip": "left_wrist",
        "right_hand_tip": "right_wrist",
        "left_elbow": "left_shoulder",
        "right_elbow": "right_shoulder",
        "left_wrist": "left_elbow",
        "right_wrist": "right_elbow",
        "left_thumb": "left_wrist",
        "right_thumb": "right_wrist",
        "neck": None,
        "left_shoulder": "neck",
        "right_shoulder": "neck",
    },
)
# the archive's points are in shoulder widths from the base of the neck: where in them neck and shoulders are
_TRUNK = np.array([[0, 0, 0], [0.5, 0, 0], [-0.5, 0, 0]], np.float32)


class NATOPS(GestureDataset):
    """Clips of 6 gestures, 51 frames each, 8 points of the arms and the trunk's 3; 180 train, 180 test.

    Positions are given in shoulder widths from the neck. Neck and shoulders, which the archive leaves out, are added
    where that frame has them, so that what follows knows how high and how far from the trunk an arm is held.
    The clips were stretched to one length, so `fps` is nominal: the recordings' own 20. There is no given validation
    split.

    Parameters
    ----------
    folder : of `natops.npz`, or the file itself
    validation : share of each class of the training half to take for validation
    seed : of the draw of those clips
    """

    name: ClassVar[str] = "NATOPS"
    access: ClassVar[str] = "https://www.timeseriesclassification.com/description.php?Dataset=NATOPS"
    layout: SkeletonLayout = NATOPS_ARMS
    fps: ClassVar[float] = 20.0

    def __init__(self, folder: Path, *, validation: float = 0.0, seed: int = 0) -> None:
        super().__init__(folder)
        path = archive_in(folder, FILE)
        if path is None:
            raise DatasetNotFoundError(f"{folder}: expected {FILE} (NATOPS), found none; made from {self.access}")
        positions, labels, splits = read_arrays(path, "positions", "label", "split")
        given = (len(labels), positions.shape[1], len(self.layout) - len(_TRUNK), 3)
        if positions.shape != given or len(splits) != len(labels):
            raise KinesicsError(
                f"{path}: expected positions (N, T, 8, 3), label (N) and split (N), found {positions.shape}, "
                f"{labels.shape} and {splits.shape}; copy it again"
            )
        self._positions = from_kinect(positions)
        held = _held_out(labels, splits == "train", validation, seed)
        end = positions.shape[1] / self.fps
        self._index = {f"natops_{i:03d}": i for i in range(len(labels))}
        self._clips = tuple(
            ClipInfo(name, int(labels[i]), _split(str(splits[i]), i in held), "", 0.0, end, skeleton=path)
            for name, i in self._index.items()
        )

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say whether this looks like the data set's folder; cheap, and never raises."""
        return archive_in(folder, FILE) is not None

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return ("I have command", "all clear", "not clear", "spread wings", "fold wings", "lock wings")

    @property
    def clips(self) -> tuple[ClipInfo, ...]:
        """List all clips in a steady order."""
        return self._clips

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Give the skeleton of a clip, eight points of the arms and the trunk's three."""
        arms = self._positions[self._index[clip.id]]
        xyz = np.concatenate([arms, np.broadcast_to(_TRUNK, (len(arms), *_TRUNK.shape))], 1)
        return SkeletonSequence(xyz, np.ones(xyz.shape[:2], np.float32), self.fps, self.layout)


def _split(given: str, held: bool) -> Split:
    return "test" if given == "test" else "val" if held else "train"


def _held_out(labels: NDArray[Any], train: NDArray[np.bool_], share: float, seed: int) -> set[int]:
    """Training clips kept for validation: the same share of every class."""
    by_class: dict[int, list[int]] = defaultdict(list)
    for i in np.flatnonzero(train):
        by_class[int(labels[i])].append(int(i))
    rng = np.random.default_rng(seed)
    return {int(i) for rows in by_class.values() for i in rng.choice(rows, round(share * len(rows)), replace=False)}
