"""How far some work is: the type of what is called with it, and the bar that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[float], None]  # called with the share that is done, 0..1


def part_of(progress: Progress | None, start: float, end: float) -> Progress:
    """Make the progress of one part of some work.

    Parameters
    ----------
    progress : of the whole work, or None where nobody asks
    start, end : the shares of the whole, 0..1, at which the part begins and ends

    Returns
    -------
    what the part calls with the share of itself that is done
    """

    def report(share: float) -> None:
        if progress is not None:
            progress(start + (end - start) * share)

    return report


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A bar with the time left on standard error, gone when done."""
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TimeRemainingColumn(),
        rich.TimeElapsedColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share)
