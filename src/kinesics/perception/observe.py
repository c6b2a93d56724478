"""`observe`: a recording in, its people as skeletons out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kinesics.errors import KinesicsError
from kinesics.perception.actions import ACTIONS
from kinesics.perception.engine import BEGUN, Box, Follower, LandmarkEngine, Landmarks
from kinesics.perception.engines import DEFAULT_ENGINE, open_engine
from kinesics.perception.fuse import steady_scale, to_metres
from kinesics.perception.hidden import HandPlaces, where_hands_went
from kinesics.perception.openpose import OpenPoseFolder, read_openpose_recording
from kinesics.perception.smooth import BODY, smooth
from kinesics.perception.tracks import SCAN_RATE, Track, all_tracks, alone, crop, passing, people_of
from kinesics.progress import Progress, part_of
from kinesics.reading import reading
from kinesics.skeleton import (
    UPPER_BODY,
    SkeletonSequence,
    load_arrays,
    load_metadata,
    load_skeletons,
    save_skeletons,
    to_upper_body,
)
from kinesics.skeleton.sequence import SUFFIX, FloatArray
from kinesics.video import Frame, Gaps, Image, VideoInfo, prefetch, probe, read_frames

MAX_FPS = 30.0
MAX_SIDE = 1280  # pixels; larger frames show the engine nothing more
_SCAN_SHARE = 0.1  # of the progress bar
_CHUNK = 64  # frames converted at a time
_STILL = 6  # levels of 255: where no pixel has changed by more, nothing has moved
_REVISION = 4  # of this room's arithmetic; a cache of another one is rebuilt


@dataclass(frozen=True, eq=False)
class Observation:
    """The people of a recording, numbered from 1, largest first; `video` is None for recordings of landmarks.

    notes: in sentences, what the recording lacks or claims falsely, and who was left out.
    actions: for each person (T, 52) how strongly each of `ACTIONS` is shown, 0..1, NaN where the face is not seen
        well; none for recordings of landmarks, and from engines that do not read them.
    hands: for each person where the hands are and went; none for recordings of landmarks.
    """

    people: tuple[SkeletonSequence, ...]
    video: VideoInfo | None
    notes: tuple[str, ...] = ()
    actions: tuple[FloatArray, ...] = ()
    hands: tuple[HandPlaces, ...] = ()


def observe(
    path: Path | OpenPoseFolder,
    *,
    fps: float | None = None,
    least: float | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
    engine: LandmarkEngine | str = DEFAULT_ENGINE,
) -> Observation:
    """Find everybody in a video, a folder of OpenPose JSON files, or a `.skeleton.npz`, in the layout `UPPER_BODY`.

    Every sequence spans the whole recording from its first frame on, on the clock that players show; frames in which a
    person is not seen, or which the video lacks, have score 0.

    Parameters
    ----------
    path: the recording.
    fps: frames a second of a video to track, by default its own rate or a whole part of it up to 30.
    least: frames a second that are enough; no more of a video's are tracked than it takes.
    cache: a `.skeleton.npz` to which the landmarks of a video are written, and from which they are read if it was
        made from the same video in the same way.
    progress: called with the share done, 0..1.
    engine: an engine, or its name in `ENGINES`.

    Returns
    -------
    The people, the video, and the notes of both.

    Raises
    ------
    KinesicsError: for a recording that cannot be read, or in which nobody is found.
    """
    if isinstance(path, OpenPoseFolder) or path.is_dir():
        folder, rate = (path.path, path.fps) if isinstance(path, OpenPoseFolder) else (path, None)
        found = read_openpose_recording(folder, fps=rate)
        return _of_landmarks(folder, found.people, found.notes)
    if path.name.endswith(SUFFIX):
        return _of_landmarks(path, load_skeletons(path))
    info = probe(path)
    fps = fps or analysis_rate(info.fps, least)
    if isinstance(engine, str):
        engine = open_engine(engine)
    fingerprint = _fingerprint(path, fps, engine)
    if cache is not None and _is_fresh(cache, fingerprint):
        return _observation(info, tuple(load_skeletons(cache)), _notes_of(cache), load_arrays(cache))
    seen, notes = _track(info, fps, engine, progress or (lambda _: None))
    if not seen:
        raise KinesicsError(f"{path}: expected a person in the video, found nobody; give one in which a person is seen")
    people = tuple(replace(person, person=number) for number, (person, _) in enumerate(seen, 1))
    arrays = {f"actions_{i}": actions for i, (_, actions) in enumerate(seen) if np.isfinite(actions).any()}
    if cache is not None:
        _save(cache, people, fingerprint | {"notes": notes}, arrays)
    return _observation(info, people, notes, arrays)


def _observation(
    info: VideoInfo, people: tuple[SkeletonSequence, ...], notes: tuple[str, ...], arrays: Mapping[str, FloatArray]
) -> Observation:
    missing = [np.full((len(person), len(ACTIONS)), np.nan, np.float32) for person in people]
    actions = tuple(arrays.get(f"actions_{i}", missing[i]) for i in range(len(people))) if arrays else ()
    hands = tuple(where_hands_went(person, (info.width, info.height)) for person in people)
    return Observation(people, info, notes, actions, hands)


def analysis_rate(fps: float, least: float | None = None) -> float:
    """Choose how many frames a second to track: the video's own rate, or a whole part of it.

    It is the largest that is not above `MAX_FPS`; with `least` the smallest that is not below that.
    """
    if least is not None:
        return fps / max(1, math.floor(fps / least + 0.01))
    return fps / max(1, math.ceil(fps / MAX_FPS - 0.01))


def _of_landmarks(path: Path, people: list[SkeletonSequence], notes: tuple[str, ...] = ()) -> Observation:
    if not people:
        raise KinesicsError(f"{path}: expected the landmarks of a person, found nobody; make them from another video")
    with reading(path, "landmarks in a layout that Kinesics knows", "see docs/clip_folder.md"):
        return Observation(tuple(to_upper_body(person) for person in people), None, notes)


def _fingerprint(path: Path, fps: float, engine: LandmarkEngine) -> dict[str, object]:
    """What a cache must have been made from to be used again."""
    facts = path.stat()
    return {
        "video": path.name,
        "bytes": facts.st_size,
        "modified": facts.st_mtime_ns,
        "fps": round(fps, 6),
        "engine": engine.name,
        "revision": _REVISION,
    }


def _is_fresh(cache: Path, fingerprint: dict[str, object]) -> bool:
    try:
        known = load_metadata(cache)
    except KinesicsError:  # not there, or damaged: made anew
        return False
    return {key: value for key, value in known.items() if key != "notes"} == fingerprint


def _notes_of(cache: Path) -> tuple[str, ...]:
    notes = load_metadata(cache).get("notes")
    return tuple(str(one) for one in notes) if isinstance(notes, list) else ()


def _save(
    cache: Path, people: tuple[SkeletonSequence, ...], fingerprint: dict[str, object], arrays: Mapping[str, FloatArray]
) -> None:
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        save_skeletons(cache, people, fingerprint, arrays)
    except OSError as error:
        raise KinesicsError(f"{cache}: cannot be written ({error.strerror}); choose another place") from error


def _track(
    info: VideoInfo, fps: float, engine: LandmarkEngine, progress: Progress
) -> tuple[list[tuple[SkeletonSequence, FloatArray]], tuple[str, ...]]:
    """Everybody's joints and facial actions, and notes, in two passes: who is there and where, then frame by frame."""
    with engine.finder() as finder:
        found, last = all_tracks(_timed(info, SCAN_RATE, part_of(progress, 0, _SCAN_SHARE)), finder)
    tracks = people_of(found, last)
    others = len(passing(found, tracks))
    if alone(tracks):
        # one at a time is taken to be the same person throughout, whatever the camera does; without a crop the
        # engine also finds one whom the finder does not know
        tracks = []
    count = max(1, math.ceil((info.duration - info.start) * fps) + 1)
    with ExitStack() as stack:
        whom: list[Track | None] = [*tracks] or [None]
        records = [_Record(engine, stack.enter_context(engine.follower()), count, track) for track in whom]
        frames = 0
        gaps = Gaps(info, fps)
        timed = _timed(info, fps, part_of(progress, _SCAN_SHARE, 1))
        for frame in gaps.follow(timed):
            for record in records:
                record.look(frame, tracks)
            frames += 1
        if frames == 0:
            raise KinesicsError(
                f"{info.path}: expected a video, found none of its {info.frames} frames that can be decoded; copy it "
                "again"
            )
        people = [record.finish(frames, fps) for record in records]
    progress(1.0)
    present = [seen for seen in people if (seen[0].score > 0).any(1).sum() >= min(frames, max(1, fps / 2))]
    notes = *info.notes, *gaps.notes(), *_left_out(others, len(people) - len(present))
    return [(replace(person, start=info.start), actions) for person, actions in present], notes


