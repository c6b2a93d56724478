"""How many processes fit."""

import os

import numpy as np
import pytest

from kinesics.batch.memory import free_memory, processes_allowed, taken_memory


@pytest.mark.parametrize(
    ("cores", "free", "taken", "peak", "expected"),
    [
        (4, 100_000, (), 1000, 4),  # the cores are the limit
        (16, 10_000, (), 1000, 8),  # memory is
        (16, 2000, (1000, 1000), 1000, 3),  # that of those who run counts as well
        (4, 100, (), 1000, 1),  # one always
        (4, 8000, (500,), 4000, 1),
    ],
)
def test_processes_are_as_many_as_cores_and_memory_allow(cores, free, taken, peak, expected):
    assert processes_allowed(cores, free, taken, peak) == expected


def test_memory_is_measured():
    before = taken_memory(os.getpid())
    held = np.ones(40_000_000, np.uint8)
    assert 30 < taken_memory(os.getpid()) - before < 80, "MB"
    assert free_memory() > 100
    assert taken_memory(2**30) == 0
    del held
