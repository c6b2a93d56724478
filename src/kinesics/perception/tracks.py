"""Who is in a recording, and where: faces found twice a second, joined to tracks."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from kinesics.perception.engine import Face, Finder
from kinesics.perception.identity import Piece, join_pieces
from kinesics.video import Frame

SCAN_RATE = 2.0  # looks a second
_PATIENCE = 4.0  # seconds for which a covered face may be away before its track ends
_JUMP = 1.0  # face widths that a head may move between two looks, and as many for every second away
_SHORTEST = 1.0  # seconds; shorter ones, and those below a fiftieth of the recording, are passers-by or mistakes
_SHARE = 0.02
_SMALL = 0.35  # face width against the largest, below which it is the audience, or a portrait on a wall
_SHOULDERS = 2.4  # widths of a face
_MOST = 6  # people; each costs a run of all models
_REACH = (4.0, 2.0, 7.0)  # face widths to the sides, above and below a face that a person takes up


@dataclass(eq=False)
class Track:
    """One person's face over time: `times` (seconds) and `faces` of the same length."""

    times: list[float] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)

    @property
    def width(self) -> float:
        """The face's median width in pixels."""
        return float(np.median([face.width for face in self.faces]))

    @property
    def length(self) -> float:
        """Seconds from the first look to the last, and the one to the next."""
        return self.times[-1] - self.times[0] + 1 / SCAN_RATE

    def at(self, time: float) -> Face | None:
        """The face at that time, between looks interpolated; None outside the track and in its long gaps."""
        after = bisect.bisect_left(self.times, time)
        around = self.times[max(0, after - 1) : after + 1]
        near = min(abs(time - one) for one in around) <= 1 / SCAN_RATE
        if not near and (len(around) == 1 or around[1] - around[0] > _PATIENCE):
            return None
        places = np.array([(face.x, face.y, face.width) for face in self.faces])
        x, y, width = (float(np.interp(time, self.times, column)) for column in places.T)
        return Face(x, y, width)


def find_tracks(frames: Iterable[Frame], finder: Finder) -> list[Track]:
    """The people of a recording, largest first and at most `_MOST`, from frames at `SCAN_RATE`.

    A track ends after some seconds without the face. Short ones and far smaller ones than the largest are left out.
    """
    return people_of(*all_tracks(frames, finder))


def all_tracks(frames: Iterable[Frame], finder: Finder) -> tuple[list[Track], float]:
    """Everybody's tracks, however short or small, and the last frame's time (seconds)."""
    tracks: list[Track] = []
    last = 0.0
    for frame in frames:
        last = frame.time
        if not frame.held:
            _extend(tracks, frame.time, finder.find(frame.image))
    return _joined(tracks), last


def people_of(tracks: list[Track], last: float) -> list[Track]:
    """The tracks of `all_tracks` that are people of the recording, as in `find_tracks`."""
    shortest = max(_SHORTEST, _SHARE * last)
    lasting = [track for track in tracks if track.length >= shortest and len(track.times) > 1]
    largest = max((track.width for track in lasting), default=0.0)
    near = [track for track in lasting if track.width >= _SMALL * largest]
    return sorted(near, key=lambda track: -track.width)[:_MOST]


def _joined(tracks: list[Track]) -> list[Track]:
    """Those whom gaps and cuts have made several, as one; short ones, which may be mistakes, stay as they are."""
    lasting = [track for track in tracks if len(track.times) > 1]
    whole = [
        Track([time for i in pieces for time in lasting[i].times], [face for i in pieces for face in lasting[i].faces])
        for pieces in join_pieces([_piece(track) for track in lasting])
    ]
    return [*whole, *(track for track in tracks if len(track.times) < 2)]


def _piece(track: Track) -> Piece:
    begins, ends = ((face.x, face.y) for face in (track.faces[0], track.faces[-1]))
    return Piece((track.times[0], track.times[-1]), begins, ends, _SHOULDERS * track.width)


def passing(tracks: list[Track], people: list[Track]) -> list[Track]:
    """The tracks of `all_tracks` of somebody who is not among `people`: seen more than once, and who is another.

    Where never two people are there at once, all that are seen alone are the same person.
    """
    others = [track for track in tracks if track not in people and len(track.times) > 1]
    return [track for track in others if not alone(people) or any(not alone([track, one]) for one in people)]


def _extend(tracks: list[Track], time: float, faces: list[Face]) -> None:
    """Each face to the nearest track that it can continue, nearest pairs first; the rest begin tracks."""
    pairs = [
        (distance, i, j)
        for i, track in enumerate(tracks)
        for j, face in enumerate(faces)
        if (distance := _distance(track, time, face)) is not None
    ]
    taken: set[int] = set()
    grown: set[int] = set()
    for _, i, j in sorted(pairs):
        if i not in grown and j not in taken:
            tracks[i].times.append(time)
            tracks[i].faces.append(faces[j])
            grown.add(i)
            taken.add(j)
    tracks.extend(Track([time], [face]) for j, face in enumerate(faces) if j not in taken)


def _distance(track: Track, time: float, face: Face) -> float | None:
    """Face widths between a track's end and a face, None if it cannot be the same person."""
    away = time - track.times[-1]
    last = track.faces[-1]
    distance = float(np.hypot(face.x - last.x, face.y - last.y)) / max(face.width, last.width)
    return distance if away <= _PATIENCE and distance <= _JUMP * (1 + away) else None


def crop(track: Track, others: Iterable[Track], time: float, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Choose what to look at for one of several people.

    It reaches some face widths around the face, and sideways at most half-way to the next person's face.

    Parameters
    ----------
    track : of the person
    others : the tracks of everybody, this one included or not
    time : seconds
    size : width and height of the frame in pixels

    Returns
    -------
    (left, top, right, bottom) in pixels; None where the person is away, or the part too small to look at
    """
    face = track.at(time)
    if face is None:
        return None
    side, above, below = (face.width * reach for reach in _REACH)
    left, right = face.x - side, face.x + side
    for other in others:
        neighbour = other.at(time)
        if neighbour is None or other is track:
            continue
        middle = (face.x + neighbour.x) / 2
        left, right = (max(left, middle), right) if neighbour.x < face.x else (left, min(right, middle))
    width, height = size
    box = (
        max(0, round(left)),
        max(0, round(face.y - above)),
        min(width, round(right)),
        min(height, round(face.y + below)),
    )
    return box if box[2] - box[0] >= 16 and box[3] - box[1] >= 16 else None


def alone(tracks: list[Track]) -> bool:
    """Whether never two people are there at once."""
    spans = sorted((track.times[0], track.times[-1]) for track in tracks)
    return all(before[1] < after[0] for before, after in itertools.pairwise(spans))
