from __future__ import annotations

import numpy as np
import pytest

from kinesics.perception.openvino.detect import anchors, detections


@pytest.mark.parametrize(
    ("side", "strides", "each", "count"),
    [(224, (8, 16, 32, 32, 32), 2, 2254), (192, (8, 16, 16, 16), 2, 2016), (128, (8, 16, 16, 16), 2, 896),
     (192, (4,), 1, 2304)],
)  # fmt: skip
def test_there_are_as_many_anchors_as_the_models_want(
    side: int, strides: tuple[int, ...], each: int, count: int
) -> None:
    middles = anchors(side, strides, each)
    assert middles.shape == (count, 2)
    assert middles[0] == pytest.approx([strides[0] / side / 2] * 2)
    assert ((middles > 0) & (middles < 1)).all()


def test_boxes_of_one_thing_are_blended_and_others_kept() -> None:
    middles = np.array([[0.2, 0.2], [0.2, 0.2], [0.8, 0.8], [0.5, 0.5]], np.float32)
    raw = np.zeros((4, 6), np.float32)
    raw[:, 2:4] = 20  # boxes of a fifth of 100 pixels
    raw[1, :2] = 2  # 0.02 beside the first
    raw[:, 4:] = 5
    logits = np.array([[2.0], [1.0], [3.0], [-3.0]], np.float32)
    found = detections(raw, logits, middles, 100, 0.5)
    assert found[:, -1] == pytest.approx([1 / (1 + np.exp(-3)), 1 / (1 + np.exp(-2))])
    assert found[0, :6] == pytest.approx([0.7, 0.7, 0.9, 0.9, 0.85, 0.85], abs=1e-5)
    first, second = 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-1))
    assert found[1, 0] == pytest.approx(0.1 + 0.02 * second / (first + second), abs=1e-5)


def test_nothing_is_found_where_nothing_is() -> None:
    found = detections(np.zeros((5, 18), np.float32), np.full((5, 1), -200, np.float32), np.zeros((5, 2)), 192, 0.3)
    assert found.shape == (0, 19)
