"""A folder of growing files that a long pass writes, clip by clip, and resumes after an interruption.

`clips.bin` holds a record a clip, the other files the frames of all clips one after the other; `cache.json` says what
they were made from, once all are there. A record is written after its frames: whatever an interrupted pass has written
beyond the last record is cut off.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import ClipInfo
from kinesics.errors import KinesicsError
from kinesics.files import alone_in, cache_folder
from kinesics.progress import Progress

Encoded = tuple[NDArray[Any], Sequence[NDArray[Any]]]  # a clip's record, and its part of each file
INDEX = "clips.bin"


def fingerprint(name: str, clips: Sequence[ClipInfo], sources: Iterable[Path | None], what: object) -> dict[str, Any]:
    """Say what a store is made from.

    That is the clips' boundaries, `what`, and size and time of all files in the sources' folders.

    Another version of Kinesics may read files otherwise, and reads them again. Labels, subjects and splits are left
    out: they are never stored.

    Parameters
    ----------
    name : of the data set
    clips : all that are stored
    sources : files that they are read from; None is passed over
    what : anything else that the content depends on, such as sizes; its `repr` counts

    Returns
    -------
    the content of `cache.json`, with the number of clips and the fingerprint
    """
    digest = hashlib.sha256(repr((name, what)).encode())
    for clip in clips:
        # with a video, some data sets know where in the image the joints lie
        digest.update(f"{clip.id} {clip.start} {clip.end} {clip.video is not None}\n".encode())
    for folder in sorted({path.parent for path in sources if path is not None}):
        if folder.is_dir():
            for entry in sorted((one for one in os.scandir(folder) if one.is_file()), key=lambda one: one.name):
                stat = entry.stat()
                digest.update(f"{entry.path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return {"data": name, "clips": len(clips), "kinesics": version("kinesics"), "fingerprint": digest.hexdigest()}


def usual_folder(kind: str, made_from: Mapping[str, Any]) -> Path:
    """In the user's cache folder (`$XDG_CACHE_HOME`, else `~/.cache`), named by the data set and its fingerprint."""
    name = re.sub(r"[^a-z0-9]+", "_", made_from["data"].lower())
    return cache_folder() / kind / f"{name}-{made_from['fingerprint'][:16]}"


def build(
    folder: Path,
    made_from: Mapping[str, Any],
    record: np.dtype[Any],
    files: Mapping[str, int],
    encode: Callable[[int], Encoded],
    progress: Progress | None,
) -> NDArray[Any]:
    """Give the records of all clips; whichever are not there yet are made and written.

    What was made before an error or an interruption is cached.

    Parameters
    ----------
    folder : of the store
    made_from : see `fingerprint`
    record : a structured type with the field `frames`
    files : by name, the bytes of one frame
    encode : makes the record and the frames of clip i
    progress : called with the share done

    Returns
    -------
    (N,) records

    Raises
    ------
    KinesicsError : if the folder cannot be written; and whatever `encode` raises
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone_in(folder, wait=True):
            _complete(folder, made_from, record, files, encode, progress)
    except OSError as error:
        raise KinesicsError(
            f"{folder}: the cache cannot be written ({error.strerror}); free some room, or set XDG_CACHE_HOME"
        ) from error
    records: NDArray[Any] = np.fromfile(folder / INDEX, record)
    return records


def _complete(
    folder: Path,
    made_from: Mapping[str, Any],
    record: np.dtype[Any],
    files: Mapping[str, int],
    encode: Callable[[int], Encoded],
    progress: Progress | None,
) -> None:
    begun, done = folder / "begun.json", folder / "cache.json"
    if _read(done) == made_from:
        return
    done.unlink(missing_ok=True)
    if _read(begun) != made_from:
        for name in (INDEX, *files):
            (folder / name).unlink(missing_ok=True)
        begun.write_text(json.dumps(made_from), encoding="utf-8")
    _append(folder, record, files, encode, made_from["clips"], progress)
    begun.replace(done)


def indices_of(every: Sequence[ClipInfo], chosen: Sequence[ClipInfo]) -> NDArray[np.int64]:
    """Find where the chosen clips stand among all that are stored; raises KinesicsError for one that is not."""
    index = {clip.id: i for i, clip in enumerate(every)}
    missing = next((clip.id for clip in chosen if clip.id not in index), None)
    if missing is not None:
        raise KinesicsError(f"clip {missing}: expected a skeleton in the data set, found none; leave such clips out")
    return np.array([index[clip.id] for clip in chosen], np.int64)


def offsets(records: NDArray[Any]) -> NDArray[np.int64]:
    """Find the first frame of each clip in the files.

    Parameters
    ----------
    records : (N,) with the field `frames`

    Returns
    -------
    (N,) frames
    """
    first: NDArray[np.int64] = np.cumsum(records["frames"]) - records["frames"]
    return first


def map_file(path: Path, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Map the array in a file, which is read when it is used; an empty file is an empty array.

    Parameters
    ----------
    path : of the file
    dtype : of its numbers
    shape : of the array

    Returns
    -------
    the array, read-only
    """
    return np.memmap(path, dtype, "r", shape=shape) if shape[0] else np.zeros(shape, dtype)


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there, or cut off
        return None


def _append(
    folder: Path,
    record: np.dtype[Any],
    files: Mapping[str, int],
    encode: Callable[[int], Encoded],
    count: int,
    progress: Progress | None,
) -> None:
    with ExitStack() as stack:
        index, *parts = (stack.enter_context(_appending(folder / name)) for name in (INDEX, *files))
        done = index.seek(0, os.SEEK_END) // record.itemsize
        index.truncate(done * record.itemsize)
        index.seek(0)
        frames = int(np.frombuffer(index.read(), record)["frames"].sum())
        for part, size in zip(parts, files.values(), strict=True):
            part.truncate(frames * size)
            part.seek(0, os.SEEK_END)
        for i in range(done, count):
            entry, arrays = encode(i)
            for part, array in zip(parts, arrays, strict=True):
                part.write(np.ascontiguousarray(array).data)
                part.flush()
            index.write(entry.tobytes())
            index.flush()
            if progress is not None:
                progress((i + 1) / count)


@contextmanager
def _appending(path: Path) -> Iterator[BinaryIO]:
    path.touch()
    with open(path, "r+b") as file:
        yield file
