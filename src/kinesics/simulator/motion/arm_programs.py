"""The gestures of iMiGUE that arms and hands make before or behind the trunk, each in the ways people do it."""

from __future__ import annotations

from typing import Any

import numpy as np

from kinesics.simulator.motion import everyday
from kinesics.simulator.motion.kinematics import SIDES, Rub, Vector
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.motion.ways import Touch, Ways, by_the_side, other, rub

LAIN = 1.2  # seconds for which arms lie before they are drawn in


def _top(scene: Scene) -> float:
    """How high the table's top, or the thighs, are above the seat's middle, for a person of usual size."""
    return 0.115 if scene.table is None else (scene.table - scene.root_height) / scene.scale


def _before(scene: Scene, low: float = -0.28, high: float = -0.12) -> Vector:
    """A place for both hands in front of the body, from the upper spine."""
    height = scene.between(low, high)
    if scene.table is not None:
        height = max(height, _top(scene) + 0.07 - 0.39)
    return 0.0, -scene.between(0.26, 0.36), height


def _offered(scene: Scene, side: str, start: float, end: float) -> None:
    """This forearm comes before the trunk, for the other hand."""
    point = scene.between(0.03, 0.09), -scene.between(0.28, 0.34), -scene.between(0.18, 0.28)
    scene.reach(side, start - 0.1, end, point=point, fingers=(-0.65, -0.75, 0.05), palm=(-0.1, 0.2, -1))


# ---------------------------------------------------------------- folding arms, arms behind and akimbo


def _folded(scene: Scene, start: float, end: float, low: float, high: float) -> str:
    """One forearm over the other; which hand is the inner one."""
    inner = scene.one_of(*SIDES)
    height, far = scene.between(low, high), scene.between(0.105, 0.14)
    wish = {"fingers": (-1, 0.15, 0.15), "palm": (0, 1, 0), "shape": scene.one_of("cup", "relaxed", "flat")}
    scene.reach(inner, start, end, point=(-far, -0.165, height), swivel=0.15, arc=0.6, **wish)
    wish |= {"fingers": (-1, 0.25, 0.25), "shape": scene.one_of("cup", "fist", "relaxed")}
    scene.reach(
        other(inner), start + 0.1, end, point=(-far, -0.24, height + 0.02), swivel=0.2, arc=0.9, **wish,
    )  # fmt: skip
    return inner


def _fold_arms(scene: Scene, start: float, end: float) -> None:
    """Arms crossed before the chest, one hand on the other arm, the other tucked in."""
    _folded(scene, start, end, -0.13, -0.06)
    scene.move("lean", scene.rng.normal(-0.03, 0.05), start, end, 0.8)


def _fold_arms_low(scene: Scene, start: float, end: float) -> None:
    """Forearms loosely over each other before the belly."""
    _folded(scene, start, end, -0.22, -0.14)


def _fold_and_talk(scene: Scene, start: float, end: float) -> None:
    """Arms folded while talking: the outer hand leaves for a beat now and then and comes back."""
    inner = _folded(scene, start, end, -0.15, -0.07)
    everyday.speech(scene)
    time = start + scene.between(0.6, 1.0)
    while time < end - 0.7:
        length = scene.between(0.25, 0.5)
        point = -scene.between(0.0, 0.1), -scene.between(0.28, 0.36), scene.between(-0.1, 0.02)
        wish = {"fingers": (-0.8, -0.5, 0.6), "palm": (-0.3, 0.2, 1), "shape": scene.one_of("open", "relaxed")}
        scene.reach(other(inner), time, time + length, point=point, arc=0.1, **wish)
        time += length + scene.between(0.5, 1.5)


def _arm_across(scene: Scene, start: float, end: float) -> None:
    """One forearm across the belly carries the elbow of the other arm, whose hand is free before the breast."""
    under = scene.one_of(*SIDES)
    height = scene.between(-0.2, -0.13)
    scene.reach(
        under, start, end, point=(-0.13, -0.2, height), fingers=(-1, 0.1, 0.0), palm=(0.1, 0.6, 0.8), shape="cup",
        swivel=0.1,
    )  # fmt: skip
    scene.reach(
        other(under), start + 0.1, end, point=(scene.between(0.0, 0.08), -scene.between(0.26, 0.32), 0.04),
        fingers=(-0.4, -0.2, 1), palm=(-0.5, 0.8, 0), shape=scene.one_of("relaxed", "curl", "cup"), swivel=0.0,
    )  # fmt: skip


