"""The default engine: MediaPipe, every model of it inside its wheel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from kinesics.perception.faces import Face, FaceTrack, lasting, track_faces
from kinesics.perception.frame import HOLISTIC, Fused, fuse, settle
from kinesics.perception.quiet import quiet
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, to_upper_body
from kinesics.video import Image, VideoInfo, ahead, read_frames

_REVISION = 1  # counts changes of what this file makes of the same landmarks
_LOOK = 2.0  # pictures a second in which faces are counted
_LOOK_SIDE, _SIDE = 640, 1280  # pixels: larger pictures are scaled down; the models see 192 to 256
_LOOK_SHARE = 0.1  # of all the work, for the progress
_BLOCK = 128  # frames held with all 543 points
_SEEN = 0.2  # share of the video in which a person must have a pose, where there are several
_GREY = 127


class MediaPipeEngine:
    """Pose, face and hands of up to `faces.MOST_PEOPLE` people. Memory does not grow but by the joints kept."""

    name = f"mediapipe {version('mediapipe')} r{_REVISION}"

    def people(self, video: VideoInfo, fps: float, progress: Callable[[float], None]) -> list[SkeletonSequence]:
        """As in `LandmarkEngine`."""
        with quiet():
            tracks = self._find(video, lambda share: progress(_LOOK_SHARE * share))
            found = self._follow(video, fps, tracks, lambda share: progress(_LOOK_SHARE + (1 - _LOOK_SHARE) * share))
        return found

    def _find(self, video: VideoInfo, progress: Callable[[float], None]) -> list[FaceTrack]:
        from kinesics.perception.graphs import FaceFinder

        def pictures(find: FaceFinder) -> Iterator[tuple[float, list[Face]]]:
            for frame in ahead(read_frames(video.path, fps=_LOOK, max_side=_LOOK_SIDE)):
                progress(min(1.0, frame.time / video.duration))
                unit = 1 / frame.image.shape[1]
                yield frame.time, [Face(f.x * unit, f.y * unit, f.width * unit) for f in find(frame.image)]

        with closing(FaceFinder()) as find:
            return lasting(track_faces(pictures(find)), 1 / _LOOK, video.duration)

    def _follow(
        self, video: VideoInfo, fps: float, tracks: Sequence[FaceTrack], progress: Callable[[float], None]
    ) -> list[SkeletonSequence]:
        # one face or none (a hidden, a pixelated one): whoever is there has the whole picture
        several = len(tracks) > 1
        people = [_Person(fps, video.duration) for _ in tracks or [None]]
        try:
            for frame in ahead(read_frames(video.path, fps=fps, max_side=_SIDE)):
                progress(min(1.0, frame.time / video.duration))
                places = [track.place(frame.time) * frame.image.shape[1] for track in tracks]
                for i, person in enumerate(people):
                    person.look(_own_part(frame.image, i, places) if several else frame.image)
        finally:
            for person in people:
                person.close()
        needed = _SEEN if several else 0.0
        seen = [person.sequence() for person in people if person.share() > needed]
        return [_numbered(sequence, i) for i, sequence in enumerate(seen, 1)]


def _own_part(image: Image, person: int, places: Sequence[NDArray[np.float64]]) -> Image:
    """The picture with everything grey that lies nearer to another one's face."""
    rows, columns = np.ogrid[: image.shape[0], : image.shape[1]]
    own = image.copy()
    x, y = places[person]
    for other, (u, v) in enumerate(places):
        if other != person:
            towards = (columns - (x + u) / 2) * (u - x) + (rows - (y + v) / 2) * (v - y)
            own[towards > 0] = _GREY
    return own


def _numbered(sequence: SkeletonSequence, number: int) -> SkeletonSequence:
    from dataclasses import replace

    return replace(sequence, person=number)


class _Person:
    """One person's joints as they come in, converted a block of frames at a time."""

    def __init__(self, fps: float, duration: float) -> None:
        from kinesics.perception.graphs import PersonFollower

        self._follow = PersonFollower()
        self._fps = fps
        frames = int(duration * fps) + _BLOCK
        V = len(UPPER_BODY)
        # zeros take no memory until they are written, and grow only if the file lies about its length
        self._arrays: dict[str, NDArray[np.generic]] = {
            "xyz": np.zeros((frames, V, 3), np.float32),
            "score": np.zeros((frames, V), np.float32),
            "image_xy": np.zeros((frames, V, 2), np.float32),
            "scale": np.full((frames, 2), np.nan, np.float32),
            "hands": np.zeros((frames, 2), np.bool_),
            "depth": np.full((frames, 2, 2), np.nan, np.float32),
        }
        self._block: list[Fused | None] = []
        self._count = 0

    def look(self, image: Image) -> None:
        landmarks = self._follow(image)
        self._block.append(None if landmarks is None else fuse(landmarks))
        if len(self._block) == _BLOCK:
            self._keep()

    def close(self) -> None:
        self._follow.close()

    def share(self) -> float:
        """Of the frames, how many show the person."""
        self._keep()
        return float((self._arrays["scale"][: self._count] > 0).any(1).mean()) if self._count else 0.0

    def sequence(self) -> SkeletonSequence:
        self._keep()
        kept = {name: array[: self._count] for name, array in self._arrays.items()}
        settle(kept["xyz"], kept["score"], kept["scale"], kept["hands"], kept["depth"], self._fps)
        return SkeletonSequence(kept["xyz"], kept["score"], self._fps, UPPER_BODY, kept["image_xy"])

    def _keep(self) -> None:
        count = len(self._block)
        if self._count + count > len(self._arrays["xyz"]):
            self._arrays = {n: np.concatenate([a, np.zeros_like(a)]) for n, a in self._arrays.items()}
        full = SkeletonSequence(
            np.zeros((count, len(HOLISTIC), 3), np.float32),
            np.zeros((count, len(HOLISTIC)), np.float32),
            self._fps,
            HOLISTIC,
            np.zeros((count, len(HOLISTIC), 2), np.float32),
        )
        rows = range(self._count, self._count + count)
        for i, (row, fused) in enumerate(zip(rows, self._block, strict=True)):
            if fused is not None:
                full.xyz[i], full.score[i], full.image_xy[i] = fused.xyz, fused.score, fused.image_xy
                self._arrays["scale"][row] = fused.scale
                self._arrays["hands"][row] = fused.hands
                self._arrays["depth"][row] = fused.depth
        upper = to_upper_body(full)
        at = slice(self._count, self._count + count)
        self._arrays["xyz"][at], self._arrays["score"][at] = upper.xyz, upper.score
        self._arrays["image_xy"][at] = upper.image_xy
        self._count += count
        self._block.clear()
