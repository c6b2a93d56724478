"""Where a study lies: in a folder, or at an address that fsspec reads and writes (S3, GCS, Azure, …)."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from kinesics.batch.study import RECORDINGS, ROW, Row, read_row, row_text
from kinesics.errors import KinesicsError
from kinesics.files import write_text

_TEMPORARY = (".new", ".old")  # endings of folders that are being written, or replaced
_REUSED = ("landmarks.skeleton.npz", "landmarks.expressions.npz")  # which other settings leave as they are


class Place(Protocol):
    """What a batch does with the folder of a study, wherever it is."""

    def read(self, name: str) -> bytes | None:
        """Read a file of the study by its path in it; None where it is not there."""
        ...

    def write(self, name: str, text: str) -> None:
        """Write a file of the study, whole or not at all."""
        ...

    def rows(self) -> dict[str, Row]:
        """Read the rows of all recordings that are there, by name."""
        ...

    def temporary(self, recording: str) -> Any:
        """Make a context with an empty folder (Path) of this machine for the results of a recording."""
        ...

    def reuse(self, recording: str, folder: Path) -> None:
        """Copy to a folder the landmarks of an earlier analysis, if there are any."""
        ...

    def commit(self, folder: Path, row: Row) -> None:
        """Put a folder of results in its place with its row, in one step that others see."""
        ...

    def correct(self, row: Row) -> None:
        """Write a row anew whose results stay as they are."""
        ...

    def clean(self, recordings: Iterable[str]) -> None:
        """Remove what killed processes have left of these recordings."""
        ...


@dataclass(frozen=True)
class LocalPlace:
    """A study in a folder of this machine, or of one that several machines share.

    Parameters
    ----------
    root : the folder.
    """

    root: Path

    def read(self, name: str) -> bytes | None:
        """Read a file of the study by its path in it; None where it is not there."""
        try:
            return (self.root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, text: str) -> None:
        """Write a file of the study, whole or not at all."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)

    def rows(self) -> dict[str, Row]:
        """Read the rows of all recordings that are there, by name."""
        found = (read_row(path.read_bytes()) for path in self._row_files())
        return {row.recording: row for row in found if row is not None}

    def _row_files(self) -> Iterator[Path]:
        for folder, folders, files in os.walk(self.root / RECORDINGS):
            folders[:] = [name for name in folders if not name.startswith(".")]
            if ROW in files:
                folders.clear()
                yield Path(folder, ROW)

    @contextmanager
    def temporary(self, recording: str) -> Iterator[Path]:
        """Make a folder beside the one that it will become, so that paths from it on lead to the same places."""
        parent = self._folder(recording).parent
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(suffix=".new", prefix=_prefix(recording), dir=parent))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def reuse(self, recording: str, folder: Path) -> None:
        """Copy to a folder the landmarks of an earlier analysis, if there are any."""
        for name in _REUSED:
            with suppress(FileNotFoundError, NotADirectoryError):
                shutil.copy2(self._folder(recording) / name, folder / name)

    def commit(self, folder: Path, row: Row) -> None:
        """Put a folder in its place in one step; where another was quicker with the same row, leave his."""
        write_text(folder / ROW, row_text(row))
        final = self._folder(row.recording)
        if final.exists():
            if self.read(f"{row.folder}/{ROW}") == (folder / ROW).read_bytes():
                return
            old = folder.with_suffix(".old")
            with suppress(FileNotFoundError):
                os.rename(final, old)
                shutil.rmtree(old, ignore_errors=True)
        try:
            os.rename(folder, final)
        except OSError:
            if not (final / ROW).exists():
                raise

    def correct(self, row: Row) -> None:
        """Write a row anew whose results stay as they are."""
        self.write(f"{row.folder}/{ROW}", row_text(row))

    def clean(self, recordings: Iterable[str]) -> None:
        """Remove what killed processes have left of these recordings."""
        prefixes: dict[Path, set[str]] = {}
        for name in recordings:
            prefixes.setdefault(self._folder(name).parent, set()).add(_prefix(name))
        for parent, of_these in prefixes.items():
            if parent.is_dir():
                for entry in os.scandir(parent):
                    if entry.name.endswith(_TEMPORARY) and entry.name[: len(_prefix(""))] in of_these:
                        shutil.rmtree(entry.path, ignore_errors=True)

    def _folder(self, recording: str) -> Path:
        return self.root / RECORDINGS / recording


