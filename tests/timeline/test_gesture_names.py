"""Other names of iMiGUE's classes lead to those of today."""

import json

import pytest

from kinesics.data.sets.imigue.classes import CLASSES, GROUPS, match_class
from kinesics.timeline.formats import kinesics_json
from kinesics.timeline.gesture_names import OTHER_NAMES, current_name


def test_all_lead_to_a_class_and_none_is_the_name_of_another():
    assert set(OTHER_NAMES.values()) <= set(CLASSES)
    assert not set(OTHER_NAMES) & set(CLASSES)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("touch face", 3), ("touch other face part", 7), ("touch chin", 10), ("adjust tie", 13), ("touch chest", 14),
        ("tidy sleeve", 17), ("scratch arm", 21), ("Rub  Hands", 22), ("withdraw arms", 26), ("bite lip", 28),
        ("bulging face, deep breath", 1), ("buckle button, pulling shirt collar, adjusting tie", 13), ("shrug", 30),
        ("scratch head", 3), ("jaw", 10),
    ],
)  # fmt: skip
def test_earlier_long_and_short_names_are_known(name, index):
    assert match_class(name) == index


def test_other_names_are_left_as_they_are():
    assert current_name("My Class") == "My Class"


def test_a_timeline_of_an_earlier_version_has_the_names_of_today(tmp_path):
    events = [{"label": "touch face", "index": 3, "start": 1.0, "end": 2.0, "score": 0.9, "person": 1}]
    content = {"format": "kinesics timeline", "version": 1, "recording": {"duration": 9.0}, "events": events}
    (tmp_path / "timeline.json").write_text(json.dumps(content))
    (event,) = kinesics_json.read(tmp_path / "timeline.json")
    assert (event.label, event.index) == ("touching or scratching head", 3)


def test_each_class_is_in_one_group():
    assert sorted(index for group in GROUPS.values() for index in group) == list(range(len(CLASSES)))
