"""A recording's people: landmarks of body, hands and face in one 3D frame, tracked over time."""

from kinesics.perception.observe import Observation, observe
from kinesics.perception.openpose import OpenPoseFolder, read_openpose

__all__ = ["Observation", "OpenPoseFolder", "observe", "read_openpose"]
