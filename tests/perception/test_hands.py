from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesics.perception.hands import Hand, assign_hands

SCALE = 0.001  # metres a pixel
LEFT_WRIST, RIGHT_WRIST = np.array([700.0, 500.0], np.float32), np.array([300.0, 500.0], np.float32)


def hand(x: float, y: float, left: float, length: float = 90) -> Hand:
    """A hand whose wrist is at (x, y) and whose middle knuckle lies `length` pixels above it."""
    points = np.zeros((21, 3), np.float32)
    points[:, :2] = x, y
    points[1:, 1] -= length * np.array([0.5, 0.6, 0.7, 0.8, *[1, 1.3, 1.5, 1.7] * 4])
    points[1:, 0] += np.linspace(-40, 40, 20)
    points[9] = x, y - length, 0
    return Hand(points, left)


def test_wrists_decide_against_the_models_word() -> None:
    near_left, near_right = hand(690, 510, left=0.3), hand(320, 510, left=0.6)
    assert assign_hands([near_right, near_left], (LEFT_WRIST, RIGHT_WRIST), SCALE) == (near_left, near_right)


def test_without_wrists_the_model_decides() -> None:
    left, right = hand(400, 300, left=0.9), hand(200, 300, left=0.05)
    assert assign_hands([right, left], (None, None), SCALE) == (left, right)
    other_right = hand(600, 300, left=0.1)
    assert assign_hands([right, other_right], (None, None), SCALE) == (None, right)  # nobody has two right hands


def test_a_hand_far_from_both_wrists_is_nobodys() -> None:
    assert assign_hands([hand(500, 100, left=0.9)], (LEFT_WRIST, RIGHT_WRIST), SCALE) == (None, None)


@pytest.mark.parametrize("length", [10, 400])
def test_a_hand_of_another_size_is_another_persons(length: float) -> None:
    assert assign_hands([hand(700, 500, left=0.9, length=length)], (LEFT_WRIST, None), SCALE) == (None, None)


def test_one_hand_found_twice_is_one_hand() -> None:
    sure, double = hand(400, 300, left=0.95), hand(404, 302, left=0.2)
    assert assign_hands([double, sure], (None, None), SCALE) == (sure, None)


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000), st.floats(0, 1), st.floats(1, 300)), max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_never_invents_or_gives_one_hand_twice(
    found: list[tuple[float, float, float, float]], see_left: bool, see_right: bool
) -> None:
    hands = [hand(*one) for one in found]
    wrists = (LEFT_WRIST if see_left else None, RIGHT_WRIST if see_right else None)
    left, right = assign_hands(hands, wrists, SCALE)
    assert all(one is None or one in hands for one in (left, right))
    assert left is None or left is not right
