"""One recording of a study, analysed wherever there is room: in a process of this machine or of another."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.batch.memory import largest_memory
from kinesics.batch.places import as_file
from kinesics.batch.recordings import Item
from kinesics.batch.settings import Settings, Task, fingerprint_of
from kinesics.batch.study import Row, State
from kinesics.errors import KinesicsError
from kinesics.files import sha256_of
from kinesics.progress import Progress, part_of

if TYPE_CHECKING:
    from kinesics.inference.scorer import PriorScorer

_ANALYSING = 0.95  # of the progress; the rest is writing
_OF_THE_MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.ESTALE,
    errno.EACCES, errno.EPERM,
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of one recording, and what that took.

    Attributes
    ----------
    row : as it now stands in the study.
    seconds : by the clock.
    processor : seconds of all cores together.
    peak : the process's largest memory so far, in MB; 0 where the system does not say.
    size : bytes of the results.
    """

    row: Row
    seconds: float = 0.0
    processor: float = 0.0
    peak: float = 0.0
    size: int = 0


def prepare(task: Task) -> None:
    """Load what every recording needs; raises KinesicsError where settings do not go together or differ here."""
    if (here := fingerprint_of(task.settings)) != task.fingerprint:
        raise KinesicsError(
            f"{task.settings.weights_file}: expected the version and weights of the study ({task.fingerprint}), found "
            f"others on this machine ({here}); install the same version everywhere"
        )
    from kinesics.inference.analyze import event_rule

    event_rule(_scorer(task.settings.weights_file, task.settings.prior).specification, task.settings.threshold)


def analyse_recording(task: Task, item: Item, before: Row | None, progress: Progress) -> Outcome:
    """Analyse one recording and put its results into the study.

    Parameters
    ----------
    task : the study.
    item : the recording.
    before : the row of an earlier analysis that may still hold; None where there is none.
    progress : called with the share done, 0..1.

    Returns
    -------
    The outcome; that of a recording which cannot be analysed says why.

    Raises
    ------
    KinesicsError
        where the study cannot be written.
    """
    os.environ["SOURCE_DATE_EPOCH"] = str(task.day)
    clock, processor = time.perf_counter(), time.process_time()
    row = Row(item.name, settings=task.fingerprint, size=item.size, modified=item.modified)
    size = 0
    with task.place.temporary(item.name) as folder:
        with _explained(row) as found, as_file(item.source, item.modified) as path:
            found.row = row = replace(row, sha256=content_sha256(path))
            if before is not None and still_holds(before, row):
                row = replace(before, size=item.size, modified=item.modified)
                task.place.correct(row)
                return Outcome(row)
            task.place.reuse(item.name, folder)
            found.row = _analysed(row, path, folder, task.settings, progress)
        if found.row.state != "done":
            found.row = replace(found.row, error=found.row.error.replace(item.source, item.name))
            _empty(folder)
        size = sum(entry.stat().st_size for entry in os.scandir(folder))
        task.place.commit(folder, found.row)
    took = time.perf_counter() - clock, time.process_time() - processor
    return Outcome(found.row, *took, largest_memory(), size)


def still_holds(before: Row, row: Row) -> bool:
    """Whether an earlier row answers for the same bytes under the same settings."""
    return before.state in ("done", "failed") and (before.sha256, before.settings) == (row.sha256, row.settings)


def content_sha256(path: Path) -> str:
    """The sha256 of a recording; of a folder, that of the names and sha256 of its files.

    Raises KinesicsError for one that is not there.
    """
    try:
        if not path.is_dir():
            return sha256_of(path)
        files = sorted(entry.name for entry in os.scandir(path) if entry.is_file())
        lines = "".join(f"{sha256_of(path / name)} {name}\n" for name in files)
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
    except FileNotFoundError:
        raise KinesicsError(f"{path}: no such file or folder") from None


@dataclass
class _Found:
    row: Row


@contextmanager
def _explained(row: Row) -> Iterator[_Found]:
    """A context whose row tells of whatever goes wrong in it."""
    found = _Found(row)
    try:
        yield found
    except KinesicsError as error:
        state: State = "interrupted" if _is_of_the_machine(error) else "failed"
        found.row = replace(found.row, state=state, error=str(error))
    except (MemoryError, OSError) as error:
        found.row = replace(
            found.row, state="interrupted", error=str(KinesicsError(f"{type(error).__name__}: {error}"))
        )
    except Exception as error:
        text = f"{row.recording}: expected to be analysed, found {type(error).__name__}: {error}; please report it"
        found.row = replace(found.row, state="failed", error=str(KinesicsError(text)))


def _is_of_the_machine(error: BaseException | None) -> bool:
    """Whether the machine refused something, so that another try may succeed."""
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _OF_THE_MACHINE):
            return True
        error = error.__cause__
    return False


def _analysed(row: Row, path: Path, folder: Path, settings: Settings, progress: Progress) -> Row:
    from kinesics.inference import analyze
    from kinesics.perception import OpenPoseFolder
    from kinesics.report import result_names, write_results, written_results
    from kinesics.report.folder import LANDMARKS

    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise KinesicsError(f"{row.recording}: expected a name in UTF-8, found other bytes in it; rename it") from None
    analysis = analyze(
        OpenPoseFolder(path, settings.fps) if settings.fps and path.is_dir() else path,
        person=settings.person,
        weights=_scorer(settings.weights_file, settings.prior),
        threshold=settings.threshold,
        engine=settings.engine,
        cache=folder / LANDMARKS,
        previews=True,
        progress=part_of(progress, 0, _ANALYSING),
    )
    names = result_names(overlay=settings.overlay, parquet=settings.parquet)
    with written_results(folder, path, names):
        write_results(
            analysis,
            folder,
            overlay=settings.overlay,
            parquet=settings.parquet,
            progress=part_of(progress, _ANALYSING, 1),
        )
    length = round(analysis.recording.duration, 3)
    return replace(row, state="done", length=length, people=len(analysis.people), events=len(analysis.timeline))


@cache  # opened once for all the recordings of a process
def _scorer(weights: Path, prior: str) -> PriorScorer:
    from kinesics.inference.scorer import open_scorer

    return open_scorer(weights, prior or None)


def _empty(folder: Path) -> None:
    for entry in os.scandir(folder):
        shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)
