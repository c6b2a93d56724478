"""What every room does with files: write them whole or not at all, hash them, and find the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from kinesics.errors import KinesicsError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# whose results a folder holds, and the sha256 of each; null while it is being written
RESULTS_LEDGER = ".kinesics.json"
_LEFT_BEHIND = (".", "~$", "__MACOSX")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file beside `path` to write to, which takes the place of `path` at the end.

    If the end is not reached, the temporary file is removed and `path` stays as it was. Its name is hidden, short
    enough for any file system and each process's own; what a killed process has left of this file is removed. Raises
    KinesicsError if the file cannot be written.
    """
    temporary = path.with_name(f".{path.name[-50:]}.{_machine()}-{os.getpid()}.part")
    _clean_up(path)
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise KinesicsError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from error
    finally:
        with suppress(OSError):  # it has taken its place, or was never written
            temporary.unlink()


def _clean_up(path: Path) -> None:
    """Remove the temporary files of `path` whose processes are gone; those of other machines may still be written."""
    begin = f".{path.name[-50:]}.{_machine()}-"
    with suppress(OSError):
        for entry in os.scandir(path.parent):
            number = entry.name.removeprefix(begin).removesuffix(".part")
            if entry.name == f"{begin}{number}.part" and number.isdigit() and not _runs(int(number)):
                os.unlink(entry.path)


def _machine() -> str:
    """Six letters that tell this machine from others that share a folder."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


@contextmanager
def alone_in(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Keep other processes that ask so out of a folder, until the end or the death of this one.

    Parameters
    ----------
    folder : which exists
    wait : whether to wait until another process has left, in place of an error

    Raises
    ------
    KinesicsError : where another process writes there
    """
    if fcntl is None or not _is_first_process():
        yield
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(place)
        raise KinesicsError(
            f"{folder}: expected this folder for one process alone, found another that writes there; wait for it, or "
            "give another folder with --out"
        ) from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(place)


def _is_first_process() -> bool:
    """Whether this is no further process of a training on several devices, which share their folder."""
    return all(os.environ.get(name, "0") == "0" for name in ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID"))


def not_written(folder: Path, names: Iterable[str], written: Mapping[str, object]) -> Path | None:
    """Find a file that somebody else wrote or changed.

    Parameters
    ----------
    folder : of the files
    names : of those in question
    written : the sha256 of each file that Kinesics has written there by its name, None for one that it was writing

    Returns
    -------
    The first that is there and is not as it was written, or None
    """
    for name in names:
        path = folder / name
        if path.exists() and (name not in written or written[name] not in (None, sha256_of(path))):
            return path
    return None


def write_text(path: Path, text: str, encoding: str = "utf-8") -> None:
    r"""Write the whole text or nothing, with line ends as they are.

    Parameters
    ----------
    path : the file
    text : what it will hold; bytes of a file's name that are no letters become `\udc..`, which JSON reads back
    encoding : of the file

    Raises
    ------
    KinesicsError : if it cannot be written
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding=encoding, errors="backslashreplace", newline="")


def written_on() -> datetime:
    """The date that files bear: now, or SOURCE_DATE_EPOCH, with which the same work gives the same bytes.

    That is a number of seconds since 1970, https://reproducible-builds.org/specs/source-date-epoch.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now().astimezone()


def sha256_of(path: Path) -> str:
    """The sha256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Kinesics' folder in the user's cache folder: `$XDG_CACHE_HOME`, or `~/.cache` where that is unset or empty.

    Raises KinesicsError where there is no home folder either.
    """
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "kinesics"
    try:
        return Path.home() / ".cache" / "kinesics"
    except RuntimeError as error:
        raise KinesicsError(f"the cache folder: found no home folder ({error}); name one by XDG_CACHE_HOME") from error


def visible(folder: Path) -> Iterator[Path]:
    """Walk the files of a folder and of all below it, in order of their names, hidden ones left out.

    So are those that systems leave behind: `.DS_Store`, `._video.mp4`, `__MACOSX`, `~$coding.xlsx`.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(_LEFT_BEHIND) for part in path.relative_to(folder).parts):
            yield path