def _crossed_on_the_table(scene: Scene, start: float, end: float) -> None:
    """Forearms laid over each other on the table, or on the knees, leaning on them; low where one stands."""
    if scene.seat == "standing":
        _fold_arms_low(scene, start, end)
        return
    top, upper = _top(scene), scene.one_of(*SIDES)
    far = -0.27 if scene.table is None else scene.table_edge / scene.scale - 0.08
    scene.move("lean", scene.between(0.02, 0.16), start, end, 0.8)
    for side in SIDES:
        over = side == upper
        scene.reach(
            side, start, end, anchor="seat", point=(-0.09, far - 0.03 * over, top + 0.035 + 0.045 * over),
            fingers=(-1, -0.15, 0), palm=(-0.05, 0.1, -1), shape=scene.one_of("flat", "relaxed"),
        )  # fmt: skip


def _arms_behind(scene: Scene, start: float, end: float) -> None:
    """Both hands go behind the back and stay there for a while, low or at the waist."""
    scene.move("chest", scene.between(0.02, 0.08), start, end, 0.7)
    height, apart = scene.between(-0.02, 0.06), scene.between(0.02, 0.08)
    for side in SIDES:
        by_the_side(scene, side, start, end)
        scene.reach(
            side, start, end, anchor="spine04", point=(apart, 0.16, height + 0.04 * (side == "right")),
            fingers=(-0.9, 0.1, -0.3), palm=(0.1, 1, 0), shape="relaxed", arc=0, swivel=0.5,
        )  # fmt: skip


def _akimbo(scene: Scene, start: float, end: float, both: float, shape: str) -> None:
    place, lift = scene.one_of("waist", "hip"), scene.between(-0.01, 0.03)
    forwards = scene.chance(0.7)  # the fingers, else the thumbs
    for side in SIDES if scene.chance(both) else (scene.hand(),):
        scene.reach(
            side, start, end, anchor="spine05", place=place, held=True, shape=shape, swivel=scene.between(0.9, 1.2),
            arc=0.2, fingers=(-0.5, -0.75 if forwards else 0.5, -0.45), palm=(-1, 0.3, 0.25), shift=(0.006, 0.0, lift),
        )  # fmt: skip


def _both_on_hips(scene: Scene, start: float, end: float) -> None:
    """Hands on the hips, elbows out."""
    _akimbo(scene, start, end, 1.0, "cup")


def _one_on_hip(scene: Scene, start: float, end: float) -> None:
    """One hand on the hip."""
    scene.move("bend", scene.rng.normal(0, 0.06), start, end, 0.7)
    _akimbo(scene, start, end, 0.0, "cup")


def _fists_on_hips(scene: Scene, start: float, end: float) -> None:
    """Fists on the hips."""
    _akimbo(scene, start, end, 0.8, "fist")


# ---------------------------------------------------------------- clothes and arms


def _tug_cuff(scene: Scene, start: float, end: float) -> None:
    """One hand pulls the cuff of the other straight, or pushes the sleeve up."""
    side = scene.hand()
    _offered(scene, other(side), start, end)
    tug = rub(scene, 0.006, 0.022, rate=(0.7, 1.8), bend=3)
    wish = {"effector": scene.one_of("pinch", "fingers"), "shape": scene.one_of("pinch", "grip")}
    place = scene.one_of("cuff", "forearm_low", "forearm_up")
    scene.reach(side, start, end, place=place, place_side=other(side), fingers=(-0.7, -0.2, -0.6), rub=tug, **wish)


def _brush_sleeve(scene: Scene, start: float, end: float) -> None:
    """A flat hand brushes down the other sleeve, in two or more strokes off the cloth."""
    side = scene.hand()
    low = scene.chance(0.5)
    if low:
        _offered(scene, other(side), start, end)
    place = scene.one_of("forearm_up", "forearm_top", "elbow") if low else scene.one_of("arm_outer", "arm_low")
    scene.move("look", (-0.3 if side == "left" else 0.3) * scene.between(0.3, 1), start, end, 0.6)
    scene.move("nod", scene.between(0.05, 0.4), start, end, 0.6)
    brush = rub(scene, 0.012, 0.045, lift=0.03, rate=(1.2, 2.8), bend=6)
    wish = {"effector": scene.one_of("flat", "fingers"), "shape": scene.one_of("flat", "relaxed")}
    scene.reach(side, start, end, place=place, place_side=other(side), fingers=(-1, 0.1, -0.2), rub=brush, **wish)


