"""All skeletons of a data set in memory-mapped arrays: read once, and from then on in a fraction of a millisecond.

A cache is a folder: `xyz.f16` (frames, V, 3), `score.u8` (frames, V) and `image.f16` (frames, V, 2), all clips one
after the other; `clips.bin`, a record a clip; `cache.json`, what it was made from. A record is written after its
frames: whatever an interrupted pass has written beyond the last record is cut off, and the pass goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.errors import KinesicsError
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray

Progress = Callable[[float], None]
_REVISION = 1  # of this file's arrays; a cache of another one is made anew
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

    clips: in the order asked for; `read_skeleton(i)` is the skeleton of `clips[i]`.
    """

    def __init__(self, folder: Path, clips: tuple[ClipInfo, ...], rows: NDArray[np.int64], dataset: GestureDataset):
        self.clips, self.layout, self.classes = clips, dataset.layout, dataset.classes
        records = np.fromfile(folder / "clips.bin", _RECORD)
        self._first = (np.cumsum(records["frames"]) - records["frames"])[rows]
        self._records = records[rows]
        shape = (int(records["frames"].sum()), len(self.layout))
        self._xyz: NDArray[np.float16] = np.memmap(folder / "xyz.f16", "<f2", "r", shape=(*shape, 3))
        self._score: NDArray[np.uint8] = np.memmap(folder / "score.u8", "u1", "r", shape=shape)
        self._image: NDArray[np.float16] = np.memmap(folder / "image.f16", "<f2", "r", shape=(*shape, 2))

    def __len__(self) -> int:
        return len(self.clips)

    def rate(self, i: int) -> float:
        return float(self._records["fps"][i])

    def length(self, i: int) -> int:
        return int(self._records["frames"][i])

    def core(self, i: int) -> tuple[float, float]:
        """The whole clip, from its first frame to its last."""
        return 0.0, (self.length(i) - 1) / self.rate(i)

    def read(self, i: int, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """xyz (T, V, 3) and score (T, V) of these frames of clip i."""
        stretch, record = self._stretch(i), self._records[i]
        score = self._score[stretch][rows].astype(np.float32) / 255
        xyz = self._xyz[stretch][rows].astype(np.float32) * record["scale"] + record["origin"]
        return xyz * (score > 0)[..., None], score

    def read_image_xy(self, i: int) -> FloatArray | None:
        """(T, V, 2) where clip i's joints lie in the picture, 0..1; None where the source does not say."""
        return self._image[self._stretch(i)].astype(np.float32) if self._records["has_image"][i] else None

    def _stretch(self, i: int) -> slice:
        first = int(self._first[i])
        return slice(first, first + self.length(i))

    def target(self, i: int, score: FloatArray) -> int:
        """The clip's class, -1 where it is hidden."""
        label = self.clips[i].label
        return -1 if label is None else label

    def read_skeleton(self, i: int) -> SkeletonSequence:
        xyz, score = self.read(i, np.arange(self.length(i)))
        facts = {"is_3d": bool(self._records["is_3d"][i]), "start": float(self._records["start"][i])}
        return SkeletonSequence(xyz, score, self.rate(i), self.layout, self.read_image_xy(i), **facts)


def cache_skeletons(
    dataset: GestureDataset,
    folder: Path | None = None,
    *,
    clips: tuple[ClipInfo, ...] | None = None,
    progress: Progress | None = None,
) -> SkeletonCache:
    """Read the skeletons of all clips into a cache, or find them there, and open it.

    folder: by default one in the user's cache folder (`$XDG_CACHE_HOME`, else `~/.cache`), named by the data set and a
    fingerprint of its files, so that changed files are read again. clips: those to open, by default all of the data
    set; another split of the same files needs no other cache. Raises KinesicsError for a skeleton that cannot be read.
    """
    note = _note(dataset)
    folder = folder or _usual_folder(dataset, note)
    if _read_note(folder) != note:
        _fill(dataset, folder, note, progress or (lambda _: None))
    index = {clip.id: i for i, clip in enumerate(dataset.clips)}
    chosen = dataset.clips if clips is None else clips
    return SkeletonCache(folder, chosen, np.array([index[clip.id] for clip in chosen], np.int64), dataset)


def fingerprint(dataset: GestureDataset, sources: Iterable[Path | None], what: object) -> str:
    """A digest of the clips' boundaries, of `what`, and of the size and time of the sources and all files beside them.

    Labels, subjects and splits are left out: they are never cached.
    """
    digest = hashlib.sha256(repr((dataset.name, what)).encode())
    for clip in dataset.clips:
        digest.update(f"{clip.id} {clip.start} {clip.end}\n".encode())
    for folder in sorted({path.parent for path in sources if path is not None}):
        if folder.is_dir():
            facts = ((entry.name, entry.stat()) for entry in os.scandir(folder) if entry.is_file())
            for name, stat in sorted((name, (stat.st_size, stat.st_mtime_ns)) for name, stat in facts):
                digest.update(f"{folder} {name} {stat}\n".encode())
    return digest.hexdigest()


def cache_home() -> Path:
    """Where Kinesics keeps what it can make again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kinesics"


def _usual_folder(dataset: GestureDataset, note: dict[str, Any]) -> Path:
    name = re.sub(r"[^a-z0-9]+", "_", dataset.name.lower())
    return cache_home() / "skeletons" / f"{name}-{note['fingerprint'][:16]}"


def _note(dataset: GestureDataset) -> dict[str, Any]:
    layout = dataset.layout
    shape = (_REVISION, layout.joints, layout.parents, layout.pairs)
    digest = fingerprint(dataset, (clip.skeleton for clip in dataset.clips), shape)
    return {"fingerprint": digest, "layout": layout.name, "clips": len(dataset.clips)}


def _read_note(folder: Path) -> object:
    """What a finished cache was made from; None for none, or a broken one."""
    try:
        return json.loads((folder / "cache.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _fill(dataset: GestureDataset, folder: Path, note: dict[str, Any], progress: Progress) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cache.json").unlink(missing_ok=True)
        begun, part = folder / "begun.json", folder / "cache.json.part"
        if not begun.exists() or json.loads(begun.read_text(encoding="utf-8")) != note:
            for name in ("clips.bin", *_FILES):
                (folder / name).unlink(missing_ok=True)
            begun.write_text(json.dumps(note), encoding="utf-8")
        _append(dataset, folder, progress)
        part.write_text(json.dumps(note), encoding="utf-8")
        os.replace(part, folder / "cache.json")
        begun.unlink()
    except OSError as error:
        raise KinesicsError(
            f"{folder}: the cache cannot be written ({error.strerror}); free some room, or set XDG_CACHE_HOME"
        ) from error


def _append(dataset: GestureDataset, folder: Path, progress: Progress) -> None:
    """Write the clips that are still missing."""
    with ExitStack() as stack:
        index, *files = (stack.enter_context(_appending(folder / name)) for name in ("clips.bin", *_FILES))
        done = index.seek(0, os.SEEK_END) // _RECORD.itemsize
        index.truncate(done * _RECORD.itemsize)
        index.seek(0)
        frames = int(np.frombuffer(index.read(), _RECORD)["frames"].sum())
        for file, size in zip(files, _FILES.values(), strict=True):
            file.truncate(frames * len(dataset.layout) * size)
            file.seek(0, os.SEEK_END)
        for i, clip in enumerate(dataset.clips[done:], done):
            record, arrays = _encode(clip, dataset.read_skeleton(clip))
            for file, array in zip(files, arrays, strict=True):
                file.write(array.tobytes())
                file.flush()
            index.write(record.tobytes())
            index.flush()
            progress((i + 1) / len(dataset.clips))


@contextmanager
def _appending(path: Path) -> Iterator[BinaryIO]:
    path.touch()
    with open(path, "r+b") as file:
        yield file


def _encode(clip: ClipInfo, skeleton: SkeletonSequence) -> tuple[NDArray[Any], tuple[NDArray[Any], ...]]:
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
