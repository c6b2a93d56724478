"""The gestures of iMiGUE that need no hand, as motion programs of trunk, head and face.

A program adds its gesture to a scene between `start` and `end` seconds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kinesics.simulator.motion.everyday import Curves, add
from kinesics.simulator.motion.kinematics import Array, pulse
from kinesics.simulator.motion.scene import Scene

Program = Callable[[Scene, float, float], None]


def _turtle_neck(scene: Scene, start: float, end: float) -> None:
    """The head is pushed out forwards and down between raised shoulders, as a turtle's."""
    out = scene.between(0.85, 1.15) * _repeated(scene, start, end, most=2)
    add(scene, {"jut": scene.between(0.45, 0.7) * out, "shrug_*": scene.between(0.25, 0.42) * out})
    add(scene, {"slouch": scene.between(0.1, 0.25) * out, "nod": scene.between(-0.1, 0.1) * out})


def _deep_breath(scene: Scene, start: float, end: float) -> None:
    """A breath that lifts chest and shoulders, then is blown out through puffed cheeks."""
    top = start + (end - start) * scene.between(0.35, 0.5)
    inhaled = pulse(scene.t, (start + top) / 2, (top + end) / 2 + 0.1, 0.9 * (top - start), 0.9 * (end - top))
    inhaled = inhaled * scene.between(0.8, 1.3)
    puffed = scene.between(0.75, 1) * pulse(scene.t, top - 0.05, end - 0.15, 0.3, 0.45)
    add(
        scene,
        {
            "chest": 0.12 * inhaled, "shrug_*": 0.2 * inhaled, "nod": -0.1 * inhaled, "cheekPuff": puffed,
            "mouthPucker": scene.between(0.2, 0.6) * puffed, "browInnerUp": 0.4 * puffed,
            "slouch": scene.between(0.1, 0.2) * pulse(scene.t, top + 0.2, end + 0.4, 0.7, 0.9),
        },
    )  # fmt: skip


def _move_torso(scene: Scene, start: float, end: float) -> None:
    """The trunk leans, rocks from side to side, turns, or slides about on the seat."""
    size, way = scene.between(0.8, 1.25), scene.rng.choice([-1, 1])
    through = 2 * np.pi * np.clip((scene.t - start) / (end - start), 0, 1)
    out = size * pulse(scene.t, start + 0.2, end - 0.2, scene.between(0.5, 0.9), scene.between(0.5, 0.9))
    wave = way * size * np.sin(through * max(1, round((end - start) * scene.between(0.4, 0.8))))
    kinds: dict[str, Curves] = {
        "bend": {"bend": 0.34 * way * out, "sway_x": 0.04 * way * out},
        "rock": {"bend": 0.24 * wave, "sway_x": 0.025 * wave, "twist": 0.08 * wave},
        "lean": {"lean": (0.45 if way > 0 else -0.28) * out, "sway_y": -0.03 * way * out},
        "twist": {"twist": 0.55 * way * out, "bend": 0.1 * way * out},
        "slide": {"sway_x": 0.05 * wave, "bend": 0.2 * wave, "lean": 0.15 * out},
    }
    add(scene, kinds[scene.rng.choice(list(kinds), p=[0.25, 0.2, 0.25, 0.15, 0.15])])


def _sit_straight(scene: Scene, start: float, end: float) -> None:
    """From a slouch the back straightens, the chest rises and the head follows."""
    middle, rise = (start + end) / 2, scene.between(0.8, 0.95) * (end - start)
    slouched = scene.between(0.5, 0.7) * pulse(scene.t, start - 2.2, middle, 1.2, rise)
    tall = pulse(scene.t, middle, end + scene.between(1, 3), rise, 1.5)
    add(
        scene,
        {
            "slouch": slouched - 0.2 * tall, "lean": 0.1 * slouched - 0.06 * tall, "chest": 0.07 * tall,
            "nod": 0.1 * slouched - 0.05 * tall, "jut": 0.25 * slouched,
            "shrug_*": 0.06 * pulse(scene.t, middle - 0.2, middle + 0.3, 0.5),
        },
    )  # fmt: skip


