"""The simulator's doors: clips and data sets of what a detector would see, and films of simulated people."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kinesics.data.sets.imigue.classes import CLASSES, class_id, match_class
from kinesics.errors import KinesicsError
from kinesics.files import write_text
from kinesics.progress import Progress
from kinesics.simulator.camera import Camera, look_at, random_camera
from kinesics.simulator.detector.model import detect
from kinesics.simulator.motion.programs import Motion, interview, perform
from kinesics.simulator.person.body import Body
from kinesics.simulator.rendering.render import Box, Image, Look, NoGraphicsError, random_look, render, render_skeleton
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import Provenance, kinesics_json, table
from kinesics.video import write_video

Split = Literal["train", "val", "test"]

_SPLITS: tuple[Split, ...] = ("train", "val", "test")
_NONE = len(CLASSES)
# everything else that happens is more varied than any one gesture
_LABELS = (*range(_NONE), _NONE, _NONE)
_LIFE = 6  # and in films, where it is taken for a gesture oftener, as much again so many times
_SECONDS, _FPS = 4.0, 25.0
_WATCHED_STEP = 2  # of the frames of a film for the landmark engine, which takes most of the time, every second one
_WATCHED_HEIGHT = 240, 360  # pixels
_IN_THE_FACE = ("deep breath (puff cheeks)", "bite lip")
_INTERVIEW_SIZE = (800, 450)
_CHAIR = (0.20, 0.21, 0.23)
_NECK = UPPER_BODY.index("neck")


@dataclass(frozen=True, eq=False)
class SimulatedClip:
    """One gesture, as it was and as it was seen: `joints` (T, 42, 3) true, in world metres."""

    seen: SkeletonSequence
    motion: Motion
    camera: Camera
    joints: FloatArray


def simulate_clip(label: int | None, seed: int | tuple[int, ...], *, seconds: float = _SECONDS) -> SimulatedClip:
    """A random person before a random camera makes the gesture of this index (None: everyday movement), 25 fps."""
    rng = np.random.default_rng(seed)
    motion = perform(label, rng, duration=seconds, fps=_FPS)
    joints = Body(motion.shape).joints(motion.pose)
    camera = random_camera(rng, joints)
    return SimulatedClip(detect(joints, camera, rng, fps=_FPS, table=motion.table), motion, camera, joints)


def track_clip(label: int | None, seed: int | tuple[int, ...], *, seconds: float = _SECONDS) -> SimulatedClip:
    """The same in a film as the real landmark engine sees it, 12.5 fps; where it finds nobody all scores are 0.

    Raises NoGraphicsError where no OpenGL can be had.
    """
    rng = np.random.default_rng(seed)
    return _watched(perform(label, rng, duration=seconds, fps=_FPS), rng)


def simulate_recording(seed: int | tuple[int, ...], *, seconds: float, gestures: bool = True) -> SimulatedClip:
    """An interview with its `motion.events`, before a random camera, 25 fps; without `gestures` ordinary life alone."""
    rng = np.random.default_rng(seed)
    motion = _life(rng, seconds, gestures)
    joints = Body(motion.shape).joints(motion.pose)
    camera = random_camera(rng, joints)
    return SimulatedClip(detect(joints, camera, rng, fps=_FPS, table=motion.table), motion, camera, joints)


def track_recording(seed: int | tuple[int, ...], *, seconds: float, gestures: bool = True) -> SimulatedClip:
    """The same in a film as the real landmark engine sees it, as `track_clip`."""
    rng = np.random.default_rng(seed)
    return _watched(_life(rng, seconds, gestures), rng)


def _life(rng: np.random.Generator, seconds: float, gestures: bool) -> Motion:
    if gestures:
        return interview(rng, duration=seconds, fps=_FPS)[0]
    return perform(None, rng, duration=seconds, fps=_FPS)


def _watched(motion: Motion, rng: np.random.Generator) -> SimulatedClip:
    """A film of the motion by a random camera in a random look, compressed, and watched."""
    from kinesics.perception import observe

    joints = Body(motion.shape).joints(motion.pose)
    camera, look = random_camera(rng, joints), random_look(rng, motion.shape)
    if motion.label is not None:
        look = dressed_for(motion.label, look)
    height = rng.integers(*_WATCHED_HEIGHT)
    width, height = (int(side) // 2 * 2 for side in (height * camera.aspect, height))
    every, fps = slice(None, None, _WATCHED_STEP), _FPS / _WATCHED_STEP
    joints = joints[every]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        frames = film(motion, camera, look, (width, height), rows=every, drawn=False)
        write_video(path, frames, fps, crf=look.crf)
        try:
            seen = observe(path).people[0]
        except KinesicsError:  # nobody is found
            nothing = np.zeros((*joints.shape[:2], 4), np.float32)
            seen = SkeletonSequence(nothing[..., :3], nothing[..., 3], fps, UPPER_BODY, nothing[..., :2])
    return SimulatedClip(seen, motion, camera, joints)


# ── data sets ────────────────────────────────────────────────────────────────────────────────────────────────


def make_dataset(out: Path, count: int, split: Split, seed: int, *, watched: bool = False, workers: int = 2) -> None:
    """Write `count` clips a class (twice as many of everyday movement, index 32) to the folder `out`.

    watched: as `track_clip` sees them, at 12.5 frames a second (T = 50), not as `simulate_clip`, at 25 (T = 100); with
    eight times as many of everyday movement.
    Memory-mappable: xyz.npy (N, T, 42, 3) float16, score.npy (N, T, 42) uint8 of 255, label.npy (N,) int64,
    onset.npy and offset.npy (N,) float32 seconds; and for the lifter the truth: joints.npy (N, T, 42, 3) float16
    world metres, table.npy (N,) float32 height of a table top, NaN without one. Clip n depends on (split, seed, n)
    alone, and no two clips share a body. What an interrupted call has finished is kept; a finished set is left as it
    is.
    """
    recipe = _recipe(count, split, seed, watched)
    if (out / "recipe.json").exists() and json.loads((out / "recipe.json").read_text()) == recipe:
        return
    if out.exists():
        raise KinesicsError(f"{out}: holds another simulated set; remove it, or choose another folder")
    part = out.with_name(out.name + ".part")
    labels = _labels(count, watched)
    _allocate(part, recipe, len(labels))
    waiting = np.flatnonzero(np.load(part / "label.npy") < 0)
    pieces = np.array_split(waiting, max(1, len(waiting) // 16))
    jobs = [(part, piece, labels[piece], split, seed, watched) for piece in pieces]
    title = f"{'Watching' if watched else 'Simulating'} {split}"
    with _bar(title, len(labels)) as advance, processes(workers) as pool:
        advance(len(labels) - len(waiting))
        for done in pool.imap_unordered(_write_clips, jobs):
            advance(done)
    part.rename(out)


def processes(count: int = 2) -> Pool:
    """Processes to simulate in, one thread each, also to draw with: they share the cores already."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("LP_NUM_THREADS", "0")
    # fresh processes: forking one in which torch runs threads can hang
    return multiprocessing.get_context("spawn").Pool(count)


