"""What every room does with files: write them whole or not at all, hash them, and find the user's cache folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kinesics.errors import KinesicsError

_LEFT_BEHIND = (".", "~$", "__MACOSX")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file beside `path` to write to, which takes the place of `path` at the end.

    If the end is not reached, the temporary file is removed and `path` stays as it was. Its name is hidden, short
    enough for any file system and each process's own. Raises KinesicsError if the file cannot be written.
    """
    temporary = path.with_name(f".{path.name[-50:]}.{os.getpid()}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise KinesicsError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from error
    finally:
        with suppress(OSError):  # it has taken its place, or was never written
            temporary.unlink()


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
