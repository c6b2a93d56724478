"""The frames of all clips, small and memory-mapped, so that training does not decode a video again every epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.data.cache import store
from kinesics.data.clips import read_clip
from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.preprocessing.person_crop import CropBox
from kinesics.progress import Progress
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image

_REVISION = 1
_RECORD = np.dtype([("frames", "<i8"), ("box", "<f4", 3), ("size", "<f4", 2)])


class FrameCache:
    """Per clip some images around the person, as `read_clip` gives them.

    Parameters
    ----------
    folder : of the cache's files
    records : (N,) one of each clip in the cache
    size : of the images, pixels
    clips : those to open, in the order asked for
    rows : (K,) where they stand among the records
    """

    def __init__(
        self, folder: Path, records: NDArray[Any], size: int, clips: tuple[ClipInfo, ...], rows: NDArray[np.int64]
    ) -> None:
        self.clips = clips
        self._first, self._records = store.offsets(records)[rows], records[rows]
        shape = (int(records["frames"].sum()), size, size, 3)
        self._frames = store.map_file(folder / "frames.u8", "u1", shape)

    def __len__(self) -> int:
        return len(self.clips)

    def read(self, i: int) -> Image | None:
        """Give the images of clip i, (N, S, S, 3) uint8 RGB, a view of the file; None where the clip has no video."""
        first, count = int(self._first[i]), int(self._records["frames"][i])
        return self._frames[first : first + count] if count else None

    def positions_in_crop(self, i: int, image_xy: FloatArray) -> FloatArray:
        """Turn positions across a clip's video into positions across its images.

        Parameters
        ----------
        i : the clip
        image_xy : (..., 2) in 0..1 across the video

        Returns
        -------
        (..., 2) in 0..1 across the images
        """
        record = self._records[i]
        width, height = record["size"].tolist()
        return CropBox(*record["box"].tolist()).inside(image_xy, (width, height))


def cache_frames(
    dataset: GestureDataset,
    folder: Path | None = None,
    *,
    frames: int = 16,
    size: int = 112,
    clips: tuple[ClipInfo, ...] | None = None,
    progress: Progress | None = None,
) -> FrameCache:
    """Decode the frames of all clips into a cache, or find them there, and open it.

    A clip takes frames · size² · 3 bytes: 0.6 MB by default. Clips without a video take none.

    Parameters
    ----------
    dataset : whose clips to read
    folder : by default one in the user's cache folder, named by a fingerprint of the files
    frames : of each clip, evenly spread
    size : of the images, pixels
    clips : those to open, by default all
    progress : called with the share done

    Returns
    -------
    the cache, opened

    Raises
    ------
    KinesicsError : for a video or skeleton that cannot be read
    """
    every = dataset.clips
    sources = [path for clip in every for path in (clip.video, clip.skeleton)]
    made_from = store.fingerprint(dataset.name, every, sources, (_REVISION, frames, size))
    folder = folder or store.usual_folder("frames", made_from)

    def encode(i: int) -> store.Encoded:
        read = read_clip(dataset, every[i], frames=frames, size=size)
        if read.frames is None or read.box is None:
            return np.array((0, (0, 0, 1), (1, 1)), _RECORD), (np.zeros(0, np.uint8),)
        return np.array((frames, tuple(read.box), read.source_size), _RECORD), (read.frames,)

    records = store.build(folder, made_from, _RECORD, {"frames.u8": size * size * 3}, encode, progress)
    chosen = every if clips is None else clips
    return FrameCache(folder, records, size, chosen, store.indices_of(every, chosen))
