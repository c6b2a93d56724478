"""SMG, Spontaneous Micro-Gestures (Chen et al., IJCV 2023): 40 people before a Kinect v2, relaxed and under stress."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import ClipInfo, DatasetNotFoundError, GestureDataset, Split
from kinesics.data.sets.archive import from_kinect
from kinesics.errors import KinesicsError
from kinesics.reading import read_bytes, reading
from kinesics.skeleton import SkeletonLayout, SkeletonSequence
from kinesics.skeleton.layouts import NTU_25

CLASSES = (
    "turtling neck and shoulder", "rubbing eyes and forehead", "folding arms",
    "touching or covering suprasternal notch", "moving legs", "touching or scratching neck",
    "folding arms behind body", "rubbing hands and crossing fingers", "arms akimbo", "crossing legs",
    "scratching some part of body", "scratching or touching facial parts other than eyes", "playing or adjusting hair",
    "holding arms", "pulling shirt collar", "playing with jewelry and manipulating objects",
    "illustrative hand gestures",
)  # fmt: skip
_COLUMNS = 25 * 11
_COLOUR = np.array([1920, 1080], np.float32)  # pixels of the Kinect v2's colour image


@dataclass(frozen=True)
class _Recording:
    """One `SampleNNNN` folder."""

    name: str
    folder: Path
    fps: float
    video: Path | None

    @property
    def skeleton(self) -> Path:
        return self.folder / f"{self.name}_skeleton.csv"

    @property
    def labels(self) -> Path:
        return self.folder / f"{self.name}_finelabels.csv"


class SMG(GestureDataset):
    """Clips of 17 classes in 40 recordings of 15 minutes; 25 joints in metres, legs included.

    Subjects 36 to 40 are the test split. The other 35 are published as one half; the last five of them (31 to 35) are
    taken for validation here. Frames are counted from 0, the last one included.
    """

    name: ClassVar[str] = "SMG"
    access: ClassVar[str] = "https://github.com/mikecheninoulu/SMG"
    layout: SkeletonLayout = NTU_25

    def __init__(self, folder: Path) -> None:
        """Raises KinesicsError, naming the file, where labels or the rate cannot be read."""
        super().__init__(folder)
        samples = _samples(folder)
        if not samples:
            raise DatasetNotFoundError(
                f"{folder}: expected SMG's folders SampleNNNN with SampleNNNN_skeleton.csv, found none; ask for the "
                f"data at {self.access}"
            )
        self.recordings = tuple(_Recording(one.name, one, _fps(one), _video(one)) for one in samples)
        self._clips = tuple(clip for recording in self.recordings for clip in _clips(recording))
        self._last: tuple[Path | None, NDArray[np.float32]] = (None, np.zeros((0, _COLUMNS), np.float32))

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say whether this looks like the data set's folder; cheap, and never raises."""
        return bool(_samples(folder))

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return CLASSES

    @property
    def clips(self) -> tuple[ClipInfo, ...]:
        """List all clips in a steady order."""
        return self._clips

    def recording_of(self, clip: ClipInfo) -> str:
        """Name the sample: what stands before the clip's own number."""
        return clip.id.rsplit("_", 1)[0]

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Read the 25 joints of a clip, which may be endless, in metres; raises KinesicsError for a broken file."""
        assert clip.skeleton is not None
        if self._last[0] != clip.skeleton:  # a recording of 15 minutes takes a second to read
            self._last = clip.skeleton, _read_rows(clip.skeleton)
        rows = self._last[1]
        fps = next(one.fps for one in self.recordings if one.skeleton == clip.skeleton)
        first, last = round(clip.start * fps), round(clip.end * fps) if math.isfinite(clip.end) else len(rows)
        if last > len(rows):
            raise KinesicsError(
                f"{clip.skeleton}: expected {last} frames (clip {clip.id}), found {len(rows)}; copy it again"
            )
        values = rows[first:last].reshape(-1, 25, 11)
        seen = np.isfinite(values[..., :3]).all(-1) & (values[..., :3] != 0).any(-1)
        image_xy = np.where(seen[..., None], np.nan_to_num(values[..., 7:9], posinf=0, neginf=0), 0) / _COLOUR
        xyz = np.where(seen[..., None], from_kinect(values[..., :3]), np.float32(0))
        return SkeletonSequence(
            xyz.astype(np.float32), seen.astype(np.float32), fps, NTU_25, image_xy.astype(np.float32), start=first / fps
        )


def _samples(folder: Path) -> list[Path]:
    """The recordings' folders, directly in this one or one level down (as train and test are unpacked)."""
    found = [*folder.glob("Sample[0-9]*"), *folder.glob("*/Sample[0-9]*")]
    return sorted((one for one in found if (one / f"{one.name}_skeleton.csv").is_file()), key=lambda one: one.name)


def _video(sample: Path) -> Path | None:
    named = [sample / f"{sample.name}{ending}" for ending in ("_color.mp4", ".mp4", "_color.avi", ".avi")]
    return next((path for path in named if path.is_file()), None)


def _fps(sample: Path) -> float:
    path = sample / f"{sample.name}_data.csv"
    try:
        fps = float(_rows(path)[0][1])
        if not fps > 0:
            raise ValueError(f"fps {fps}")
        return fps
    except (OSError, ValueError, IndexError) as error:
        raise KinesicsError(
            f"{path}: expected one line numFrames,fps,maxDepth, found another or no file ({error}); copy it again"
        ) from error


def _clips(recording: _Recording) -> list[ClipInfo]:
    if not recording.labels.exists():  # a test recording whose answers are kept back
        return []
    digits = "".join(filter(str.isdigit, recording.name))
    subject = int(digits)
    split: Split = "train" if subject <= 30 else "val" if subject <= 35 else "test"
    clips = []
    for k, row in enumerate(_rows(recording.labels)):
        try:
            label, first, last = (int(cell) for cell in row)
            if not 1 <= label <= len(CLASSES) or not 0 <= first <= last:
                raise ValueError("out of range or order")
        except ValueError as error:
            raise KinesicsError(
                f"{recording.labels}: expected class (1..17),first,last frame in line {k + 1}, found {','.join(row)!r} "
                f"({error}); mend or copy it again"
            ) from error
        start, end = first / recording.fps, (last + 1) / recording.fps
        clip = f"{recording.name}_{k}"
        clips.append(ClipInfo(clip, label - 1, split, digits, start, end, recording.video, recording.skeleton))
    return clips


def _rows(path: Path) -> list[list[str]]:
    with reading(path, "a table", "copy it again"):
        return [row for row in csv.reader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline="")) if row]


def _read_rows(path: Path) -> NDArray[Any]:
    """(T, 275) of a whole recording."""
    import pandas as pd  # by far the quickest reader of so many numbers

    with reading(path, f"{_COLUMNS} numbers a line (25 joints × 11)", "copy it again"):
        rows = pd.read_csv(path, header=None, dtype=np.float32).to_numpy()
        if rows.shape[1] != _COLUMNS:
            raise ValueError(f"{rows.shape[1]} columns")
        return np.asarray(rows, np.float32)
