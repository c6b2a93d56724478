"""A landmark engine for tests."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from kinesics.perception.actions import ACTIONS
from kinesics.perception.engine import Face, Landmarks
from kinesics.skeleton import UPPER_BODY

FACE = UPPER_BODY.indices("right_eye", "left_eye", "nose", "right_mouth_corner", "left_mouth_corner")
FACE_PLACES = [(50, 40), (70, 40), (60, 50), (52, 60), (68, 60)]


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


class EverybodyPressesLips(EverybodyInTheMiddle):
    """The same, of whose face actions are read: pressed lips."""

    name = "dummy 2"

    def begin(self, image):
        found = super().begin(image)()
        actions = np.zeros(len(ACTIONS), np.float32)
        actions[ACTIONS.index("mouthRollLower")] = 0.8
        points = found.points.copy()
        points[FACE, :2] = FACE_PLACES
        points[[i for i, joint in enumerate(UPPER_BODY.joints) if joint.endswith(("_tip", "_knuckle"))], :2] = 110.0
        seen = replace(found, points=points, actions=actions)
        return lambda: seen
