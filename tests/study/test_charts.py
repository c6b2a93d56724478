import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from kinesics.study.charts import (
    ChartAxis,
    ChartMark,
    ChartRow,
    barcode,
    interval_chart,
    line_chart,
    matrix_chart,
    number,
    strip_chart,
)


def drawn(svg):
    """The chart, which is well-formed, with every place a number."""
    root = ET.fromstring(svg)
    assert "nan" not in svg
    assert "inf" not in svg
    return root


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0512, "0.051"),
        (1.234, "1.2"),
        (12.04, "12.0"),
        (1234.5, "1,234"),
        (float("nan"), "–"),
        (0, "0"),
    ],
)
def test_numbers_are_written_as_people_do(value, text):
    assert number(value) == text


def test_an_axis_places_and_divides():
    axis = ChartAxis(0, 10, 100, 200)
    assert [axis.place(value) for value in (0, 5, 10, 99)] == [100, 150, 200, 200]
    assert axis.ticks() == [0, 5, 10]
    ratios = ChartAxis(0.25, 4, 0, 100, log=True)
    assert ratios.place(1) == pytest.approx(50)
    assert ratios.ticks() == pytest.approx([0.3, 0.5, 0.7, 1, 1.5, 2, 3])
    assert len(ChartAxis(0.001, 1000, 0, 1, log=True).ticks()) <= 8


def test_intervals_reach_from_low_to_high():
    rows = [
        ChartRow("a < b", [ChartMark(0, 2, 1, 4, "two"), ChartMark(1, 3, 2.5, 3.5, strong=False)], "p 0.02", head=True)
    ]
    root = drawn(interval_chart(rows, "events a minute", line=1))
    dots = [element for element in root.iter() if element.tag.endswith("circle")]
    assert len(dots) == 2
    assert "a < b" in "".join(root.itertext())
    whisker = next(e for e in root.iter() if e.get("class", "").startswith("mark"))[1].get("d")
    first, last = map(float, re.findall(r"[MH]([\d.]+)", whisker))
    middle = float(dots[0].get("cx"))
    assert (middle - first) / (last - middle) == pytest.approx(1 / 2, abs=0.01)


def test_what_has_no_number_is_not_drawn():
    rows = [ChartRow("x", [ChartMark(0, float("nan"), 1, 2), ChartMark(0, 0.0, 0.0, 1.0)])]
    assert "circle" not in interval_chart(rows, "ratio", log=True)
    assert drawn(interval_chart([], "nothing")) is not None
    mark = ChartMark(0, float("nan"), float("nan"), float("nan"))
    assert "circle" not in strip_chart([(np.array([np.nan]), mark)], "none", (0, 1.0))


def test_a_strip_has_a_dot_a_recording():
    svg = strip_chart([(np.array([0.0, 1, 2, np.nan]), ChartMark(0, 1, 0.5, 1.5))], "x", (0, 2.0))
    drawn(svg)
    assert svg.count("h0") == 3


def test_lines_have_bands():
    points = np.array([[0.5, 1, 0.5, 2], [1.5, 2, 1, 3]])
    root = drawn(line_chart([(0, points), (1, points)], "x", 3.0))
    kinds = [element.get("class") for element in root.iter() if element.get("class")]
    assert kinds.count("band s0") == kinds.count("curve s1") == 1


def test_a_cell_is_framed_where_it_differs():
    z = np.array([[np.nan, 6], [-2.5, 0]])
    ratio = np.array([[np.nan, 2.0], [0.5, 1.0]])
    svg = matrix_chart(["a", "b"], ratio, z, z > 5, [["", "much"], ["little", ""]], "x")
    drawn(svg)
    assert svg.count('class="strong"') == 1
    assert 'class="more" opacity="0.85"' in svg
    assert 'class="less" opacity="0.42"' in svg or 'class="less" opacity="0.43"' in svg
    assert "<title>much</title>" in svg


def test_a_strip_of_hours_is_no_longer_than_one_of_minutes():
    rng = np.random.default_rng(0)
    starts = np.sort(rng.uniform(0, 36_000, 20_000))
    svg = barcode((("p-hand", s, s + 2) for s in starts), 36_000.0)
    drawn(svg)
    assert len(svg) < 20_000
    one = barcode([("p-hand", 10, 20)], 100.0, width=100)
    assert 'class="p-hand" d="M10 0h10v18h-10z"' in one
    assert drawn(barcode([], 0.0)) is not None
