"""MediaPipe as the landmark engine: pose, face mesh and hands of one person, and everybody's faces.

The models are those of MediaPipe Holistic (Grishchenko and Bazarevsky, 2020) and lie inside its wheel. Holistic's own
graph looks for hands only where the pose puts them: it misses most of the hands that touch a face, and sees some that
are hidden. MediaPipe's hand tracker (Zhang et al., 2020) looks for palms in the whole frame and follows them; here
it runs in place of those cut-outs, beside pose and face. The pose of a frame is found while face and hands of the one
before are: each takes about as long as the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np

from kinesics.perception.engine import Box, Face, Landmarks
from kinesics.perception.fuse import FACE, Parts, fuse
from kinesics.perception.hands import Hand
from kinesics.perception.silence import silence_library
from kinesics.skeleton import SkeletonLayout
from kinesics.skeleton.layouts import HOLISTIC
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image

_CONSTANTS = """
node {
  calculator: "ConstantSidePacketCalculator"
  output_side_packet: "PACKET:0:one"
  output_side_packet: "PACKET:1:yes"
  output_side_packet: "PACKET:2:no"
  output_side_packet: "PACKET:3:two"
  options { [mediapipe.ConstantSidePacketCalculatorOptions.ext] {
    packet { int_value: 1 } packet { bool_value: true } packet { bool_value: false } packet { int_value: 2 }
  } }
}
"""

_POSE = """
input_stream: "image"
output_stream: "pose"
output_stream: "world"
node {
  calculator: "PoseLandmarkCpu"
  input_stream: "IMAGE:image"
  input_side_packet: "MODEL_COMPLEXITY:one"
  input_side_packet: "SMOOTH_LANDMARKS:yes"
  input_side_packet: "USE_PREV_LANDMARKS:yes"
  output_stream: "LANDMARKS:pose"
  output_stream: "WORLD_LANDMARKS:world"
}
"""

_FACE_AND_HANDS = """
input_stream: "image"
input_stream: "pose"
output_stream: "face"
output_stream: "hands"
output_stream: "handedness"
node {
  calculator: "SplitNormalizedLandmarkListCalculator"
  input_stream: "pose"
  output_stream: "pose_of_face"
  options { [mediapipe.SplitVectorCalculatorOptions.ext] { ranges { begin: 0 end: 11 } } }
}
node {
  calculator: "FaceLandmarksFromPoseCpu"
  input_stream: "IMAGE:image"
  input_stream: "FACE_LANDMARKS_FROM_POSE:pose_of_face"
  input_side_packet: "REFINE_LANDMARKS:no"
  output_stream: "FACE_LANDMARKS:face"
}
node {
  calculator: "HandLandmarkTrackingCpu"
  input_stream: "IMAGE:image"
  input_side_packet: "MODEL_COMPLEXITY:one"
  input_side_packet: "NUM_HANDS:two"
  input_side_packet: "USE_PREV_LANDMARKS:yes"
  output_stream: "LANDMARKS:hands"
  output_stream: "HANDEDNESS:handedness"
}
"""

_FIND = """
input_stream: "image"
output_stream: "faces"
output_stream: "poses"
node { calculator: "FaceDetectionFullRangeCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:faces" }
node { calculator: "PoseDetectionCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:poses" }
"""
# the palm detector's threshold, 0.5 by default: at 0.3 a lost hand is found again in 52–59 % instead of 38 % of the
# frames of a hand at a face, and none is seen where there is none
_PALM = {"handlandmarktrackingcpu__palmdetectioncpu__TensorsToDetectionsCalculator.min_score_thresh": 0.3}
_POSE_BOX = 0.7  # a face's width against the box of the pose detector, which it puts around the head


class MediaPipeEngine:
    """An engine to compare with, where MediaPipe < 0.10.30 is installed: 3D, about 30 ms a frame."""

    @property
    def name(self) -> str:
        """MediaPipe and its version."""
        return f"mediapipe {version('mediapipe')}"

    @property
    def layout(self) -> SkeletonLayout:
        """MediaPipe Holistic's 543 points."""
        return HOLISTIC

    @property
    def is_3d(self) -> bool:
        """Its z is measured."""
        return True

    @contextmanager
    def finder(self) -> Iterator[_Finder]:
        """Open the detectors of faces and poses."""
        with _graph(_FIND) as graph:
            yield _Finder(graph)

    @contextmanager
    def follower(self) -> Iterator[_Follower]:
        """Open the graphs of one person's pose, face and hands."""
        with (
            _graph(_CONSTANTS + _POSE) as pose,
            _graph(_CONSTANTS + _FACE_AND_HANDS, _PALM) as rest,
            ThreadPoolExecutor(1) as first,  # one thread each: frames stay in order
            ThreadPoolExecutor(1) as second,
        ):
            yield _Follower(pose, rest, first, second)


