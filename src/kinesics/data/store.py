"""A folder of growing files that a long pass writes, clip by clip, and goes on with after an interruption.

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
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from kinesics import __version__
from kinesics.data.dataset import GestureDataset
from kinesics.errors import KinesicsError

Progress = Callable[[float], None]
Encoded = tuple[NDArray[Any], Sequence[NDArray[Any]]]  # a clip's record, and its part of each file
INDEX = "clips.bin"


def note(dataset: GestureDataset, sources: Iterable[Path | None], what: object) -> dict[str, Any]:
    """What a store is made from: the clips' boundaries, `what`, and size and time of the sources and all beside them.

    Another version of Kinesics may read files otherwise, and reads them again. Labels, subjects and splits are left out: they are never stored.
    """
    digest = hashlib.sha256(repr((dataset.name, what)).encode())
    for clip in dataset.clips:
        # with a video, some data sets know where in the picture the joints lie
        digest.update(f"{clip.id} {clip.start} {clip.end} {clip.video is not None}\n".encode())
    for folder in sorted({path.parent for path in sources if path is not None}):
        if folder.is_dir():
            facts = ((entry.name, entry.stat()) for entry in os.scandir(folder) if entry.is_file())
            for name, stat in sorted((name, (stat.st_size, stat.st_mtime_ns)) for name, stat in facts):
                digest.update(f"{folder} {name} {stat}\n".encode())
    facts = {"data": dataset.name, "clips": len(dataset.clips), "kinesics": __version__}
    return facts | {"fingerprint": digest.hexdigest()}


def usual_folder(kind: str, made_from: Mapping[str, Any]) -> Path:
    """In the user's cache folder (`$XDG_CACHE_HOME`, else `~/.cache`), named by the data set and its fingerprint."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = re.sub(r"[^a-z0-9]+", "_", made_from["data"].lower())
    return home / "kinesics" / kind / f"{name}-{made_from['fingerprint'][:16]}"


def fill(
    folder: Path,
    made_from: Mapping[str, Any],
    record: np.dtype[Any],
    files: Mapping[str, int],
    encode: Callable[[int], Encoded],
    progress: Progress | None,
) -> NDArray[Any]:
    """The records of all clips; whichever are not there yet are made by `encode` and written.

    record: a structured type with the field `frames`. files: by name, the bytes of one frame. Raises KinesicsError if
    the folder cannot be written, and whatever `encode` raises; what was made before is kept.
    """
    begun, done = folder / "begun.json", folder / "cache.json"
    try:
        if _read(done) != made_from:
            folder.mkdir(parents=True, exist_ok=True)
            done.unlink(missing_ok=True)
            if _read(begun) != made_from:
                for name in (INDEX, *files):
                    (folder / name).unlink(missing_ok=True)
                begun.write_text(json.dumps(made_from), encoding="utf-8")
            _append(folder, record, files, encode, made_from["clips"], progress)
            begun.replace(done)
    except OSError as error:
        raise KinesicsError(
            f"{folder}: the cache cannot be written ({error.strerror}); free some room, or set XDG_CACHE_HOME"
        ) from error
    records: NDArray[Any] = np.fromfile(folder / INDEX, record)
    return records


def starts(records: NDArray[Any]) -> NDArray[np.int64]:
    """The first frame of each clip in the files."""
    first: NDArray[np.int64] = np.cumsum(records["frames"]) - records["frames"]
    return first


def map_file(path: Path, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array in a file, read when it is used; an empty file is an empty array."""
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
