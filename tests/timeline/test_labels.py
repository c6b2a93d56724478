"""Names of classes as people type them."""

import pytest

from kinesics.errors import KinesicsError
from kinesics.timeline.labels import match_label, near_labels

LABELS = ("Touch Neck", "touch hat", "shrug", "neck")


@pytest.mark.parametrize(
    ("name", "index"), [("touch neck", 0), (" TOUCH HAT ", 1), ("hat", 1), ("shr", 2), ("neck", 3), ("Touch Neck", 0)]
)
def test_a_name_or_the_only_part_of_one_is_enough(name, index):
    assert match_label(name, LABELS) == index


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("touch", "several classes hold 'touch'; expected one of Touch Neck, touch hat"),
        ("tuch neck", "unknown class 'tuch neck'; expected one of 4 classes, such as Touch Neck"),
        ("", "unknown class ''; expected one of 4 classes, such as Touch Neck, touch hat, shrug, neck"),
    ],
)
def test_another_name_is_answered_with_those_near_it(name, says):
    with pytest.raises(KinesicsError) as error:
        match_label(name, LABELS)
    assert str(error.value).startswith(says)


def test_the_nearest_comes_first():
    assert near_labels("shrugs", LABELS)[0] == "shrug"
