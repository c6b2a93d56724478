"""A recording's people: landmarks of body, hands and face in one 3D frame, tracked over time."""

from kinesics.perception.observe import Observation, observe
from kinesics.perception.openpose import read_openpose

__all__ = ["Observation", "observe", "read_openpose"]
