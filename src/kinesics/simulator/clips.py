"""Clips and recordings of simulated people as skeletons, and data sets of such clips.

A simulated clip is what a model of a detector makes of the true joints; a tracked one is what the real landmark engine
finds in the rendered video.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import SPLITS, Split
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.files import write_text
from kinesics.perception.engine import LandmarkEngine
from kinesics.perception.engines import DEFAULT_ENGINE, open_engine
from kinesics.progress import progress_bar
from kinesics.simulator.camera import Camera, random_camera
from kinesics.simulator.detector.model import detect
from kinesics.simulator.motion.programs import Motion, interview, perform
from kinesics.simulator.person.appearance import random_appearance
from kinesics.simulator.person.body import Body
from kinesics.simulator.rendering.motion_video import dressed_for, render_motion
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import write_video

_BACKGROUND = len(CLASSES)  # the index of clips without a gesture
_BACKGROUND_EACH = 2  # of them for one of each class: they are more varied than any one gesture
_BACKGROUND_TRACKED = 8  # the same for tracked clips, in which more is taken for a gesture
_SECONDS, _FPS = 4.0, 25.0
_TRACKED_STEP = 2  # the landmark engine, which takes most of the time, is given every second frame
_TRACKED_HEIGHT = 180, 400  # pixels
_NECK = UPPER_BODY.index("neck")
_ARRAYS = ("xyz", "score", "label", "onset", "offset", "joints", "table")

Seed = int | tuple[int, ...]


@dataclass(frozen=True, eq=False)
class SimulatedClip:
    """A movement and what was detected of it: `joints` (T, 42, 3) are the truth, in world metres.

    detected: the skeleton as the model of a detector, or the landmark engine, gives it.
    """

    detected: SkeletonSequence
    motion: Motion
    camera: Camera
    joints: FloatArray


def simulate_clip(label: int | None, seed: Seed, *, seconds: float = _SECONDS) -> SimulatedClip:
    """Simulate a random person before a random camera who makes one gesture, at 25 fps.

    Parameters
    ----------
    label : the index of the gesture in `CLASSES`; None for background movement alone
    seed : another seed is another person, camera and way to do it
    seconds : the length of the clip

    Returns
    -------
    the clip
    """
    rng = np.random.default_rng(seed)
    return _detect(perform(label, rng, duration=seconds, fps=_FPS), rng)


def track_clip(
    label: int | None, seed: Seed, *, seconds: float = _SECONDS, engine: LandmarkEngine | str = DEFAULT_ENGINE
) -> SimulatedClip:
    """Render the movement of one gesture and track it by the real landmark engine, at 12.5 fps.

    Where the engine finds nobody, all scores are 0.

    Parameters
    ----------
    label : the index of the gesture in `CLASSES`; None for background movement alone
    seed : another seed is another person, camera and way to do it
    seconds : the length of the clip
    engine : a landmark engine, or its name

    Returns
    -------
    the clip

    Raises
    ------
    NoGraphicsError : where no OpenGL can be had
    """
    rng = np.random.default_rng(seed)
    return _track(perform(label, rng, duration=seconds, fps=_FPS), rng, engine)


def simulate_recording(seed: Seed, *, seconds: float, gestures: bool = True) -> SimulatedClip:
    """Simulate an interview with its `motion.events` before a random camera, at 25 fps.

    Parameters
    ----------
    seed : another seed is another person, camera and interview
    seconds : the length of the recording
    gestures : without them there is background movement alone

    Returns
    -------
    the recording
    """
    rng = np.random.default_rng(seed)
    return _detect(_recording(rng, seconds, gestures), rng)


def track_recording(
    seed: Seed, *, seconds: float, gestures: bool = True, engine: LandmarkEngine | str = DEFAULT_ENGINE
) -> SimulatedClip:
    """Render an interview and track it by the real landmark engine, at 12.5 fps.

    Parameters
    ----------
    seed : another seed is another person, camera and interview
    seconds : the length of the recording
    gestures : without them there is background movement alone
    engine : a landmark engine, or its name

    Returns
    -------
    the recording

    Raises
    ------
    NoGraphicsError : where no OpenGL can be had
    """
    rng = np.random.default_rng(seed)
    return _track(_recording(rng, seconds, gestures), rng, engine)


def _recording(rng: np.random.Generator, seconds: float, gestures: bool) -> Motion:
    if gestures:
        return interview(rng, duration=seconds, fps=_FPS)
    return perform(None, rng, duration=seconds, fps=_FPS)


def _detect(motion: Motion, rng: np.random.Generator) -> SimulatedClip:
    """What the model of a detector makes of the motion before a random camera."""
    joints = Body(motion.shape).joints(motion.pose)
    camera = random_camera(rng, joints, motion.turned, table=motion.table is not None)
    return SimulatedClip(detect(joints, camera, rng, fps=_FPS, table=motion.table), motion, camera, joints)


def _track(motion: Motion, rng: np.random.Generator, engine: LandmarkEngine | str) -> SimulatedClip:
    """What the landmark engine finds in a video of the motion: a random camera, a random appearance, compressed."""
    from kinesics.perception import observe

    joints = Body(motion.shape).joints(motion.pose)
    camera = random_camera(rng, joints, motion.turned, table=motion.table is not None)
    appearance = dressed_for(motion, random_appearance(rng, motion.shape))
    height = int(rng.integers(*_TRACKED_HEIGHT))
    width, height = (int(side) // 2 * 2 for side in (height * camera.aspect, height))
    rows, fps = slice(None, None, _TRACKED_STEP), _FPS / _TRACKED_STEP
    joints = joints[rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        frames = render_motion(motion, camera, appearance, (width, height), rows=rows, skeleton=False)
        write_video(path, frames, fps, crf=appearance.crf)
        try:
            detected = observe(path, engine=engine).people[0]
        except KinesicsError:  # nobody is found
            nothing = np.zeros((*joints.shape[:2], 4), np.float32)
            detected = SkeletonSequence(nothing[..., :3], nothing[..., 3], fps, UPPER_BODY, nothing[..., :2])
    return SimulatedClip(detected, motion, camera, joints)


# ── data sets ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ClipRecipe:
    """All that the bytes of a set of clips depend on; clip n depends on (split, seed, n) alone.

    count: clips of each class. tracked: by the landmark engine in rendered videos, in place of the model of a detector.
    engine: the landmark engine of a tracked set, by its name.
    """

    count: int
    split: Split
    seed: int
    tracked: bool = False
    engine: str = DEFAULT_ENGINE

    @property
    def fps(self) -> float:
        """Frames a second of the clips."""
        return _FPS / _TRACKED_STEP if self.tracked else _FPS

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """(N,) the class of each clip; background is 32, twice as many of it, or eight times in a tracked set."""
        each = (*range(_BACKGROUND), *[_BACKGROUND] * _BACKGROUND_EACH)
        more = (_BACKGROUND_TRACKED - _BACKGROUND_EACH) * self.count if self.tracked else 0
        return np.concatenate([np.tile(each, self.count), np.full(more, _BACKGROUND)])

    def metadata(self) -> dict[str, Any]:
        """The content of `recipe.json`."""
        facts: dict[str, Any] = {"revision": 4, "count": self.count, "split": self.split, "seed": self.seed}
        facts |= {"seconds": _SECONDS, "fps": self.fps}
        more = {"tracked": True, "background": _BACKGROUND_TRACKED - _BACKGROUND_EACH, "engine": self.engine}
        return facts | more if self.tracked else facts

    def made(self, folder: Path) -> bool:
        """Whether this recipe began the set in `folder`."""
        path = folder / "recipe.json"
        if not path.exists():
            return False
        return bool(json.loads(path.read_text(encoding="utf-8")) == self.metadata())

    def simulate(self, n: int) -> SimulatedClip:
        """Make clip n."""
        label = None if self.labels[n] == _BACKGROUND else int(self.labels[n])
        split = SPLITS.index(self.split)
        return (
            track_clip(label, (split + len(SPLITS), self.seed, n), engine=open_engine(self.engine))
            if self.tracked
            else simulate_clip(label, (split, self.seed, n))
        )


def simulate_dataset(out: Path, recipe: ClipRecipe, *, workers: int = 2) -> None:
    """Write a set of clips as arrays that can be memory-mapped.

    xyz.npy (N, T, 42, 3) float16, score.npy (N, T, 42) uint8 of 255, label.npy (N,) int64, onset.npy and offset.npy
    (N,) float32 seconds; and for the lifter the truth: joints.npy (N, T, 42, 3) float16 world metres, table.npy (N,)
    float32 height of a table top, NaN without one. T is 100, or 50 in a tracked set. No two clips share a body.

    Parameters
    ----------
    out : the folder to write; a finished set is left as it is, an interrupted one resumes
    recipe : what to simulate
    workers : processes to simulate in

    Raises
    ------
    KinesicsError : if `out` holds a set of another recipe
    NoGraphicsError : for a tracked set where no OpenGL can be had
    """
    if recipe.made(out):
        return
    if out.exists():
        raise KinesicsError(f"{out}: holds another simulated set; remove it, or choose another folder")
    unfinished = out.with_name(out.name + ".part")
    allocate_clips(unfinished, recipe)
    waiting = np.flatnonzero(np.load(unfinished / "label.npy") < 0)
    jobs = [(unfinished, recipe, rows) for rows in np.array_split(waiting, max(1, len(waiting) // 16))]
    done, total = len(recipe.labels) - len(waiting), len(recipe.labels)
    title = f"{'Tracking' if recipe.tracked else 'Simulating'} {recipe.split}"
    with progress_bar(title) as progress, worker_pool(workers) as pool:
        for count in pool.imap_unordered(_write_job, jobs):
            done += count
            progress(done / total)
    unfinished.rename(out)


def worker_pool(count: int = 2) -> Pool:
    """Start processes to simulate in, one thread each, also to render with: they share the cores already."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("LP_NUM_THREADS", "0")
    # fresh processes: forking one in which torch runs threads can hang
    return multiprocessing.get_context("spawn").Pool(count)


