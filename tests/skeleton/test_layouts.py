import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesics.models.skeleton.graph import adjacency, bone_parents
from kinesics.skeleton import LAYOUTS, UPPER_BODY, SkeletonLayout, make_layout

SIZES = {
    "upper_body": 42,
    "body_25": 25,
    "openpose_137": 137,
    "light_hand": 35,
    "holistic": 543,
    "coco_wholebody": 133,
    "ntu_25": 25,
}


def test_sizes_are_those_of_the_formats():
    assert {name: len(layout) for name, layout in LAYOUTS.items()} == SIZES


@pytest.mark.parametrize(
    ("layout", "index", "joint"),
    [
        ("body_25", 4, "right_wrist"),  # OpenPose: 2, 3, 4 is the right arm
        ("body_25", 7, "left_wrist"),
        ("body_25", 8, "pelvis"),
        ("openpose_137", 25 + 30, "face_30"),
        ("openpose_137", 94, "left_pupil"),
        ("openpose_137", 95, "left_hand_wrist"),
        ("openpose_137", 136, "right_pinky_tip"),
        ("light_hand", 25, "left_thumb_tip"),
        ("light_hand", 34, "right_pinky_tip"),
        ("holistic", 15, "left_wrist"),
        ("holistic", 33, "mesh_0"),
        ("holistic", 33 + 468, "left_hand_wrist"),
        ("holistic", 542, "right_pinky_tip"),
        ("coco_wholebody", 9, "left_wrist"),
        ("coco_wholebody", 23, "face_0"),
        ("coco_wholebody", 91, "left_hand_wrist"),
        ("coco_wholebody", 132, "right_pinky_tip"),
        ("ntu_25", 20, "neck"),
        ("ntu_25", 24, "right_thumb"),
    ],
)
def test_numbers_are_those_of_the_formats(layout, index, joint):
    assert LAYOUTS[layout].joints[index] == joint


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_mirror_is_its_own_inverse_and_keeps_the_tree_of_sided_joints(layout):
    assert (layout.mirror[layout.mirror] == np.arange(len(layout))).all()
    for left, right in layout.pairs:
        if layout.joints[left].startswith("left_"):
            assert layout.joints[right] == "right_" + layout.joints[left][5:]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_columns_of_the_graph_sum_to_one_or_nothing(layout):
    for matrix in adjacency(layout):
        assert set(matrix.sum(0).round(5)) <= {0.0, 1.0}
    assert all(bone_parents(layout)[joint] == joint for joint, parent in enumerate(layout.parents) if parent < 0)


def test_every_mesh_has_one_tree_only_where_it_should():
    assert UPPER_BODY.parents.count(-1) == 1
    assert UPPER_BODY.joints[UPPER_BODY.parents.index(-1)] == "neck"


@given(st.lists(st.integers(-1, 5), min_size=6, max_size=6))
def test_circles_are_refused(parents):
    def reaches_root(joint):
        for _ in range(7):
            if joint == -1:
                return True
            joint = parents[joint]
        return False

    names = tuple("abcdef")
    if all(reaches_root(joint) for joint in range(6)):
        assert len(SkeletonLayout("x", names, tuple(parents), ())) == 6
    else:
        with pytest.raises(ValueError, match="circle"):
            SkeletonLayout("x", names, tuple(parents), ())


@pytest.mark.parametrize(
    "parts",
    [
        (("a", "a"), (-1, 0), ()),
        (("a", "b"), (-1,), ()),
        (("a", "b"), (-1, 7), ()),
        (("a", "b"), (-1, 0), ((0, 0),)),
        (("a", "b"), (-1, 0), ((0, 5),)),
    ],
)
def test_layouts_that_do_not_fit_together_are_refused(parts):
    with pytest.raises(ValueError, match="layout x"):
        SkeletonLayout("x", *parts)


def test_an_unknown_joint_is_named():
    layout = make_layout("pair", {"left_hand": None, "right_hand": None})
    assert layout.pairs == ((0, 1),)
    with pytest.raises(KeyError, match="pair has no joint 'tail'"):
        layout.index("tail")