class _Finder:
    """The full-range face detector (to about five metres); the pose detector adds heads that show no face."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def find(self, image: Image) -> list[Face]:
        result = self._graph.process(image)
        faces = _boxes(result.faces, image)
        heads = [Face(box.x, box.y, box.width * _POSE_BOX) for box in _boxes(result.poses, image)]
        return faces + [head for head in heads if all(_apart(head, face) for face in faces)]


def _boxes(detections: Any, image: Image) -> list[Face]:
    height, width = image.shape[:2]
    boxes = [detection.location_data.relative_bounding_box for detection in detections or []]
    return [
        Face((box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height, box.width * width)
        for box in boxes
    ]


def _apart(head: Face, face: Face) -> bool:
    return bool(np.hypot(head.x - face.x, head.y - face.y) > 1.5 * max(head.width, face.width))


class _Follower:
    def __init__(self, pose: Any, rest: Any, first: Executor, second: Executor) -> None:
        self._pose, self._rest, self._first, self._second = pose, rest, first, second

    def begin(self, image: Image, box: Box | None = None) -> Callable[[], Landmarks | None]:
        left, top, right, bottom = box or (0, 0, image.shape[1], image.shape[0])
        part = np.ascontiguousarray(image[top:bottom, left:right])
        answer = self._second.submit(self._finish, part, self._first.submit(self._pose.process, part))
        return lambda: _moved(answer.result(), left, top)

    def see(self, image: Image) -> Landmarks | None:
        """The person in the next frame, waited for."""
        return self.begin(image)()

    def _finish(self, image: Image, posed: Future[Any]) -> Landmarks | None:
        body = posed.result()
        rest = self._rest.process({"image": image} if body.pose is None else {"image": image, "pose": body.pose})
        if body.pose is None or body.world is None:
            return None
        height, width = image.shape[:2]
        pixels = np.array([width, height, width], np.float32)  # MediaPipe gives depth in image widths
        pose = read_points(body.pose, 4)
        face = None if rest.face is None else read_points(rest.face)[:FACE] * pixels
        hands = [
            Hand(read_points(points) * pixels, _left(side))
            for points, side in zip(rest.hands or [], rest.handedness or [], strict=True)
        ]
        return fuse(Parts(pose[:, :3] * pixels, pose[:, 3], read_points(body.world), face, hands, (width, height)))


def _moved(seen: Landmarks | None, left: int, top: int) -> Landmarks | None:
    """What was found in a part of a frame, in the frame's own pixels."""
    if seen is None:
        return None
    points = seen.points.copy()
    points[seen.score > 0, :2] += np.array([left, top], np.float32)
    return replace(seen, points=points)


def read_points(landmarks: Any, values: int = 3) -> FloatArray:
    """Read x, y, z and visibility of each landmark off the wire, since asking each of them takes long.

    There a landmark is its tag and its length, then for each value a tag and four bytes. Gives (N, values) float32.
    """
    wire = np.frombuffer(landmarks.SerializeToString(), np.uint8).reshape(len(landmarks.landmark), -1)
    tagged = wire[:, 2 : 2 + 5 * values].reshape(-1, values, 5)
    return np.ascontiguousarray(tagged[..., 1:]).view("<f4")[..., 0]


def _left(handedness: Any) -> float:
    """The chance of a left hand; the model takes images for mirrored ones, and so calls it the right one."""
    side = handedness.classification[0]
    return float(side.score if side.label == "Right" else 1 - side.score)


@contextmanager
def _graph(config: str, parameters: dict[str, float] | None = None) -> Iterator[Any]:
    with silence_library():  # each model chatters when it is first needed
        from mediapipe.python.solution_base import SolutionBase

        with SolutionBase(graph_config=config, calculator_params=parameters) as graph:
            yield graph