def allocate_clips(folder: Path, recipe: ClipRecipe) -> None:
    """Write empty arrays, label −1 for all, unless an interrupted call of the same recipe left its own."""
    if recipe.made(folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    clips, frames, joints = len(recipe.labels), round(_SECONDS * recipe.fps), len(UPPER_BODY)
    kinds: tuple[tuple[type, tuple[int, ...]], ...] = (
        (np.float16, (clips, frames, joints, 3)),
        (np.uint8, (clips, frames, joints)),
        (np.int64, (clips,)),
        (np.float32, (clips,)),
        (np.float32, (clips,)),
        (np.float16, (clips, frames, joints, 3)),
        (np.float32, (clips,)),
    )
    for name, (dtype, shape) in zip(_ARRAYS, kinds, strict=True):
        # sparse until written
        array = np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=dtype, shape=shape)  # type: ignore[no-untyped-call,unused-ignore]
        if name == "label":
            array[:] = -1
        array.flush()
    write_text(folder / "recipe.json", json.dumps(recipe.metadata()))


def write_clips(folder: Path, recipe: ClipRecipe, rows: NDArray[np.int64]) -> int:
    """Simulate the clips of these rows into allocated arrays.

    Parameters
    ----------
    folder : what `allocate_clips` has written
    recipe : of the set
    rows : (K,) the clips to make

    Returns
    -------
    K, how many were made
    """
    xyz, score, label, onset, offset, joints, table = (
        np.load(folder / f"{name}.npy", mmap_mode="r+") for name in _ARRAYS
    )
    for n in rows.tolist():
        clip = recipe.simulate(n)
        xyz[n], score[n] = _compact(clip.detected)
        onset[n], offset[n] = clip.motion.onset, clip.motion.offset
        joints[n], table[n] = clip.joints, np.nan if clip.motion.table is None else clip.motion.table
        label[n] = recipe.labels[n]  # last: it marks the clip as finished
    return len(rows)


def _write_job(job: tuple[Path, ClipRecipe, NDArray[np.int64]]) -> int:
    return write_clips(*job)


def _compact(skeleton: SkeletonSequence) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    """xyz around the neck, where half precision is finest, and score in 255ths."""
    neck = skeleton.xyz[skeleton.score[:, _NECK] > 0, _NECK]
    centre = np.median(neck, axis=0) if len(neck) else np.zeros(3)
    xyz = (skeleton.xyz - centre) * (skeleton.score > 0)[..., None]
    return xyz.astype(np.float16), np.ceil(skeleton.score * 255).astype(np.uint8)
