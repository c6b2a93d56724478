from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesics.perception.openvino.regions import (
    ImagePart,
    along,
    apart,
    around,
    bounding,
    bounding_turned,
    cut,
    moved,
    painted_over,
    to_image,
    turn,
    whole_image,
)

REGION = st.tuples(
    st.floats(-50, 700), st.floats(-50, 500), st.floats(20, 400), st.floats(-3.1, 3.1)
).map(lambda values: np.array([values]))  # fmt: skip


def gradient(height: int = 300, width: int = 400) -> np.ndarray:
    """An image that says where each of its pixels is."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x // 2, y // 2, np.full_like(x, 200)], -1).astype(np.uint8)


@given(REGION)
def test_what_is_cut_out_comes_from_where_to_image_says(region: np.ndarray) -> None:
    image, side = gradient(), 32
    part = cut([ImagePart(image)], region, side, black=True)[0]
    y, x = np.mgrid[:side, :side]
    places = to_image(np.stack([x, y, 0 * x], -1).reshape(1, -1, 3).astype(np.float32) / side, region)[0, :, :2]
    inside = ((places > 1) & (places < [398, 298])).all(1)
    assert np.abs(part.reshape(-1, 3)[inside, :2] - places[inside] / 2).max(initial=0) < 2


def test_beyond_the_image_its_edge_goes_on_or_all_is_black() -> None:
    image = gradient()
    region = np.array([[-100.0, 150.0, 50.0, 0.0]])
    assert (cut([ImagePart(image)], region, 8)[0][..., 0] == 0).all()
    assert (cut([ImagePart(image)], region, 8)[0][..., 2] == 200).all()
    assert (cut([ImagePart(image)], region, 8, black=True)[0] == 0).all()


def test_a_part_of_a_image_has_the_images_own_coordinates() -> None:
    image, region = gradient(), np.array([[200.0, 150.0, 60.0, 0.4]])
    part = ImagePart(image[80:250, 100:350], 100, 80)
    assert (cut([ImagePart(image)], region, 40) == cut([part], region, 40)).all()
    assert whole_image(part)[0] == pytest.approx([225, 165, 250, 0])


@given(REGION)
def test_regions_follow_points_that_are_turned(region: np.ndarray) -> None:
    middle = region[:, :2].astype(np.float32)
    edge = to_image(np.array([[[0.5, 0.0, 0.0]]], np.float32), region)[:, 0, :2]  # straight up in the region
    assert around(middle, edge, 90, 1.0)[0, :3] == pytest.approx(region[0, :3], abs=0.1)
    turned = (around(middle, edge, 90, 1.0)[0, 3] - region[0, 3] + np.pi) % (2 * np.pi) - np.pi
    assert turned == pytest.approx(0, abs=0.01)


def test_boxes_around_points() -> None:
    points = np.array([[[10, 20], [50, 30], [30, 40]]], np.float32)
    assert bounding(points, np.zeros(1), 1.5)[0] == pytest.approx([30, 30, 60, 0])
    angle = np.array([np.pi / 4])
    turned = bounding_turned(turn(points, angle), angle, 1.5)
    assert turned[0, 2:] == pytest.approx([60, np.pi / 4], abs=1e-4)
    assert moved(np.array([[0.0, 0.0, 10.0, np.pi / 2]]), 0.5, 2.0)[0, :3] == pytest.approx([5, 0, 20], abs=1e-6)
    assert along(np.zeros((1, 2), np.float32), np.array([[0, -5]], np.float32), 90)[0] == pytest.approx(0, abs=1e-6)


def test_how_far_regions_are_apart() -> None:
    one = np.array([[100.0, 100.0, 50.0, 3.1]])
    assert apart(one, one)[0] == 0
    assert apart(one + np.array([[10, 0, 0, 0]]), one)[0] == pytest.approx(0.2)
    assert apart(np.array([[100.0, 100.0, 50.0, -3.1]]), one)[0] == pytest.approx(0.0832 / (np.pi / 2), abs=0.01)
    assert apart(one * np.array([[1, 1, 1.5, 1]]), one)[0] == pytest.approx(np.log(1.5))


def test_painting_over_takes_away_what_lies_between_the_points() -> None:
    image = gradient()
    image[100:140, 150:200] = 255
    corners = np.array([[148, 98], [202, 98], [202, 142], [148, 142]], np.float32)
    painted = painted_over(image, corners)
    assert np.abs(painted[100:140, 150:200].astype(int) - gradient()[100:140, 150:200]).max() < 40
    assert (painted[:90] == image[:90]).all()
    assert (image[100:140, 150:200] == 255).all()
