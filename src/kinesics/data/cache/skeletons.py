"""All skeletons of a data set in memory-mapped arrays: read once, and from then on in a fraction of a millisecond."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.data.cache import store
from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.errors import KinesicsError
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray

REVISION = 1  # of this file's arrays; a cache of another one is made anew
# xyz = float16 · scale + origin: fine to a two-thousandth of the clip's extent, whatever its unit
_RECORD = np.dtype(
    [
        ("frames", "<i8"), ("fps", "<f8"), ("start", "<f8"), ("origin", "<f4", 3), ("scale", "<f4"), ("is_3d", "?"),
        ("has_image", "?"),
    ]
)  # fmt: skip
_FILES = {"xyz.f16": 6, "score.u8": 1, "image.f16": 4}  # bytes a joint


class SkeletonCache:
    """The clips of a data set with their skeletons at hand; what `ClipWindows` cuts windows from.

    `read_skeleton(i)` is the skeleton of `clips[i]`.

    Parameters
    ----------
    folder : of the cache's files
    records : (N,) one of each clip in the cache
    dataset : what the clips belong to
    clips : those to open, in the order asked for
    rows : (K,) where they stand among the records
    """

    def __init__(
        self,
        folder: Path,
        records: NDArray[Any],
        dataset: GestureDataset,
        clips: tuple[ClipInfo, ...],
        rows: NDArray[np.int64],
    ) -> None:
        self.clips, self.layout, self.classes = clips, dataset.layout, dataset.classes
        self._first, self._records = store.offsets(records)[rows], records[rows]
        shape = (int(records["frames"].sum()), len(self.layout))
        self._xyz = store.map_file(folder / "xyz.f16", "<f2", (*shape, 3))
        self._score = store.map_file(folder / "score.u8", "u1", shape)
        self._image = store.map_file(folder / "image.f16", "<f2", (*shape, 2))

    def __len__(self) -> int:
        return len(self.clips)

    def rate(self, i: int) -> float:
        """Give the frames a second of clip i."""
        return float(self._records["fps"][i])

    def length(self, i: int) -> int:
        """Count the frames of clip i."""
        return int(self._records["frames"][i])

    def core(self, i: int) -> tuple[float, float]:
        """Span the whole clip, from its first frame to its last, in seconds."""
        return 0.0, (self.length(i) - 1) / self.rate(i)

    def read(self, i: int, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Read some frames of a clip.

        Parameters
        ----------
        i : the clip
        rows : (T,) its frames

        Returns
        -------
        xyz (T, V, 3) and score (T, V)
        """
        stretch, record = self._stretch(i), self._records[i]
        score = self._score[stretch][rows].astype(np.float32) / np.float32(255)
        xyz = self._xyz[stretch][rows].astype(np.float32) * record["scale"] + record["origin"]
        return xyz * (score > 0)[..., None], score

    def read_image_xy(self, i: int) -> FloatArray | None:
        """Give where clip i's joints lie in the image, (T, V, 2) in 0..1; None where the source does not say."""
        return self._image[self._stretch(i)].astype(np.float32) if self._records["has_image"][i] else None

    def target(self, i: int, score: FloatArray) -> int:
        """Give the clip's class, -1 where it is hidden.

        Parameters
        ----------
        i : the clip
        score : (T, V) of a window of it; the class is the same in all

        Returns
        -------
        the index of the class
        """
        label = self.clips[i].label
        return -1 if label is None else label

    def read_skeleton(self, i: int) -> SkeletonSequence:
        """Read the whole skeleton of clip i."""
        xyz, score = self.read(i, np.arange(self.length(i)))
        record = self._records[i]
        return SkeletonSequence(
            xyz,
            score,
            self.rate(i),
            self.layout,
            self.read_image_xy(i),
            is_3d=bool(record["is_3d"]),
            start=float(record["start"]),
        )

    def _stretch(self, i: int) -> slice:
        first = int(self._first[i])
        return slice(first, first + self.length(i))


def cache_skeletons(
    dataset: GestureDataset,
    folder: Path | None = None,
    *,
    clips: tuple[ClipInfo, ...] | None = None,
    progress: Progress | None = None,
) -> SkeletonCache:
    """Read the skeletons of all clips that have one into a cache, or find them there, and open it.

    An interrupted pass resumes where it stopped.

    Parameters
    ----------
    dataset : whose clips to read
    folder : by default one in the user's cache folder, named by a fingerprint of the files, so that changed files are
        read again
    clips : those to open, by default all that have a skeleton; another split of the same clips needs no other cache
    progress : called with the share done

    Returns
    -------
    the cache, opened

    Raises
    ------
    KinesicsError : for a skeleton that cannot be read
    """
    layout = dataset.layout
    what = (REVISION, layout.joints, layout.parents, layout.pairs)
    every = tuple(clip for clip in dataset.clips if clip.skeleton is not None)
    made_from = store.fingerprint(dataset.source, every, (clip.skeleton for clip in every), what)
    folder = folder or store.usual_folder("skeletons", made_from)
    files = {name: size * len(layout) for name, size in _FILES.items()}

    def encode(i: int) -> store.Encoded:
        return _encode(every[i], dataset.read_skeleton(every[i]))

    records = store.build(folder, made_from, _RECORD, files, encode, progress)
    chosen = every if clips is None else clips
    return SkeletonCache(folder, records, dataset, chosen, store.indices_of(every, chosen))


def _encode(clip: ClipInfo, skeleton: SkeletonSequence) -> store.Encoded:
    """One clip's record, and its frames as they stand in the files."""
    if len(skeleton) == 0:
        raise KinesicsError(
            f"{clip.skeleton}: expected frames from {clip.start:.2f} to {clip.end:.2f} s (clip {clip.id}), found none; "
            "see `kinesics data doctor`"
        )
    seen = skeleton.score > 0
    origin, scale = np.zeros(3, np.float32), 1.0
    if seen.any():
        low, high = skeleton.xyz[seen].min(0), skeleton.xyz[seen].max(0)
        origin, scale = ((low + high) / 2).astype(np.float32), max(float((high - low).max()) / 2, 1e-6)
    xyz = np.where(seen[..., None], (skeleton.xyz - origin) / scale, 0)
    score = np.ceil(np.clip(skeleton.score, 0, 1) * 255)
    image = np.zeros((*score.shape, 2)) if skeleton.image_xy is None else skeleton.image_xy
    has_image = skeleton.image_xy is not None
    record = (len(skeleton), skeleton.fps, skeleton.start, origin, scale, skeleton.is_3d, has_image)
    return np.array(record, _RECORD), (xyz.astype("<f2"), score.astype("u1"), image.astype("<f2"))