def _smooth_trousers(scene: Scene, start: float, end: float) -> None:
    """Flat hands, or one, stroke along the thighs or brush them."""
    sides = SIDES if scene.chance(0.5) else (scene.hand(),)
    scene.move("nod", scene.between(0.1, 0.5), start, end, 0.6)
    stroke = rub(scene, 0.05, 0.0, lift=0.02 * scene.chance(0.5), rate=(0.6, 2.0), bend=2)
    for side in sides:
        if scene.seat == "standing":
            wish = {"place": "thigh", "effector": "flat", "fingers": (0.0, -0.1, -1)}
            scene.reach(side, start, end, shape="flat", rub=stroke, **wish)
            continue
        point = scene.between(0.1, 0.15), -scene.between(0.22, 0.32), 0.105
        wish = {"fingers": (-scene.between(0.0, 0.4), -1, -0.1), "palm": (0, 0, -1), "shape": "flat"}
        scene.reach(side, start, end, anchor="seat", point=point, rub=stroke, arc=0.2, **wish)


def _tug_shirt(scene: Scene, start: float, end: float) -> None:
    """The shirt is taken at its front or hem and tugged down or away from the body."""
    both = scene.chance(0.6)
    tug = rub(scene, 0.01, 0.02, lift=0.015, rate=(0.7, 1.8), bend=2)
    place = scene.one_of("belly_side", "belly_side", "shirt", "belly")
    for side in SIDES if both else (scene.hand(),):
        wish = {"effector": "pinch", "shape": scene.one_of("pinch", "grip"), "fingers": (-0.6, 0.2, -0.6)}
        scene.reach(side, start, end, place=place, shift=(0.03 * both, -0.015, 0), rub=tug, **wish)


_BRUSHED: dict[str, Any] = {"lift": 0.025, "rubs": 1.0, "rate": (1.2, 2.8), "bend": 6.0, "nod": 0.35}


def _hug(scene: Scene, start: float, end: float) -> None:
    """Each hand on the other upper arm, as if cold."""
    height, upper = scene.between(-0.12, -0.03), scene.one_of(*SIDES)
    rubbing = rub(scene, 0.02, 0.004, rate=(1, 2.5), bend=2) if scene.chance(0.4) else None
    for side in SIDES:
        over = side == upper
        scene.reach(
            side, start + 0.1 * over, end, point=(-0.19, -0.14 - 0.05 * over, height + 0.03 * over),
            fingers=(-0.9, 0.5, 0.35), palm=(0.2, 1, 0.1), shape="cup", swivel=0.15, arc=0.8, rub=rubbing,
        )  # fmt: skip
    scene.move("slouch", scene.between(0.0, 0.15), start, end, 0.8)


def _arm_touched(scene: Scene, start: float, end: float, places: tuple[str, ...], rubs: float) -> None:
    side = scene.hand()
    place = scene.one_of(*places)
    if place.startswith(("forearm", "elbow")):
        _offered(scene, other(side), start, end)
    rubbing = rub(scene, 0.014, 0.006, bend=5) if scene.chance(rubs) else None
    wish = {"effector": scene.one_of("fingers", "flat", "palm"), "shape": scene.one_of("relaxed", "cup")}
    scene.reach(side, start, end, place=place, place_side=other(side), fingers=(-1, -0.1, -0.2), rub=rubbing, **wish)


def _hold_forearm(scene: Scene, start: float, end: float) -> None:
    """A hand rests on the other forearm or elbow."""
    _arm_touched(scene, start, end, ("forearm_top", "forearm_up", "forearm_low", "elbow"), 0.15)


def _scratch_forearm(scene: Scene, start: float, end: float) -> None:
    """Fingers scratch or rub the other forearm or elbow."""
    _arm_touched(scene, start, end, ("forearm_top", "forearm_up", "elbow"), 1.0)


def _hold_upper_arm(scene: Scene, start: float, end: float) -> None:
    """A hand lies on the other upper arm."""
    _arm_touched(scene, start, end, ("arm_outer", "arm_front", "arm_low"), 0.1)