def _left_out(others: int, unseen: int) -> Iterator[str]:
    if others > 0:
        faces = "1 more face was" if others == 1 else f"{others} more faces were"
        yield f"{faces} seen only briefly, or far smaller than the others: left out."
    if unseen > 0:
        people = "1 more person's" if unseen == 1 else f"{unseen} more people's"
        yield f"{people} body was seen for less than half a second: left out."


def _timed(info: VideoInfo, fps: float, progress: Progress) -> Iterator[Frame]:
    frames = prefetch(read_frames(info.path, fps=fps, start=info.start, max_side=MAX_SIDE))
    for frame in frames:
        yield frame
        progress(min(1.0, frame.time / info.duration))


def _is_still(image: Image, before: Image) -> bool:
    """A coarse look first, which hardly any moving frame passes."""
    return all(
        np.abs(image[::step, ::step].astype(np.int16) - before[::step, ::step]).max() <= _STILL for step in (8, 1)
    )


class _Look(NamedTuple):
    """What was begun on a frame, which itself is let go; box: the part that was looked at, None for all of it."""

    box: Box | None
    answer: Callable[[], Landmarks | None]


class _Record:
    """One person's joints, written into arrays of the recording's full length from the first frame on."""

    def __init__(self, engine: LandmarkEngine, follower: Follower, count: int, track: Track | None) -> None:
        self._engine, self._follower, self._track = engine, follower, track
        self._xyz = np.zeros((count, len(UPPER_BODY), 3), np.float32)
        self._score = np.zeros((count, len(UPPER_BODY)), np.float32)
        self._scale = np.full((count, 2), np.nan, np.float32)
        self._actions = np.full((count, len(ACTIONS)), np.nan, np.float32)
        self._size = (1, 1)
        self._first = 0
        self._waiting: list[_Look | None] = []
        self._last: tuple[Image, _Look] | None = None

    def look(self, frame: Frame, tracks: list[Track]) -> None:
        height, width = frame.image.shape[:2]
        self._size = (width, height)
        box = None if self._track is None else crop(self._track, tracks, frame.time, self._size)
        away = frame.held or (self._track is not None and box is None)
        self._waiting.append(None if away else self._begin(frame.image, box))
        if len(self._waiting) > BEGUN and (begun := self._waiting[-1 - BEGUN]) is not None:
            begun.answer()
        if len(self._waiting) == _CHUNK:
            self._convert()

    def _begin(self, image: Image, box: Box | None) -> _Look:
        """A look at this part of the frame; the one of before where nothing has moved since."""
        left, top, right, bottom = box or (0, 0, image.shape[1], image.shape[0])
        part = image[top:bottom, left:right]
        if self._last is None or box != self._last[1].box or not _is_still(part, self._last[0]):
            answer = self._follower.begin(image) if box is None else self._follower.begin(image, box)
            self._last = part, _Look(box, answer)
        return self._last[1]

    def _convert(self) -> None:
        """The waiting frames into `UPPER_BODY`; all the other landmarks are let go."""
        points = len(self._engine.layout)
        xyz = np.zeros((len(self._waiting), points, 3), np.float32)
        score = np.zeros((len(self._waiting), points), np.float32)
        for i, look in enumerate(self._waiting):
            seen = None if look is None else look.answer()
            if look is not None and seen is not None and self._first + i < len(self._scale):
                xyz[i], score[i], self._scale[self._first + i] = seen.points, seen.score, seen.metres_per_pixel
                if seen.actions is not None:
                    self._actions[self._first + i] = seen.actions
        upper = to_upper_body(SkeletonSequence(xyz, score, 1.0, self._engine.layout))
        target = slice(self._first, min(self._first + len(upper), len(self._xyz)))
        length = target.stop - target.start
        self._xyz[target], self._score[target] = upper.xyz[:length], upper.score[:length]
        self._first += len(self._waiting)
        self._waiting = []

    def finish(self, frames: int, fps: float) -> tuple[SkeletonSequence, FloatArray]:
        if self._waiting:
            self._convert()
        arrays = self._xyz[:frames], self._score[:frames], self._scale[:frames]
        return person_of(*arrays, self._size, fps, is_3d=self._engine.is_3d), self._actions[:frames]


def person_of(
    xyz: FloatArray, score: FloatArray, scale: FloatArray, size: tuple[int, int], fps: float, *, is_3d: bool
) -> SkeletonSequence:
    """Smooth joints and bring them from pixels to metres.

    Parameters
    ----------
    xyz: (T, 42, 3), of which x and y are pixels, z metres; changed.
    score: (T, 42) in 0..1; changed.
    scale: (T, 2) metres a pixel as measured on body and head, NaN where there is no measure.
    size: width and height of the frames in pixels.
    fps: frames a second.
    is_3d: whether z is measured.

    Returns
    -------
    The person.
    """
    metres = np.array([*[float(np.median(steady_scale(scale, fps)))] * 2, 1], np.float32)
    xyz[:, BODY] = smooth(xyz[:, BODY] * metres, score[:, BODY], fps) / metres
    image_xy: FloatArray = (xyz[..., :2] / size).astype(np.float32)
    to_metres(xyz, score, scale, size, fps)
    image_xy[score == 0] = 0
    return SkeletonSequence(xyz, score, fps, UPPER_BODY, image_xy, is_3d=is_3d)
