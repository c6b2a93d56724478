"""The MediaPipe graphs that Kinesics runs, on the models inside the mediapipe wheel.

`PERSON` is Holistic (Grishchenko and Bazarevsky, 2020) with one part exchanged. Holistic cuts the hands out of the
picture where the pose's wrist points; with a hand on the face, or wrists out of the picture, it then misses
most hands, and finds some that are hidden. MediaPipe's own hand tracker (Zhang et al., 2020) looks for palms in the
whole picture and follows them: it takes the cut-outs' place. It also saves a third of the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mediapipe.python.solution_base import SolutionBase

from kinesics.perception.faces import Face
from kinesics.perception.frame import Landmarks
from kinesics.perception.hands import Hand
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image

PERSON = """
input_stream: "image"
output_stream: "pose"
output_stream: "world"
output_stream: "face"
output_stream: "hands"
output_stream: "handedness"
node {
  calculator: "ConstantSidePacketCalculator"
  output_side_packet: "PACKET:0:complexity"
  output_side_packet: "PACKET:1:yes"
  output_side_packet: "PACKET:2:no"
  output_side_packet: "PACKET:3:two"
  options { [mediapipe.ConstantSidePacketCalculatorOptions.ext] {
    packet { int_value: 1 } packet { bool_value: true } packet { bool_value: false } packet { int_value: 2 }
  } }
}
node {
  calculator: "PoseLandmarkCpu"
  input_stream: "IMAGE:image"
  input_side_packet: "MODEL_COMPLEXITY:complexity"
  input_side_packet: "SMOOTH_LANDMARKS:yes"
  input_side_packet: "USE_PREV_LANDMARKS:yes"
  output_stream: "LANDMARKS:pose"
  output_stream: "WORLD_LANDMARKS:world"
}
node {
  calculator: "SplitNormalizedLandmarkListCalculator"
  input_stream: "pose"
  output_stream: "face_of_pose"
  options { [mediapipe.SplitVectorCalculatorOptions.ext] { ranges { begin: 0 end: 11 } } }
}
node {
  calculator: "FaceLandmarksFromPoseCpu"
  input_stream: "IMAGE:image"
  input_stream: "FACE_LANDMARKS_FROM_POSE:face_of_pose"
  input_side_packet: "REFINE_LANDMARKS:no"
  output_stream: "FACE_LANDMARKS:face"
}
node {
  calculator: "HandLandmarkTrackingCpu"
  input_stream: "IMAGE:image"
  input_side_packet: "MODEL_COMPLEXITY:complexity"
  input_side_packet: "NUM_HANDS:two"
  input_side_packet: "USE_PREV_LANDMARKS:yes"
  output_stream: "LANDMARKS:hands"
  output_stream: "HANDEDNESS:handedness"
}
"""

FACES = """
input_stream: "image"
output_stream: "faces"
node { calculator: "FaceDetectionFullRangeCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:faces" }
"""


class FaceFinder:
    """All faces of single pictures, to about five metres."""

    def __init__(self) -> None:
        self._graph = SolutionBase(graph_config=FACES)

    def __call__(self, image: Image) -> list[Face]:
        """The faces in an (H, W, 3) uint8 RGB image."""
        height, width = image.shape[:2]
        faces = []
        for detection in self._graph.process(image).faces or []:
            box = detection.location_data.relative_bounding_box
            faces.append(
                Face((box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height, box.width * width)
            )
        return faces

    def close(self) -> None:
        self._graph.close()


class PersonFollower:
    """One person's landmarks through the consecutive pictures of a video."""

    def __init__(self) -> None:
        self._graph = SolutionBase(graph_config=PERSON)

    def __call__(self, image: Image) -> Landmarks | None:
        """What is seen in an (H, W, 3) uint8 RGB image, or None if nobody is."""
        height, width = image.shape[:2]
        result = self._graph.process(image)
        if result.pose is None:
            return None
        # the depth of faces and hands is in units of the image's width
        size = np.array([width, height, width], np.float32)
        pose = np.array([(p.x * width, p.y * height, p.visibility) for p in result.pose.landmark], np.float32)
        face = None if result.face is None else _points(result.face) * size
        hands = [
            Hand(_points(hand) * size, _left(side))
            for hand, side in zip(result.hands or [], result.handedness or [], strict=True)
        ]
        return Landmarks((width, height), pose, _points(result.world), face, tuple(hands))

    def close(self) -> None:
        self._graph.close()


def _points(landmarks: Any) -> FloatArray:
    return np.array([(p.x, p.y, p.z) for p in landmarks.landmark], np.float32)


def _left(handedness: Any) -> float:
    """The chance of a left hand; the model takes pictures for mirrored ones, and so calls it the right one."""
    side = handedness.classification[0]
    return float(side.score if side.label == "Right" else 1 - side.score)
