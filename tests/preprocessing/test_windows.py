from __future__ import annotations

import numpy as np

from kinesics.preprocessing.windows import nearest_seen
from kinesics.skeleton import UPPER_BODY


def test_frames_of_nobody_are_stood_for_by_the_nearest_of_somebody() -> None:
    score = np.zeros((8, len(UPPER_BODY)), np.float32)
    assert nearest_seen(score).tolist() == list(range(8))
    score[[1, 2, 6], UPPER_BODY.index("neck")] = 1
    assert nearest_seen(score).tolist() == [1, 1, 2, 2, 2, 6, 6, 6]