def _scratch_upper_arm(scene: Scene, start: float, end: float) -> None:
    """Fingers rub the other upper arm."""
    _arm_touched(scene, start, end, ("arm_outer", "arm_front", "arm_low"), 1.0)


# ---------------------------------------------------------------- both hands


def _both(scene: Scene, start: float, end: float, **goal: object) -> None:
    for side in SIDES:
        scene.reach(side, start, end, **goal)


def _rub_palms(scene: Scene, start: float, end: float) -> None:
    """Palm on palm, up and down against each other."""
    x, y, z = _before(scene)
    rate, size = scene.between(1.2, 3.5), scene.between(0.02, 0.045)
    up = scene.between(0.0, 0.9)
    for side in SIDES:
        stroke = Rub(size, 0.006, rate=rate, phase=0.0 if side == "left" else np.pi)
        wish = {"fingers": (-0.03, -1, up), "palm": (-1, 0, 0), "shape": "flat"}
        scene.reach(side, start, end, point=(x + 0.006, y, z), rub=stroke, **wish)


def _wring(scene: Scene, start: float, end: float) -> None:
    """One hand wraps the other and turns about it, as in washing."""
    x, y, z = _before(scene)
    upper, rate = scene.one_of(*SIDES), scene.between(0.8, 2.2)
    for side in SIDES:
        over = side == upper
        stroke = Rub(0.02, 0.02, rate=rate, phase=0.0 if over else 2.0, fingers=6)
        scene.reach(
            side, start, end, point=(x + 0.01, y, z + 0.03 * over), fingers=(-0.8, -0.8, 0.15),
            palm=(-0.4, 0.3, -0.9) if over else (-0.5, 0.4, 0.7), shape="cup", rub=stroke,
        )  # fmt: skip


def _clasped(scene: Scene, start: float, end: float, points: tuple[Vector, Vector], anchor: str) -> None:
    """One hand, curled, in or under the other, at these points of the lower and the upper one."""
    upper, thumb = scene.one_of(*SIDES), scene.chance(0.35)
    for side in SIDES:
        over = side == upper
        stroke = rub(scene, 0.006, 0.01, rate=(0.8, 2), bend=5) if over and thumb else None
        scene.reach(
            side, start, end, anchor=anchor, point=points[over], shape="cup" if over else scene.one_of("curl", "fist"),
            fingers=(-0.95, -0.6, 0.05) if over else (-0.75, -0.8, 0.1), rub=stroke,
            palm=(-0.35, 0.25, -0.95) if over else (-0.75, 0.35, 0.2),
        )  # fmt: skip


def _hold_hands(scene: Scene, start: float, end: float) -> None:
    """One hand holds the other where they rest: on the table, in the lap, or hanging before the body."""
    if scene.seat == "standing":
        low = (0.0, -0.19, -0.42), (0.0, -0.225, -0.4)
        _clasped(scene, start, end, low, "spine01")
        return
    far = -scene.between(0.2, 0.3) if scene.table is None else scene.table_edge / scene.scale - scene.between(0, 0.1)
    top = _top(scene) + 0.04
    _clasped(scene, start, end, ((0.01, far, top), (0.0, far - 0.012, top + 0.028)), "seat")


def _hold_hands_up(scene: Scene, start: float, end: float) -> None:
    """A fist in the other palm, before the breast or under the chin."""
    x, y, z = _before(scene, -0.24, 0.06)
    _clasped(scene, start, end, ((x + 0.01, y, z), (x, y - 0.02, z + 0.02)), "spine01")


def _hold_fingers(scene: Scene, start: float, end: float) -> None:
    """The fingers of one hand are held and kneaded by those of the other."""
    x, y, z = _before(scene)
    holder = scene.one_of(*SIDES)
    for side in SIDES:
        mine = side == holder
        stroke = rub(scene, 0.008, 0.008, rate=(0.6, 2.5), bend=8) if mine else None
        scene.reach(
            side, start, end, point=(x + (0.05 if mine else 0.035), y, z + 0.012 * mine), rub=stroke,
            fingers=(-0.9, -0.6, 0.1), palm=(-0.4, 0.4, -0.8) if mine else (-0.6, 0.5, -0.2),
            shape="grip" if mine else scene.one_of("relaxed", "flat"),
        )  # fmt: skip


