"""BORIS projects as coders make them; each kind is built in a few lines."""

import gzip

import pytest
from support.codings import observation, project

from kinesics.errors import KinesicsError
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import Provenance, boris


def rows(path):
    """Each annotation on the clock of its video."""
    return [
        (coding.medium.names[0], one.label, one.start + shift, one.end + shift)
        for coding in boris.read_codings(path).codings
        for shift in [coding.medium.offset]
        for one in coding.annotations
    ]


TOUCH = (0.5, "touch"), (1.5, "touch")


def test_point_events_are_counted_and_not_paired(tmp_path):
    path = project(tmp_path / "a.boris", {"o": observation(*TOUCH, (1, "blink"), (5, "blink"))}, points={"blink"})
    assert rows(path) == [("video.mp4", "touch", 0.5, 1.5)]
    assert boris.read_codings(path).notes == ("2 point events are not used",)


def test_modifiers_part_events_that_overlap(tmp_path):
    events = (0.5, "touch", "left"), (1, "touch", "right"), (3, "touch", "left"), (4, "touch", "right")
    path = project(tmp_path / "a.boris", {"o": observation(*events)})
    assert [row[2:] for row in rows(path)] == [(0.5, 3), (1, 4)]
    assert boris.read_codings(path).notes == ("2 modifiers are not used",)


def test_each_observation_is_of_its_own_video(tmp_path):
    both = {"one": observation(*TOUCH, files=("a.mp4",)), "two": observation(*TOUCH, files=("b.mp4",))}
    path = project(tmp_path / "a.boris", both)
    assert rows(path) == [("a.mp4", "touch", 0.5, 1.5), ("b.mp4", "touch", 0.5, 1.5)]
    with pytest.raises(KinesicsError, match="2 recordings in one file"):
        boris.read(path)


def test_a_queue_of_media(tmp_path):
    events = *TOUCH, (5, "lip"), (6.5, "lip"), (7, "touch"), (8, "touch")
    path = project(tmp_path / "a.boris", {"o": observation(*events, files=("a.mp4", "b.mp4"))})
    assert rows(path) == [
        ("a.mp4", "touch", 0.5, 1.5), ("a.mp4", "lip", 5, 6), ("b.mp4", "lip", 0, 0.5), ("b.mp4", "touch", 1, 2),
    ]  # fmt: skip
    assert boris.read_codings(path).notes == ("observation 'o': 1 event cut at the end of a.mp4",)
    with pytest.raises(KinesicsError, match=r"no length of 'a\.mp4'"):
        rows(project(tmp_path / "a.boris", {"o": observation(*TOUCH, files=("a.mp4", "b.mp4"), media_info={})}))


def test_time_offsets_are_taken_off(tmp_path):
    path = project(tmp_path / "a.boris", {"o": observation((2.5, "x"), (3.5, "x"), **{"time offset": 2.0})})
    assert rows(path) == [("video.mp4", "x", 0.5, 1.5)]
    info = {"media_creation_time": {"video.mp4": 1000.0}}
    made = observation((1000.5, "x"), (1001.5, "x"), media_creation_date_as_offset=True, media_info=info)
    assert rows(project(tmp_path / "a.boris", {"o": made})) == [("video.mp4", "x", 0.5, 1.5)]


def test_a_second_camera_that_began_later(tmp_path):
    files = {"1": ["left.mp4"], "2": ["right.mp4"]}
    one = observation(*TOUCH, file=files, media_info={"offset": {"1": 0.0, "2": 0.25}})
    (coding,) = boris.read_codings(project(tmp_path / "a.boris", {"o": one})).codings
    assert [(medium.names[0], medium.offset) for medium in coding.media[:2]] == [("left.mp4", 0), ("right.mp4", -0.25)]


def test_a_live_observation_is_of_the_video_of_its_name(tmp_path):
    path = project(tmp_path / "study.boris", {"Anna 1": observation(*TOUCH, file=[], type="LIVE")})
    assert [medium.names for medium in boris.read_codings(path).codings[0].namesakes] == [("Anna 1",), ("study",)]


def test_packed_projects(tmp_path):
    path = project(tmp_path / "a.boris", {"o": observation(*TOUCH)})
    (tmp_path / "a.boris.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert rows(tmp_path / "a.boris.gz") == rows(path)
    (tmp_path / "a.boris.gz").write_bytes(b"no archive")
    with pytest.raises(KinesicsError, match=r"a\.boris\.gz: expected a BORIS project"):
        rows(tmp_path / "a.boris.gz")


def test_a_subjects_name_is_a_name(tmp_path):
    events = (
        (0.5, "x", "", "Participant 2"),
        (1, "y", "", "Person 3"),
        (1.5, "x", "", "Participant 2"),
        (2, "y", "", "Person 3"),
    )
    (coding,) = boris.read_codings(project(tmp_path / "a.boris", {"o": observation(*events)})).codings
    assert [(one.subject, one.person) for one in coding.annotations] == [("Participant 2", None), ("Person 3", None)]
    boris.write(tmp_path / "b.boris", Timeline((Event("x", 0, 1, 2, person=3),)), Provenance(classes=["x"]))
    (one,) = boris.read_codings(tmp_path / "b.boris").codings[0].annotations
    assert (one.subject, one.person) == ("", 3)


def test_an_event_without_an_end_is_named(tmp_path):
    path = project(tmp_path / "a.boris", {"Anna": observation(*TOUCH, (3, "lip"))})
    with pytest.raises(KinesicsError, match="a start of 'lip' without a stop in observation 'Anna'"):
        boris.read_codings(path)
