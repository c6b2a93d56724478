"""ELAN files as coders make them; each kind is built in a few lines."""

import pytest
from support.codings import eaf

from kinesics.errors import KinesicsError
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import Provenance, elan

SLOTS = [("t1", 1000), ("t2", None), ("t3", None), ("t4", 4000), ("t5", 5000), ("t6", 6000)]
TWO = [("a1", ("t1", "t4"), "1"), ("a2", ("t5", "t6"), "2")]


def rows(path):
    (coding,) = elan.read_codings(path).codings
    return [(one.label, round(one.start, 3), round(one.end, 3)) for one in coding.annotations]


def test_every_annotation_of_every_tier_is_a_label(tmp_path):
    speech = ("speech", "default", "", [("a3", ("t1", "t6"), "well,\nI did")])
    path = eaf(tmp_path / "a.eaf", [("gesture", "default", "", [("a1", ("t1", "t4"), "touch")]), speech], SLOTS)
    assert rows(path) == [("touch", 1, 4), ("well, I did", 1, 6)]


def test_a_dependent_tier_names_what_its_parent_counts(tmp_path):
    named = ("gesture", "Symbolic_Association", "segment", [("a3", "a1", "touch face"), ("a4", "a2", "bite lip")])
    path = eaf(tmp_path / "a.eaf", [("segment", "default", "", TWO), named], SLOTS)
    assert rows(path) == [("touch face", 1, 4), ("bite lip", 5, 6)]
    assert elan.read_codings(path).notes == ("tier 'segment': 2 annotations, named by tier 'gesture'",)


def test_a_dependent_tier_that_describes_named_gestures_is_no_label(tmp_path):
    gestures = [("a1", ("t1", "t4"), "touch face"), ("a2", ("t5", "t6"), "bite lip")]
    hand = ("hand", "Symbolic_Association", "gesture", [("a3", "a1", "left")])
    path = eaf(tmp_path / "a.eaf", [("gesture", "default", "", gestures), hand], SLOTS)
    assert rows(path) == [("touch face", 1, 4), ("bite lip", 5, 6)]
    assert elan.read_codings(path).notes == ("tier 'hand' describes tier 'gesture': 1 annotation, no label",)


def test_segments_that_nobody_has_named_are_counted(tmp_path):
    named = ("gesture", "Symbolic_Association", "segment", [("a3", "a1", "touch face")])
    path = eaf(tmp_path / "a.eaf", [("segment", "default", "", TWO), named], SLOTS)
    assert rows(path) == [("touch face", 1, 4)]
    assert "1 annotation without a name, left out (the first at 5.00 s)" in elan.read_codings(path).notes[1]


@pytest.mark.parametrize("kind", ["Time_Subdivision", "Included_In"])
def test_inner_slots_without_a_time_are_spread_evenly(tmp_path, kind):
    parts = [("b1", ("t1", "t2"), "x"), ("b2", ("t2", "t3"), "y"), ("b3", ("t3", "t4"), "z")]
    path = eaf(tmp_path / "a.eaf", [("unit", "default", "", TWO[:1]), ("gesture", kind, "unit", parts)], SLOTS)
    assert rows(path) == [("x", 1, 2), ("y", 2, 3), ("z", 3, 4)]


def test_slots_of_a_tier_below_one_without_times(tmp_path):
    parts = [("b1", ("t1", "t2"), "x"), ("b2", ("t2", "t4"), "y")]
    below = [("c1", ("t2", "t3"), "p"), ("c2", ("t3", "t4"), "q")]
    tiers = [
        ("phase", "Time_Subdivision", "gesture", below),
        ("unit", "default", "", TWO[:1]),
        ("gesture", "Time_Subdivision", "unit", parts),
    ]
    assert rows(eaf(tmp_path / "a.eaf", tiers, SLOTS)) == [("x", 1, 2.5), ("p", 2.5, 3.25), ("q", 3.25, 4)][1:]


