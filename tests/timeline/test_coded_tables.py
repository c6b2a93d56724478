"""Codings in tables, as people, Excel and BORIS write them."""

import pytest

from kinesics.errors import KinesicsError
from kinesics.timeline.coded_tables import read_codings

# as BORIS 7 and 8 write them (File and Export menus)
AGGREGATED_7 = """\
Observation id,Observation date,Description,Media file,Total length,FPS,Subject,Behavior,Behavioral category,\
Modifiers,Behavior type,Start (s),Stop (s),Duration (s),Comment start,Comment stop
obs1,2021-12-06 13:26:24,,T:/Coding Project/Films/a.mp4,1381.010,29.97,No focal subject,touch neck,,,STATE,1.250,\
3.500,2.250,,
obs1,2021-12-06 13:26:24,,T:/Coding Project/Films/a.mp4,1381.010,29.97,Anna,bite lip,,,STATE,4.000,5.000,1.000,,
obs1,2021-12-06 13:26:24,,T:/Coding Project/Films/a.mp4,1381.010,29.97,Anna,blink,,,POINT,6.000,6.000,NA,,
"""
TABULAR_7 = """\
Observation id\tobs1

Media file(s)

Player #1\tC:\\videos\\a.mp4

Observation date\t2021-12-06 13:26:24

Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\tStatus
1.25\tC:\\videos\\a.mp4\t60.0\t25.0\t\ttouch neck\t\t\tSTART
2.0\tC:\\videos\\a.mp4\t60.0\t25.0\tAnna\tbite lip\t\t\tSTART
3.5\tC:\\videos\\a.mp4\t60.0\t25.0\t\ttouch neck\t\t\tSTOP
4.0\tC:\\videos\\a.mp4\t60.0\t25.0\t\tblink\t\t\tPOINT
5.0\tC:\\videos\\a.mp4\t60.0\t25.0\tAnna\tbite lip\t\t\tSTOP
"""
TABULAR_8 = """\
Observation id,Observation date,Description,Observation duration,Observation type,Source,Time offset (s),Subject,\
Behavior,Behavioral category,Behavior type,Time,Media file name,Image index,Image file path,Comment
obs1,2023-01-01,,60.0,Media file(s),player #1:/home/x/videos/a.mp4,0,Anna,touch neck,,START,1.25,,31,,
obs1,2023-01-01,,60.0,Media file(s),player #1:/home/x/videos/a.mp4,0,Anna,touch neck,,STOP,3.5,,87,,
"""


def rows(path):
    """Each annotation on the clock of its video: name, label, start, end, subject and person as far as told."""
    return [
        (coding.medium.names[0], one.label, one.start + shift, one.end + shift, one.subject, one.person)
        for coding in read_codings(path).codings
        for shift in [coding.medium.offset]
        for one in coding.annotations
    ]


def padded(row):
    return (*row, *("", None)[len(row) - 4 :])


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "plain.csv",
            "video,label,start,end,subject,person\na.mp4,touch neck,1.25,3.5,Anna,\nb, bite lip ,0,1,,2\n",
            [("a.mp4", "touch neck", 1.25, 3.5, "Anna", None), ("b", "bite lip", 0, 1, "", 2)],
        ),
        ("excel.csv", "\ufeffend;start;label;video\n3.5;1.25;touch neck;a.mp4\n", [("a.mp4", "touch neck", 1.25, 3.5)]),
        (
            "aggregated.csv",
            AGGREGATED_7,
            [("a.mp4", "touch neck", 1.25, 3.5), ("a.mp4", "bite lip", 4, 5, "Anna")],
        ),
        (
            "aggregated.tsv",
            AGGREGATED_7.replace(",", "\t"),
            [("a.mp4", "touch neck", 1.25, 3.5), ("a.mp4", "bite lip", 4, 5, "Anna")],
        ),
        ("tabular.tsv", TABULAR_7, [("a.mp4", "touch neck", 1.25, 3.5), ("a.mp4", "bite lip", 2, 5, "Anna")]),
        (
            "hms.csv",
            TABULAR_8.replace("1.25,", "00:00:01.250,").replace("3.5,", "00:00:03.500,"),
            [("a.mp4", "touch neck", 1.25, 3.5, "Anna")],
        ),
        ("offset.csv", TABULAR_8.replace("a.mp4,0,", "a.mp4,0.25,"), [("a.mp4", "touch neck", 1, 3.25, "Anna")]),
        ("tabular.csv", TABULAR_8, [("a.mp4", "touch neck", 1.25, 3.5, "Anna")]),
    ],
)
def test_tables(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)
    assert rows(tmp_path / name) == [padded(one) for one in expected]


ONE = [("a.mp4", "touch neck, left", 0.5, 1.5, "", None)]


