"""`Shards`: the clips of any data set in a few large tar files, as WebDataset lays them out, for several machines.

```
FOLDER/
  shards.json             name, classes, and every tar with its sha256
  train-000000.tar …      of every clip: NNNNNNNN.json (facts) and NNNNNNNN.skeleton.npz (its skeleton)
```

A shared folder or an object store is far quicker with such files than with one a clip. Clips stand in order of their
names wherever they lie, and what training draws depends on seed, epoch and clip alone: neither the number of machines
nor the order of the tars changes it. https://github.com/webdataset/webdataset reads them as well.
"""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from kinesics.data.dataset import SPLITS, ClipInfo, DatasetNotFoundError, GestureDataset
from kinesics.data.problems import Problem
from kinesics.errors import KinesicsError
from kinesics.files import replacing, sha256_of, write_text
from kinesics.progress import Progress
from kinesics.reading import read_bytes, reading
from kinesics.skeleton import SkeletonLayout, SkeletonSequence, load_skeletons, save_skeletons
from kinesics.skeleton.sequence import SUFFIX

LISTING = "shards.json"
FORMAT, VERSION = "kinesics shards", 1
_MEND = "write the shards again with `kinesics data shard`"
_FACTS = ("id", "label", "split", "subject", "start", "end")


class Shards(GestureDataset):
    """Clips in the tar files of `kinesics data shard`.

    Parameters
    ----------
    folder : that holds them.
    """

    name: ClassVar[str] = "Shards"
    access: ClassVar[str] = "your own: made with `kinesics data shard`"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if not self.recognises(folder):
            raise DatasetNotFoundError(f"{folder}: expected {LISTING}, found no such file; {self.access}")
        with reading(folder / LISTING, "the listing of `kinesics data shard`", _MEND):
            listing = json.loads(read_bytes(folder / LISTING))
            if (listing["format"], listing["version"]) != (FORMAT, VERSION):
                raise ValueError("another listing")
            self._classes = tuple(map(str, listing["classes"]))
            self._files = {str(name): str(digest) for name, digest in listing["files"].items()}
            self.simulated = bool(listing["simulated"])
        self._places: dict[str, tuple[int, int]] = {}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say whether this looks like the data set's folder; cheap, and never raises."""
        return (folder / LISTING).is_file()

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return self._classes

    @cached_property
    def layout(self) -> SkeletonLayout:  # type: ignore[override]
        """The layout of the first clip, which is that of all."""
        return self.read_skeleton(self.clips[0]).layout

    @cached_property
    def clips(self) -> tuple[ClipInfo, ...]:
        """List the clips in order of their names; raises KinesicsError for a tar that is missing or damaged."""
        return tuple(sorted((clip for name in self._files for clip in self._read(name)), key=lambda clip: clip.id))

    def _read(self, name: str) -> Iterator[ClipInfo]:
        path = self.folder / name
        with reading(path, "a shard of this data set", _MEND), tarfile.open(path, "r:") as tar:
            facts: dict[str, Any] = {}
            for member in tar:
                key, _, ending = member.name.partition(".")
                if ending == "json":
                    facts = json.load(_content(tar, member))
                elif f".{ending}" == SUFFIX:
                    self._places[str(facts["id"])] = member.offset_data, member.size
                    yield ClipInfo(**{fact: facts[fact] for fact in _FACTS}, skeleton=path)
                else:
                    raise ValueError(f"the file {key}.{ending}")

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Read the skeleton of a clip; raises KinesicsError for a damaged shard."""
        if not self._places:
            _ = self.clips
        assert clip.skeleton is not None
        offset, size = self._places[clip.id]
        with clip.skeleton.open("rb") as file, tempfile.NamedTemporaryFile(suffix=SUFFIX) as copy:
            file.seek(offset)
            copy.write(file.read(size))
            copy.flush()
            return load_skeletons(Path(copy.name))[0]

    @property
    def files(self) -> dict[str, str]:
        """The sha256 of every tar by its name."""
        return dict(self._files)


def shard_problems(dataset: Shards, progress: Progress) -> Iterator[Problem]:
    """Find every tar that is missing or not as it was written."""
    files = dataset.files
    for done, (name, digest) in enumerate(files.items(), 1):
        path = dataset.folder / name
        if not path.is_file():
            yield Problem(path, "no such file; copy it again")
        elif sha256_of(path) != digest:
            yield Problem(path, "expected the bytes that were written, found others; copy it again")
        progress(done / len(files))


def write_shards(dataset: GestureDataset, out: Path, size: int, progress: Progress | None = None) -> tuple[Path, ...]:
    """Write the clips of a data set that have a skeleton as shards; the same data set gives the same bytes.

    Parameters
    ----------
    dataset : any.
    out : the folder, which exists.
    size : clips of a shard.
    progress : called with the share done, 0..1.

    Returns
    -------
    The tar files.

    Raises
    ------
    KinesicsError
        for a data set without skeletons, or one whose file is broken.
    """
    chosen = [[clip for clip in dataset.split(split) if clip.skeleton is not None] for split in SPLITS]
    parts = [of[i : i + size] for of in chosen for i in range(0, len(of), size)]
    if not parts:
        raise KinesicsError(f"{dataset.folder}: expected clips with skeletons, found none; see `kinesics data doctor`")
    written: dict[str, str] = {}
    counts = dict.fromkeys(SPLITS, 0)
    for done, part in enumerate(parts, 1):
        split = part[0].split
        path = out / f"{split}-{counts[split]:06d}.tar"
        counts[split] += 1
        _write(dataset, part, path)
        written[path.name] = sha256_of(path)
        if progress is not None:
            progress(done / len(parts))
    content = {"format": FORMAT, "version": VERSION, "name": dataset.name, "classes": list(dataset.classes)}
    content |= {"simulated": bool(getattr(dataset, "simulated", False)), "files": written}
    write_text(out / LISTING, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return tuple(out / name for name in written)


def _write(dataset: GestureDataset, clips: Sequence[ClipInfo], path: Path) -> None:
    with replacing(path) as temporary, tarfile.open(temporary, "w", format=tarfile.PAX_FORMAT) as tar:
        for number, clip in enumerate(clips):
            skeleton = dataset.read_skeleton(clip)
            facts = {fact: value for fact, value in asdict(clip).items() if fact in _FACTS}
            # some data sets leave the end open; the skeleton's is what it means
            facts["end"] = min(clip.end, skeleton.start + skeleton.duration)
            _add(tar, f"{number:08d}.json", json.dumps(facts).encode())
            _add(tar, f"{number:08d}{SUFFIX}", _as_bytes(skeleton))


def _as_bytes(skeleton: SkeletonSequence) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        save_skeletons(Path(folder, f"one{SUFFIX}"), [skeleton])
        return Path(folder, f"one{SUFFIX}").read_bytes()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """A member without a date or an owner."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    return tar.extractfile(member)
