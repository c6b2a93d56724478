import csv
import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.recordings import landmarks_only

from kinesics.cli import main
from kinesics.errors import KinesicsError
from kinesics.skeleton import save_skeletons
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import FORMATS, Format, Provenance, boris, elan, kinesics_json, table, webvtt
from kinesics.timeline.formats.common import OBSERVER, UNKNOWN

CLASSES = ("turtle neck", "touching ears", "folding arms", "rub “hands” & <eyes>, 手")
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

KEPT = {name: one for name, one in FORMATS.items() if one.read is not None}
PROVENANCE = Provenance(RECORDING, MODEL, classes=CLASSES)


def _same(event, other):
    moved = max(abs(event.start - other.start), abs(event.end - other.end))
    return event.index == other.index and moved <= 0.001 + 1e-9


@pytest.mark.parametrize("name", KEPT)
@on_disk
@given(timeline=timelines)
def test_a_round_trip_keeps_events_to_the_millisecond(tmp_path, name, timeline):
    path = tmp_path / f"timeline{KEPT[name].suffix}"
    KEPT[name].write(path, timeline, PROVENANCE)
    found = KEPT[name].read(path)
    assert len(found) == len(timeline)
    for event in timeline:
        assert any(_same(event, other) for other in found.only(event.label, event.person)), event


@pytest.mark.parametrize("name", ["JSON", "CSV"])
def test_scores_come_back(tmp_path, name):
    FORMATS[name].write(tmp_path / "t", Timeline((Event("folding arms", 2, 1.0, 2.5, 0.8215, 1),), 10), PROVENANCE)
    assert FORMATS[name].read(tmp_path / "t").events[0].score == 0.8215


TIMELINE = Timeline(
    (
        Event("touching ears", 1, 0.04, 1.5, 0.9, 1, "net"),
        Event("touching ears", 1, 1.0, 2.0, 0.4, 1, "net"),
        Event("touching ears", 1, 1.5, 3.0, 0.5, 2, "net"),
    ),
    60.0,
)


def test_json_keeps_the_contract(tmp_path):
    kinesics_json.write(tmp_path / "timeline.json", TIMELINE, PROVENANCE)
    content = json.loads((tmp_path / "timeline.json").read_text())
    assert content["events"][0] == {
        "label": "touching ears", "index": 1, "start": 0.04, "end": 1.5, "score": 0.9, "person": 1, "source": "net",
    }  # fmt: skip
    assert content["recording"] == RECORDING | {"duration": 60.0}
    assert content["model"] == MODEL
    assert kinesics_json.read(tmp_path / "timeline.json") == TIMELINE


def test_json_may_hold_further_fields(tmp_path):
    path = tmp_path / "timeline.json"
    kinesics_json.write(path, TIMELINE, PROVENANCE)
    content = json.loads(path.read_text())
    content["note"] = content["events"][0]["note"] = "checked"
    path.write_text(json.dumps(content))
    assert kinesics_json.read(path) == TIMELINE


def test_csv_opens_in_excel(tmp_path):
    path = tmp_path / "timeline.csv"
    table.write(path, TIMELINE)
    assert path.read_bytes().startswith(b"\xef\xbb\xbflabel,index,start,end,score,person,source\r\n")
    with open(path, encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == ["touching ears", "1", "0.040", "1.500", "0.9000", "1", "net"]
    assert table.read(path).events == TIMELINE.events


def test_elan_has_a_tier_a_person_and_gesture_and_links_the_video(tmp_path):
    video = tmp_path / "videos" / "an interview.mp4"
    path = tmp_path / "out" / "timeline.eaf"
    path.parent.mkdir()
    elan.write(path, TIMELINE, Provenance(classes=CLASSES, media=video))
    elan.write(
        path, TIMELINE, Provenance(classes=CLASSES, media=video)
    )  # a second run replaces the first and leaves no backup
    assert [p.name for p in path.parent.iterdir()] == ["timeline.eaf"]
    root = ET.parse(path).getroot()
    tiers = {tier.get("TIER_ID"): tier.get("PARTICIPANT") for tier in root.findall("TIER")}
    assert tiers == {
        "P1 touching ears": "Person 1",
        "P1 touching ears (2)": "Person 1",
        "P2 touching ears": "Person 2",
    }
    assert [value.text for value in root.iter("CVE_VALUE")] == list(CLASSES)
    media = root.find("HEADER/MEDIA_DESCRIPTOR")
    assert media is not None
    assert media.get("RELATIVE_MEDIA_URL") == "./../videos/an interview.mp4"
    assert media.get("MIME_TYPE") == "video/mp4"


def test_an_observers_own_label_comes_back(tmp_path):
    path = tmp_path / "timeline.eaf"
    elan.write(path, TIMELINE, PROVENANCE)
    path.write_text(path.read_text().replace("<ANNOTATION_VALUE>touching ears", "<ANNOTATION_VALUE>straightens tie", 1))
    event = next(event for event in elan.read(path) if event.label == "straightens tie")
    assert (event.index, event.source) == (UNKNOWN, OBSERVER)


def test_boris_gets_the_video_and_pairs_of_start_and_stop(tmp_path):
    path = tmp_path / "timeline.boris"
    touching = Timeline(
        (Event("touching ears", 1, 1, 2, 0.9, 1), Event("touching ears", 1, 2, 3, 0.7, 1)),
        9.0,
    )
    boris.write(path, touching, Provenance(classes=CLASSES, media=tmp_path / "interview.mp4", fps=25))
    observation = json.loads(path.read_text())["observations"]["interview"]
    assert observation["file"]["1"] == ["interview.mp4"]
    assert observation["media_info"]["length"] == {"interview.mp4": 9.0}
    assert [event[:3] for event in observation["events"]] == [[t, "Person 1", "touching ears"] for t in (1, 2, 2, 3)]
    assert [event[4] for event in observation["events"]] == ["confidence 0.90", "", "confidence 0.70", ""]


def test_vtt_has_a_cue_an_event(tmp_path):
    path = tmp_path / "timeline.vtt"
    webvtt.write(path, Timeline((*TIMELINE, Event(CLASSES[3], 3, 3600.5, 3661.25, 0.5, 1)), 4000))
    head, *cues = path.read_text().strip().split("\n\n")
    assert head == "WEBVTT"
    assert cues[0] == "00:00:00.040 --> 00:00:01.500\nPerson 1: touching ears (90%)"
    assert cues[3] == "01:00:00.500 --> 01:01:01.250\nPerson 1: rub “hands” &amp; &lt;eyes&gt;, 手 (50%)"
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} --> ", cue) for cue in cues)