@pytest.mark.parametrize(
    "content",
    [
        b'video,label,start,end\na.mp4,"touch neck, left",0.5,1.5\n',
        '\ufeff"video", "label", "start", "end"\r\n"a.mp4", "touch neck, left", 0.5, 1.5\r\n'.encode(),
        b"video;label;start;end\ra.mp4;touch neck, left;0,5;1,5\r",
        "sep=;\r\nVideo;Label;Start;End\r\na.mp4;touch neck, left;00:00:00,5;00:00:01,5\r\n".encode("utf-16"),
        'video\tlabel\tstart\tend\n"C:\\My videos\\a.mp4"\ttouch neck, left\t0,50\t1,50\n'.encode("utf-16"),
        "note\tperson\tvideo\tlabel\tstart\tend\n\tNaN\ta.mp4\t touch  neck,\tleft\t0.5\t1.5".replace(
            "neck,\tleft", "neck, left"
        ).encode(),
    ],
)
def test_any_locale_and_program(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert rows(tmp_path / "a.csv") == ONE


def test_workbooks(tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("notes").write_row(0, 0, ["coded by", "Anna"])
        sheet = book.add_worksheet("coding")
        sheet.write_row(0, 0, ["video", "label", "start", "end", "person"])
        sheet.write_row(1, 0, ["a.mp4", "touch neck", 0.5, 2, 1.0])
    assert rows(tmp_path / "a.xlsx") == [("a.mp4", "touch neck", 0.5, 2, "", 1)]


def test_letters_of_windows_are_read_and_named(tmp_path):
    (tmp_path / "a.csv").write_bytes("video;label;start;end\nMüller.mp4;nicken;1;2\n".encode("cp1252"))
    assert rows(tmp_path / "a.csv") == [("Müller.mp4", "nicken", 1, 2, "", None)]
    assert "Windows-1252" in read_codings(tmp_path / "a.csv").notes[0]


@pytest.mark.parametrize(("written", "person"), [("1.0", 1), ("2,0", 2), ("3", 3), ("", None), ("NA", None)])
def test_a_persons_number_is_a_number(tmp_path, written, person):
    (tmp_path / "a.csv").write_text(f'video,label,start,end,subject,person\na,x,0,1,12.0,"{written}"\n')
    assert rows(tmp_path / "a.csv") == [("a", "x", 0, 1, "12", person)]


OVERLAP = """\
Observation id,Source,Subject,Behavior,Modifier #1,Behavior type,Time
o,player #1:a.mp4,Anna,touch,left,START,0.5
o,player #1:a.mp4,Anna,touch,right,START,1
o,player #1:a.mp4,Anna,touch,left,STOP,3
o,player #1:a.mp4,Anna,blink,,POINT,3.5
o,player #1:a.mp4,Anna,touch,right,STOP,4
"""


def test_what_is_not_used_is_counted(tmp_path):
    (tmp_path / "a.csv").write_text(OVERLAP)
    assert [row[2:4] for row in rows(tmp_path / "a.csv")] == [(0.5, 3), (1, 4)]
    assert read_codings(tmp_path / "a.csv").notes == ("2 modifiers are not used", "1 point event is not used")


def test_a_point_event_has_no_stop(tmp_path):
    aggregated = AGGREGATED_7.replace("6.000,6.000,NA", "6.000,NA,NA")
    (tmp_path / "a.csv").write_text(aggregated)
    assert len(rows(tmp_path / "a.csv")) == 2
    assert read_codings(tmp_path / "a.csv").notes == ("1 point event is not used",)


QUEUE = """\
Observation id,Source,Time offset (s),Media duration (s),Subject,Behavior,Behavior type,Start (s),Stop (s)
o,player #1:v/a.mp4;v/b.mp4|player #2:c.mp4,10,6.000;6.000|12.000,No focal subject,touch,STATE,11,12
o,player #1:v/a.mp4;v/b.mp4|player #2:c.mp4,10,6.000;6.000|12.000,No focal subject,touch,STATE,17,18
"""


def test_a_queue_of_media_in_an_export(tmp_path):
    (tmp_path / "a.csv").write_text(QUEUE)
    assert [row[:4] for row in rows(tmp_path / "a.csv")] == [("a.mp4", "touch", 1, 2), ("b.mp4", "touch", 1, 2)]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "", "expected the columns video,label,start,end"),
        ("a.csv", "movie,what\n1,2\n", "expected the columns video,label,start,end"),
        ("a.csv", "video,label,start,end\n", "a coded event a line, found none"),
        ("a.csv", "video,label,start,end\na,x,2,1\n", "0 ≤ start < end, found 'a,x,2,1'"),
        ("a.csv", "video,label,start,end\na,,0,1\n", "a label"),
        ("a.csv", "video,label,start,end\na,x,0:10,0:20\n", "seconds.*'a,x,0:10,0:20'"),
        ("a.csv", "video,label,start,end\na,x\n", "expected video,label,start,end"),
        ("a.tsv", TABULAR_7.rsplit("5.0\tC", 1)[0], "a start of 'bite lip' at 2.0 s without a stop"),
        ("a.tsv", TABULAR_7.replace("STOP", "END"), "found 'END'"),
        ("a.csv", AGGREGATED_7.replace("1.250", "early"), "found 'early'"),
        ("a.csv", "video,label,start,end\na,x,0,5,1,5\n", "expected 4 cells a line, found 6"),
        ("a.csv", "video,label,start,end,person\na,x,0,1,Anna\n", "Anna"),
        ("a.csv", QUEUE.replace("6.000;6.000", "NA"), "no length of 'v/a.mp4'"),
        ("a.csv", "\0\udcff", "UTF-8"),
    ],
)
def test_faults(tmp_path, name, text, says):
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(KinesicsError, match=rf"{name}: .*{says}"):
        read_codings(tmp_path / name)