def _interlaced(scene: Scene, start: float, end: float, point: Vector, anchor: str, up: float) -> None:
    knead = rub(scene, 0.003, 0.004, rate=(0.5, 1.5), bend=5) if scene.chance(0.25) else None
    x, y, z = point
    for side, lift in (("left", 0.0), ("right", 0.009)):
        wish = {"fingers": (-0.45, -1, up), "palm": (-1, 0.3, 0), "shape": "interlaced", "rub": knead}
        scene.reach(side, start, end, anchor=anchor, point=(x + 0.022, y, z + lift), **wish)


def _interlace(scene: Scene, start: float, end: float) -> None:
    """Interlaced fingers before the trunk."""
    _interlaced(scene, start, end, _before(scene), "spine01", scene.between(0.0, 0.9))


def _interlace_low(scene: Scene, start: float, end: float) -> None:
    """Interlaced fingers resting on the table or in the lap, or hanging before the body."""
    if scene.seat == "standing":
        _interlaced(scene, start, end, (0.0, -0.2, -0.4), "spine01", -0.8)
        return
    far = -scene.between(0.2, 0.3) if scene.table is None else scene.table_edge / scene.scale - scene.between(0, 0.1)
    _interlaced(scene, start, end, (0.0, far, _top(scene) + 0.05), "seat", scene.between(0.0, 0.3))


def _interlace_high(scene: Scene, start: float, end: float) -> None:
    """Interlaced fingers before chin or mouth, on the elbows."""
    scene.move("nod", scene.between(0.0, 0.2), start, end, 0.6)
    scene.move("lean", scene.between(0.0, 0.15), start, end, 0.7)
    _interlaced(scene, start, end, (0.0, -scene.between(0.22, 0.28), scene.between(0.14, 0.21)), "spine01", 1.2)


def _steeple(scene: Scene, start: float, end: float, low: float, high: float) -> None:
    x, y, z = _before(scene, low, high)
    tap = Rub(lift=scene.between(0.002, 0.006), rate=scene.between(0.8, 2)) if scene.chance(0.4) else None
    wish = {"fingers": (-0.55, -scene.between(0.1, 0.7), 1), "palm": (-1, 0.2, -0.5), "shape": "steeple", "rub": tap}
    _both(scene, start, end, point=(x + 0.05, y, z), **wish)


def _steeple_low(scene: Scene, start: float, end: float) -> None:
    """Fingertips against fingertips, pointing up, palms apart."""
    _steeple(scene, start, end, -0.24, -0.08)


def _steeple_high(scene: Scene, start: float, end: float) -> None:
    """The same before the chin."""
    _steeple(scene, start, end, 0.02, 0.12)


# ---------------------------------------------------------------- things


def _turn_thing(scene: Scene, start: float, end: float) -> None:
    """Both hands turn a small thing between the fingers."""
    x, y, z = _before(scene, -0.3, -0.16)
    for side in SIDES:
        turning = Rub(
            scene.between(0.004, 0.012), scene.between(0.004, 0.014), 0.004, rate=scene.between(0.8, 2.5),
            fingers=scene.between(4, 12), phase=scene.between(0, 6),
        )  # fmt: skip
        wish = {"fingers": (-0.7, -0.8, 0.1), "palm": (-0.4, 0.5, -0.8), "shape": scene.one_of("pinch", "grip")}
        scene.reach(side, start, end, point=(x + 0.055, y, z), rub=turning, **wish)


def _twirl_pen(scene: Scene, start: float, end: float) -> None:
    """One hand taps or twirls a pen."""
    side = scene.hand()
    _, y, z = _before(scene, -0.3, -0.1)
    twirl = Rub(0.006, 0.01, scene.between(0, 0.02), rate=scene.between(1.5, 4), fingers=scene.between(8, 16))
    wish = {"fingers": (-0.5, -1, 0.2), "palm": (-0.7, 0.1, -0.7), "shape": scene.one_of("pinch", "grip", "pinch_open")}
    scene.reach(side, start, end, point=(scene.between(0.02, 0.16), y, z), rub=twirl, **wish)


