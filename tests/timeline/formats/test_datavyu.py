import zipfile

import pytest

from kinesics.errors import KinesicsError
from kinesics.timeline import coded_tables
from kinesics.timeline.coding import Annotation
from kinesics.timeline.formats import datavyu

DB = """#4
gesture (MATRIX,true,)-kind|NOMINAL,side|NOMINAL
00:00:01:500,00:00:02:750,(neck,left)
00:00:03:000,00:00:04:000,(fold\\, low,)
00:00:05:000,00:00:05:000,(blink,)
speech (MATRIX,true,)-code01|NOMINAL
00:01:00:001,01:00:01:000,()
"""
PROJECT = "!project\nname: talk\nviewerSettings:\n  - !vs\n    feed: /videos/talk.mp4\n    offset: 0\n"


def opf(path, db=DB, project=PROJECT):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("db", db)
        if project:
            archive.writestr("project", project)
    return path


def test_a_spreadsheet_with_two_columns(tmp_path):
    coded = datavyu.read_codings(opf(tmp_path / "talk 1.opf"))
    (coding,) = coded.codings
    assert coding.medium.names == ("talk.mp4",)
    assert coding.annotations == (
        Annotation("neck", 1.5, 2.75),
        Annotation("fold, low", 3.0, 4.0),
        Annotation("speech", 60.001, 3601.0),
    )
    assert coded.notes == ("1 code beside the label is not used", "1 cell without a length is not used")
    (alone,) = datavyu.read_codings(opf(tmp_path / "talk 2.opf", project="")).codings
    assert alone.medium.names == ("talk 2",), "without a project the file's own name"


def test_what_datavyu_exports(tmp_path):
    path = tmp_path / "talk.csv"
    path.write_text(
        "gesture.ordinal,gesture.onset,gesture.offset,gesture.kind,speech.ordinal,speech.onset,speech.offset,speech.code01\n"
        "1,1500,2750,neck,1,500,900,hello\n2,3000,4000,fold,,,,\n"
    )
    (coding,) = coded_tables.read_codings(path).codings
    assert coding.annotations == (
        Annotation("hello", 0.5, 0.9),
        Annotation("neck", 1.5, 2.75),
        Annotation("fold", 3.0, 4.0),
    )
    assert coding.medium.names == ("talk",)


def test_another_file_is_refused_in_one_line(tmp_path):
    path = tmp_path / "x.opf"
    path.write_bytes(b"no zip")
    with pytest.raises(KinesicsError, match=r"x\.opf: expected a spreadsheet of Datavyu"):
        datavyu.read_codings(path)
    with pytest.raises(KinesicsError, match="found the line 'nonsense'"):
        datavyu.read_codings(opf(path, db="#4\nnonsense\n"))