def _labels(count: int, watched: bool) -> NDArray[np.int64]:
    """The class of each clip of a set."""
    return np.concatenate([np.tile(_LABELS, count), np.full(_LIFE * count if watched else 0, _NONE)])


def _recipe(count: int, split: Split, seed: int, watched: bool) -> dict[str, Any]:
    fps = _FPS / _WATCHED_STEP if watched else _FPS
    recipe = {"revision": 3, "count": count, "split": split, "seed": seed, "seconds": _SECONDS, "fps": fps}
    return recipe | {"watched": True, "life": _LIFE} if watched else recipe


def _allocate(folder: Path, recipe: dict[str, Any], clips: int) -> None:
    """Empty arrays, unless an interrupted call of the same recipe left them."""
    note = folder / "recipe.json"
    if note.exists() and json.loads(note.read_text()) == recipe:
        return
    folder.mkdir(parents=True, exist_ok=True)
    frames, joints = round(recipe["seconds"] * recipe["fps"]), len(UPPER_BODY)
    for name, dtype, shape in (
        ("xyz", np.float16, (clips, frames, joints, 3)),
        ("score", np.uint8, (clips, frames, joints)),
        ("label", np.int64, (clips,)),
        ("onset", np.float32, (clips,)),
        ("offset", np.float32, (clips,)),
        ("joints", np.float16, (clips, frames, joints, 3)),
        ("table", np.float32, (clips,)),
    ):
        # sparse until written
        array = np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=dtype, shape=shape)  # type: ignore[no-untyped-call]
        if name == "label":
            array[:] = -1
        array.flush()
    write_text(note, json.dumps(recipe))


