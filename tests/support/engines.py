"""A landmark engine for tests."""

from contextlib import contextmanager

import numpy as np

from kinesics.perception.engine import Face, Landmarks
from kinesics.skeleton import UPPER_BODY


class EverybodyInTheMiddle:
    """Finds one person in every video, always in the same place."""

    name, layout, is_3d = "dummy 1", UPPER_BODY, False

    @contextmanager
    def finder(self):
        yield self

    @contextmanager
    def follower(self):
        yield self

    def find(self, image):
        return [Face(image.shape[1] / 2, image.shape[0] / 2, 20.0)]

    def begin(self, image):
        points = np.random.default_rng(0).uniform(20, 100, (len(UPPER_BODY), 3)).astype(np.float32)
        found = Landmarks(points, np.ones(len(UPPER_BODY), np.float32), np.full(2, 0.01, np.float32))
        return lambda: found
