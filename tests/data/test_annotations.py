"""What observers have coded, in the formats that they use."""

import pytest

from kinesics.data.annotations import Annotation, read_annotations
from kinesics.errors import KinesicsError
from kinesics.timeline import Event, Timeline
from kinesics.timeline.files import write_boris, write_eaf

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

Player #1\tC:\\films\\a.mp4

Observation date\t2021-12-06 13:26:24

Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\tStatus
1.25\tC:\\films\\a.mp4\t60.0\t25.0\t\ttouch neck\t\t\tSTART
2.0\tC:\\films\\a.mp4\t60.0\t25.0\tAnna\tbite lip\t\t\tSTART
3.5\tC:\\films\\a.mp4\t60.0\t25.0\t\ttouch neck\t\t\tSTOP
4.0\tC:\\films\\a.mp4\t60.0\t25.0\t\tblink\t\t\tPOINT
5.0\tC:\\films\\a.mp4\t60.0\t25.0\tAnna\tbite lip\t\t\tSTOP
"""
TABULAR_8 = """\
Observation id,Observation date,Description,Observation duration,Observation type,Source,Time offset (s),Subject,\
Behavior,Behavioral category,Behavior type,Time,Media file name,Image index,Image file path,Comment
obs1,2023-01-01,,60.0,Media file(s),player #1:/home/x/films/a.mp4,0,Anna,touch neck,,START,1.25,,31,,
obs1,2023-01-01,,60.0,Media file(s),player #1:/home/x/films/a.mp4,0,Anna,touch neck,,STOP,3.5,,87,,
"""


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
        ("tabular.csv", TABULAR_8, [("a.mp4", "touch neck", 1.25, 3.5, "Anna")]),
    ],
)
def test_tables(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)
    assert read_annotations(tmp_path / name) == [Annotation(*one) for one in expected]


@pytest.mark.parametrize(("suffix", "write"), [(".eaf", write_eaf), (".boris", write_boris)])
def test_files_of_elan_and_boris_belong_to_the_video_of_their_name(tmp_path, suffix, write):
    timeline = Timeline((Event("touch neck", 0, 1.25, 3.5, person=2), Event("bite lip", 1, 4, 5)))
    write(tmp_path / f"a{suffix}", timeline, ["touch neck", "bite lip"])
    assert read_annotations(tmp_path / f"a{suffix}") == [
        Annotation("a", "touch neck", 1.25, 3.5, person=2),
        Annotation("a", "bite lip", 4, 5),
    ]


@pytest.mark.parametrize(("suffix", "write"), [(".eaf", write_eaf), (".boris", write_boris)])
def test_linked_media_say_more_than_the_file_name(tmp_path, suffix, write):
    timeline = Timeline((Event("x", 0, 1, 2),))
    write(tmp_path / f"timeline{suffix}", timeline, ["x"], media=tmp_path / "films" / "my interview.mp4")
    (one,) = read_annotations(tmp_path / f"timeline{suffix}")
    assert one.video == "my interview.mp4"


def test_elan_writes_urls(tmp_path):
    write_eaf(tmp_path / "a.eaf", Timeline((Event("x", 0, 1, 2),)), ["x"], media=tmp_path / "b.mp4")
    text = (tmp_path / "a.eaf").read_text().replace("file:///b.mp4", "file:///C:/Meine%20Filme/ein%20Film.mp4")
    (tmp_path / "a.eaf").write_text(text)
    assert read_annotations(tmp_path / "a.eaf")[0].video == "ein Film.mp4"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "", "expected the columns video,label,start,end"),
        ("a.csv", "film,what\n1,2\n", "expected the columns video,label,start,end"),
        ("a.csv", "video,label,start,end\n", "a coded event a line, found none"),
        ("a.csv", "video,label,start,end\na,x,2,1\n", "0 ≤ start < end, found 'a,x,2,1'"),
        ("a.csv", "video,label,start,end\na,,0,1\n", "a label"),
        ("a.csv", "video,label,start,end\na,x,0:10,0:20\n", "seconds.*'a,x,0:10,0:20'"),
        ("a.csv", "video,label,start,end\na,x\n", "expected video,label,start,end"),
        ("a.tsv", TABULAR_7.rsplit("5.0\tC", 1)[0], "a start of 'bite lip' at 2.0 s without a stop"),
        ("a.tsv", TABULAR_7.replace("STOP", "END"), "found 'END'"),
        ("a.csv", AGGREGATED_7.replace("1.250", "early"), "found 'early'"),
        ("a.eaf", "<xml/>", "expected an ELAN file"),
        ("a.csv", "\0\udcff", "UTF-8"),
    ],
)
def test_faults(tmp_path, name, text, says):
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(KinesicsError, match=rf"{name}: .*{says}"):
        read_annotations(tmp_path / name)


def test_an_annotation_without_a_name(tmp_path):
    write_eaf(tmp_path / "a.eaf", Timeline((Event("", 0, 1, 2),)), ["x"])
    with pytest.raises(
        KinesicsError, match=r"a\.eaf: expected a gesture's name in every annotation, found none at 1.00 s"
    ):
        read_annotations(tmp_path / "a.eaf")
