from __future__ import annotations

import numpy as np
import pytest

from kinesics.perception.hidden import HandState, where_hands_went
from kinesics.skeleton import UPPER_BODY, SkeletonSequence

SIZE, FRAMES = (1000, 500), 20
NOSE, LEFT_EAR, RIGHT_EAR = (0.5, 0.3), (0.55, 0.3), (0.45, 0.3)
HAND = [i for i, name in enumerate(UPPER_BODY.joints) if name.startswith("left_") and name.endswith(("tip", "knuckle"))]


def person(path: np.ndarray, seen: int = 10) -> SkeletonSequence:
    """A head, and a left hand that goes along the path (T, 2) and is seen in the first frames."""
    xy, score = np.zeros((FRAMES, 42, 2), np.float32), np.zeros((FRAMES, 42), np.float32)
    for joint, place in (("nose", NOSE), ("left_ear", LEFT_EAR), ("right_ear", RIGHT_EAR)):
        xy[:, UPPER_BODY.index(joint)], score[:, UPPER_BODY.index(joint)] = place, 1
    xy[:, HAND], score[:seen, HAND] = path[:, None], 0.9
    xy[score == 0] = 0
    return SkeletonSequence(np.zeros((FRAMES, 42, 3), np.float32), score, 10.0, UPPER_BODY, xy)


def still(x: float, y: float) -> np.ndarray:
    return np.tile(np.array([x, y], np.float32), (FRAMES, 1))


@pytest.mark.parametrize(
    ("path", "state"),
    [
        (still(0.52, 0.4), HandState.BEFORE_FACE), (still(0.5, 0.75), HandState.BEHIND_BODY),
        (still(0.5, 0.97), HandState.OUTSIDE), (still(0.02, 0.5), HandState.OUTSIDE),
        (np.stack([np.full(FRAMES, 0.7), 0.4 + 0.05 * np.arange(FRAMES)], 1), HandState.OUTSIDE),
        (np.stack([np.full(FRAMES, 0.7), 0.85 - 0.03 * np.arange(FRAMES)], 1), HandState.BEHIND_BODY),
    ],
)  # fmt: skip
def test_a_lost_hand_is_where_it_was_last(path: np.ndarray, state: HandState) -> None:
    places = where_hands_went(person(path.astype(np.float32)), SIZE)
    assert (places.state[:10, 0] == HandState.SEEN).all()
    assert (places.state[10:, 0] == state).all()
    assert places.last[:10, 0] == pytest.approx(path[:10], abs=1e-6)
    assert places.last[10:, 0] == pytest.approx(np.tile(path[9], (10, 1)), abs=1e-6)


def test_a_hand_that_was_never_seen_has_no_place() -> None:
    places = where_hands_went(person(still(0.5, 0.5)), SIZE)
    assert (places.state[:, 1] == HandState.NEVER_SEEN).all()
    assert np.isnan(places.last[:, 1]).all()


def test_positions_in_the_image_are_needed() -> None:
    one = person(still(0.5, 0.5))
    with pytest.raises(ValueError, match="image positions"):
        where_hands_went(SkeletonSequence(one.xyz, one.score, one.fps, one.layout), SIZE)