def _unscrew(scene: Scene, start: float, end: float) -> None:
    """One hand holds a bottle, the other turns its cap."""
    x, y, z = _before(scene, -0.24, -0.12)
    holding = scene.one_of(*SIDES)
    scene.move("nod", scene.between(0, 0.4), start, end, 0.6)
    grip = {"fingers": (-0.9, -0.5, 0.1), "palm": (-0.7, 0.5, 0), "shape": "grip"}
    scene.reach(holding, start, end, point=(x + 0.035, y, z - 0.09), **grip)
    turning = Rub(0.004, 0.012, rate=scene.between(0.8, 2), fingers=10)
    wish = {"fingers": (-0.8, -0.5, -0.5), "palm": (-0.2, 0.2, -1), "shape": "pinch"}
    scene.reach(other(holding), start + 0.15, end, point=(x + 0.02, y, z + 0.03), rub=turning, **wish)


def _use_phone(scene: Scene, start: float, end: float) -> None:
    """A telephone in one hand, the thumb or the other hand's finger on it, the eyes upon it."""
    scene.move("nod", scene.between(0.25, 0.6), start, end, 0.7)
    scene.move("gaze_down", scene.between(0.1, 0.3), start, end, 0.3)
    side = scene.hand()
    x, y, z = _before(scene, -0.24, -0.1)
    thumb = Rub(0.003, 0.003, rate=scene.between(1, 3), fingers=2)
    wish = {"fingers": (-0.4, -0.6, 0.8), "palm": (-0.4, 0.8, 0.4), "shape": "grip"}
    scene.reach(side, start, end, point=(x + 0.03, y, z), rub=thumb, **wish)
    if scene.chance(0.4):
        tap = Rub(lift=0.02, rate=scene.between(1.5, 3.5))
        wish = {"fingers": (-0.8, -0.4, 0.3), "palm": (-0.2, -0.3, -0.9), "shape": "point"}
        scene.reach(other(side), start + 0.2, end, point=(x + 0.08, y - 0.05, z + 0.02), rub=tap, **wish)


def _turn_ring(scene: Scene, start: float, end: float) -> None:
    """Thumb and forefinger turn a ring on the other hand."""
    x, y, z = _before(scene)
    side = scene.hand()
    wish = {"fingers": (-0.75, -0.75, 0.1), "palm": (-0.2, 0.3, -1), "shape": "relaxed"}
    scene.reach(other(side), start - 0.1, end, point=(x + 0.045, y, z), **wish)
    turning = rub(scene, 0.004, 0.007, rate=(0.8, 2.5), bend=10)
    wish = {"fingers": (-0.9, -0.4, -0.2), "palm": (-0.4, 0.4, -0.8), "shape": "pinch"}
    scene.reach(side, start, end, point=(x + 0.02, y - 0.035, z + 0.03), rub=turning, **wish)


def _touch_microphone(scene: Scene, start: float, end: float) -> None:
    """A hand at a microphone, a glass or a name plate that stands before one: turned, shoved, set right."""
    far = -0.42 if scene.table is None else scene.table_edge / scene.scale - scene.between(0.12, 0.24)
    top = _top(scene) + scene.between(0.07, 0.22)
    shove = rub(scene, 0.02, 0.02, rate=(0.4, 1.4), bend=6)
    wish = {"fingers": (-0.6, -1, 0.2), "palm": (-1, 0.2, 0), "shape": scene.one_of("grip", "pinch"), "rub": shove}
    for side in SIDES if scene.chance(0.25) else (scene.hand(),):
        scene.reach(side, start, end, anchor="seat", point=(scene.between(0.02, 0.14), far, top), **wish)


# ---------------------------------------------------------------- arms held back


def _draw_in(scene: Scene, start: float, end: float) -> None:
    """Arms that lie on the table (or the knees) are drawn back to the body, and stay there for a while."""
    top = _top(scene)
    wide, middle, way = scene.between(0.06, 0.15), (start + end) / 2, min(0.9, 0.9 * (end - start))
    stays = end + scene.between(1.5, 5)
    edge = scene.table is not None and scene.chance(0.5)
    home = (0.1, scene.table_edge / scene.scale + 0.03, top + 0.035) if edge else (0.12, -0.2, 0.10)
    for side in SIDES if scene.chance(0.8) else (scene.hand(),):
        scene.reach(
            side, start - LAIN, middle, anchor="seat", point=(wide, -0.46, top + 0.035), fingers=(-0.4, -1, 0),
            palm=(-0.15, 0, -1), back=way, arc=0,
        )  # fmt: skip
        wish = {"fingers": (-0.8, -1, -0.1), "palm": (0, 0, -1), "travel": way, "arc": 0}
        scene.reach(side, middle, stays, anchor="seat", point=home, **wish)
    scene.move("lean", -scene.between(0.03, 0.15), middle, stays, way)


