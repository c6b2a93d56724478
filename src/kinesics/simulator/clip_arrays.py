"""The clips of a simulated set, read from the arrays that `kinesics.simulator.clips` writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.skeleton import UPPER_BODY, SkeletonLayout
from kinesics.skeleton.sequence import FloatArray

_HAND_WORDS = frozenset(("wrist", "hand", "thumb", "index", "middle", "ring", "pinky"))
_HANDS = [i for i, joint in enumerate(UPPER_BODY.joints) if _HAND_WORDS & set(joint.split("_"))]
_LIPS = UPPER_BODY.indices("lower_lip", "lower_lip_inner")
_SHARE_VISIBLE = 0.2  # of a window's frames

# gestures without hands, and of those the ones that only the face shows; all others are made by hands
_TRUNK = {
    CLASSES.index(label)
    for label in ("turtle neck", "moving torso", "sitting straightly", "head up", "shaking shoulders")
}
_FACIAL = {CLASSES.index(label) for label in ("bulging face or deep breath", "pressing lips")}


def visible_label(label: int, score: FloatArray) -> int:
    """Give the label of a window, or "none" where what makes the gesture is hardly ever visible.

    A network that must name what it cannot see learns to guess. So a gesture of the hands counts as none without a
    wrist or a hand in a fifth of the frames, and one of the face without its lips.

    Parameters
    ----------
    label : the class of the clip; the number of classes stands for "none".
    score : (T, 42) of the window's joints, 0 for a missing one.

    Returns
    -------
    `label`, or the number of classes.
    """
    if label >= len(CLASSES) or label in _TRUNK:
        return label
    joints = _LIPS if label in _FACIAL else _HANDS
    visible = (score[:, joints] > 0).any(1).mean() >= _SHARE_VISIBLE
    return label if visible else len(CLASSES)


@dataclass(frozen=True)
class ClipArrays:
    """Memory-mapped clips of a simulated set.

    xyz: (N, T, 42, 3).
    score: (N, T, 42) in 0..255.
    label: (N,).
    onset, offset: (N,) seconds from the clip's start between which its gesture lies.
    fps: frames a second.
    layout: of the joints.
    """

    xyz: NDArray[np.float16]
    score: NDArray[np.uint8]
    label: NDArray[np.int64]
    onset: FloatArray
    offset: FloatArray
    fps: float
    layout: SkeletonLayout = UPPER_BODY

    @classmethod
    def open(cls, folder: Path) -> ClipArrays:
        """Map the arrays that the simulator wrote to a folder."""

        def read(name: str) -> Any:
            return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

        fps = json.loads((folder / "recipe.json").read_text())["fps"]
        return cls(read("xyz"), read("score"), read("label"), read("onset"), read("offset"), fps)

    def __len__(self) -> int:
        return len(self.label)

    def rate(self, i: int) -> float:
        """Give the frames a second of clip i."""
        return self.fps

    def length(self, i: int) -> int:
        """Count the frames of clip i."""
        return int(self.xyz.shape[1])

    def core(self, i: int) -> tuple[float, float]:
        """Give the seconds from clip i's first frame between which its gesture lies."""
        return float(self.onset[i]), float(self.offset[i])

    def read(self, i: int, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Read some frames of clip i.

        Parameters
        ----------
        i : the clip.
        rows : (T,) the frames.

        Returns
        -------
        xyz (T, 42, 3) and score (T, 42) in 0..1.
        """
        return self.xyz[i][rows].astype(np.float32), self.score[i][rows].astype(np.float32) / 255

    def target(self, i: int, score: FloatArray) -> int:
        """Give the class of a window of clip i.

        Parameters
        ----------
        i : the clip.
        score : (T, 42) of the window.

        Returns
        -------
        What `visible_label` makes of the clip's label.
        """
        return visible_label(int(self.label[i]), score)


class JoinedClips:
    """Clips from several simulated sets as one collection.

    Parameters
    ----------
    sources : each set, and how often each of its clips counts.
    """

    def __init__(self, sources: Sequence[tuple[ClipArrays, int]]) -> None:
        self.layout = sources[0][0].layout
        self._at = [(clips, i) for clips, times in sources for _ in range(times) for i in range(len(clips))]

    def __len__(self) -> int:
        return len(self._at)

    def rate(self, i: int) -> float:
        """Give the frames a second of clip i."""
        clips, at = self._at[i]
        return clips.rate(at)

    def length(self, i: int) -> int:
        """Count the frames of clip i."""
        clips, at = self._at[i]
        return clips.length(at)

    def core(self, i: int) -> tuple[float, float]:
        """Give the seconds from clip i's first frame between which its gesture lies."""
        clips, at = self._at[i]
        return clips.core(at)

    def read(self, i: int, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Read some frames of clip i.

        Parameters
        ----------
        i : the clip.
        rows : (T,) the frames.

        Returns
        -------
        xyz (T, 42, 3) and score (T, 42) in 0..1.
        """
        clips, at = self._at[i]
        return clips.read(at, rows)

    def target(self, i: int, score: FloatArray) -> int:
        """Give the class of a window of clip i.

        Parameters
        ----------
        i : the clip.
        score : (T, 42) of the window.

        Returns
        -------
        What `visible_label` makes of the clip's label.
        """
        clips, at = self._at[i]
        return clips.target(at, score)