def _write_clips(job: tuple[Path, NDArray[np.int64], NDArray[np.int64], Split, int, bool]) -> int:
    """Make the clips of these rows and labels; the number of them."""
    folder, rows, labels, split, seed, watched = job
    names = ("xyz", "score", "label", "onset", "offset", "joints", "table")
    xyz, score, label, onset, offset, joints, table = (
        np.load(folder / f"{name}.npy", mmap_mode="r+") for name in names
    )
    for n, index in zip(rows.tolist(), labels.tolist(), strict=True):
        gesture = None if index == _NONE else index
        if watched:
            clip = track_clip(gesture, (_SPLITS.index(split) + len(_SPLITS), seed, n))
        else:
            clip = simulate_clip(gesture, (_SPLITS.index(split), seed, n))
        xyz[n], score[n] = _compact(clip.seen)
        onset[n], offset[n] = clip.motion.onset, clip.motion.offset
        joints[n], table[n] = clip.joints, np.nan if clip.motion.table is None else clip.motion.table
        label[n] = index  # last: it marks the clip as finished
    return len(rows)


def _compact(seen: SkeletonSequence) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    """xyz around the neck, where half precision is finest, and score in 255ths."""
    neck = seen.xyz[seen.score[:, _NECK] > 0, _NECK]
    centre = np.median(neck, axis=0) if len(neck) else np.zeros(3)
    xyz = (seen.xyz - centre) * (seen.score > 0)[..., None]
    return xyz.astype(np.float16), np.ceil(seen.score * 255).astype(np.uint8)


