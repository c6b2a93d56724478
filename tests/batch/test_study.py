"""The rows of a study, and its table."""

import csv
import io

from kinesics.batch.study import COLUMNS, Row, read_row, row_text, table_text


def test_a_row_is_read_as_it_was_written():
    row = Row("day 1/Ü.mp4", "failed", 'it says "no"', 2.5, 1, 3, "ab", "cd", 10, 11)
    assert read_row(row_text(row)) == row
    assert row.folder == "recordings/day 1/Ü.mp4"


def test_what_is_no_row_counts_as_none():
    whole = row_text(Row("a"))
    for text in ("", "[]", "{}", whole[: len(whole) // 2], whole.replace('"version": 1', '"version": 2')):
        assert read_row(text) is None


def test_the_table_is_in_order_and_holds_no_formula():
    text = table_text([Row("b.mp4", "done", length=1.23456), Row("=cmd()", error="a, b\nc")])
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["recording"] for row in rows] == ["'=cmd()", "b.mp4"]
    assert tuple(rows[0]) == COLUMNS
    assert rows[1]["length"] == "1.235"
    assert rows[0]["error"] == "a, b\nc"
