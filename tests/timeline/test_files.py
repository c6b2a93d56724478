import csv
import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinesics.errors import KinesicsError
from kinesics.timeline import Event, Timeline, files

CLASSES = ("turtle neck", "touch neck", "fold arms", "rub “hands” & <eyes>, 手")
RECORDING = {"name": "interview.mp4", "fps": 25.0}
MODEL = {"name": "test", "classes": list(CLASSES)}

# writing is the same for every example, so one folder serves all of them
on_disk = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)


@st.composite
def events(draw):
    start = draw(st.floats(0, 7200))
    index = draw(st.integers(0, len(CLASSES) - 1))
    end = start + draw(st.floats(1e-6, 30))
    if not start < end:
        end = start + 0.001
    score = draw(st.floats(0, 1))
    return Event(CLASSES[index], index, start, end, score, draw(st.integers(1, 3)), "test")


timelines = st.lists(events(), max_size=12).map(lambda found: Timeline(tuple(found), 7230.0))

KEPT = {
    "json": (lambda path, t: files.write_json(path, t, RECORDING, MODEL), files.read_json),
    "csv": (files.write_csv, files.read_csv),
    "eaf": (lambda path, t: files.write_eaf(path, t, CLASSES), files.read_eaf),
    "boris": (lambda path, t: files.write_boris(path, t, CLASSES), files.read_boris),
}


def _same(event, other):
    moved = max(abs(event.start - other.start), abs(event.end - other.end))
    return event.index == other.index and moved <= 0.001 + 1e-9


@pytest.mark.parametrize("suffix", KEPT)
@on_disk
@given(timeline=timelines)
def test_a_round_trip_keeps_events_to_the_millisecond(tmp_path, suffix, timeline):
    write, read = KEPT[suffix]
    path = tmp_path / f"timeline.{suffix}"
    write(path, timeline)
    found = read(path)
    assert len(found) == len(timeline)
    for event in timeline:
        assert any(_same(event, other) for other in found.only(event.label, event.person)), event


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_scores_come_back(tmp_path, suffix):
    write, read = KEPT[suffix]
    write(tmp_path / "t", Timeline((Event("fold arms", 2, 1.0, 2.5, 0.8215, 1),), 10))
    assert read(tmp_path / "t").events[0].score == 0.8215


TIMELINE = Timeline(
    (
        Event("touch neck", 1, 0.04, 1.5, 0.9, 1, "net"),
        Event("touch neck", 1, 1.0, 2.0, 0.4, 1, "net"),
        Event("touch neck", 1, 1.5, 3.0, 0.5, 2, "net"),
    ),
    60.0,
)


def test_json_keeps_the_contract(tmp_path):
    files.write_json(tmp_path / "timeline.json", TIMELINE, RECORDING, MODEL)
    content = json.loads((tmp_path / "timeline.json").read_text())
    assert content["events"][0] == {
        "label": "touch neck", "index": 1, "start": 0.04, "end": 1.5, "score": 0.9, "person": 1, "source": "net",
    }  # fmt: skip
    assert content["recording"] == RECORDING | {"duration": 60.0}
    assert content["model"] == MODEL
    assert files.read_json(tmp_path / "timeline.json") == TIMELINE


def test_json_may_hold_further_fields(tmp_path):
    path = tmp_path / "timeline.json"
    files.write_json(path, TIMELINE, RECORDING, MODEL)
    content = json.loads(path.read_text())
    content["note"] = content["events"][0]["note"] = "checked"
    path.write_text(json.dumps(content))
    assert files.read_json(path) == TIMELINE