@contextmanager
def _bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar with the time left; calling what it yields moves it on."""
    from rich import progress as rich

    words = rich.TextColumn("{task.description}")
    columns = words, rich.BarColumn(), rich.MofNCompleteColumn(), rich.TimeRemainingColumn()
    with rich.Progress(*columns) as bar:
        task = bar.add_task(title, total=total)
        yield lambda count: bar.advance(task, count)


# ── films ────────────────────────────────────────────────────────────────────────────────────────────────────


def simulate_class(
    name: str, out: Path, seed: int, *, size: tuple[int, int] = (480, 360), progress: Progress | None = None
) -> None:
    """Film a random person making the named gesture; `out` is a .gif or .mp4 by its suffix.

    Raises KinesicsError for an unknown class or suffix, or a folder that cannot be written to.
    """
    label = match_class(name)
    rng = np.random.default_rng((seed, label))
    motion = perform(label, rng, duration=_SECONDS, fps=_FPS)
    step = 2 if out.suffix.lower() == ".gif" else 1  # a gif of 12 frames a second is half as large, and smooth enough
    camera, look = portrait_camera(motion, rng, size[0] / size[1]), dressed_for(label, random_look(rng, motion.shape))
    frames = film(motion, camera, look, size, rows=slice(None, None, step))
    write_video(out, _counted(frames, len(motion.pose) // step, progress), _FPS / step, crf=look.crf)


def simulate_interview(out: Path, seconds: float, seed: int, *, progress: Progress | None = None) -> None:
    """Film a person who answers questions, with gestures in between, as .mp4 (or .gif).

    Beside it: the truth as `<name>.truth.json` and `.truth.csv`, and `<name>_label.csv` as iMiGUE has it
    (class_id, start_frame, end_frame, the end inclusive; 99 is illustrative). Raises KinesicsError like
    `simulate_class`, or for a length of less than a second.
    """
    if not seconds >= 1:
        raise KinesicsError(f"simulate: an interview needs at least 1 second, found {seconds:g}")
    rng = np.random.default_rng((seed, 1000))
    motion, stretches = interview(rng, duration=seconds, fps=_FPS)
    width, height = _INTERVIEW_SIZE
    camera, look = portrait_camera(motion, rng, width / height), random_look(rng, motion.shape)
    frames = film(motion, camera, look, _INTERVIEW_SIZE)
    write_video(out, _counted(frames, len(motion.pose), progress), _FPS, crf=look.crf)
    events = (Event(CLASSES[label], label, start, end, source="simulator") for label, start, end in stretches)
    truth = Timeline(tuple(events), len(motion.pose) / _FPS)
    facts = {"path": out.name, "duration": truth.duration, "fps": _FPS, "frames": len(motion.pose)}
    kinesics_json.write(out.with_suffix(".truth.json"), truth, Provenance(facts))
    table.write(out.with_suffix(".truth.csv"), truth)
    rows = [f"{class_id(e.index)},{round(e.start * _FPS)},{round(e.end * _FPS) - 1}\n" for e in truth]
    write_text(out.with_name(out.stem + "_label.csv"), "".join(rows))


def portrait_camera(motion: Motion, rng: np.random.Generator, aspect: float) -> Camera:
    """Where an interviewer's camera stands: almost in front, the upper body filling the picture (closer if the
    motion is one of the face alone).
    """
    joints = Body(motion.shape).joints(motion.pose)
    head, pelvis = np.median(joints[:, UPPER_BODY.indices("head", "pelvis")], axis=0)
    crown = max(head[2] + 0.2, joints[..., 2].max() + 0.06)  # a raised hand is in the picture as well
    bottom = pelvis[2] - 0.05
    if motion.label is not None and CLASSES[motion.label] in _IN_THE_FACE:
        bottom = head[2] - 0.42
    elif motion.table is not None:
        bottom = max(motion.table - 0.12, bottom)
    target = np.array([pelvis[0], pelvis[1] - 0.1, (crown + bottom) / 2])
    yaw = np.radians(rng.uniform(-12, 12))
    return look_at(target, distance=2.4, height=crown - bottom, yaw=yaw, pitch=np.radians(4), aspect=aspect)


def dressed_for(label: int, look: Look) -> Look:
    """The look with what the gesture needs: a cap, a tie, sleeves."""
    match CLASSES[label]:
        case "touch hat":
            return replace(look, cap=(0.13, 0.20, 0.42))
        case "adjust tie":
            return replace(look, shirt=(0.80, 0.83, 0.88), tie=look.tie or (0.45, 0.08, 0.12), short_sleeves=False)
        case "tidy sleeve":
            return replace(look, short_sleeves=False)
    return look


def film(
    motion: Motion,
    camera: Camera,
    look: Look,
    size: tuple[int, int],
    *,
    rows: slice = slice(None),
    drawn: bool = True,
) -> Iterator[Image]:
    """These frames of the motion, (H, W, 3) uint8; a drawn skeleton where no OpenGL can be had.

    Without `drawn` it raises NoGraphicsError there.
    """
    body, width, height = Body(motion.shape), *size
    pose = motion.pose[rows]
    thing = _thing(motion, body.joints(motion.pose))
    try:
        yield from render(
            body,
            pose,
            camera,
            look=look,
            furniture=furniture(motion),
            thing=None if thing is None else thing[rows],
            width=width,
            height=height,
        )
    except NoGraphicsError as error:
        if not drawn:
            raise
        logging.getLogger(__name__).warning("No OpenGL here (%s): drawing a skeleton instead of a person", error)
        yield from render_skeleton(camera.project(body.joints(pose)), width=width, height=height)


def _thing(motion: Motion, joints: FloatArray) -> FloatArray | None:
    """(T, 3) where the thing to play with is: between the fingers meanwhile, else on the table, if there is one."""
    events = [(start, end) for label, start, end in motion.events if CLASSES[label] == "play with things"]
    if not events:
        return None
    left, right = (
        joints[:, UPPER_BODY.indices(f"{side}_thumb_tip", f"{side}_index_tip")].mean(1) for side in ("left", "right")
    )
    time = np.arange(len(joints)) / motion.fps
    middle = np.argmin(np.abs(time - (events[0][0] + events[0][1]) / 2))
    apart = np.linalg.norm(left - right, axis=-1)
    if apart[middle] > 0.2:  # in the hand that is higher
        held: FloatArray = left if left[middle, 2] > right[middle, 2] else right
    else:  # in both, and in the left when they part
        share = np.interp(apart, (0.12, 0.25), (0.5, 0.0))[:, None]
        held = (left + share * (right - left)).astype(np.float32)
    if motion.table is None:
        return held
    lying = np.ones(len(time), bool)
    for start, end in events:
        lying &= (time < start) | (time > end)
    first, last = np.flatnonzero(~lying)[[0, -1]]
    held[:first], held[last + 1 :] = held[first], held[last]
    held[lying, 2] = motion.table + 0.006
    return held


def furniture(motion: Motion) -> tuple[Box, ...]:
    """The chair and the table of this motion."""
    boxes = []
    x, y, _ = np.median(motion.pose.root, axis=0)
    if motion.seat != "standing":
        z = motion.seat_height
        boxes += [
            Box((x - 0.23, y - 0.24, z - 0.06), (x + 0.23, y + 0.2, z), _CHAIR),
            Box((x - 0.22, y + 0.21, z + 0.12), (x + 0.22, y + 0.25, z + 0.52), _CHAIR),
        ]
    if motion.table is not None:
        edge, z = motion.table_edge, motion.table
        boxes += [
            Box((x - 0.9, edge - 0.75, z - 0.035), (x + 0.9, edge, z)),
            Box((x - 0.88, edge - 0.72, 0), (x + 0.88, edge - 0.7, z - 0.035)),
        ]
    return tuple(boxes)


def _counted(frames: Iterator[Image], total: int, progress: Progress | None) -> Iterator[Image]:
    for done, frame in enumerate(frames, 1):
        yield frame
        if progress is not None:
            progress(min(1.0, done / total))
