"""Read the folder of `*_keypoints.json` files that OpenPose writes with `--write_json`, one file a frame.

BODY_25 or COCO's 18 points, and where they are there face 70 and hands 21, as its output documentation describes;
several people a frame. The number in a file's name is the frame; frames without a file are frames without anybody.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinesics.errors import KinesicsError
from kinesics.perception.identity import Piece, join_pieces
from kinesics.skeleton.layouts import OPENPOSE_137
from kinesics.skeleton.sequence import FloatArray, SkeletonSequence
from kinesics.video import SUFFIXES, VideoInfo, probe

DEFAULT_FPS = 25.0
_ENDING = "_keypoints.json"
_NAME = re.compile(r"(.*?)_?(\d+)_keypoints\.json", re.DOTALL)
_PARTS = (("face_keypoints_2d", 70), ("hand_left_keypoints_2d", 21), ("hand_right_keypoints_2d", 21))
_BODY, _BODY_POINTS = "pose_keypoints_2d", 25
# where BODY_25 has COCO's points; its own 8 is the middle of the hips
_COCO = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
_MIDDLE, _HIPS = 8, (9, 12)
_MOST_FPS = 1000.0
_MOST_FRAMES = 1_000_000  # eleven hours; a larger number is a date or the like
_PATIENCE = 2.0  # seconds for which a person may be away and still be the same
_JUMP = 1.0  # shoulder widths that a person may move between two frames
_SHARE = 0.05  # of the frames that a person must be in
# (from, to, metres): a grown person's usual lengths, of which the first that is seen gives the scale
_REFERENCE_LENGTHS = (
    ("left_shoulder", "right_shoulder", 0.36),
    ("neck", "pelvis", 0.50),
    ("left_ear", "right_ear", 0.15),
)


@dataclass(frozen=True)
class OpenPoseFolder:
    """A folder of OpenPose's files whose rate is known: `fps` frames a second.

    Raises KinesicsError for what is no folder, and a rate that is none.
    """

    path: Path
    fps: float

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise KinesicsError(
                f"{self.path}: expected a folder of OpenPose files with --fps, found something that tells its own"
            )
        if not 0 < self.fps <= _MOST_FPS:
            raise KinesicsError(
                f"{self.path}: expected a rate (--fps) above 0 and up to {_MOST_FPS:g}, found {self.fps:g}"
            )


@dataclass(frozen=True, eq=False)
class OpenPoseRecording:
    """The people of a folder in the layout `OPENPOSE_137`, numbered from 1, largest first; `notes` in sentences."""

    people: list[SkeletonSequence]
    notes: tuple[str, ...]


@dataclass(eq=False)
class _Person:
    frames: list[int] = field(default_factory=list)
    points: list[FloatArray] = field(default_factory=list)


def read_openpose(
    folder: Path, *, fps: float | None = None, size: tuple[int, int] | None = None
) -> list[SkeletonSequence]:
    """Read the people of a folder, and nothing but them.

    Parameters
    ----------
    folder, fps, size: as in `read_openpose_recording`, and errors as well.

    Returns
    -------
    The people, numbered from 1, largest first.
    """
    return read_openpose_recording(folder, fps=fps, size=size).people


def read_openpose_recording(
    folder: Path, *, fps: float | None = None, size: tuple[int, int] | None = None
) -> OpenPoseRecording:
    """Read the people of a folder.

    x and y are pixels scaled by the body (each person's median shoulder width taken as 0.36 m), so roughly metres;
    z is 0 and `is_3d` False. People are told apart by the nearest place from frame to frame, over cuts too; who is
    never seen with another is one person.

    Parameters
    ----------
    folder: of the files of one recording.
    fps: frames a second; by default those of the video of the same name in the folder or beside it, else 25.
    size: (width, height) of the image in pixels, which the files do not tell; without it `image_xy` is None.

    Returns
    -------
    The people, and what is to be known of how the files were read.

    Raises
    ------
    KinesicsError: for a folder without such files or with those of several recordings, a file that is broken, or if
        nobody is in any.
    """
    name, files = _recording(folder)
    video = None if fps else _video_beside(folder, name)
    rate = fps or (DEFAULT_FPS if video is None else video.fps)
    count = max(max(files) + 1, 0 if video is None else video.frames)
    people: list[_Person] = []
    for frame, path in files.items():
        _extend(people, frame, _read(path), rate)
    joined = _joined(people)
    lasting, passing = _lasting(joined, len(files))
    if not lasting:
        raise KinesicsError(f"{folder}: expected keypoints of a person, found nobody in {len(files)} files")
    lasting.sort(key=lambda person: -_height(person))
    start = 0.0 if video is None else video.start
    found = [_sequence(one, number, count, (rate, start), size) for number, one in enumerate(lasting, 1)]
    assumed = not fps and video is None
    notes = _notes(count - len(files), count, len(passing), assumed)
    return OpenPoseRecording(found, (*notes, *_rejoined(len(people) - len(joined))))


def _rejoined(times: int) -> Iterator[str]:
    if times:
        pieces = "1 piece was" if times == 1 else f"{times} pieces were"
        yield f"{pieces} joined to the one before of the same place and size, as one person after a gap or a cut."


def _notes(missing: int, count: int, passing: int, assumed: bool) -> Iterator[str]:
    if assumed:
        yield f"These files do not tell their rate: {DEFAULT_FPS:g} frames a second are assumed; say it with --fps."
    if missing:
        yield f"{missing} of {count} frames have no file: nobody is seen in them."
    if passing:
        people = "1 more person" if passing == 1 else f"{passing} more people"
        yield f"{people} in fewer than {_SHARE:.0%} of the frames: left out."


def _recording(folder: Path) -> tuple[str, dict[int, Path]]:
    """The recording's name, and its files by frame, in order."""
    found: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in sorted(folder.glob(f"[!.]*{_ENDING}")):
        parts = _NAME.fullmatch(path.name)
        if parts is None or int(parts[2]) >= _MOST_FRAMES:
            raise KinesicsError(
                f"{path}: expected a frame's number below {_MOST_FRAMES:,} before {_ENDING}, found another name; "
                "number the files as OpenPose does, NAME_000000000000_keypoints.json"
            )
        frame, files = int(parts[2]), found[parts[1]]
        if frame in files:
            raise KinesicsError(f"{path}: expected one file a frame, found {files[frame].name} as well; remove one")
        files[frame] = path
    if not found:
        raise KinesicsError(
            f"{folder}: expected a video, or a folder of OpenPose's *{_ENDING} files, found none of them in it"
        )
    if len(found) > 1:
        several = ", ".join(f"{name or '(no name)'} ({len(files)} files)" for name, files in list(found.items())[:5])
        raise KinesicsError(
            f"{folder}: expected the files of one recording, found those of {len(found)}: {several}; move each "
            "recording's files to a folder of its own"
        )
    ((name, files),) = found.items()
    return name, dict(sorted(files.items()))


def _video_beside(folder: Path, name: str) -> VideoInfo | None:
    """The video of this name in the folder or the one that holds it, if there is one that can be read."""
    for place in (folder, folder.resolve().parent):
        for path in sorted(place.iterdir()) if name else ():
            if path.suffix.lower() in SUFFIXES and _composed(path.stem) == _composed(name):
                try:
                    return probe(path)
                except KinesicsError:
                    continue
    return None


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _read(path: Path) -> list[FloatArray]:
    """(137, 3) x, y, confidence of everybody in one file."""
    try:
        people = json.loads(path.read_bytes())["people"]
        found = [
            np.concatenate([_body(person), *(_part(person, key, count) for key, count in _PARTS)]) for person in people
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KinesicsError(
            f"{path}: expected OpenPose key points (BODY_25 or COCO), found a broken or other file ({error}); write it "
            "again"
        ) from error
    return [points for points in found if (points[:, 2] > 0).any()]


def _body(person: dict[str, list[float]]) -> FloatArray:
    """(25, 3) in the order of BODY_25."""
    points = np.array(person[_BODY], np.float32).reshape(-1, 3)
    if len(points) == len(_COCO):
        body = np.zeros((_BODY_POINTS, 3), np.float32)
        body[list(_COCO)] = points
        hips = body[list(_HIPS)]
        if (hips[:, 2] > 0).all():
            body[_MIDDLE] = *hips[:, :2].mean(0), hips[:, 2].min()
        return body
    if len(points) != _BODY_POINTS:
        raise ValueError(f"{_BODY} has {len(points)} points, not {_BODY_POINTS} or {len(_COCO)}")
    return points


def _part(person: dict[str, list[float]], key: str, count: int) -> FloatArray:
    points = np.array(person.get(key) or [0.0] * (3 * count), np.float32).reshape(-1, 3)
    if len(points) != count:
        raise ValueError(f"{key} has {len(points)} points, not {count}")
    return points


def _extend(people: list[_Person], frame: int, found: list[FloatArray], fps: float) -> None:
    """Each of those found to the nearest person of before, nearest pairs first; the rest are new.

    Who was there a frame ago and is near nobody now has jumped, as at a cut: to the nearest of those that are left.
    """
    near = [one for one in people if frame - one.frames[-1] <= _PATIENCE * fps]
    distances = [
        (_distance(one.points[-1], points), i, j) for i, one in enumerate(near) for j, points in enumerate(found)
    ]
    pairs = [pair for pair in distances if pair[0] < _JUMP or frame - near[pair[1]].frames[-1] == 1]
    grown: set[int] = set()
    taken: set[int] = set()
    for _, i, j in sorted(pairs):
        if i not in grown and j not in taken:
            near[i].frames.append(frame)
            near[i].points.append(found[j])
            grown.add(i)
            taken.add(j)
    people.extend(_Person([frame], [points]) for j, points in enumerate(found) if j not in taken)


def _joined(people: list[_Person]) -> list[_Person]:
    """Those whom gaps and cuts have made several, as one."""
    return [
        _Person([frame for i in pieces for frame in people[i].frames], [at for i in pieces for at in people[i].points])
        for pieces in join_pieces([_piece(person) for person in people])
    ]


def _piece(person: _Person) -> Piece:
    begins, ends = (np.median(points[points[:, 2] > 0, :2], axis=0) for points in (person.points[0], person.points[-1]))
    return Piece((person.frames[0], person.frames[-1]), begins, ends, 0.36 * _height(person))


def _lasting(people: list[_Person], files: int) -> tuple[list[_Person], list[_Person]]:
    """Those who are there for long enough, and the others; all as one where no two are there at once."""
    enough = max(1, _SHARE * files)
    lasting = [person for person in people if len(person.frames) >= enough]
    passing = [person for person in people if len(person.frames) < enough]
    if any(set(a.frames) & set(b.frames) for a, b in itertools.combinations(lasting, 2)):
        return lasting, passing
    one: dict[int, FloatArray] = {}
    with_another = []
    for person in [*lasting, *passing]:
        if one.keys() & set(person.frames):
            with_another.append(person)
        else:
            one |= zip(person.frames, person.points, strict=True)
    return [_Person(list(one), list(one.values()))] if one else [], with_another


def _distance(a: FloatArray, b: FloatArray) -> float:
    """Median way of the body's points that both have, in shoulder widths."""
    both = (a[:25, 2] > 0) & (b[:25, 2] > 0)
    if not both.any():
        return float("inf")
    pixels = float(np.median(np.linalg.norm(a[:25][both, :2] - b[:25][both, :2], axis=1)))
    return pixels * metres_per_pixel(a[None]) / 0.36


def _height(person: _Person) -> float:
    return 1 / metres_per_pixel(np.stack(person.points))


def metres_per_pixel(points: FloatArray) -> float:
    """Measure a body by the first of the `_REFERENCE_LENGTHS` that is seen; by the width of all points where none is.

    Parameters
    ----------
    points: (N, points, 3) x and y in pixels and score of one person, BODY_25 first.

    Returns
    -------
    Metres a pixel.
    """
    for start, end, metres in _REFERENCE_LENGTHS:
        a, b = points[:, OPENPOSE_137.index(start)], points[:, OPENPOSE_137.index(end)]
        both = (a[:, 2] > 0) & (b[:, 2] > 0)
        if both.any():
            return float(metres / max(np.median(np.linalg.norm(a[both, :2] - b[both, :2], axis=1)), 1e-3))
    seen = points[points[..., 2] > 0]
    return float(0.5 / max(np.ptp(seen[:, :2], axis=0).max(), 1e-3))


def _sequence(
    person: _Person, number: int, count: int, clock: tuple[float, float], size: tuple[int, int] | None
) -> SkeletonSequence:
    """clock: frames a second and the first one's seconds."""
    fps, start = clock
    points = np.zeros((count, len(OPENPOSE_137), 3), np.float32)
    points[person.frames] = np.stack(person.points)
    score = np.clip(points[..., 2], 0, 1)
    xyz = np.zeros_like(points)
    xyz[..., :2] = points[..., :2] * metres_per_pixel(np.stack(person.points))
    xyz[score == 0] = 0
    image_xy = None if size is None else (points[..., :2] / np.array(size, np.float32)).astype(np.float32)
    return SkeletonSequence(xyz, score, fps, OPENPOSE_137, image_xy, is_3d=False, person=number, start=start)
