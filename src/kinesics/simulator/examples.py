"""Videos to appearance at: one micro-gesture, or an interview with many and its true timeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES, class_id, match_class
from kinesics.errors import KinesicsError
from kinesics.files import write_text
from kinesics.progress import Progress
from kinesics.simulator.motion.programs import interview, perform
from kinesics.simulator.person.appearance import random_appearance
from kinesics.simulator.rendering.motion_video import dressed_for, portrait_camera, render_motion
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import Provenance, kinesics_json, table
from kinesics.video import Image, write_video

_SECONDS, _FPS = 4.0, 25.0


def simulate_class(
    name: str, out: Path, seed: int, *, size: tuple[int, int] = (480, 360), progress: Progress | None = None
) -> None:
    """Render a random person who makes the named gesture.

    Parameters
    ----------
    name : the class, see `match_class`
    out : a .gif or .mp4 by its suffix
    seed : another seed is another person and another way to do it
    size : width and height, pixels
    progress : called with the share done

    Raises
    ------
    KinesicsError : for an unknown class or suffix, or a folder that cannot be written to
    """
    label = match_class(name)
    rng = np.random.default_rng((seed, label))
    motion = perform(label, rng, duration=_SECONDS, fps=_FPS, span=(0.25 * _SECONDS, 0.75 * _SECONDS))
    step = 2 if out.suffix.lower() == ".gif" else 1  # a gif of 12 frames a second is half as large, and smooth enough
    camera = portrait_camera(motion, rng, size[0] / size[1])
    appearance = dressed_for(motion, random_appearance(rng, motion.shape))
    frames = render_motion(motion, camera, appearance, size, rows=slice(None, None, step))
    write_video(out, _counted(frames, len(motion.pose) // step, progress), _FPS / step, crf=appearance.crf)


def simulate_interview(
    out: Path,
    seconds: float,
    seed: int,
    *,
    size: tuple[int, int] = (800, 450),
    progress: Progress | None = None,
) -> None:
    """Render a person who answers questions, with gestures in between, and write the true timeline.

    The truth stands in `<name>.truth.json` and `.truth.csv`, and in `<name>_label.csv` as iMiGUE has it (class_id,
    start_frame, end_frame, the end inclusive).

    Parameters
    ----------
    out : a .mp4 or .gif by its suffix
    seconds : the length, at least 1
    seed : another seed is another person and another interview
    size : width and height, pixels
    progress : called with the share done

    Raises
    ------
    KinesicsError : like `simulate_class`, or for too short an interview
    """
    if not seconds >= 1:
        raise KinesicsError(f"simulate: an interview needs at least 1 second, found {seconds:g}")
    rng = np.random.default_rng((seed, 1000))
    motion = interview(rng, duration=seconds, fps=_FPS)
    camera = portrait_camera(motion, rng, size[0] / size[1])
    appearance = dressed_for(motion, random_appearance(rng, motion.shape))
    frames = render_motion(motion, camera, appearance, size)
    write_video(out, _counted(frames, len(motion.pose), progress), _FPS, crf=appearance.crf)
    events = (Event(CLASSES[label], label, start, end, source="simulator") for label, start, end in motion.events)
    truth = Timeline(tuple(events), len(motion.pose) / _FPS)
    facts = {"path": out.name, "duration": truth.duration, "fps": _FPS, "frames": len(motion.pose)}
    kinesics_json.write(out.with_suffix(".truth.json"), truth, Provenance(facts))
    table.write(out.with_suffix(".truth.csv"), truth)
    rows = [f"{class_id(e.index)},{round(e.start * _FPS)},{round(e.end * _FPS) - 1}\n" for e in truth]
    write_text(out.with_name(out.stem + "_label.csv"), "".join(rows))


def _counted(frames: Iterator[Image], total: int, progress: Progress | None) -> Iterator[Image]:
    for done, frame in enumerate(frames, 1):
        yield frame
        if progress is not None:
            progress(min(1.0, done / total))