BROKEN = {
    "JSON": ["", "[]", "{}", '{"format": "other", "version": 1}', "\x00\xff"],
    "CSV": ["", "label,index\n", "label,index,start,end,score,person\na,1,2,1,1,1\n",
            "label,index,start,end,score,person\na,one,1,2,1,1\n", "label,index,start,end,score,person\na,1,1\n"],
    "ELAN": ["", "<html></html>", "<ANNOTATION_DOCUMENT VERSION='3.0'/>"],
    "BORIS": ["", "[]", "{}", '{"behaviors_conf": {}, "observations": {"a": {"events": [[1, "s", "c", ""]]}}}'],
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BROKEN.items() for text in texts])
def test_a_damaged_file_is_named_in_one_line(tmp_path, name, text):
    path = tmp_path / f"timeline{FORMATS[name].suffix}"
    path.write_text(text)
    with pytest.raises(KinesicsError, match=rf"timeline\{path.suffix}: expected .* found ") as raised:
        FORMATS[name].read(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", KEPT)
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(KinesicsError, match="no such file"):
        FORMATS[name].read(tmp_path / f"timeline{FORMATS[name].suffix}")


@pytest.mark.parametrize("name", FORMATS)
def test_an_unwritable_place_is_named(tmp_path, name):
    with pytest.raises(KinesicsError, match="cannot be written"):
        FORMATS[name].write(tmp_path / "missing" / "timeline", TIMELINE, PROVENANCE)


def test_boris_on_windows_reads_any_name(tmp_path):
    """BORIS opens projects in the encoding of the system, there cp1252."""
    path, media = tmp_path / "timeline.boris", tmp_path / "Ángel 手.mp4"
    boris.write(path, TIMELINE, Provenance(classes=CLASSES, media=media))
    project = json.loads(path.read_bytes().decode("cp1252"))
    assert project["observations"]["Ángel 手"]["file"]["1"] == [media.name]


@pytest.mark.parametrize("name", FORMATS)
def test_labels_of_several_lines_and_with_marks_stay_text(tmp_path, name):
    hostile = "a\n\n00:00.000 --> 00:01.000\x00<script>&"
    path = tmp_path / f"timeline{FORMATS[name].suffix}"
    FORMATS[name].write(path, Timeline((Event(hostile, 0, 1, 2, 1, 1),), 3), Provenance(classes=[hostile]))
    if FORMATS[name].read is None:
        assert path.read_text().count("-->") == 1
        assert "<script>" not in path.read_text()
    else:
        assert FORMATS[name].read(path).events[0].label in (hostile, "a 00:00.000 --> 00:01.000 <script>&")


@pytest.mark.parametrize("name", FORMATS)
def test_names_that_are_no_utf8(tmp_path, name):
    """A file's name may be any bytes, as on older systems; Python keeps those that are no letters as surrogates."""
    strange = "M\udcfcller.mp4"
    path = tmp_path / f"timeline{FORMATS[name].suffix}"
    FORMATS[name].write(path, TIMELINE, Provenance({"name": strange}, classes=CLASSES, media=tmp_path / strange))
    assert path.read_bytes().decode("utf-8")
    if name == "JSON":
        assert json.loads(path.read_text())["recording"]["name"] == strange


def test_a_new_format_is_a_row(tmp_path, monkeypatch):
    def write(path, timeline, provenance):
        path.write_text("".join(f"{event.label} in {provenance.recording['name']}\n" for event in timeline))

    monkeypatch.setitem(FORMATS, "dummy", Format(".dummy", "for this test", write))
    save_skeletons(tmp_path / "a.skeleton.npz", landmarks_only().people)
    assert main(["analyze", str(tmp_path / "a.skeleton.npz"), "--out", str(tmp_path / "out")]) == 0
    events = kinesics_json.read(tmp_path / "out" / "timeline.json")
    written = (tmp_path / "out" / "timeline.dummy").read_text()
    assert written == "".join(f"{event.label} in a.skeleton.npz\n" for event in events)
