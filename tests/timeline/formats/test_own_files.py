"""A tier goes into an observer's own file, and nothing of theirs is lost."""

import gzip
import json
import xml.etree.ElementTree as ET

import pympi
import pytest

from kinesics.errors import KinesicsError
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import boris, elan
from kinesics.timeline.formats.own_files import write_boris_observation, write_elan_tier

OWN = """<?xml version="1.0" encoding="UTF-8"?>
<!-- coded by A.B. in spring -->
<ANNOTATION_DOCUMENT AUTHOR="A.B." DATE="2026-03-01T10:00:00+01:00" FORMAT="3.0" VERSION="3.0" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <LICENSE LICENSE_URL=""/>
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/talk.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="1500" RELATIVE_MEDIA_URL="./talk.mp4"/>
        <PROPERTY NAME="URN">urn:nl-mpi-tools-elan-eaf:1</PROPERTY>
        <PROPERTY NAME="lastUsedAnnotationId">5</PROPERTY>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/>
        <TIME_SLOT TIME_SLOT_ID="ts2"/>
        <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="2500"/>
        <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="4000"/>
        <TIME_SLOT TIME_SLOT_ID="ts5" TIME_VALUE="6000"/>
    </TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="gesture" PARTICIPANT="Anna &amp; co" TIER_ID="Hände" ANNOTATOR="A.B.">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" CVE_REF="c1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
                <ANNOTATION_VALUE>neck</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <!-- the next one is doubtful -->
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts4" TIME_SLOT_REF2="ts5">
                <ANNOTATION_VALUE>fold</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="phase" PARENT_REF="Hände" TIER_ID="phases">
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>stroke</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3"><ANNOTATION_VALUE>retraction</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="comment" PARENT_REF="Hände" TIER_ID="notes">
        <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a5" ANNOTATION_REF="a2"><ANNOTATION_VALUE>unclear &lt;here&gt;</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
    </TIER>
    <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="gesture" TIME_ALIGNABLE="true" CONTROLLED_VOCABULARY_REF="hands"/>
    <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="phase" TIME_ALIGNABLE="true" CONSTRAINTS="Time_Subdivision"/>
    <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="comment" TIME_ALIGNABLE="false" CONSTRAINTS="Symbolic_Association"/>
    <LANGUAGE LANG_ID="und" LANG_DEF="http://cdb.iso.org/lg/CDB-00130975-001" LANG_LABEL="undetermined (und)"/>
    <CONSTRAINT DESCRIPTION="Time subdivision of parent" STEREOTYPE="Time_Subdivision"/>
    <CONTROLLED_VOCABULARY CV_ID="hands">
        <DESCRIPTION LANG_REF="und">what hands do</DESCRIPTION>
        <CV_ENTRY_ML CVE_ID="c1"><CVE_VALUE LANG_REF="und" DESCRIPTION="">neck</CVE_VALUE></CV_ENTRY_ML>
    </CONTROLLED_VOCABULARY>
</ANNOTATION_DOCUMENT>
"""  # noqa: E501
OURS = Timeline(
    (
        Event("touching ears", 8, 2.0, 4.0, 0.9),
        Event("touching ears", 8, 3.0, 5.0, 0.8),  # overlaps: a second tier
        Event("a & b <c>", -1, 8.0, 9.5, 0.7),
        Event("head up", 27, 0.5, 1.2, 0.7),  # before the annotations' clock begins at 1.5 s
    ),
    12.0,
)


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.eaf"
    path.write_bytes(OWN.encode())
    return path


def parts(path):
    """Everything in an ELAN file but what is ours: each element with its attributes and its text."""
    root = ET.parse(path).getroot()
    ours = {
        slot
        for tier in root.iterfind("TIER")
        if tier.get("TIER_ID").startswith("Kinesics")
        for one in tier.iter("ALIGNABLE_ANNOTATION")
        for slot in (one.get("TIME_SLOT_REF1"), one.get("TIME_SLOT_REF2"))
    }
    found = []

    def walk(element):
        if (element.tag, element.get("LINGUISTIC_TYPE_ID")) == ("LINGUISTIC_TYPE", "kinesics"):
            return
        if (element.get("TIER_ID") or "").startswith("Kinesics") or element.get("TIME_SLOT_ID") in ours:
            return
        text = (element.text or "").strip() if element.get("NAME") != "lastUsedAnnotationId" else ""
        found.append((element.tag, tuple(sorted(element.attrib.items())), text))
        for child in element:
            walk(child)

    walk(root)
    return found


