"""UTD-MHAD (Chen, Jafari & Kehtarnavaz, ICIP 2015): 27 actions before a Kinect v1."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from kinesics.data.dataset import ClipInfo, DatasetNotFoundError, GestureDataset
from kinesics.data.sets.archive import archive_in, from_kinect, read_arrays
from kinesics.errors import KinesicsError
from kinesics.skeleton import SkeletonLayout, SkeletonSequence, make_layout

FILE = "utd_mhad.npz"
_ARM, _LEG = ("shoulder", "elbow", "wrist", "hand"), ("hip", "knee", "ankle", "foot")
CLASSES = (
    "swipe left", "swipe right", "wave", "clap", "throw", "cross arms", "basketball shoot", "draw x",
    "draw circle clockwise", "draw circle counter-clockwise", "draw triangle", "bowling", "boxing", "baseball swing",
    "tennis swing", "arm curl", "tennis serve", "push", "knock", "catch", "pick up and throw", "jog", "walk",
    "sit to stand", "stand to sit", "lunge", "squat",
)  # fmt: skip


def _kinect_20() -> SkeletonLayout:
    tree: dict[str, str | None] = {"head": "neck", "neck": None, "spine": "neck", "pelvis": "spine"}
    for limb, root in ((_ARM, "neck"), (_LEG, "pelvis")):
        for side in ("left", "right"):
            above = root
            for joint in limb:
                tree[f"{side}_{joint}"] = above
                above = f"{side}_{joint}"
    return make_layout("kinect_20", tree)


KINECT_20 = _kinect_20()


class UTDMHAD(GestureDataset):
    """861 clips of 8 subjects, 41 to 125 frames at 30 fps, 20 joints in metres; odd subjects train, even ones test."""

    name: ClassVar[str] = "UTD-MHAD"
    access: ClassVar[str] = "https://personal.utdallas.edu/~kehtar/UTD-MHAD.html"
    layout: SkeletonLayout = KINECT_20
    fps: ClassVar[float] = 30.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path = archive_in(folder, FILE)
        if path is None:
            raise DatasetNotFoundError(f"{folder}: expected {FILE} (UTD-MHAD), found none; made from {self.access}")
        names = ("positions", "length", "label", "subject", "trial")
        positions, lengths, labels, subjects, trials = read_arrays(path, *names)
        if positions.shape != (lengths.sum(), len(self.layout), 3):
            raise KinesicsError(
                f"{path}: expected positions ({lengths.sum()}, 20, 3), found {positions.shape}; copy it again"
            )
        ends = np.cumsum(lengths)
        self._clips = tuple(
            ClipInfo(
                f"a{label + 1}_s{subject}_t{trial}",
                int(label),
                "train" if subject % 2 else "test",
                f"s{subject}",
                0.0,
                int(length) / self.fps,
                skeleton=path,
            )
            for label, subject, trial, length in zip(labels, subjects, trials, lengths, strict=True)
        )
        xyz = np.split(from_kinect(positions), ends[:-1])
        self._xyz = {clip.id: one for clip, one in zip(self._clips, xyz, strict=True)}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say whether this looks like the data set's folder; cheap, and never raises."""
        return archive_in(folder, FILE) is not None

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return CLASSES

    @property
    def clips(self) -> tuple[ClipInfo, ...]:
        """List all clips in a steady order."""
        return self._clips

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Give the 20 joints of a clip in metres."""
        xyz = self._xyz[clip.id]
        return SkeletonSequence(xyz, np.ones(xyz.shape[:2], np.float32), self.fps, self.layout)
