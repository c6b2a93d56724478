"""What a dry run says."""

import pytest

from kinesics.batch.measured import Measured, estimate, read_measured, write_measured
from kinesics.batch.places import LocalPlace
from kinesics.batch.study import Row
from kinesics.batch.work import Outcome


def test_an_estimate_goes_by_what_was_measured(tmp_path):
    place = LocalPlace(tmp_path)
    assert read_measured(place) == Measured()
    sums = Measured()
    for length in (10.0, 30.0):
        row = Row("a", "done", length=length, size=int(length * 100))
        sums = sums.plus(Outcome(row, 6.0, 2 * length, peak=length, size=int(length * 50)))
    assert sums.plus(Outcome(Row("b", "failed"), 1.0)) == sums
    assert sums.plus(Outcome(Row("c", "done", length=9.0))) == sums, "it was there already"
    write_measured(place, sums)
    found = estimate([1000, 3000], read_measured(place))
    assert (found.length, found.processor, found.results, found.peak) == pytest.approx((40, 80, 2000, 30))


def test_without_measurements_a_length_that_is_known_counts():
    assert estimate([10], Measured(), 60.0).length == 60
    assert estimate([10], Measured()).processor > 0