def test_an_elan_file_goes_in_and_out_with_every_annotation_it_had(own, tmp_path):
    out = tmp_path / "out.eaf"
    assert write_elan_tier(own, out, "Kinesics", OURS, participant="Anna") == 1, "one is before the clock begins"
    assert parts(out) == parts(own)
    text = out.read_text(encoding="utf-8")
    assert "<!-- coded by A.B. in spring -->" in text
    assert "<!-- the next one is doubtful -->" in text
    # each line of theirs stands there as it was, in its order
    lines = iter(text.splitlines())
    for line in OWN.splitlines():
        assert "lastUsed" in line or any(other == line for other in lines), line
    eaf = pympi.Eaf(str(out))
    assert {"Hände", "phases", "notes", "Kinesics", "Kinesics (2)"} == set(eaf.get_tier_names())
    assert [one[:3] for one in eaf.get_annotation_data_for_tier("Kinesics")] == [
        (500, 2500, "touching ears"),
        (6500, 8000, "a & b <c>"),
    ]
    assert eaf.get_annotation_data_for_tier("Hände") == pympi.Eaf(str(own)).get_annotation_data_for_tier("Hände")
    ids = [one.get("ANNOTATION_ID") for one in ET.parse(out).iter() if one.get("ANNOTATION_ID")]
    assert len(ids) == len(set(ids))
    assert '"lastUsedAnnotationId">8<' in text
    times = [int(one.get("TIME_VALUE")) for one in ET.parse(out).iter("TIME_SLOT") if one.get("TIME_VALUE")]
    assert times == sorted(times), "ELAN keeps time slots in order"


def test_our_own_reader_finds_both(own, tmp_path):
    out = tmp_path / "out.eaf"
    write_elan_tier(own, out, "Kinesics", OURS)
    (coding,) = elan.read_codings(out).codings
    (before,) = elan.read_codings(own).codings
    assert set(before.annotations) < set(coding.annotations)
    assert coding.medium.offset == 1.5
    found = [(one.label, one.start + 1.5, one.end + 1.5) for one in coding.annotations if "ears" in one.label]
    assert found == [("touching ears", 2.0, 4.0), ("touching ears", 3.0, 5.0)]


def test_a_tier_of_ours_is_replaced_without_a_trace(own, tmp_path):
    first, second = tmp_path / "first.eaf", tmp_path / "second.eaf"
    write_elan_tier(own, first, "Kinesics", OURS)
    write_elan_tier(first, first, "Kinesics", Timeline((Event("head up", 27, 3.0, 4.0),), 12.0))
    write_elan_tier(own, second, "Kinesics", Timeline((Event("head up", 27, 3.0, 4.0),), 12.0))
    for path in (first, second):
        assert pympi.Eaf(str(path)).get_annotation_data_for_tier("Kinesics")[0][:3] == (1500, 2500, "head up")
        assert "Kinesics (2)" not in pympi.Eaf(str(path)).tiers
    assert parts(first) == parts(own)
    slots = [len(ET.parse(path).findall("TIME_ORDER/TIME_SLOT")) for path in (first, second)]
    assert slots == [7, 7]


def test_a_tier_that_others_depend_on_is_not_replaced(own, tmp_path):
    before = own.read_bytes()
    with pytest.raises(KinesicsError, match=r"depends on it; give the new tier another name"):
        write_elan_tier(own, own, "Hände", OURS)
    assert own.read_bytes() == before


def test_an_empty_file_and_a_wrong_one(own, tmp_path):
    empty = tmp_path / "empty.eaf"
    empty.write_text(
        "<ANNOTATION_DOCUMENT><HEADER/><TIME_ORDER/>"
        '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt"/></ANNOTATION_DOCUMENT>'
    )
    write_elan_tier(empty, empty, "Kinesics", OURS)
    assert len(elan.read_codings(empty).codings[0].annotations) == 4
    wrong = tmp_path / "wrong.eaf"
    for content in (b"<html/>", b"no xml", OWN.encode("utf-16"), OWN.replace("UTF-8", "ISO-8859-1").encode("latin-1")):
        wrong.write_bytes(content)
        with pytest.raises(KinesicsError, match="expected an ELAN file"):
            write_elan_tier(wrong, tmp_path / "never.eaf", "Kinesics", OURS)
    assert not (tmp_path / "never.eaf").exists()


# ── BORIS ────────────────────────────────────────────────────────────────────────────────────────────────────