def test_csv_opens_in_excel(tmp_path):
    path = tmp_path / "timeline.csv"
    files.write_csv(path, TIMELINE)
    assert path.read_bytes().startswith(b"\xef\xbb\xbflabel,index,start,end,score,person\r\n")
    with open(path, encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == ["touch neck", "1", "0.040", "1.500", "0.9000", "1"]


def test_elan_has_a_tier_a_person_and_gesture_and_links_the_video(tmp_path):
    video = tmp_path / "films" / "an interview.mp4"
    path = tmp_path / "out" / "timeline.eaf"
    path.parent.mkdir()
    files.write_eaf(path, TIMELINE, CLASSES, media=video)
    files.write_eaf(path, TIMELINE, CLASSES, media=video)  # a second run replaces the first and leaves no backup
    assert [p.name for p in path.parent.iterdir()] == ["timeline.eaf"]
    root = ET.parse(path).getroot()
    tiers = {tier.get("TIER_ID"): tier.get("PARTICIPANT") for tier in root.findall("TIER")}
    assert tiers == {"P1 touch neck": "Person 1", "P1 touch neck (2)": "Person 1", "P2 touch neck": "Person 2"}
    assert [value.text for value in root.iter("CVE_VALUE")] == list(CLASSES)
    media = root.find("HEADER/MEDIA_DESCRIPTOR")
    assert media is not None
    assert media.get("RELATIVE_MEDIA_URL") == "./../films/an interview.mp4"
    assert media.get("MIME_TYPE") == "video/mp4"


def test_an_observers_own_label_comes_back(tmp_path):
    path = tmp_path / "timeline.eaf"
    files.write_eaf(path, TIMELINE, CLASSES)
    path.write_text(path.read_text().replace("<ANNOTATION_VALUE>touch neck", "<ANNOTATION_VALUE>straightens tie", 1))
    event = next(event for event in files.read_eaf(path) if event.label == "straightens tie")
    assert (event.index, event.source) == (files.UNKNOWN, files.OBSERVER)


def test_boris_gets_the_video_and_pairs_of_start_and_stop(tmp_path):
    path = tmp_path / "timeline.boris"
    touching = Timeline((Event("touch neck", 1, 1, 2, 0.9, 1), Event("touch neck", 1, 2, 3, 0.7, 1)), 9.0)
    files.write_boris(path, touching, CLASSES, media=tmp_path / "interview.mp4", fps=25)
    observation = json.loads(path.read_text())["observations"]["timeline"]
    assert observation["file"]["1"] == ["interview.mp4"]
    assert observation["media_info"]["length"] == {"interview.mp4": 9.0}
    assert [event[:3] for event in observation["events"]] == [[t, "Person 1", "touch neck"] for t in (1, 2, 2, 3)]
    assert [event[4] for event in observation["events"]] == ["confidence 0.90", "", "confidence 0.70", ""]


def test_vtt_has_a_cue_an_event(tmp_path):
    path = tmp_path / "timeline.vtt"
    files.write_vtt(path, Timeline((*TIMELINE, Event(CLASSES[3], 3, 3600.5, 3661.25, 0.5, 1)), 4000))
    head, *cues = path.read_text().strip().split("\n\n")
    assert head == "WEBVTT"
    assert cues[0] == "00:00:00.040 --> 00:00:01.500\nPerson 1: touch neck (90%)"
    assert cues[3] == "01:00:00.500 --> 01:01:01.250\nPerson 1: rub “hands” &amp; &lt;eyes&gt;, 手 (50%)"
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} --> ", cue) for cue in cues)


BROKEN = {
    "json": ["", "[]", "{}", '{"format": "other", "version": 1}', "\x00\xff"],
    "csv": ["", "label,index\n", "label,index,start,end,score,person\na,1,2,1,1,1\n",
            "label,index,start,end,score,person\na,one,1,2,1,1\n", "label,index,start,end,score,person\na,1,1\n"],
    "eaf": ["", "<html></html>", "<ANNOTATION_DOCUMENT VERSION='3.0'/>"],
    "boris": ["", "[]", "{}", '{"behaviors_conf": {}, "observations": {"a": {"events": [[1, "s", "c", ""]]}}}'],
}  # fmt: skip


@pytest.mark.parametrize(("suffix", "text"), [(suffix, text) for suffix, texts in BROKEN.items() for text in texts])
def test_a_damaged_file_is_named_in_one_line(tmp_path, suffix, text):
    path = tmp_path / f"timeline.{suffix}"
    path.write_text(text)
    with pytest.raises(KinesicsError, match=rf"timeline\.{suffix}: expected .* found ") as raised:
        KEPT[suffix][1](path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("suffix", KEPT)
def test_a_missing_file_is_named(tmp_path, suffix):
    with pytest.raises(KinesicsError, match="no such file"):
        KEPT[suffix][1](tmp_path / f"timeline.{suffix}")


@pytest.mark.parametrize("suffix", KEPT)
def test_an_unwritable_place_is_named(tmp_path, suffix):
    with pytest.raises(KinesicsError, match="cannot be written"):
        KEPT[suffix][0](tmp_path / "missing" / "timeline", TIMELINE)