def test_symbolic_subdivision_divides_evenly(tmp_path):
    parts = ("gesture", "Symbolic_Subdivision", "unit", [("b1", "a1", "x"), ("b2", "a1", "y")])
    assert rows(eaf(tmp_path / "a.eaf", [("unit", "default", "", TWO[:1]), parts], SLOTS)) == [
        ("x", 1, 2.5),
        ("y", 2.5, 4),
    ]


def test_what_has_no_name_or_no_time_is_left_out_with_its_place(tmp_path):
    rows_ = [("a1", ("t1", "t4"), ""), ("a2", ("t5", "t6"), "x"), ("a3", ("t2", "t3"), "y")]
    path = eaf(tmp_path / "a.eaf", [("gesture", "default", "", rows_)], SLOTS)
    assert rows(path) == [("x", 5, 6)]
    assert elan.read_codings(path).notes == (
        "1 annotation without a name, left out (the first in tier 'gesture' at 1.00 s)",
        "1 annotation without a time, left out (the first in tier 'gesture')",
    )


def test_media_offsets_sounds_and_addresses(tmp_path):
    media = (
        '<MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/video.wav" MIME_TYPE="audio/x-wav"/>'
        '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/Meine%20Filme/ein%20Film.mp4" TIME_ORIGIN="2000"/>'
    )
    path = eaf(tmp_path / "coderA.eaf", [("g", "default", "", TWO)], SLOTS, media)
    (coding,) = elan.read_codings(path).codings
    assert [(one.names, one.offset) for one in coding.media] == [(("ein%20Film.mp4", "ein Film.mp4"), 2.0)]
    assert coding.namesakes[0].names == ("coderA",)
    assert [(one.start, one.end) for one in elan.read(path)] == [(3, 6), (7, 8)]


def test_a_participants_name_is_a_name(tmp_path):
    path = eaf(tmp_path / "a.eaf", [("g", "default", "", TWO[:1])], SLOTS)
    path.write_text(path.read_text().replace("TIER_ID", 'PARTICIPANT="Person 2" TIER_ID'))
    (one,) = elan.read_codings(path).codings[0].annotations
    assert (one.subject, one.person) == ("Person 2", None)
    elan.write(path, Timeline((Event("x", 0, 1, 2, person=2),)), Provenance(classes=["x"]))
    (one,) = elan.read_codings(path).codings[0].annotations
    assert (one.subject, one.person) == ("", 2)


def test_a_vocabulary_in_two_languages_and_outside(tmp_path):
    path = eaf(tmp_path / "a.eaf", [("g", "default", "", TWO[:1])], SLOTS)
    vocabulary = (
        '<CONTROLLED_VOCABULARY CV_ID="g"><CV_ENTRY_ML CVE_ID="c0"><CVE_VALUE LANG_REF="eng">touch</CVE_VALUE>'
        '</CV_ENTRY_ML></CONTROLLED_VOCABULARY><CONTROLLED_VOCABULARY CV_ID="far" EXT_REF="er1"/>'
        '<EXTERNAL_REF EXT_REF_ID="er1" TYPE="ecv" VALUE="https://example.org/a.ecv"/></ANNOTATION_DOCUMENT>'
    )
    text = path.read_text().replace("</ANNOTATION_DOCUMENT>", vocabulary)
    text = text.replace(
        'TIME_SLOT_REF2="t4"><ANNOTATION_VALUE>1<', 'TIME_SLOT_REF2="t4" CVE_REF="c0"><ANNOTATION_VALUE><'
    )
    path.write_text(text)
    assert rows(path) == [("touch", 1, 4)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<xml/>", "found <xml> without a header"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><ANNOTATION_DOCUMENT><HEADER/></ANNOTATION_DOCUMENT>', "entities"),
        ('<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="PAL-frames"/></ANNOTATION_DOCUMENT>', "PAL-frames"),
    ],
)
def test_other_files(tmp_path, text, says):
    (tmp_path / "a.eaf").write_text(text)
    with pytest.raises(KinesicsError, match=rf"a\.eaf: expected an ELAN file .*{says}"):
        elan.read_codings(tmp_path / "a.eaf")
