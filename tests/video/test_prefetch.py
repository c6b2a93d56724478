from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from kinesics.video import prefetch


def test_same_items_in_the_same_order() -> None:
    assert list(prefetch(range(100))) == list(range(100))
    assert list(prefetch([])) == []


def test_never_more_than_a_few_ahead() -> None:
    made = []

    def make() -> Iterator[int]:
        for item in range(50):
            made.append(item)
            yield item

    for item in prefetch(make(), depth=3):
        assert len(made) <= item + 6  # three waiting, one in the maker's hand, one in the reader's


def test_errors_come_through() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    items = prefetch(broken())
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)


def test_a_reader_who_leaves_early_ends_the_thread() -> None:
    before = threading.active_count()
    items = prefetch(range(10**9))
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
