import json

import pytest
from support import codings
from support.recordings import analysis, event, person, real_clip

from kinesics.data.codings import read_tier
from kinesics.errors import KinesicsError
from kinesics.report.page_data import provenance_of
from kinesics.timeline import Timeline
from kinesics.timeline.formats import kinesics_json, table


def test_a_folder_of_files_is_one_coder(tmp_path):
    folder = tmp_path / "Anna"
    folder.mkdir()
    (folder / "a.csv").write_text("video,label,start,end\nTalk One.mp4,neck,1,2\nother.avi,shrug,3,4\n")
    codings.project(
        folder / "b.boris", {"x": codings.observation((11, "fold arms"), (12, "fold arms"), **{"time offset": 10.0})}
    )
    (folder / "settings.json").write_text("{}")
    tier = read_tier(folder, {"neck": "touching or scratching neck"})
    assert tier.name == "Anna"
    found = {name: [(e.label, e.index, e.start, e.end) for e in timeline] for name, timeline in tier.recordings.items()}
    assert found == {
        "talk one": [("touching or scratching neck", 11, 1.0, 2.0)],
        "other": [("shaking shoulders", 30, 3.0, 4.0)],
        "video": [("folding arms", 16, 1.0, 2.0)],
    }


def test_what_kinesics_found_is_a_tier(tmp_path):
    video = real_clip()
    one = analysis(video, (event("touching ears", 0.8, 2.0),), (person(4.0),))
    for name in ("x_kinesics", "y_kinesics"):
        (tmp_path / name).mkdir()
        kinesics_json.write(tmp_path / name / "timeline.json", one.timeline, provenance_of(one))
    for path in (tmp_path, tmp_path / "x_kinesics", tmp_path / "x_kinesics" / "timeline.json"):
        tier = read_tier(path)
        assert list(tier.recordings) == [video.stem]
        assert tier.recordings[video.stem].duration == pytest.approx(4.0, abs=0.1)
    assert len(read_tier(tmp_path).recordings[video.stem]) == 2, "two analyses of one recording"
    table.write(tmp_path / "talk.csv", one.timeline)
    assert [e.label for e in read_tier(tmp_path / "talk.csv").recordings["talk"]] == ["touching ears"]


def test_mistakes_are_named(tmp_path):
    with pytest.raises(KinesicsError, match=r"nowhere: no such file or folder; expected codings"):
        read_tier(tmp_path / "nowhere")
    with pytest.raises(KinesicsError, match="expected annotations"):
        read_tier(tmp_path)
    (tmp_path / "x.json").write_text(json.dumps({"a": 1}))
    with pytest.raises(KinesicsError, match=r"x\.json: expected a project of the VGG Image Annotator"):
        read_tier(tmp_path / "x.json")


def test_events_before_the_recording_begins(tmp_path):
    path = codings.eaf(
        tmp_path / "e.eaf",
        [("t", "x", "", [("a1", ("s1", "s2"), "neck"), ("a2", ("s2", "s3"), "neck")])],
        [("s1", 0), ("s2", 900), ("s3", 2000)],
        media='<MEDIA_DESCRIPTOR MEDIA_URL="file:///v.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="-1000"/>',
    )
    assert [(e.start, e.end) for e in read_tier(path).recordings["v"]] == [(0.0, 1.0)]
    assert isinstance(read_tier(path).recordings["v"], Timeline)
