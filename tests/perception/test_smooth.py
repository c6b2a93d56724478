from __future__ import annotations

import numpy as np
import pytest

from kinesics.perception.smooth import smooth

FPS = 25.0


def points(x: np.ndarray) -> np.ndarray:
    return np.stack([x, 0 * x, 0 * x], -1)[:, None].astype(np.float32)


def test_trembling_goes_and_a_movement_keeps_its_time() -> None:
    time = np.arange(200) / FPS
    rest = points(np.random.default_rng(0).normal(0, 0.002, 200))
    assert smooth(rest, np.ones((200, 1)), FPS)[50:150, 0, 0].std() < 0.5 * rest[50:150, 0, 0].std()
    swing = points(0.1 * np.sin(2 * np.pi * 1.0 * time))
    smoothed = smooth(swing, np.ones((200, 1)), FPS)
    lags = [float(np.corrcoef(swing[20:180, 0, 0], np.roll(smoothed[:, 0, 0], k)[20:180])[0, 1]) for k in (-1, 0, 1)]
    assert lags[1] == max(lags)
    assert np.abs(smoothed - swing).max() < 0.01


def test_what_is_before_a_gap_does_not_change_what_is_after() -> None:
    x = np.concatenate([np.zeros(20), np.full(20, 1.0)])
    score = np.ones((40, 1), np.float32)
    score[18:22] = 0
    smoothed = smooth(points(x), score, FPS)
    assert smoothed[:, 0, 0] == pytest.approx(x)


def test_an_empty_recording() -> None:
    assert smooth(np.zeros((0, 3, 3), np.float32), np.zeros((0, 3)), FPS).shape == (0, 3, 3)
