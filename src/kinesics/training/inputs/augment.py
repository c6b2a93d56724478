"""Variations of a movement: skeletons turned, sheared, mirrored, shaken and partly hidden, in any layout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kinesics.skeleton import UPPER_BODY, SkeletonLayout
from kinesics.skeleton.sequence import FloatArray

_HAND = frozenset(("hand", "thumb", "index", "middle", "ring", "pinky"))
_ARM = _HAND | {"elbow", "wrist"}
_FACE = frozenset(
    ("face", "mesh", "nose", "forehead", "chin", "eye", "pupil", "ear", "brow", "lip", "mouth", "cheek", "jaw")
)
_HIPS = frozenset(("pelvis", "hip"))


@dataclass(frozen=True)
class Augmentation:
    """How far a window of joints may stray from its clip; the defaults are those of the weights that ship.

    Parameters
    ----------
    turn
        Degrees of yaw, pitch and roll to either side.
    stretch
        Share by which each axis may grow or shrink.
    shear
        Share of one axis added to another.
    tempo
        How much faster or slower parts of a window may run (0.3: by about a third); its ends stay.
    jitter
        Standard deviation of each joint's position in each frame, in shares of the joints' mean distance from their
        middle.
    mirror
        Chance to swap left and right; 0 where classes tell left from right.
    flatten
        Chance to lose all depth.
    hand
        Chance to lose a hand, each side by itself, for part of the clip or all of it.
    arm
        The same for a whole arm.
    face
        The same for the face.
    hips
        The same for hips and pelvis.
    joints
        Chance to lose one to three single joints.
    slow
        Chance that a window with a rate of its own comes from a slower camera, of 6 to 12.5 frames a second, each held
        until the next.
    """

    turn: tuple[float, float, float] = (20.0, 10.0, 5.0)
    stretch: float = 0.1
    shear: float = 0.0
    tempo: float = 0.0
    jitter: float = 0.0
    mirror: float = 0.5
    flatten: float = 0.15
    hand: float = 0.15
    arm: float = 0.0
    face: float = 0.05
    hips: float = 0.3
    joints: float = 0.3
    slow: float = 0.2


DEFAULT_AUGMENTATION = Augmentation()


def augment(
    xyz: FloatArray,
    score: FloatArray,
    rng: np.random.Generator,
    layout: SkeletonLayout = UPPER_BODY,
    how: Augmentation = DEFAULT_AUGMENTATION,
) -> tuple[FloatArray, FloatArray]:
    """Vary a movement at random; what is flat stays flat.

    Parameters
    ----------
    xyz : (T, V, 3) positions.
    score : (T, V), 0 for a missing joint.
    rng : decides on everything.
    layout : of the joints.
    how : how far to stray.

    Returns
    -------
    xyz (T, V, 3) and score (T, V), both new.
    """
    flat = not xyz[..., 2].any()
    xyz = xyz @ turn(rng, how).T
    if rng.random() < how.mirror:
        order = layout.mirror
        xyz, score = xyz[:, order] * np.array([-1, 1, 1], np.float32), score[:, order]
    if how.jitter:
        xyz = xyz + rng.normal(0, how.jitter * _spread(xyz, score), xyz.shape).astype(np.float32)
    if rng.random() < how.flatten or flat:
        xyz = xyz * np.array([1, 1, 0], np.float32)  # a source without depth
    return xyz.astype(np.float32), hide(score.copy(), rng, layout, how)


def turn(rng: np.random.Generator, how: Augmentation) -> FloatArray:
    """Draw a matrix (3, 3): a small rotation, then a stretch along each axis and a shear between each two."""
    yaw, pitch, roll = rng.uniform(-1, 1, 3) * np.radians(how.turn)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    turned = about_z @ about_x @ about_y * rng.uniform(1 - how.stretch, 1 + how.stretch, (3, 1))
    if how.shear:
        shear = rng.uniform(-how.shear, how.shear, (3, 3))
        np.fill_diagonal(shear, 1)
        turned = shear @ turned
    small: FloatArray = turned.astype(np.float32)
    return small


def warp(count: int, rng: np.random.Generator, tempo: float) -> FloatArray:
    """Draw which frames a window is read from: in order, now faster, now slower.

    Parameters
    ----------
    count : frames of the window.
    rng : decides on the speeds.
    tempo : how far they may stray; 0 for not at all.

    Returns
    -------
    (count,) positions in 0..count − 1, the first and the last at the ends.
    """
    places = np.arange(count, dtype=np.float32)
    if tempo and count > 1:
        speeds = np.exp(rng.uniform(-tempo, tempo, 4))
        speed = np.interp(np.linspace(0, 3, count - 1), np.arange(4), speeds)
        places[1:] = np.cumsum(speed) * (count - 1) / speed.sum()
    return places


def hide(score: FloatArray, rng: np.random.Generator, layout: SkeletonLayout, how: Augmentation) -> FloatArray:
    """Lose parts for some of the frames or all, and single joints here and there.

    Parameters
    ----------
    score : (T, V), written into.
    rng : decides on what is lost.
    layout : of the joints.
    how : the chances.

    Returns
    -------
    `score`, with 0 for what is lost.
    """
    chances = {"left_hand": how.hand, "right_hand": how.hand, "face": how.face, "hips": how.hips}
    if how.arm:
        chances |= {"left_arm": how.arm, "right_arm": how.arm}
    for part, chance in chances.items():
        if rng.random() < chance:
            first, last = sorted(rng.integers(0, len(score) + 1, 2)) if rng.random() < 0.6 else (0, len(score))
            score[first:last, parts(layout)[part]] = 0
    if rng.random() < how.joints:
        score[:, rng.integers(0, score.shape[1], rng.integers(1, 4))] = 0
    return score


@lru_cache(maxsize=64)
def parts(layout: SkeletonLayout) -> dict[str, list[int]]:
    """Find the joints of hands, arms, face and hips by their names; empty where a layout does not name them so.

    A wrist belongs to the arm, a hand to both, and an ear, though it has a side, to the face.
    """
    words = [frozenset(joint.split("_")) for joint in layout.joints]

    def named(any_of: frozenset[str], side: str | None = None) -> list[int]:
        return [i for i, has in enumerate(words) if has & any_of and (side is None or side in has)]

    sided = {f"{side}_{part}": named(of, side) for side in ("left", "right") for part, of in _SIDED.items()}
    return sided | {"face": named(_FACE), "hips": named(_HIPS)}


_SIDED = {"hand": _HAND, "arm": _ARM}


def _spread(xyz: FloatArray, score: FloatArray) -> float:
    """The mean distance of the visible joints from their middle."""
    visible = xyz[score > 0]
    return float(np.linalg.norm(visible - visible.mean(0), axis=-1).mean()) if len(visible) else 0.0
