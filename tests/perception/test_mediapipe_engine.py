import numpy as np
import pytest

from kinesics.perception.mediapipe_engine import _points


@pytest.mark.parametrize("extra", [(), ("visibility",), ("visibility", "presence")])
def test_landmarks_are_read_off_the_wire_as_their_attributes_say(extra):
    landmark_pb2 = pytest.importorskip("mediapipe.framework.formats.landmark_pb2")
    rng = np.random.default_rng(0)
    given = rng.normal(size=(33, 5)).astype(np.float32)
    given[3] = 0  # what is zero is written as well
    landmarks = landmark_pb2.NormalizedLandmarkList()
    for row in given:
        named = dict(zip(("x", "y", "z", "visibility", "presence"), row.tolist(), strict=True))
        landmarks.landmark.add(**{name: named[name] for name in ("x", "y", "z", *extra)})
    assert np.array_equal(_points(landmarks), given[:, :3])
    if extra:
        assert np.array_equal(_points(landmarks, 4), given[:, :4])
