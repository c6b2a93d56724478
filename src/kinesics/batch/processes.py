"""A batch over processes of this machine, as many as its cores and its memory allow.

Every process does one recording after the other, with so many threads that all processes together use each core once.
How much memory one takes is measured as they go; where it does not suffice for all, processes leave, and where there is
more than was thought, others come. One that dies is replaced, and its recording is begun anew.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from kinesics.batch.board import Board
from kinesics.batch.memory import USUAL, free_memory, processes_allowed, taken_memory
from kinesics.batch.recordings import Item
from kinesics.batch.settings import Task
from kinesics.batch.study import Row
from kinesics.batch.work import Outcome, analyse_recording, prepare
from kinesics.errors import KinesicsError
from kinesics.threads import cores

Pending = tuple[Item, Row | None]  # a recording, and its row of an earlier call that may still hold
_TRIES = 3  # of a recording whose process dies
_STEP = 0.01  # of the progress that is worth a message
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PATIENCE = 5.0  # seconds in which a process that was asked to leave may do so


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    connection: Connection
    pending: Pending | None = None


def run_on_processes(
    pending: Sequence[Pending], task: Task, board: Board, peak: float, *, most: int | None = None
) -> Iterator[Outcome]:
    """Analyse recordings, the largest first.

    Parameters
    ----------
    pending : the recordings.
    task : the study.
    board : shows how far all is.
    peak : MB that a process is expected to take; 0 where none has been measured.
    most : processes at the same time; by default as many as cores and memory allow.

    Returns
    -------
    An outcome a recording, as they come; closing it ends all processes.

    Raises
    ------
    KinesicsError
        where settings do not go together, and where the study cannot be written.
    """
    pool = _Pool(pending, task, board, min(most or cores(), len(pending)), peak)
    try:
        yield from pool.outcomes()
    finally:
        pool.stop()


class _Pool:
    def __init__(self, pending: Sequence[Pending], task: Task, board: Board, most: int, peak: float) -> None:
        self._waiting = deque(sorted(pending, key=lambda one: (-one[0].size, one[0].name)))
        self._task, self._board, self._most, self._peak = task, board, most, peak or USUAL
        self._measured = 0.0
        self._tries: dict[str, int] = {}
        self._workers: list[_Worker] = []
        self._threads = max(1, cores() // self._allowed())

    def outcomes(self) -> Iterator[Outcome]:
        while self._waiting or any(worker.pending for worker in self._workers):
            self._fill()
            readable = wait([end for worker in self._workers for end in (worker.connection, worker.process.sentinel)])
            for worker in list(self._workers):
                if worker.connection in readable or worker.process.sentinel in readable:
                    yield from self._heard_from(worker)

    def stop(self) -> None:
        """End all processes; those that are idle go by themselves."""
        for worker in self._workers:
            if worker.pending is not None:
                worker.process.terminate()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join(_PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def _allowed(self) -> int:
        taken = [taken_memory(worker.process.pid or 0) for worker in self._workers]
        return processes_allowed(self._most, free_memory(), taken, self._measured or self._peak)

    def _fill(self) -> None:
        """Give work to who has none, and let processes come and go as memory allows."""
        allowed = self._allowed()
        idle = [worker for worker in self._workers if worker.pending is None]
        running = len(self._workers) - len(idle)
        while self._waiting and running < allowed:
            worker = idle.pop() if idle else self._started()
            self._give(worker, self._waiting.popleft())
            running += 1
        for worker in idle:
            worker.connection.close()
            self._workers.remove(worker)

    def _started(self) -> _Worker:
        context = get_context("spawn")  # a forked process would share what threads of this one hold
        ours, theirs = context.Pipe()
        with _environment(dict.fromkeys(_THREADS, str(self._threads))):
            process = context.Process(target=_work, args=(theirs, self._task), daemon=True)
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _give(self, worker: _Worker, pending: Pending) -> None:
        worker.pending = pending
        self._board.begin(pending[0].name)
        with suppress(OSError):  # it has just died, which its sentinel tells
            worker.connection.send(pending)

    def _heard_from(self, worker: _Worker) -> Iterator[Outcome]:
        try:
            while worker.connection.poll():
                message = worker.connection.recv()
                if isinstance(message, KinesicsError):
                    raise message
                if isinstance(message, Outcome):
                    worker.pending = None
                    self._measured = max(self._measured, message.peak)
                    yield message
                elif worker.pending is not None:
                    self._board.update(worker.pending[0].name, message)
        except (EOFError, OSError):
            yield from self._died(worker)

    def _died(self, worker: _Worker) -> Iterator[Outcome]:
        """Begin its recording anew with a process less, and give it up after some tries."""
        worker.process.join()
        self._workers.remove(worker)
        if worker.pending is None:
            return
        item = worker.pending[0]
        self._tries[item.name] = tries = self._tries.get(item.name, 0) + 1
        if tries < _TRIES:
            self._most = max(1, self._most - (worker.process.exitcode == -signal.SIGKILL))
            self._waiting.appendleft(worker.pending)
            return
        row = died_row(item, self._task, f"its process ended {tries} times with exit code {worker.process.exitcode}")
        yield Outcome(row)


def died_row(item: Item, task: Task, how: str) -> Row:
    """Put into the study that the processes of a recording die.

    Parameters
    ----------
    item : the recording.
    task : the study.
    how : they end, in words.

    Returns
    -------
    The row.
    """
    error = f"{item.name}: expected to be analysed, found that {how}; free memory, or cut it into shorter parts"
    row = Row(item.name, "interrupted", error, settings=task.fingerprint, size=item.size, modified=item.modified)
    with task.place.temporary(item.name) as folder:
        task.place.commit(folder, row)
    return row


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Variables for the processes that are started in this context."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _work(connection: Connection, task: Task) -> None:
    """What a process does until it is given nothing more; Ctrl-C is the parent's, which ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
    try:
        prepare(task)
        while True:
            item, before = connection.recv()
            connection.send(analyse_recording(task, item, before, _sender(connection)))
    except KinesicsError as error:
        connection.send(error)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except OSError as error:
        connection.send(
            KinesicsError(f"{error.filename or 'the study'}: cannot be written ({error.strerror or error})")
        )


def _leave(*_: object) -> None:
    raise SystemExit  # so that temporary folders are removed on the way out


def _end_with(parent: Any) -> None:
    """Leave when the parent dies, however it dies."""
    wait([parent.sentinel])
    os._exit(1)


def _sender(connection: Connection) -> Callable[[float], None]:
    sent = 0.0

    def send(share: float) -> None:
        nonlocal sent
        if share - sent >= _STEP:
            sent = share
            connection.send(share)

    return send
