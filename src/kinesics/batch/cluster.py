"""A batch on the machines of a Ray cluster.

The driver hands out names and gets rows back, some hundred bytes each; recordings and results go between the machines
that work and the shared folder or object store, never through Ray. A task whose machine dies is begun anew elsewhere.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from kinesics.batch.board import Board
from kinesics.batch.memory import USUAL
from kinesics.batch.processes import Pending, died_row
from kinesics.batch.recordings import Item
from kinesics.batch.settings import Task
from kinesics.batch.study import Row
from kinesics.batch.work import Outcome, analyse_recording, prepare
from kinesics.errors import KinesicsError

# what Ray keeps free for a task, which gets as many threads; no network of an analysis uses a GPU
STAGES: dict[str, dict[str, float]] = {
    "prepare": {"num_cpus": 0.1, "num_gpus": 0},
    "analyse": {"num_cpus": 1, "num_gpus": 0},
}
_RETRIES = 4  # of a task whose process or machine dies
_IN_FLIGHT = 3  # tasks for a core: enough that none waits for the driver, few enough that the head holds few
_AT_ONCE = 64  # rows that the driver waits for, a second at most: asking for each alone would keep it busy
_MB = 1_000_000


def run_on_cluster(
    pending: Sequence[Pending], task: Task, board: Board, peak: float, *, address: str
) -> Iterator[Outcome]:
    """Analyse recordings on a cluster, the largest first.

    Parameters
    ----------
    pending : the recordings.
    task : the study.
    board : shows how far all is.
    peak : MB that a process is expected to take; no machine is given more tasks than it has memory for.
    address : of the cluster, or "auto" for the one that this machine belongs to.

    Returns
    -------
    An outcome a recording, as they come; closing it ends all tasks.

    Raises
    ------
    KinesicsError
        where there is no Ray or no cluster, where settings do not go together or another version is installed there,
        and where the study cannot be written.
    """
    ray = _connected(address)
    try:
        _answer(ray, ray.remote(_prepared).options(max_retries=_RETRIES, **STAGES["prepare"]).remote(task))
        needs = {**STAGES["analyse"], "memory": int((peak or USUAL) * _MB)}
        analyse = ray.remote(_analysed).options(max_retries=_RETRIES, **needs)
        yield from _outcomes(ray, analyse, pending, task, board)
    finally:
        ray.shutdown()  # ends this driver's tasks as well


def _connected(address: str) -> Any:
    try:
        import ray
    except ImportError as error:
        raise KinesicsError(
            f"--ray {address}: expected the Python package ray, found none; pip install 'kinesics[ray]'"
        ) from error
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        found = str(error).strip().splitlines()[0]
        raise KinesicsError(
            f"--ray {address}: expected a Ray cluster, found none ({found}); start it with `ray start --head`, "
            "give the address that it prints, and copy its ~/.ray/auth_token to this machine where it asks for one"
        ) from error
    return ray


def _outcomes(ray: Any, analyse: Any, pending: Sequence[Pending], task: Task, board: Board) -> Iterator[Outcome]:
    waiting = deque(sorted(pending, key=lambda one: (-one[0].size, one[0].name)))
    running: dict[Any, Item] = {}
    study = ray.put(task)  # once, not with every recording
    while waiting or running:
        room = _IN_FLIGHT * max(1, int(ray.cluster_resources().get("CPU", 1)))
        while waiting and len(running) < room:
            item, before = waiting.popleft()
            running[analyse.remote(study, item, before)] = item
        ready, _ = ray.wait(list(running), num_returns=min(len(running), _AT_ONCE), timeout=1.0)
        for reference in ready:
            item = running.pop(reference)
            try:
                yield _answer(ray, reference)
            except ray.exceptions.RayError as error:  # its machines died as often as they may
                how = f"its tasks ended {_RETRIES + 1} times ({type(error).__name__})"
                yield Outcome(died_row(item, task, how))


def _answer(ray: Any, reference: Any) -> Any:
    found = ray.get(reference)
    if isinstance(found, str):
        raise KinesicsError(found)
    return found


def _prepared(task: Task) -> str | None:
    """On the cluster: what is wrong with the settings there, if anything is."""
    try:
        prepare(task)
    except KinesicsError as error:
        return str(error)
    return None


def _analysed(task: Task, item: Item, before: Row | None) -> Outcome | str:
    """On the cluster: the outcome, or why the study cannot be written."""
    try:
        prepare(task)
        return analyse_recording(task, item, before, lambda share: None)
    except KinesicsError as error:
        return str(error)
