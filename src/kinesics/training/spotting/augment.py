"""Variations of untrimmed recordings: gestures copied elsewhere, other tempos, other bones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kinesics.metrics.detection import Instance
from kinesics.skeleton import SkeletonLayout
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.inputs.augment import Augmentation, augment, warp

_TRIES = 8  # places that a copied gesture is tried at
_BLEND = 0.2  # seconds over which a copied gesture takes over, on both sides


@dataclass(frozen=True)
class SpottingAugmentation:
    """How far a window of a recording may stray.

    Parameters
    ----------
    copies
        Gestures of other recordings that are copied into a minute, on average; rare classes as often as frequent ones.
    speed
        How much faster or slower a whole window may run (0.25: by about a quarter).
    bones
        Share by which each bone may be longer or shorter.
    joints
        How far joints may stray besides.
    """

    copies: float = 4.0
    speed: float = 0.25
    bones: float = 0.1
    joints: Augmentation = field(
        default_factory=lambda: Augmentation(
            turn=(25, 15, 15),
            stretch=0.1,
            tempo=0.2,
            jitter=0.01,
            mirror=0,
            flatten=0,
            hand=0,
            face=0,
            hips=0,
            joints=0,
        )
    )


@dataclass(frozen=True, eq=False)
class Stretch:
    """Joints of a part of a recording, xyz (T, V, 3) and score (T, V), and its events in frames of it."""

    xyz: FloatArray
    score: FloatArray
    events: tuple[Instance, ...]


def paste(background: Stretch, gesture: Stretch, rng: np.random.Generator, fps: float, root: int | None) -> Stretch:
    """Copy a gesture to a place without one, where the body is; what is around it is blended.

    Parameters
    ----------
    background : into which.
    gesture : its one event, with `_BLEND` seconds around it where there are any.
    rng : decides where.
    fps : of both.
    root : the joint by which bodies are brought together; None for what has no place.

    Returns
    -------
    The background with the gesture, or as it was where there is no place for it.
    """
    count, spare = len(gesture.xyz), len(background.xyz) - len(gesture.xyz)
    label, start, end = gesture.events[0]
    for _ in range(_TRIES if spare > 0 else 0):
        first = int(rng.integers(0, spare + 1))
        if any(s < first + count and first < e for _, s, e in background.events):
            continue
        rows = slice(first, first + count)
        blend = max(1.0, _BLEND * fps)
        weight = np.minimum(np.arange(count) + 1 - (start - blend), end + blend - np.arange(count)) / blend
        weight = weight.clip(0, 1).astype(np.float32)[:, None]
        moved = gesture.xyz
        if root is not None:
            moved = moved + (background.xyz[rows, root].mean(0) - gesture.xyz[:, root].mean(0))
        xyz, score = background.xyz.copy(), background.score.copy()
        xyz[rows] = weight[..., None] * moved + (1 - weight[..., None]) * xyz[rows]
        score[rows] = np.where(weight > 0.5, gesture.score, score[rows])
        return Stretch(xyz, score, (*background.events, (label, first + start, first + end)))
    return background


def window_places(
    count: int, length: int, rng: np.random.Generator, how: SpottingAugmentation | None, start: float
) -> NDArray[np.float64]:
    """Draw which frames of a recording a window is read from.

    Parameters
    ----------
    count : frames of the window.
    length : frames of the recording.
    rng : decides on tempo and speed.
    how : how far they may stray; None: not at all.
    start : 0..1, how far in the spare length the window begins.

    Returns
    -------
    (count,) frames in order, fractions among them; those after the recording's end are beyond `length - 1`.
    """
    speed, tempo = 1.0, 0.0
    if how is not None:
        speed, tempo = float(np.exp(rng.uniform(-how.speed, how.speed))), how.joints.tempo
    places = warp(count, rng, tempo).astype(np.float64) * speed
    spare = max(0.0, length - 1 - float(places[-1]))
    return np.asarray(places + start * spare, np.float64)


def sample(whole: Stretch, places: NDArray[np.float64]) -> tuple[Stretch, NDArray[np.bool_]]:
    """Read a recording at fractions of frames.

    Parameters
    ----------
    whole : the recording.
    places : (T,) in order.

    Returns
    -------
    The window, its events in frames of it, and (T,) which frames are real. Events of which less than a third is inside
    are left out.
    """
    last = len(whole.xyz) - 1
    held = places.clip(0, last)
    before = np.floor(held).astype(int)
    after = np.minimum(before + 1, last)
    share = (held - before).astype(np.float32)[:, None]
    score = np.minimum(whole.score[before], whole.score[after])
    xyz = (1 - share[..., None]) * whole.xyz[before] + share[..., None] * whole.xyz[after]
    frames = np.arange(len(places), dtype=float)
    edges = places[0], places[-1]
    events = []
    for label, start, end in whole.events:
        inside = min(end, edges[1]) - max(start, edges[0])
        if inside > (end - start) / 3:
            events.append((label, *np.interp([start, end], places, frames).tolist()))
    return Stretch(xyz * (score > 0)[..., None], score, tuple(events)), places <= last + 0.5


def vary(
    window: Stretch, rng: np.random.Generator, layout: SkeletonLayout, how: SpottingAugmentation
) -> tuple[FloatArray, FloatArray]:
    """Turn, stretch, shake and hide the joints of a window, and give it other bones.

    Parameters
    ----------
    window : of a recording.
    rng : decides on everything.
    layout : of the joints.
    how : how far.

    Returns
    -------
    xyz (T, V, 3) and score (T, V).
    """
    xyz = _other_bones(window.xyz, rng, layout.parents, how.bones) if how.bones else window.xyz
    root = layout.parents.index(-1)
    seen = window.score[:, root] > 0
    middle = xyz[seen, root].mean(0) if seen.any() else np.zeros(3, np.float32)
    return augment((xyz - middle) * (window.score > 0)[..., None], window.score, rng, layout, how.joints)


def _other_bones(xyz: FloatArray, rng: np.random.Generator, parents: Sequence[int], share: float) -> FloatArray:
    factor = rng.uniform(1 - share, 1 + share, len(parents)).astype(np.float32)
    longer = xyz.copy()
    done = {joint for joint, parent in enumerate(parents) if parent < 0}
    while len(done) < len(parents):
        for joint, parent in enumerate(parents):
            if joint not in done and parent in done:
                longer[:, joint] = longer[:, parent] + (xyz[:, joint] - xyz[:, parent]) * factor[joint]
                done.add(joint)
    return longer