def _head_up(scene: Scene, start: float, end: float) -> None:
    """The chin is raised and the face turned up for a moment."""
    up = pulse(scene.t, start + 0.2, end - 0.2, scene.between(0.45, 0.8), scene.between(0.45, 0.9))
    add(
        scene,
        {
            "nod": -scene.between(0.42, 0.7) * up, "look": scene.rng.normal(0, 0.08) * up, "jut": -0.1 * up,
            "gaze_down": scene.between(-0.2, 0.25) * up, "chest": 0.03 * up, "browInnerUp": scene.between(0, 0.3) * up,
        },
    )  # fmt: skip


def _bite_lip(scene: Scene, start: float, end: float) -> None:
    """The lower lip is drawn in and held between the teeth; the upper one sometimes comes along."""
    bite = scene.between(0.85, 1) * pulse(scene.t, start + 0.1, end - 0.1, 0.35, 0.4)
    gnawing = bite * np.abs(np.sin(np.pi * scene.between(1, 2.2) * scene.t)) * scene.chance(0.5)
    opened = 0.12 * pulse(scene.t, start - 0.05, start + 0.2, 0.25)
    add(scene, {"mouthRollLower": bite - 0.2 * gnawing, "jawOpen": opened, "jawForward": 0.2 * gnawing})
    side = scene.one_of("mouthLeft", "mouthRight")
    kinds: tuple[Curves, ...] = (
        {"jawOpen": 0.12 * bite, "mouthUpperUp*": scene.between(0, 0.3) * bite},  # the upper teeth show
        {"mouthRollUpper": scene.between(0.3, 0.7) * bite, "mouthPress*": 0.3 * bite},
        {side: scene.between(0.2, 0.5) * bite, "mouthDimple*": 0.3 * bite},
    )
    add(scene, kinds[scene.rng.integers(len(kinds))])


def _shake_shoulders(scene: Scene, start: float, end: float) -> None:
    """A shrug or several, of both shoulders, of one, or of one after the other."""
    size = scene.between(0.3, 0.45)
    kind = scene.rng.choice(["both", "left", "right", "rolling"], p=[0.55, 0.15, 0.15, 0.15])
    if kind == "rolling":
        wave = np.sin(2 * np.pi * scene.between(0.9, 1.6) * (scene.t - start)) * pulse(scene.t, start, end, 0.3)
        left, right = size * np.clip(wave, 0, 1), size * np.clip(-wave, 0, 1)
        add(scene, {"shrug_left": left, "shrug_right": right, "bend": 0.05 * wave})
        return
    up = size * _repeated(scene, start, end, most=4)
    tilt = {"both": 0.0, "left": 0.25, "right": -0.25}[kind] + scene.rng.normal(0, 0.1)
    add(scene, {"shrug_*" if kind == "both" else f"shrug_{kind}": up, "tilt": tilt * up, "chest": 0.1 * up})
    if kind == "both" and scene.chance(0.5):  # "who knows"
        add(scene, {"mouthFrown*": 2 * up, "browInnerUp": 2 * up})


def _repeated(scene: Scene, start: float, end: float, most: int) -> Array:
    """One to `most` times out (1) and back (0), each no quicker than half a second."""
    count = max(1, min(int(scene.rng.integers(1, most + 1)), int((end - start) / 0.5)))
    length = (end - start) / count
    ramp = min(0.6, 0.48 * length)
    firsts = start + length * np.arange(count)
    return np.asarray(sum(pulse(scene.t, first + ramp / 2, first + length - ramp / 2, ramp) for first in firsts))


BODY_PROGRAMS: dict[str, Program] = {
    "turtle neck": _turtle_neck,
    "deep breath (puff cheeks)": _deep_breath,
    "move torso": _move_torso,
    "sit straight": _sit_straight,
    "head up": _head_up,
    "bite lip": _bite_lip,
    "shake shoulders": _shake_shoulders,
}