@dataclass(frozen=True)
class RemotePlace:
    """A study at an address. A recording's row is written last: without it the files beside it count as none.

    Parameters
    ----------
    address : of the study's folder.
    """

    address: str

    def read(self, name: str) -> bytes | None:
        """Read a file of the study by its path in it; None where it is not there."""
        filesystem, root = self._opened()
        try:
            content: bytes = filesystem.cat_file(f"{root}/{name}")
        except FileNotFoundError:
            return None
        return content

    def write(self, name: str, text: str) -> None:
        """Write a file of the study; object stores show it when it is whole."""
        filesystem, root = self._opened()
        filesystem.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
        filesystem.pipe_file(f"{root}/{name}", text.encode("utf-8", "backslashreplace"))

    def rows(self) -> dict[str, Row]:
        """Read the rows of all recordings that are there, by name; many at the same time."""
        filesystem, root = self._opened()
        filesystem.invalidate_cache()
        places = filesystem.glob(f"{root}/{RECORDINGS}/**/{ROW}")
        found = (read_row(content) for content in filesystem.cat(places).values()) if places else ()
        return {row.recording: row for row in found if row is not None}

    @contextmanager
    def temporary(self, recording: str) -> Iterator[Path]:
        """Make a folder of this machine."""
        with tempfile.TemporaryDirectory(prefix="kinesics-") as folder:
            yield Path(folder)

    def reuse(self, recording: str, folder: Path) -> None:
        """Fetch the landmarks of an earlier analysis, if there are any."""
        filesystem, root = self._opened()
        for name in _REUSED:
            with suppress(FileNotFoundError):
                filesystem.get_file(f"{root}/{RECORDINGS}/{recording}/{name}", str(folder / name))

    def commit(self, folder: Path, row: Row) -> None:
        """Put the files in their place, and the row when all are there."""
        filesystem, root = self._opened()
        final = f"{root}/{row.folder}"
        if self.read(f"{row.folder}/{ROW}") == row_text(row).encode():
            return
        if filesystem.exists(final):
            filesystem.rm(final, recursive=True)
        filesystem.makedirs(final, exist_ok=True)
        for path in sorted(folder.iterdir()):
            filesystem.put_file(str(path), f"{final}/{path.name}")
        self.correct(row)

    def correct(self, row: Row) -> None:
        """Write a row anew whose results stay as they are."""
        self.write(f"{row.folder}/{ROW}", row_text(row))

    def clean(self, recordings: Iterable[str]) -> None:
        """Do nothing: what is unfinished lies in temporary folders of the machines."""

    def _opened(self) -> tuple[Any, str]:
        filesystem, path = open_address(self.address)
        return filesystem, path.rstrip("/")


def place_of(out: str) -> Place:
    """Where a study lies, by the path or address that was given."""
    return RemotePlace(out) if is_address(out) else LocalPlace(Path(out))


def is_address(text: str) -> bool:
    """Whether this is an address for fsspec, not a path."""
    return "://" in text


def open_address(address: str) -> tuple[Any, str]:
    """The filesystem of an address and the path in it; raises KinesicsError where nothing here reads it."""
    scheme = address.partition("://")[0]
    try:
        from fsspec.core import url_to_fs

        filesystem, path = url_to_fs(address)
    except ImportError as error:
        raise KinesicsError(
            f"{address}: expected a package that reads {scheme}://, found none ({error}); pip install "
            f"'kinesics[{'s3' if scheme == 's3' else 'ray'}]'"
        ) from error
    except ValueError as error:
        raise KinesicsError(f"{address}: expected an address that fsspec knows, found {error}; mend it") from error
    return filesystem, path


@contextmanager
def as_file(source: str, modified: int) -> Iterator[Path]:
    """Have a recording on this machine while it is worked on.

    Parameters
    ----------
    source : its path, or its address, from which it is fetched.
    modified : when it was last changed, in nanoseconds since 1970.

    Returns
    -------
    A context with the path of the recording, which keeps its own name.
    """
    if not is_address(source):
        yield Path(source)
        return
    filesystem, path = open_address(source)
    # the same place on every machine, since some results name it by the way there
    folder = Path(tempfile.gettempdir(), f"kinesics-{hashlib.sha256(source.encode()).hexdigest()[:12]}")
    folder.mkdir(exist_ok=True)
    copy = folder / path.rpartition("/")[2]
    try:
        filesystem.get_file(path, str(copy))
        os.utime(copy, ns=(modified, modified))
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prefix(recording: str) -> str:
    """How temporary folders of a recording begin."""
    return f".{hashlib.sha256(recording.encode()).hexdigest()[:12]}-"
