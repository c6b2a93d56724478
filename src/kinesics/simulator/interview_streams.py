"""Simulated interviews as streams of tokens, without an image: what a plain model of perception reads of them.

Rendering an interview of a minute and reading it takes a minute; this takes a second, so that many heads can be
compared on many people, and false findings be counted. What is read of a person:

- gestures: the true ones, of which some are missed, some are taken for another class, and some are nothing;
- face_actions: the true ones with noise, and with an offset of the person's own, since what is at rest differs;
- face_motion: these against the running neutral;
- poses: the joints as the model of a landmark engine delivers them;
- context: who and where somebody is, and nothing of the emotion, as I3D's tokens were found to be mostly.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.files import replacing
from kinesics.preprocessing.face_motion import against_neutral
from kinesics.preprocessing.pose_windows import pose_tokens
from kinesics.progress import Progress
from kinesics.simulator.camera import random_camera
from kinesics.simulator.clips import worker_pool
from kinesics.simulator.detector.model import detect
from kinesics.simulator.imigue_videos import InterviewRecipe, make_motion, make_person
from kinesics.simulator.motion.programs import Motion
from kinesics.simulator.person.body import Body
from kinesics.skeleton.sequence import FloatArray

FPS = 10.0
Tokens = tuple[FloatArray, FloatArray]  # (L, C) and seconds (L,)


@dataclass(frozen=True)
class ReadingModel:
    """How well perception reads an interview; assumed, near what the shipped weights do on simulated people.

    missed: share of gestures that are not found.
    confused: share of the found ones that are taken for another class.
    alarms: gestures a minute that are none.
    face_rate: faces a second.
    hidden: share of the time in which a face cannot be read.
    face_noise, face_offset: deviation of facial actions from moment to moment, and from person to person.
    window: seconds of a token of poses or context.
    context: numbers of a context token.
    context_noise: its deviation from moment to moment, where people and rooms differ by 1.
    """

    missed: float = 0.4
    confused: float = 0.25
    alarms: float = 3.0
    face_rate: float = 2.5
    hidden: float = 0.2
    face_noise: float = 0.1
    face_offset: float = 0.1
    window: float = 4.0
    context: int = 64
    context_noise: float = 0.5


def simulate_streams(
    path: Path,
    recipe: InterviewRecipe,
    *,
    model: ReadingModel | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> None:
    """Write the streams of interviews to one file, which `EmotionData` reads.

    Parameters
    ----------
    path : of the file, .npz
    recipe : of the interviews; size, view, camera and engine do not matter, since nothing is rendered
    model : of perception; by default as assumed
    workers : processes to simulate in
    progress : called with the share done

    Raises
    ------
    KinesicsError : for a recipe out of range
    """
    recipe.check()
    jobs = [(recipe, video, model or ReadingModel()) for video in range(1, recipe.videos + 1)]
    streams: list[dict[str, Tokens]] = []
    with worker_pool(workers) as pool:
        for one in pool.imap(_read_job, jobs):
            streams.append(one)
            if progress is not None:
                progress(len(streams) / len(jobs))
    videos = range(1, recipe.videos + 1)
    arrays: dict[str, Any] = {
        "label": np.array([recipe.won(video) for video in videos], np.int64),
        "subject": np.array([recipe.subject(video) for video in videos], np.int64),
        "duration": np.full(recipe.videos, recipe.seconds, np.float32),
        "link": np.array(recipe.link),
    }
    for name in streams[0]:
        tokens, seconds = zip(*(one[name] for one in streams), strict=True)
        arrays[f"{name}_tokens"] = np.concatenate(tokens).astype(np.float16)
        arrays[f"{name}_seconds"] = np.concatenate(seconds).astype(np.float32)
        arrays[f"{name}_count"] = np.array([len(some) for some in seconds], np.int64)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _read_job(job: tuple[InterviewRecipe, int, ReadingModel]) -> dict[str, Tokens]:
    return read_interview(*job)


def read_interview(recipe: InterviewRecipe, video: int, model: ReadingModel) -> dict[str, Tokens]:
    """Simulate one interview, and read its streams.

    Parameters
    ----------
    recipe : of the set
    video : its number, from 1
    model : of perception

    Returns
    -------
    by stream its tokens and their times
    """
    rng = np.random.default_rng((recipe.seed, 2000, video))
    own = np.random.default_rng((recipe.seed, 2004, recipe.subject(video)))
    shape, _ = make_person(recipe, video)
    motion = make_motion(recipe, video, shape, rng, FPS)
    joints = Body(shape).joints(motion.pose)
    camera = random_camera(rng, joints, motion.turned, table=motion.table is not None)
    skeleton = detect(joints, camera, rng, fps=FPS, table=motion.table)
    faces, seconds = _faces(motion, model, rng, own)
    return {
        "gestures": _gestures(motion, recipe.seconds, model, rng),
        "face_actions": (faces, seconds),
        "face_motion": (against_neutral(faces, seconds), seconds),
        "poses": pose_tokens(skeleton, model.window),
        "context": _context(recipe.seconds, model, rng, own),
    }


def _gestures(motion: Motion, duration: float, model: ReadingModel, rng: np.random.Generator) -> Tokens:
    found: list[tuple[float, float, float, float]] = []  # start, class, score, length
    for label, start, end in motion.events:
        if rng.random() >= model.missed:
            name = int(rng.integers(len(CLASSES))) if rng.random() < model.confused else label
            found.append((start, name, rng.uniform(0.4, 1), end - start))
    found += [
        (rng.uniform(0, duration - 1), int(rng.integers(len(CLASSES))), rng.uniform(0.4, 0.7), rng.uniform(0.5, 2))
        for _ in range(rng.poisson(model.alarms * duration / 60))
    ]
    rows = np.array(sorted(found), np.float32).reshape(-1, 4)
    return rows[:, 1:], rows[:, 0]


def _faces(motion: Motion, model: ReadingModel, rng: np.random.Generator, own: np.random.Generator) -> Tokens:
    times = np.arange(0, len(motion.pose) / motion.fps, 1 / model.face_rate)
    times = times[rng.random(len(times)) >= model.hidden]
    face = motion.pose.face[np.minimum((times * motion.fps).astype(int), len(motion.pose) - 1)]
    offset = own.normal(0, model.face_offset, face.shape[1])
    read = np.clip(face + offset + rng.normal(0, model.face_noise, face.shape), 0, 1)
    return read.astype(np.float32), times.astype(np.float32)


def _context(duration: float, model: ReadingModel, rng: np.random.Generator, own: np.random.Generator) -> Tokens:
    person, room = own.normal(size=model.context), rng.normal(size=model.context)
    middles = np.arange(model.window / 2, duration, model.window)
    tokens = person + room + rng.normal(0, model.context_noise, (len(middles), model.context))
    return tokens.astype(np.float32), middles.astype(np.float32)
