"""Which recordings a folder, a list, a pattern or an address means, and the name of each in a study."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kinesics.batch.places import is_address, open_address
from kinesics.batch.study import STUDY
from kinesics.errors import KinesicsError
from kinesics.reading import read_bytes, reading
from kinesics.skeleton.sequence import SUFFIX
from kinesics.video import SUFFIXES

LIST = ".txt"
_OPENPOSE = "_keypoints.json"
_RESULTS = (STUDY, ".kinesics.json")  # in folders that Kinesics wrote
_LEFT_BEHIND = (".", "~$", "__MACOSX")
_ENDINGS = (*SUFFIXES, SUFFIX)
_MAGIC = "*?["


@dataclass(frozen=True)
class Item:
    """One recording to analyse.

    Attributes
    ----------
    name : its path below the folder that was given, with `/` between folders.
    source : its path, or its address where that has a scheme, such as `s3://`.
    size : bytes; 0 where it is not there.
    modified : when it was last changed, in nanoseconds since 1970.
    """

    name: str
    source: str
    size: int
    modified: int


def find_recordings(inputs: Sequence[str]) -> tuple[Item, ...]:
    """Find every recording that is meant.

    Parameters
    ----------
    inputs : folders, which are walked; recordings; lists (.txt, a path or address a line, from the list's folder on);
        patterns such as `videos/*.mp4`; addresses of any of these but lists. A folder of OpenPose's files is one
        recording. Hidden files and results of Kinesics are passed over.

    Returns
    -------
    In order of their names.

    Raises
    ------
    KinesicsError
        for what is not there, where there is no recording at all, and for two of one name.
    """
    found: dict[str, Item] = {}
    for text in inputs:
        for item in _found(text):
            if found.setdefault(item.name, item).source != item.source:
                raise KinesicsError(
                    f"{item.source}: expected recordings of different names, found {item.name} twice; name the folder "
                    "above both"
                )
    if not found:
        raise KinesicsError(
            f"{', '.join(inputs)}: expected videos, folders of OpenPose files or {SUFFIX} files, found none; name "
            "the folder that holds them"
        )
    for name in found:
        if outer := next((str(one) for one in PurePosixPath(name).parents if str(one) in found), None):
            raise KinesicsError(
                f"{found[name].source}: expected recordings beside one another, found one inside of another, "
                f"{found[outer].source}; leave one of them out"
            )
    return tuple(found[name] for name in sorted(found))


def of_shard(items: Sequence[Item], number: int, count: int) -> tuple[Item, ...]:
    """Take the part of a study that one of several jobs does.

    Parameters
    ----------
    items : all.
    number : of the part, from 1.
    count : how many parts there are; of about equal size in bytes.

    Returns
    -------
    Its items, in order of their names.
    """
    largest_first = sorted(items, key=lambda item: (-item.size, item.name))
    return tuple(sorted(largest_first[number - 1 :: count], key=lambda item: item.name))


def _found(text: str) -> Iterator[Item]:
    if is_address(text):
        yield from _found_by_address(text)
        return
    path = Path(text)
    if path.is_file() and path.suffix.lower() == LIST:
        yield from _listed(path)
    elif path.exists():
        yield from _walked(path, path.parent if path.is_file() or _is_recording(path) else path)
    elif any(letter in text for letter in _MAGIC):
        yield from _matched(text)
    else:
        raise KinesicsError(f"{text}: no such file or folder")


def _listed(path: Path) -> Iterator[Item]:
    with reading(path, "a list of recordings, one a line, in UTF-8", "mend it"):
        lines = [line.strip() for line in read_bytes(path).decode("utf-8-sig").splitlines()]
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if is_address(line):
            yield from _found_by_address(line)
        elif (one := path.parent / line).exists():
            yield from _walked(one, path.parent)
        else:  # told of in its row
            yield _item(one, path.parent)


def _matched(pattern: str) -> Iterator[Item]:
    root = Path(*_before_magic(Path(pattern).parts))
    matches = sorted(glob.glob(pattern, recursive=True))
    for one in map(Path, matches):
        if one.is_dir() and not _is_recording(one):
            continue  # a pattern says itself what is in folders
        yield from _walked(one, root)


def _before_magic(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        if any(letter in part for letter in _MAGIC):
            return
        yield part


def _walked(path: Path, root: Path) -> Iterator[Item]:
    """A recording, or those in a folder."""
    if path.is_file() or _is_recording(path):
        yield _item(path, root)
        return
    for folder, folders, files in os.walk(path):
        here = Path(folder)
        if any(name in files for name in _RESULTS):
            folders.clear()
            continue
        if _holds_openpose(files):
            folders.clear()
            yield _item(here, root)
            continue
        folders[:] = sorted(name for name in folders if not name.startswith(_LEFT_BEHIND))
        yield from (_item(here / name, root) for name in sorted(files) if _is_named_so(name))


def _is_recording(folder: Path) -> bool:
    """Whether a folder is one of OpenPose's."""
    return folder.is_dir() and _holds_openpose(entry.name for entry in os.scandir(folder))


def _holds_openpose(names: Iterable[str]) -> bool:
    return any(name.endswith(_OPENPOSE) and not name.startswith(".") for name in names)


def _is_named_so(name: str) -> bool:
    small = name.lower()
    return not name.startswith(_LEFT_BEHIND) and small.endswith(_ENDINGS)


def _item(path: Path, root: Path) -> Item:
    whole = os.path.abspath(path)
    below = os.path.relpath(whole, os.path.abspath(root))
    name = Path(whole if below.startswith("..") else below).as_posix().lstrip("/")
    size, modified = _facts(path)
    return Item(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), str(path), size, modified)


def _facts(path: Path) -> tuple[int, int]:
    """Bytes and nanoseconds; of a folder those of all its files, and of the latest."""
    try:
        every = [entry.stat() for entry in os.scandir(path)] if path.is_dir() else [path.stat()]
    except OSError:
        return 0, 0
    return sum(one.st_size for one in every), max((one.st_mtime_ns for one in every), default=0)


def _found_by_address(address: str) -> Iterator[Item]:
    filesystem, path = open_address(address)
    with reading(Path(address), "a folder, file or pattern that can be read", "see that the address is right"):
        if any(letter in path for letter in _MAGIC):
            root = "/".join(_before_magic(path.split("/")))
            found = filesystem.glob(path, detail=True)
        else:
            root = path if filesystem.isdir(path) else path.rpartition("/")[0]
            found = filesystem.find(path, detail=True)
        if not found:
            raise FileNotFoundError
        scheme = address.partition("://")[0]
        for place, facts in sorted(found.items()):
            name = place.removeprefix(root).lstrip("/")
            if facts["type"] != "file" or not _is_named_so(name.rpartition("/")[2]):
                continue
            if not any(part.startswith(_LEFT_BEHIND) for part in name.split("/")):
                yield Item(
                    name, f"{scheme}://{place.lstrip('/') if scheme != 'file' else place}", *_size_and_time(facts)
                )


def _size_and_time(facts: dict[str, object]) -> tuple[int, int]:
    """The size, and the time of the last change by whatever name this filesystem gives it."""
    from datetime import datetime

    times = (facts.get(key) for key in ("LastModified", "mtime", "updated", "last_modified", "created"))
    time = next((one for one in times if one is not None), 0)
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    seconds = time.timestamp() if isinstance(time, datetime) else float(str(time))
    return int(str(facts["size"])), round(seconds * 1e9)