PROJECT = {
    "time_format": "hh:mm:ss",
    "project_date": "2026-03-01T10:00:00",
    "project_name": "täglich",
    "project_description": "",
    "project_format_version": "7.0",
    "subjects_conf": {"0": {"key": "a", "name": "Anna", "description": "the guest"}},
    "behaviors_conf": {
        "0": {
            "type": "State event",
            "key": "n",
            "code": "neck",
            "description": "",
            "color": "#ff0000",
            "category": "hand",
            "modifiers": {"0": {"name": "side", "type": 0, "values": ["left", "right"]}},
            "excluded": "",
            "coding map": "",
        },
        "1": {
            "type": "Point event",
            "key": "b",
            "code": "blink",
            "description": "",
            "category": "",
            "modifiers": "",
            "excluded": "neck",
            "coding map": "",
        },
        "5": {
            "type": "State event",
            "key": "f",
            "code": "fold",
            "description": "",
            "category": "",
            "modifiers": "",
            "excluded": "",
            "coding map": "",
        },
    },
    "observations": {
        "first": {
            "file": {"1": ["talk.mp4"], "2": []},
            "type": "MEDIA",
            "date": "2026-03-01",
            "description": "x",
            "time offset": 10.0,
            "independent_variables": {"light": "dim"},
            "close_behaviors_between_videos": False,
            "media_info": {"length": {"talk.mp4": 12.0}, "fps": {"talk.mp4": 25.0}},
            "events": [
                [10.5, "Anna", "neck", "left", "", 12],
                [11.25, "", "blink", "", "twice", 31],
                [12.5, "Anna", "neck", "left", "", 62],
                [13.0, "Anna", "fold", "", "", "NA"],
                [14.0, "Anna", "fold", "", "", "NA"],
            ],
        },
        "second": {
            "file": {"1": ["other.mp4"]},
            "type": "MEDIA",
            "time offset": 0.0,
            "events": [[1.0, "", "blink", "", ""]],
        },
        "live": {"file": [], "type": "LIVE", "time offset": 0.0, "events": []},
    },
    "behavioral_categories": ["hand"],
    "independent_variables": {"0": {"label": "light", "type": "text"}},
    "coding_map": {},
    "converters": {},
    "something of a later version": [1, {"a": None}],
}


@pytest.mark.parametrize("name", ["own.boris", "own.boris.gz"])
def test_a_boris_project_goes_in_and_out_with_all_it_had(tmp_path, name):
    own = tmp_path / name
    content = json.dumps(PROJECT, ensure_ascii=False).encode()
    own.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    for _ in range(2):  # the second time in place of the first
        write_boris_observation(own, own, "first (Kinesics)", OURS, like="first", subject="Anna")
    written = own.read_bytes()
    found = json.loads(gzip.decompress(written) if name.endswith(".gz") else written)
    assert list(found) == list(PROJECT)
    for section, theirs in PROJECT.items():
        if isinstance(theirs, dict):
            assert {key: found[section][key] for key in theirs} == theirs, section
            assert list(found[section])[: len(theirs)] == list(theirs)
        else:
            assert found[section] == theirs
    assert set(found["observations"]) == {*PROJECT["observations"], "first (Kinesics)"}
    added = [one["code"] for key, one in found["behaviors_conf"].items() if key not in PROJECT["behaviors_conf"]]
    assert added == ["head up", "touching ears", "a & b <c>"]
    ours = found["observations"]["first (Kinesics)"]
    assert ours["file"] == {"1": ["talk.mp4"], "2": []}
    assert ours["events"][0] == [10.5, "Anna", "head up", "", "confidence 0.70"], "on the clock of the observation"
    coded = {one.observation: one for one in boris.read_codings(own).codings}
    back = [
        (one.label, round(one.start - 10, 3), round(one.end - 10, 3)) for one in coded["first (Kinesics)"].annotations
    ]
    assert sorted(back) == sorted((event.label, event.start, event.end) for event in OURS)
    assert len(coded["first"].annotations) == 2


def test_boris_says_what_is_wrong(tmp_path):
    own = tmp_path / "own.boris"
    own.write_text(json.dumps(PROJECT))
    with pytest.raises(KinesicsError, match="expected the observation 'third', found 'first', 'second', 'live'"):
        write_boris_observation(own, own, "x", OURS, like="third")
    with pytest.raises(KinesicsError, match="expected a name of its own"):
        write_boris_observation(own, own, "first", OURS, like="first")
    own.write_text("[]")
    with pytest.raises(KinesicsError, match="expected a BORIS project"):
        write_boris_observation(own, own, "x", OURS, like="first")
