"""Who is in a video and where: tracks of faces, found a few times a second.

A camera that stands still and people who sit are the usual case: a face goes on the track whose last face is
nearest, measured in face widths, and the reach grows while a face is out of sight, so that whoever turns away
for a while comes back as the same person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MOST_PEOPLE = 4  # each costs a whole run of the landmark models
_BRIEF = 1.0  # seconds; who is seen for less is a passer-by or a mistake
_RARE = 0.05  # share of the video, likewise
_SMALL = 0.35  # face width against the largest: the audience, or a picture on a wall


@dataclass(frozen=True)
class Face:
    """A face in one picture: centre and width in pixels."""

    x: float
    y: float
    width: float


@dataclass
class FaceTrack:
    """One person's faces and when they were seen (seconds)."""

    times: list[float] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)

    @property
    def width(self) -> float:
        """Pixels, median."""
        return float(np.median([face.width for face in self.faces]))

    def place(self, time: float) -> NDArray[np.float64]:
        """(2,) the face's centre at any time: between two sightings on a line, outside them the nearest."""
        return np.array([np.interp(time, self.times, [getattr(face, axis) for face in self.faces]) for axis in "xy"])

    def _distance(self, time: float, face: Face) -> float:
        """From the last face, in widths and against the reach that has grown since; 1 is the farthest allowed."""
        last = self.faces[-1]
        if not 0.5 < face.width / last.width < 2:
            return np.inf
        reach = last.width * (1 + time - self.times[-1])
        return float(np.hypot(face.x - last.x, face.y - last.y) / reach)


def track_faces(pictures: Iterable[tuple[float, Sequence[Face]]]) -> list[FaceTrack]:
    """The tracks of all faces in pictures of rising time (seconds)."""
    tracks: list[FaceTrack] = []
    for time, faces in pictures:
        pairs = [(track._distance(time, face), i, j) for i, track in enumerate(tracks) for j, face in enumerate(faces)]
        free_tracks, free_faces = set(range(len(tracks))), set(range(len(faces)))
        for distance, i, j in sorted(pairs):
            if distance <= 1 and i in free_tracks and j in free_faces:
                tracks[i].times.append(time)
                tracks[i].faces.append(faces[j])
                free_tracks.remove(i)
                free_faces.remove(j)
        tracks += [FaceTrack([time], [faces[j]]) for j in free_faces]
    return tracks


def lasting(tracks: Sequence[FaceTrack], step: float, duration: float) -> list[FaceTrack]:
    """The tracks that are people of this video, at most `MOST_PEOPLE`, largest first.

    step: seconds between pictures; duration: seconds of video.
    """
    needed = max(min(_BRIEF, duration / 2), _RARE * duration)
    long = [track for track in tracks if len(track.times) * step >= needed]
    largest = max((track.width for track in long), default=0.0)
    near = [track for track in long if track.width >= _SMALL * largest]
    return sorted(near, key=lambda track: -track.width)[:MOST_PEOPLE]