def _stop_short(scene: Scene, start: float, end: float) -> None:
    """Hands start out for a gesture, stop half way before the body, are held there, and go back."""
    turned, high = scene.between(-0.3, 1.0), scene.between(-0.26, -0.12)
    out = min(0.35, 0.4 * (end - start))
    scene.move("shrug_left", scene.between(0, 0.08), start, end, 0.5)
    scene.move("shrug_right", scene.between(0, 0.08), start, end, 0.5)
    for side in SIDES if scene.chance(0.65) else (scene.hand(),):
        wish = {"palm": (-0.6, -0.4, -0.6 + turned), "shape": scene.one_of("open", "relaxed", "cup"), "drift": 0.004}
        reached = scene.between(0.1, 0.2), -scene.between(0.34, 0.42), high
        scene.reach(side, start, start + 1.6 * out, point=reached, fingers=(-0.2, -1, 0.4), travel=out, **wish)
        held = scene.between(0.08, 0.16), -scene.between(0.2, 0.24), high - 0.02
        wish |= {"shape": scene.one_of("curl", "fist", "relaxed"), "travel": max(0.25, out)}
        scene.reach(side, start + 1.6 * out, end, point=held, fingers=(-0.4, -0.8, 0.5), arc=0.0, **wish)


def _pull_back(scene: Scene, start: float, end: float) -> None:
    """A hand reaches for something before one and is pulled back before it gets there."""
    side, turn = scene.hand(), start + scene.between(0.4, 0.6) * (end - start)
    way = max(0.28, min(0.5, 0.8 * (turn - start)))
    reached = scene.between(-0.02, 0.2), -scene.between(0.44, 0.56), _top(scene) + scene.between(0.05, 0.18)
    wish = {"fingers": (-0.3, -1, 0.1), "palm": (-0.6, 0, -0.8), "shape": scene.one_of("open", "relaxed", "cup")}
    scene.reach(side, start, turn, anchor="seat", point=reached, travel=way, back=way, arc=0.2, **wish)
    scene.move("lean", scene.between(0.03, 0.12), start, turn, way)
    close = scene.between(0.1, 0.16), -scene.between(0.2, 0.26), scene.between(-0.28, -0.18)
    wish |= {"shape": scene.one_of("curl", "fist", "relaxed"), "palm": (-0.8, 0.3, -0.5)}
    scene.reach(side, turn, end + scene.between(0.3, 1.5), point=close, travel=way, arc=0.0, **wish)


# ---------------------------------------------------------------- hands that go with speech


def _strokes(scene: Scene, start: float, end: float, sides: tuple[str, ...], mirrored: bool) -> None:
    """One movement after the other, each with its own place, palm and shape, and now and then a hold or a rest."""
    everyday.speech(scene)
    time = start
    while time < end - 0.15:
        length = min(scene.between(0.3, 0.9) if scene.chance(0.85) else scene.between(0.9, 1.8), end - time)
        together = everyday.stroke(scene)
        for side in sides:
            style = together if mirrored else everyday.stroke(scene)
            scene.reach(side, time, time + length, arc=0.3, drift=0.006, **style)
        time += length


def _talk_with_both(scene: Scene, start: float, end: float) -> None:
    """Both hands go with the speech, alike or each its own way."""
    _strokes(scene, start, end, SIDES, scene.chance(0.6))


def _talk_with_one(scene: Scene, start: float, end: float) -> None:
    """One hand goes with the speech."""
    _strokes(scene, start, end, (scene.hand(),), False)


def _beat(scene: Scene, start: float, end: float) -> None:
    """A hand or both held before the body beat time to the words."""
    everyday.speech(scene)
    style = everyday.stroke(scene) | {"rub": Rub(0.01, 0.0, scene.between(0.02, 0.05), rate=scene.between(1.2, 2.6))}
    for side in SIDES if scene.chance(0.5) else (scene.hand(),):
        scene.reach(side, start, end, arc=0.3, drift=0.008, **style)


