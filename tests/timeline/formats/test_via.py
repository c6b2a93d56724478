import json

import pytest

from kinesics.errors import KinesicsError
from kinesics.timeline import coded_tables
from kinesics.timeline.coding import Annotation
from kinesics.timeline.formats import via

PROJECT = {
    "project": {"pid": "__VIA_PROJECT_ID__", "pname": "talks", "vid_list": ["1", "2"]},
    "config": {},
    "attribute": {
        "1": {"aname": "gesture", "anchor_id": "FILE1_Z2_XY0", "type": 4, "options": {"0": "neck", "1": "fold arms"},
              "default_option_id": ""},
        "2": {"aname": "remark", "anchor_id": "FILE1_Z2_XY0", "type": 1, "options": {}},
    },
    "file": {"1": {"fid": "1", "fname": "talk.mp4", "type": 4, "loc": 1, "src": ""},
             "2": {"fid": "2", "fname": "other", "type": 4, "loc": 2, "src": "https://example.org/v/other%20one.mp4"}},
    "view": {"1": {"fid_list": ["1"]}, "2": {"fid_list": ["2"]}},
    "metadata": {
        "1_a": {"vid": "1", "flg": 0, "z": [1.5, 2.75], "xy": [], "av": {"1": "0", "2": "doubtful"}},
        "1_b": {"vid": "1", "flg": 0, "z": [3.0, 4.0], "xy": [], "av": {"1": "0,1"}},
        "1_c": {"vid": "1", "flg": 0, "z": [5.0], "xy": [2, 10, 10, 50, 50], "av": {"1": "0"}},
        "2_d": {"vid": "2", "flg": 0, "z": [0.5, 0.9], "xy": [], "av": {"2": "free  words"}},
        "2_e": {"vid": "2", "flg": 0, "z": [6.0, 6.5], "xy": [], "av": {"1": ""}},
    },
}  # fmt: skip


def test_a_project_of_two_videos(tmp_path):
    path = tmp_path / "talks.json"
    path.write_text(json.dumps(PROJECT))
    assert via.is_project(path)
    first, second = via.read_codings(path).codings
    assert first.medium.names == ("talk.mp4",)
    assert second.medium.names[0] == "other"
    assert first.annotations == (
        Annotation("neck", 1.5, 2.75),
        Annotation("neck", 3.0, 4.0),
        Annotation("fold arms", 3.0, 4.0),
    )
    assert second.annotations == (Annotation("free words", 0.5, 0.9),)
    assert set(via.read_codings(path).notes) == {
        "1 attribute beside the label is not used",
        "1 region or moment is not used",
        "1 segment without a name is not used",
    }


def test_what_via_exports(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        "# Exported using VGG Image Annotator (http://www.robots.ox.ac.uk/~vgg/software/via)\n"
        "# Notes:\n"
        "# CSV_HEADER = metadata_id,file_list,temporal_coordinates,spatial_coordinates,metadata\n"
        '"1_a","[""talk.mp4""]","[1.5,2.75]","[]","{""1"":""neck""}"\n'
        '"1_b","[""other.mp4""]","[3,4]","[]","{""1"":""fold, arms""}"\n'
    )
    first, second = coded_tables.read_codings(path).codings
    assert (first.medium.names, first.annotations) == (("talk.mp4",), (Annotation("neck", 1.5, 2.75),))
    assert second.annotations == (Annotation("fold, arms", 3.0, 4.0),)
    older = tmp_path / "older.csv"
    older.write_text(
        "metadata_id,file_list,temporal_segment_start,temporal_segment_end,metadata\n"
        '"1_a","[""talk.mp4""]",1.5,2.75,"{""TEMPORAL-SEGMENTS"":""neck""}"\n'
    )
    assert coded_tables.read_codings(older).codings[0].annotations == (Annotation("neck", 1.5, 2.75),)


@pytest.mark.parametrize("content", ["{}", "[1]", "no json", '{"view": {"1": {"fid_list": ["7"]}}, "file": {}}'])
def test_another_file_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_text(content)
    assert not via.is_project(path)
    with pytest.raises(KinesicsError, match=r"x\.json: expected a project of the VGG Image Annotator"):
        via.read_codings(path)
