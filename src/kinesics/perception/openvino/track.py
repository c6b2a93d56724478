"""One person's body and face followed through a stretch of images at once.

A seated person's regions hardly move, so all images of a stretch are looked at in the region that the stretch before
asks for; where what is found there asks for quite another one, that image is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.perception.openvino import face, pose
from kinesics.perception.openvino.face import Faces
from kinesics.perception.openvino.models import Models
from kinesics.perception.openvino.pose import Poses
from kinesics.perception.openvino.regions import ImagePart, Regions, apart, around

Rows = NDArray[np.int64]
_Stretch = tuple[Sequence[ImagePart], Regions, Faces, Poses]

STRETCH = 8  # images
_LOOKS = 3  # at an image, in one region after another
_FAR = 0.15  # between the region that was looked at and the one that is asked for (see `apart`)
_DETECT_EVERY = 4  # of the images in which nobody is known
_ASTRAY = 0.7  # widths of the face between its nose and the pose's


class PoseTrack:
    """Where one person's body is."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._steady = _Steady()
        self._region: Regions | None = None

    def follow(self, views: Sequence[ImagePart]) -> Poses:
        """The body in each image; its presence is 0 where there is none."""
        used = np.full((len(views), 4), np.nan)
        if self._region is not None:
            used[:] = self._region
        poses: Poses = _blank(Poses, len(views), points=(35, 3), visibility=(33,), world=(33, 3), presence=())
        self._look(views, used, poses)
        lost = np.flatnonzero(poses.presence < pose.PRESENT)
        if len(lost):
            self._detect(views, used, poses, lost)
        self._remember(poses)
        return poses

    def _look(self, views: Sequence[ImagePart], used: Regions, poses: Poses) -> None:
        """Fill in the bodies of the images that have a region and no body, until the regions fit them."""
        todo = np.flatnonzero(np.isfinite(used[:, 0]) & (poses.presence < pose.PRESENT))
        for _ in range(_LOOKS):
            if not len(todo):
                return
            found = pose.look_at_poses([views[int(i)] for i in todo], used[todo], self._models)
            _put(poses, todo, found)
            own = found.regions()
            far = (apart(own, used[todo]) > _FAR) & (found.presence >= pose.PRESENT)
            used[todo[far]] = own[far]
            todo = todo[far]

    def _detect(self, views: Sequence[ImagePart], used: Regions, poses: Poses, lost: Rows) -> None:
        """Detect bodies in some of the images without one; the others get the region that is nearest in time."""
        known = {int(i): used[i].copy() for i in np.flatnonzero(poses.presence >= pose.PRESENT)}
        for i in lost[::_DETECT_EVERY]:
            found = pose.detect_pose(views[i], self._models)
            if len(found):
                known[int(i)] = pose.detected_regions(found[:1])[0]
        used[lost] = np.nan
        for i in lost if known else ():
            used[i] = known[min(known, key=lambda j: abs(j - i))]
        self._look(views, used, poses)

    def _remember(self, poses: Poses) -> None:
        for ends, present in zip(poses.points[:, pose.POINTS :, :2], poses.presence >= pose.PRESENT, strict=True):
            steady = self._steady.add(ends.astype(np.float64)) if present else None
            if steady is None:
                self._steady = _Steady()
        self._region = None if steady is None else around(steady[None, 0], steady[None, 1], 90, pose.SCALE)


