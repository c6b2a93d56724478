import numpy as np
import pytest

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference.possible import NEEDED, without_impossible
from kinesics.skeleton import UPPER_BODY

EVEN = np.full((2, len(CLASSES) + 1), 1 / (len(CLASSES) + 1), np.float32)


@pytest.mark.parametrize("part", NEEDED)
def test_what_is_nowhere_in_a_window_makes_no_gesture(part):
    joints, gestures = NEEDED[part]
    score = np.ones((2, 5, len(UPPER_BODY)), np.float32)
    score[1, :, joints] = 0

    found = without_impossible(EVEN, score, (*CLASSES, "none"))

    assert np.array_equal(found[0], EVEN[0])
    gone = [name in gestures for name in (*CLASSES, "none")]
    assert gestures
    assert gestures <= set(CLASSES)
    assert not found[1, gone].any()
    assert found[1].sum() == pytest.approx(1)
    assert found[1, -1] > EVEN[0, 0]


def test_a_glimpse_is_enough():
    score = np.ones((2, 5, len(UPPER_BODY)), np.float32)
    score[:, 1:, NEEDED["a shoulder"][0]] = 0

    assert np.array_equal(without_impossible(EVEN, score, (*CLASSES, "none")), EVEN)


def test_weights_without_none_share_it_among_the_rest():
    score = np.zeros((2, 5, len(UPPER_BODY)), np.float32)
    score[..., UPPER_BODY.indices("nose")] = 1

    found = without_impossible(EVEN[:, :-1], score, CLASSES)

    assert found.sum(1) == pytest.approx(EVEN[:, :-1].sum(1))
    assert not found[:, CLASSES.index("shaking shoulders")].any()
    assert found[0, CLASSES.index("head up")] > EVEN[0, 0]


def test_classes_of_ones_own_need_nothing():
    score = np.zeros((2, 5, len(UPPER_BODY)), np.float32)

    assert np.array_equal(without_impossible(EVEN[:, :3], score, ("wave", "nod", "none")), EVEN[:, :3])
