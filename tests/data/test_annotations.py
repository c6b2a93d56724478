"""Which video a coding belongs to, whose coding is used, and what is told of the rest."""

from pathlib import Path

import pytest
from support.codings import observation, project

from kinesics.data.annotations import label_files, match_codings
from kinesics.errors import KinesicsError
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import Provenance, boris, elan

VIDEOS = {name: Path(f"videos/{name}.mp4") for name in ("a", "b", "my video")}
TOUCH = (0.5, "touch"), (1.5, "touch")
LATER = (0.6, "Touch"), (1.6, "Touch")


def rows(found):
    return [(name, one.label, one.start, one.end) for name, annotations in found.items() for one in annotations]


@pytest.mark.parametrize(("one", "name"), [(elan, "a.eaf"), (boris, "a.boris")])
def test_a_link_says_more_than_the_files_name(tmp_path, one, name):
    timeline = Timeline((Event("x", 0, 1, 2),))
    for media, expected in ((Path("videos/my video.mp4"), "my video"), (None, "a")):
        path = tmp_path / name
        one.write(path, timeline, Provenance(classes=["x"], media=media))
        assert rows(match_codings(VIDEOS, [path])[0]) == [(expected, "x", 1, 2)]


def test_names_are_compared_as_people_read_them(tmp_path):
    videos = {"Mu\u0308ller": Path("Mu\u0308ller.MP4")}
    (tmp_path / "c.csv").write_text("video,label,start,end\nC:\\x\\m\u00fcller.mp4,x,0,1\nM\u00dcLLER.avi,x,2,3\n")
    found, notes = match_codings(videos, [tmp_path / "c.csv"])
    assert len(found["Mu\u0308ller"]) == 2
    assert notes == ()


def test_labels_and_subjects_are_spelled_alike_and_that_is_named(tmp_path):
    (tmp_path / "c.csv").write_text(
        "video,label,start,end,subject\na,Touch face,0,1,anna\na,touch  face,1,2,Anna\nb,touch face,3,4,Anna\n"
    )
    found, notes = match_codings(VIDEOS, [tmp_path / "c.csv"])
    assert {(one.label, one.subject) for annotations in found.values() for one in annotations} == {
        ("touch face", "Anna")
    }
    assert notes == ("label 'Touch face' is taken for 'touch face'", "subject 'anna' is taken for 'Anna'")


def test_of_two_coders_of_one_video_the_first_is_used(tmp_path):
    path = project(
        tmp_path / "a.boris", {"A": observation(*TOUCH, files=("a.mp4",)), "B": observation(*LATER, files=("a.mp4",))}
    )
    found, notes = match_codings(VIDEOS, [path])
    assert rows(found) == [("a", "touch", 0.5, 1.5)]
    assert notes == (f"videos/a.mp4: coded twice; {path} 'A' is used, {path} 'B' (1 annotation) is not",)


def test_two_codings_of_different_things_are_both_used(tmp_path):
    (tmp_path / "hands.csv").write_text("video,label,start,end\na,touch,0,1\n")
    (tmp_path / "face.csv").write_text("video,label,start,end\na,touch,2,3\na,bite lip,0,1\n")
    found, notes = match_codings(VIDEOS, [tmp_path / "hands.csv", tmp_path / "face.csv"])
    assert len(found["a"]) == 3
    assert notes == ()


def test_a_line_that_stands_there_twice(tmp_path):
    (tmp_path / "c.csv").write_text("video,label,start,end\na,x,0,1\na,x,0,1\n")
    found, notes = match_codings(VIDEOS, [tmp_path / "c.csv"])
    assert rows(found) == [("a", "x", 0, 1)]
    assert "1 annotation that stood there twice" in notes[0]


def test_observations_of_other_videos_are_counted(tmp_path):
    strange = observation(*TOUCH, files=("z.mp4",))
    path = project(tmp_path / "p.boris", {"one": observation(*TOUCH, files=("a.mp4",)), "two": strange})
    found, notes = match_codings(VIDEOS, [path])
    assert rows(found) == [("a", "touch", 0.5, 1.5)]
    assert notes == (f"{path}: observation 'two' is of no video here: 1 annotation not used",)
    with pytest.raises(KinesicsError, match=r"p\.boris: expected the video 'z\.mp4', found only a, b, my video"):
        match_codings(VIDEOS, [project(path, {"two": strange})])


def test_annotations_before_the_video_begins(tmp_path):
    early = observation((0.5, "x"), (1.5, "x"), (1.5, "y"), (3, "y"), files=("a.mp4",), **{"time offset": 2.0})
    found, notes = match_codings(VIDEOS, [project(tmp_path / "p.boris", {"o": early})])
    assert rows(found) == [("a", "y", 0, 1)]
    assert "1 annotation before the video begins" in notes[0]


def test_hidden_files_are_passed_over(tmp_path):
    for name in ("c.csv", "._c.csv", ".hidden.eaf", "~$c.xlsx", "notes.md"):
        (tmp_path / name).write_bytes(b"\x00\x05\x16\x07")
    assert label_files([tmp_path]) == [tmp_path / "c.csv"]
