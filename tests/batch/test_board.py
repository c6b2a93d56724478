"""What is shown while a batch runs."""

from rich.progress import Progress

from kinesics.batch.board import Board
from kinesics.batch.recordings import Item


def test_one_bar_over_all_and_a_line_a_running_recording():
    with Progress(disable=True) as bars:
        board = Board(bars, (Item("a[b].mp4", "", 300, 0), Item("b.mp4", "", 100, 0)))
        board.begin("a[b].mp4")
        board.begin("b.mp4")
        board.update("a[b].mp4", 0.5)
        whole = bars.tasks[0]
        assert (whole.completed, whole.total) == (150, 400)
        assert [task.description.strip() for task in bars.tasks[1:]] == ["a[b].mp4", "b.mp4"]
        board.end("b.mp4", failed=True)
        board.end("a[b].mp4", failed=False)
        assert (whole.completed, len(bars.tasks)) == (400, 1)
        assert whole.description == "2 of 2 recordings, 1 failed"