def _open_palms(scene: Scene, start: float, end: float) -> None:
    """Open hands are turned up or out, as giving or asking, without a shrug."""
    everyday.speech(scene)
    point = scene.between(0.12, 0.28), -scene.between(0.28, 0.4), scene.between(-0.22, -0.06)
    style = {"fingers": (0.4, -1, 0.2), "palm": (-0.3, 0.3, 1), "shape": scene.one_of("open", "relaxed")}
    for side in SIDES if scene.chance(0.7) else (scene.hand(),):
        scene.reach(side, start, end, point=point, drift=0.008, **style)


def _point(scene: Scene, start: float, end: float) -> None:
    """A finger or hand points at somebody, up, or aside."""
    everyday.speech(scene)
    away = ((-0.1, -1, 0.1), (0.5, -1, 0.1), (0.0, -0.3, 1), (1.0, -0.3, 0.1))[int(scene.rng.integers(4))]
    point = scene.between(0.08, 0.3), -scene.between(0.3, 0.45), scene.between(-0.18, 0.06)
    wish = {"palm": (-1, 0.2, -0.3), "shape": scene.one_of("point", "point", "flat"), "drift": 0.006}
    shake = rub(scene, 0.012, 0.008, rate=(1.5, 3), bend=2) if scene.chance(0.5) else None
    scene.reach(scene.hand(), start, end, point=point, fingers=away, rub=shake, **wish)


ARM_WAYS: dict[str, Ways] = {
    "folding arms": {
        "before the chest": (4, _fold_arms),
        "loosely and low": (2, _fold_arms_low),
        "while talking with a hand": (1.5, _fold_and_talk),
        "one arm across, the other up": (1, _arm_across),
        "crossed on the table": (1, _crossed_on_the_table),
    },
    "dusting off clothes": {
        "sleeve brushed": (3, _brush_sleeve),
        "cuff tugged": (2, _tug_cuff),
        "shirt tugged": (2, _tug_shirt),
        "trousers smoothed or brushed": (3, _smooth_trousers),
        "shoulder brushed": (
            2, Touch(("shoulder_top", "collarbone"), ("fingers", "flat"), ("relaxed", "flat"), (-0.9, 0.6, 0.2),
                     opposite=True, rub=(0.03, 0.015), **_BRUSHED),
        ),
        "front brushed": (
            2, Touch(("chest", "sternum", "shirt", "belly"), ("fingers", "flat"), ("relaxed", "flat"), (-1, 0.1, 0.1),
                     shift=(0, -0.006, 0), rub=(0.02, 0.03), **_BRUSHED),
        ),
    },
    "putting arms behind body": {"hands behind the back": (1, _arms_behind)},
    "scratching or touching arms": {
        "hand on the forearm": (3, _hold_forearm),
        "forearm scratched": (3, _scratch_forearm),
        "hand on the upper arm": (2, _hold_upper_arm),
        "upper arm rubbed": (2.5, _scratch_upper_arm),
        "both arms hugged": (1.5, _hug),
    },
    "rubbing or holding hands": {
        "palms rubbed": (2.5, _rub_palms),
        "wrung": (1.5, _wring),
        "one holds the other, at rest": (4, _hold_hands),
        "fist in the palm": (2, _hold_hands_up),
        "fingers held": (1.5, _hold_fingers),
    },
    "crossing fingers": {
        "before the trunk": (3, _interlace),
        "at rest": (4, _interlace_low),
        "before the chin": (1.2, _interlace_high),
    },
    "minaret gesture": {"before the trunk": (3, _steeple_low), "before the chin": (1, _steeple_high)},
    "playing or manipulating objects": {
        "a small thing turned": (3, _turn_thing),
        "pen in one hand": (2, _twirl_pen),
        "bottle cap": (1.5, _unscrew),
        "telephone": (1, _use_phone),
        "ring": (1.5, _turn_ring),
        "microphone or glass": (1.5, _touch_microphone),
    },
    "hold back arms": {
        "drawn in from the table": (3, _draw_in),
        "gesture stopped short": (3, _stop_short),
        "reach pulled back": (2, _pull_back),
    },
    "arms akimbo": {
        "both hands": (4, _both_on_hips),
        "one hand": (2, _one_on_hip),
        "fists": (1, _fists_on_hips),
    },
    "illustrative": {
        "both hands": (4, _talk_with_both),
        "one hand": (3, _talk_with_one),
        "beats": (2, _beat),
        "open palms": (2, _open_palms),
        "pointing": (1.5, _point),
    },
}  # fmt: skip
