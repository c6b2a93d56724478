"""A whole study: what is there, what is missing, and doing that."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kinesics.batch.board import Board, shown_board
from kinesics.batch.measured import Measured, read_measured, write_measured
from kinesics.batch.places import LocalPlace, Place, is_address, place_of
from kinesics.batch.processes import Pending
from kinesics.batch.recordings import Item, find_recordings, of_shard
from kinesics.batch.settings import Settings, Task, begin_study, fingerprint_of
from kinesics.batch.study import STUDY, TABLE, WORK, Row, table_text
from kinesics.batch.work import Outcome
from kinesics.errors import KinesicsError
from kinesics.files import alone_in

Runner = Callable[[Sequence[Pending], Task, Board, float], Iterator[Outcome]]


@dataclass(frozen=True)
class Plan:
    """What a call finds.

    Attributes
    ----------
    items : every recording of the study.
    rows : those that are there, by name.
    pending : what is to be done, with the row that may still hold.
    """

    items: tuple[Item, ...]
    rows: Mapping[str, Row]
    pending: tuple[Pending, ...]


def plan_study(items: tuple[Item, ...], place: Place, settings: Settings, shard: tuple[int, int] = (1, 1)) -> Plan:
    """Find what is missing or has changed; nothing is written.

    Parameters
    ----------
    items : every recording of the study.
    place : where the study lies.
    settings : what is asked.
    shard : which of how many parts is to be done.

    Returns
    -------
    The plan.

    Raises
    ------
    KinesicsError
        for weights that are not there.
    """
    rows, fingerprint = place.rows(), fingerprint_of(settings)
    chosen = of_shard(items, *shard)
    pending = tuple((item, rows.get(item.name)) for item in chosen if not _is_done(item, rows, fingerprint))
    return Plan(items, rows, pending)


def _is_done(item: Item, rows: Mapping[str, Row], fingerprint: str) -> bool:
    row = rows.get(item.name)
    return (
        row is not None
        and row.state in ("done", "failed")
        and (row.settings, row.size, row.modified) == (fingerprint, item.size, item.modified)
    )


def run_study(
    inputs: Sequence[str],
    out: str,
    settings: Settings,
    run: Runner,
    shard: tuple[int, int] = (1, 1),
) -> tuple[Plan, dict[str, Row]]:
    """Do what is missing or has changed, and write the study's table.

    Parameters
    ----------
    inputs : as `find_recordings` takes them.
    out : the study's folder, or its address.
    settings : what is asked.
    run : analyses recordings: on processes of this machine, or on others.
    shard : which of how many parts is to be done; each may run elsewhere at the same time.

    Returns
    -------
    The plan, and the rows of all recordings after it.

    Raises
    ------
    KinesicsError
        as `find_recordings` and `plan_study` do, where another process works on this study, and for one that cannot be
        written.
    """
    place, items = place_of(out), find_recordings(inputs)
    with _alone(place, shard):
        plan = plan_study(items, place, settings, shard)
        if not plan.pending:
            return plan, write_table(place, plan.items)
        task = begin_study(place, settings)
        names = [item.name for item, _ in plan.pending]
        place.clean(names)
        try:
            _run(plan, task, run)
        finally:
            place.clean(names)
            rows = write_table(place, plan.items)
        return plan, rows


def _run(plan: Plan, task: Task, run: Runner) -> None:
    measured = read_measured(task.place)
    with shown_board(tuple(item for item, _ in plan.pending)) as board:
        for outcome in run(plan.pending, task, board, measured.peak):
            board.end(outcome.row.recording, outcome.row.state != "done")
            measured = _remembered(task.place, measured, outcome)


def _remembered(place: Place, measured: Measured, outcome: Outcome) -> Measured:
    more = measured.plus(outcome)
    if more != measured:
        write_measured(place, more)
    return more


def write_table(place: Place, items: Iterable[Item]) -> dict[str, Row]:
    """Write study.csv: a row for every recording that is in the study or was asked for.

    Parameters
    ----------
    place : where the study lies.
    items : what was asked for; those without a row yet are waiting.

    Returns
    -------
    The rows by name.
    """
    with _alone_with_table(place):
        rows = {item.name: Row(item.name) for item in items} | place.rows()
        text = table_text(rows.values())
        if place.read(TABLE) != text.encode():
            place.write(TABLE, text)
    return rows


@contextmanager
def _alone(place: Place, shard: tuple[int, int]) -> Iterator[None]:
    """Keep out of the study who would do the same recordings; parts of it may run at the same time."""
    if not isinstance(place, LocalPlace):
        yield
        return
    own = place.root / WORK / f"{shard[0]}-of-{shard[1]}"
    _make(own)
    everybody = sorted(own.parent.glob("*-of-*"))
    with ExitStack() as stack:
        for folder in everybody if shard == (1, 1) else [own]:
            stack.enter_context(alone_in(folder))
        yield


@contextmanager
def _alone_with_table(place: Place) -> Iterator[None]:
    """Let the parts of a study write its table one after the other, so that the last one's is whole."""
    if isinstance(place, LocalPlace):
        _make(place.root / WORK)
        with alone_in(place.root / WORK, wait=True):
            yield
    else:
        yield


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KinesicsError(f"{folder}: cannot make this folder ({error}); choose another with --out") from error


def check_out(out: str) -> None:
    """See that a study may be written there; raises KinesicsError for a folder with something else in it."""
    if is_address(out):
        return
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise KinesicsError(f"{out}: expected a folder for the study, found a file; give another with --out")
    known = any((folder / name).exists() for name in (WORK, STUDY))
    if folder.is_dir() and not known and any(os.scandir(folder)):
        raise KinesicsError(
            f"{out}: expected an empty folder, or that of a study, found one with other files in it; give another with "
            "--out"
        )