class _Steady:
    """The two points that span a body's region without their trembling: the 1 € filter (Casiez et al., CHI 2012).

    It is what MediaPipe does with them, at 30 images a second: the landmarks depend on the region by up to 2 % of the
    shoulder width, and so agree only for the same one.
    """

    _RATE, _LEAST, _SPEED, _SPEED_CUTOFF = 30.0, 0.01, 10.0, 1.0

    def __init__(self) -> None:
        self._raw: NDArray[np.float64] | None = None

    def add(self, ends: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._raw is None:
            self._raw, self._smooth, self._speed = ends, ends, np.zeros_like(ends)
            return ends
        size = max(2 * float(np.linalg.norm(ends[0] - ends[1])), 1e-6)
        speed = (ends - self._raw) * self._RATE / size
        self._speed = self._speed + self._share(np.array(self._SPEED_CUTOFF)) * (speed - self._speed)
        share = self._share(self._LEAST + self._SPEED * np.abs(self._speed))
        self._smooth = self._smooth + share * (ends - self._smooth)
        self._raw = ends
        return self._smooth

    def _share(self, cutoff: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 / (1 + self._RATE / (2 * np.pi * cutoff))


class FaceTrack:
    """Where one person's face is."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._region: Regions | None = None
        self._head = np.zeros(2)  # the pose's face when the region was found

    def follow(self, views: Sequence[ImagePart], poses: Poses) -> Faces:
        """The face in each image with a body; its presence is 0 where there is none."""
        used = np.full((len(views), 4), np.nan)
        bodies = np.flatnonzero(poses.presence >= pose.PRESENT)
        heads = poses.points[:, face.OF_POSE, :2].mean(1)
        if self._region is not None:
            used[bodies] = self._region
            used[bodies, :2] += heads[bodies] - self._head
        faces: Faces = _blank(Faces, len(views), points=(face.POINTS, 3), presence=(), close=())
        self._look(face.look_at_faces, bodies, (views, used, faces, poses))
        self._look(face.glance_at_faces, bodies, (views, used, faces, poses))
        lost = bodies[faces.presence[bodies] < face.PRESENT]
        if len(lost):
            self._find(lost, (views, used, faces, poses))
        self._region = None
        if len(bodies) and faces.presence[bodies[-1]] >= face.PRESENT:
            self._region, self._head = faces.regions()[bodies[-1:]], heads[bodies[-1]]
        return faces

    def _find(self, lost: Rows, where: _Stretch) -> None:
        """Detect the face around the pose's; what only resembles one is kept out by the mesh that is surer of that."""
        views, used, faces, poses = where
        heads = face.head_regions(poses.points[lost])
        used[lost] = face.detected_face_regions([views[i] for i in lost], heads, self._models)
        self._look(face.glance_at_faces, lost, where)
        found = lost[faces.presence[lost] >= face.PRESENT]
        used[found] = faces.regions()[found]
        glanced = faces.presence[found].copy()
        faces.presence[found] = 0
        kept = {name: values[found] for name, values in vars(faces).items()}
        self._look(face.look_at_faces, found, where)
        worse = faces.presence[found] < face.PRESENT
        for name, values in kept.items():
            getattr(faces, name)[found[worse]] = values[worse]
        faces.presence[found[worse]] = glanced[worse]

    def _look(self, way: Callable[[list[ImagePart], Regions, Models], Faces], rows: Rows, where: _Stretch) -> None:
        """Fill in the faces that are missing in these rows, until the regions fit them."""
        views, used, faces, poses = where
        todo = rows[np.isfinite(used[rows, 0]) & (faces.presence[rows] < face.PRESENT)]
        for _ in range(_LOOKS):
            if not len(todo):
                return
            found = way([views[i] for i in todo], used[todo], self._models)
            off = np.linalg.norm(found.points[:, 1, :2] - poses.points[todo, 0, :2], axis=-1)
            width = np.linalg.norm(found.points[:, 454, :2] - found.points[:, 234, :2], axis=-1)
            found.presence[off > _ASTRAY * np.maximum(width, 1)] = 0
            _put(faces, todo, found)
            own = found.regions()
            far = (apart(own, used[todo]) > _FAR) & (found.presence >= face.PRESENT)
            used[todo[far]] = own[far]
            todo = todo[far]


def _blank(record: Any, count: int, **shapes: tuple[int, ...]) -> Any:
    """A record of `count` rows of zeros, whose presence is 0 as well."""
    return record(**{name: np.zeros((count, *shape), np.float32) for name, shape in shapes.items()})


def _put(target: Any, rows: Rows, found: Any) -> None:
    """Write what was found into rows of a record of arrays."""
    for name, values in vars(found).items():
        getattr(target, name)[rows] = values
