"""`Recordings`: the whole videos of a data set that have an emotion, one label each."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import ClassVar

from kinesics.data.cache.skeletons import SkeletonCache, cache_skeletons
from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.errors import KinesicsError
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence
from kinesics.video import probe


class Recordings(GestureDataset):
    """A data set's recordings in the place of its clips: those with an emotion, a video and a skeleton.

    Raises KinesicsError for a data set without any. `clips` reads the videos' headers.
    """

    name: ClassVar[str] = "recordings"
    access: ClassVar[str] = ""

    def __init__(self, dataset: GestureDataset) -> None:
        super().__init__(dataset.folder)
        self.dataset, self.layout = dataset, dataset.layout
        self._videos = {video.id: video for video in dataset.emotions if video.skeleton is not None}
        if not self._videos:
            raise KinesicsError(
                f"{dataset.folder}: expected videos with emotions (of iMiGUE: mp4 files, their skeletons, and "
                f"train_label.csv), found none in {dataset.name}; see `kinesics data doctor`"
            )
        self._kept: SkeletonCache | None = None

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say no: it is made of another data set, not opened."""
        return False  # it is made of another data set, not opened

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return ("negative", "positive")

    @cached_property
    def clips(self) -> tuple[ClipInfo, ...]:
        """List the recordings, each as a clip of its whole length."""
        return tuple(
            ClipInfo(one.id, one.label, one.split, one.subject, 0.0, probe(one.video).duration, one.video, one.skeleton)
            for one in self._videos.values()
        )

    def keep_skeletons(self, progress: Progress | None = None) -> None:
        """Read all of them into the cache, once, so that `read_skeleton` needs no time from then on."""
        self._kept = cache_skeletons(self, progress=progress)

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Of a recording, or of a stretch of one, which has the recording's id; shorter where the landmarks end."""
        if self._kept is None:
            whole = self.dataset.read_recording(self._videos[clip.id])
        else:
            whole = self._kept.read_skeleton(self._row[clip.id])
        first, last = round(clip.start * whole.fps), round(clip.end * whole.fps)
        return whole.slice(first, min(last, len(whole)))

    @cached_property
    def _row(self) -> dict[str, int]:
        return {clip.id: row for row, clip in enumerate(self.clips)}
