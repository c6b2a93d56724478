"""What somebody sees of a batch: one bar over all with the time left, and a line for each recording that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kinesics.batch.recordings import Item
from kinesics.errors import printable

_LEAST = 1  # bytes: so much even an empty file counts


class Board:
    """The bars of one batch; how far it is goes by bytes, since long recordings take long.

    Parameters
    ----------
    bars : a `rich.progress.Progress` that is shown.
    items : all that is to be done.
    """

    def __init__(self, bars: Any, items: tuple[Item, ...]) -> None:
        self._bars, self._count, self._done, self._failed = bars, len(items), 0, 0
        self._sizes = {item.name: max(item.size, _LEAST) for item in items}
        self._shares: dict[str, float] = {}
        self._lines: dict[str, Any] = {}
        self._finished = 0
        self._whole = bars.add_task(self._title(), total=sum(self._sizes.values()))

    def begin(self, name: str) -> None:
        """Add the line of a recording that begins, or begins anew."""
        if name not in self._lines:
            self._lines[name] = self._bars.add_task(f"  {printable(name)}", total=1.0)
        self.update(name, 0.0)

    def update(self, name: str, share: float) -> None:
        """Say how far a recording is, 0..1."""
        self._shares[name] = share
        self._bars.update(self._lines[name], completed=share)
        running = sum(self._sizes[one] * done for one, done in self._shares.items())
        self._bars.update(self._whole, completed=self._finished + running)

    def end(self, name: str, failed: bool) -> None:
        """Take away the line of a recording that is done."""
        self._shares.pop(name, None)
        if name in self._lines:
            self._bars.remove_task(self._lines.pop(name))
        self._finished += self._sizes[name]
        self._done, self._failed = self._done + 1, self._failed + failed
        running = sum(self._sizes[one] * done for one, done in self._shares.items())
        self._bars.update(self._whole, completed=self._finished + running, description=self._title())

    def _title(self) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done} of {self._count} recordings{failed}"


@contextmanager
def shown_board(items: tuple[Item, ...]) -> Iterator[Board]:
    """A board on standard error, gone when done."""
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TimeRemainingColumn(),
        rich.TimeElapsedColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Board(bars, items)
