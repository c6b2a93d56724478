"""The 32 iMiGUE classes as motion programs, each a few lines over hands' goals and the trunk's controls.

A program adds its gesture to a scene between `a` and `b` seconds. Meanings follow iMiGUE (Liu et al., CVPR 2021).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.simulator.motion import everyday
from kinesics.simulator.motion.body_programs import BODY_PROGRAMS, Program
from kinesics.simulator.motion.kinematics import SIDES, Goal, Rub
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.person.body import Pose, Shape, random_shape


@dataclass(frozen=True)
class Motion:
    """A simulated movement and what it means.

    onset, offset: seconds of the gesture's core inside the motion, the whole motion where `label` is None.
    seat: "table", "chair" or "standing"; seat_height, table (its top, None without) and table_edge (y of its edge
    at the person) in metres above the floor. events: (label, start, end) of every gesture.
    """

    pose: Pose
    shape: Shape
    fps: float
    onset: float
    offset: float
    label: int | None
    seat: str
    seat_height: float
    table: float | None
    table_edge: float
    events: tuple[tuple[int, float, float], ...] = ()


# ---------------------------------------------------------------- rest postures

RESTS = {
    "table": ("table", "table", "table_crossed", "table_clasped", "table_thing"),
    "chair": ("lap", "lap", "lap_clasped"),
    "standing": ("hanging",),
}


def rest(scene: Scene, posture: str) -> None:
    """Put both hands where they are when nothing happens: the first goal of each."""
    upper = scene.one_of(*SIDES)
    for side in SIDES:
        scene.goals[side].insert(0, _rest_goal(scene, posture, side, side == upper))


def _rest_goal(scene: Scene, posture: str, side: str, upper: bool) -> Goal:
    u = scene.between
    top = 0.0 if scene.table is None else (scene.table - scene.root_height) / scene.scale
    far = scene.table_edge / scene.scale - u(0.04, 0.12)
    at = Goal(side, anchor="seat", palm=(0, 0, -1))
    match posture:
        case "table":
            shape = scene.one_of("relaxed", "cup", "flat")
            point, fingers = (u(0.07, 0.16), far - 0.05, top + 0.03), (-u(0.3, 0.9), -1, 0)
            return replace(at, shape=shape, point=point, fingers=fingers, palm=(-0.15, 0, -1))
        case "table_crossed":
            point = (-0.04, far - 0.02 - 0.04 * upper, top + 0.03 + 0.045 * upper)
            return replace(at, point=point, fingers=(-1, -0.4, 0), palm=(-0.1, 0.1, -1))
        case "table_clasped":
            point = (0.012, far - 0.04, top + 0.05 + 0.02 * upper)
            return replace(at, shape="cup", point=point, fingers=(-0.75, -0.8, 0.1), palm=(-0.7, 0.3, -0.45))
        case "table_thing" if upper:
            point = (0.06, far - 0.1, top + 0.08)
            return replace(at, shape="grip", point=point, fingers=(-0.5, -1, 0.1), palm=(-1, 0.4, 0))
        case "table_thing":
            return replace(at, point=(0.1, far, top + 0.03), fingers=(-0.6, -1, 0))
        case "lap":
            return replace(at, point=(u(0.09, 0.15), -u(0.26, 0.36), 0.10), fingers=(-u(0.1, 0.5), -1, -0.1))
        case "lap_clasped":
            point, palm = (0.01, -0.25, 0.115 + 0.035 * upper), (-0.25, 0.1, -1.0)
            return replace(at, shape="cup", point=point, fingers=(-1, -0.7, -0.1), palm=palm)
        case "hanging":
            return replace(at, swivel=-0.2, point=(0.22, -0.05, -0.06), fingers=(-0.05, -0.15, -1), palm=(-1, 0.25, 0))
    raise ValueError(f"unknown rest posture {posture}")


# ---------------------------------------------------------------- programs: a hand at the head


def _other(side: str) -> str:
    return "right" if side == "left" else "left"


def _rub(s: Scene, along: float = 0.006, across: float = 0.0, chance: float = 0.6, fingers: float = 4.0) -> Rub | None:
    """A rub of random size and rate, or none: the hand only rests there."""
    if not s.chance(chance):
        return None
    size = s.between(0.5, 1.5)
    return Rub(size * along, size * across, rate=s.between(1.3, 3.5), fingers=size * fingers, phase=s.between(0, 6))


def _jitter(s: Scene, size: float = 0.004) -> tuple[float, float, float]:
    x, y, z = s.rng.normal(0, size, 3)
    return float(x), float(y), float(z)


def _bow(s: Scene, a: float, b: float, nod: float = 0.12, roll: float = 0.06) -> None:
    """The head comes a little towards the hand."""
    s.move("nod", s.between(0, nod), a - 0.2, b, 0.7)
    s.move("tilt", s.rng.normal(0, roll), a - 0.2, b, 0.7)


def _touch_hat(s: Scene, a: float, b: float) -> None:
    """A hand takes the brim of a cap or presses it on from above."""
    _bow(s, a, b, 0.15)
    side = s.one_of(*SIDES)
    if s.chance(0.5):
        s.reach(
            side, a, b, place=s.one_of("brim", "hairline"), effector="pinch", shape="pinch",
            shift=(0.02, -0.02, 0.01), swivel=s.between(0.5, 0.9), fingers=(-0.4, 0.5, 0.5),
            rub=_rub(s, 0.008, 0.006, 0.7),
        )  # fmt: skip
    else:
        s.reach(
            side, a, b, place=s.one_of("crown", "hair_front"), effector="flat", shape="cup", palm=(0, 0, -1),
            swivel=s.between(0.6, 1.0), rub=_rub(s, 0.012, 0.008, 0.5, 2), shift=(0, 0, 0.012),
        )  # fmt: skip


def _touch_face(s: Scene, a: float, b: float) -> None:
    """Fingers or palm on the cheek, now and then both hands."""
    _bow(s, a, b)
    sides = SIDES if s.chance(0.15) else (s.one_of(*SIDES),)
    if s.chance(0.3):
        style: dict[str, object] = {"effector": "palm", "shape": "cup", "place": "jaw", "fingers": (0.1, 0.3, 1)}
    else:
        style = {
            "effector": s.one_of("fingers", "index", "middle"), "shape": s.one_of("relaxed", "cup"),
            "place": s.one_of("cheek", "cheek_side", "cheek_side"), "fingers": (-0.3, 0.3, 1),
        }  # fmt: skip
    for side in sides:
        s.reach(side, a, b, **style, shift=_jitter(s, 0.006), rub=_rub(s, 0.009, 0.004, 0.6))


def _touch_forehead(s: Scene, a: float, b: float) -> None:
    """Fingers on the forehead or brow, rubbing it or wiping across."""
    _bow(s, a, b, 0.3)
    place = s.one_of("forehead", "forehead_side", "forehead_side", "brow")
    s.reach(
        s.one_of(*SIDES), a, b, place=place, effector=s.one_of("fingers", "fingers", "index", "middle"),
        shape=s.one_of("relaxed", "cup"), fingers=(-0.9, 0.3, 0.5), shift=_jitter(s, 0.006),
        rub=_rub(s, 0.014, 0.004, 0.7),
    )  # fmt: skip


def _cover_face(s: Scene, a: float, b: float) -> None:
    """One palm or both over eyes and nose, the head bowed."""
    s.move("nod", s.between(0.05, 0.5), a - 0.1, b, 0.8)
    s.show("eyeBlink*", 1, a, b, 0.3)
    both = s.chance(0.6)
    for side in SIDES if both else (s.one_of(*SIDES),):
        shift = (0.035 if both else 0.0, -0.012, s.between(-0.01, 0.02))
        s.reach(
            side, a, b, place="nose_bridge", effector="flat", shape="flat", shift=shift,
            fingers=(-0.25 if both else -0.6, 0.1, 1), palm=(-0.15, 1, 0), rub=_rub(s, 0.012, 0.0, 0.3, 1),
        )  # fmt: skip


def _rub_eyes(s: Scene, a: float, b: float) -> None:
    """Fingers rub one eye, each its own, or pinch the bridge of the nose between them."""
    _bow(s, a, b, 0.3)
    s.show("eyeBlink*", 1, a, b, 0.3)
    s.show("eyeSquint*", 0.6, a, b, 0.3)
    rub = Rub(s.between(0.004, 0.008), s.between(0.002, 0.006), rate=s.between(2, 4), fingers=s.between(2, 7))
    kind = s.one_of("one", "one", "both", "bridge", "knuckle")
    if kind == "bridge":
        s.reach(
            s.one_of(*SIDES), a, b, place="nose_bridge", effector="pinch", shape="pinch", fingers=(-0.4, 0.7, 0.6),
            rub=replace(rub, along=0.003), shift=(0, -0.008, 0),
        )  # fmt: skip
        return
    for side in SIDES if kind == "both" else (s.one_of(*SIDES),):
        effector, shape = (
            ("knuckles", "curl") if kind == "knuckle" else (s.one_of("index", "middle"), s.one_of("relaxed", "point"))
        )
        s.reach(
            side, a, b, place=s.one_of("eye", "eye_outer", "eye_inner"), effector=effector, shape=shape,
            fingers=(-0.5, 0.4, 0.7), rub=rub,
        )  # fmt: skip


def _touch_other_face_part(s: Scene, a: float, b: float) -> None:
    """A finger at nose, lips or temple: scratch, wipe, pinch."""
    _bow(s, a, b, 0.1)
    place = s.one_of("nose_tip", "nose_side", "nose_side", "under_nose", "lips", "mouth_side", "temple", "nose_tip")
    effector = (
        s.one_of("index", "index", "pinch", "thumb")
        if place.startswith("nose")
        else s.one_of("index", "middle", "fingers")
    )
    shape = {"pinch": "pinch", "thumb": "fist"}.get(effector, s.one_of("point", "relaxed"))
    s.reach(
        s.one_of(*SIDES), a, b, place=place, effector=effector, shape=shape, fingers=(-0.6, 0.5, 0.7),
        shift=_jitter(s, 0.003), rub=_rub(s, 0.006, 0.003, 0.7),
    )  # fmt: skip


def _touch_ears(s: Scene, a: float, b: float) -> None:
    """Pull the lobe, scratch behind the ear or put a finger to it."""
    _bow(s, a, b, 0.08, 0.12)
    kind = s.one_of("lobe", "lobe", "scratch", "rim")
    side = s.one_of(*SIDES)
    if kind == "lobe":
        s.reach(
            side, a, b, place="ear_lobe", effector="pinch", shape="pinch_open", fingers=(-0.3, 0.6, 0.8),
            rub=_rub(s, 0.006, 0.003, 0.7),
        )  # fmt: skip
    elif kind == "scratch":
        s.reach(
            side, a, b, place="behind_ear", effector=s.one_of("index_tip", "tips"), shape="relaxed",
            fingers=(-0.2, 0.6, 0.8), rub=_rub(s, 0.008, 0.0, 0.9),
        )  # fmt: skip
    else:
        s.reach(
            side, a, b, place=s.one_of("ear", "ear_top"), effector=s.one_of("index", "fingers"),
            shape=s.one_of("point", "relaxed"), fingers=(-0.3, 0.5, 0.8), rub=_rub(s, 0.007, 0.004, 0.7),
        )  # fmt: skip


def _bite_nails(s: Scene, a: float, b: float) -> None:
    """The tip of a finger between the teeth, the jaw gnawing."""
    _bow(s, a, b, 0.12)
    s.show("jawOpen", s.between(0.1, 0.22), a - 0.1, b, 0.4)
    gnaw = np.clip(np.sin(2 * np.pi * s.between(1.5, 3) * s.t), 0, 1) * s.between(0.03, 0.1)
    everyday.add(s, {"jawOpen": gnaw * ((s.t > a) & (s.t < b))})
    s.reach(
        s.one_of(*SIDES), a, b, place="lips", effector=s.one_of("index_tip", "index_tip", "middle_tip", "thumb_tip"),
        shape=s.one_of("relaxed", "curl", "grip"), fingers=(-0.5, 0.5, 0.7),
        shift=(s.between(-0.006, 0.01), -0.002, 0), rub=_rub(s, 0.003, 0.003, 0.8, 2),
    )  # fmt: skip


def _touch_chin(s: Scene, a: float, b: float) -> None:
    """Thumb and forefinger at the chin, fingers stroking it, or the chin on the knuckles."""
    _bow(s, a, b, 0.1)
    side, kind = s.one_of(*SIDES), s.one_of("pinch", "pinch", "stroke", "knuckles")
    if kind == "pinch":
        s.reach(
            side,
            a,
            b,
            place="chin",
            effector="pinch",
            shape="pinch",
            fingers=(-0.7, 0.6, 0.6),
            rub=_rub(s, 0.005, 0.008, 0.7),
        )
    elif kind == "stroke":
        s.reach(
            side, a, b, place=s.one_of("chin", "chin_side"), effector=s.one_of("fingers", "index"),
            shape=s.one_of("relaxed", "cup"), fingers=(-0.9, 0.3, 0.5), rub=_rub(s, 0.01, 0.006, 0.8),
        )  # fmt: skip
    else:
        s.reach(side, a, b, place="under_chin", effector="knuckles", shape="curl", fingers=(-0.9, 0.3, 0.2))


def _touch_neck(s: Scene, a: float, b: float) -> None:
    """A hand at the side, back or front of the neck."""
    _bow(s, a, b, 0.15, 0.12)
    place = s.one_of("neck_side", "neck_side", "nape_side", "neck_back", "neck_front", "throat_side")
    behind = place in ("nape_side", "neck_back")
    side = s.one_of(*SIDES)
    if behind:
        _over_the_shoulder(s, side, a, b)
    s.reach(
        side, a, b, place=place, effector="flat" if behind else s.one_of("fingers", "fingers", "index", "flat"),
        shape=s.one_of("cup", "relaxed"), fingers=(-0.5, 0.9, 0.3) if behind else (-0.6, 0.6, 0.6),
        rub=_rub(s, 0.012, 0.005, 0.7),
    )  # fmt: skip


def _play_with_hair(s: Scene, a: float, b: float) -> None:
    """Fingers comb through the hair or twirl a strand of it."""
    _bow(s, a, b, 0.1, 0.1)
    side = s.one_of(*SIDES)
    if s.chance(0.45):
        middle = (a + b) / 2
        places = ("hair_front", "crown_side") if s.chance(0.6) else ("hair_side", "hair_back")
        for place, start, end in ((places[0], a, middle), (places[1], middle, b)):
            s.reach(
                side, start, end, place=place, effector=s.one_of("fingers", "tips"), shape="relaxed",
                fingers=(-0.2, 1, 0.2), travel=min(0.7, 0.45 * (b - a)), back=0.6, arc=0.2,
                rub=_rub(s, 0.015, 0.004, 0.8),
            )  # fmt: skip
    else:
        s.reach(
            side, a, b, place=s.one_of("hair_side", "ear_top", "hair_front", "hair_back"),
            effector=s.one_of("pinch", "fingers"), shape="pinch", fingers=(-0.3, 0.6, 0.7), shift=(0.012, 0, 0),
            rub=_rub(s, 0.01, 0.008, 0.9, 8),
        )  # fmt: skip


def _adjust_tie(s: Scene, a: float, b: float) -> None:
    """One hand or both at the knot below the throat."""
    s.move("nod", -s.between(0, 0.2), a, b, 0.6)
    both = s.chance(0.5)
    for side in SIDES if both else (s.one_of(*SIDES),):
        s.reach(
            side, a, b, place=s.one_of("notch", "tie"), effector="pinch", shape="pinch", fingers=(-0.9, 0.5, 0.5),
            shift=(0.018 if both else 0.004, -0.012, 0), rub=_rub(s, 0.006, 0.012, 0.9),
        )  # fmt: skip


def _touch_chest(s: Scene, a: float, b: float) -> None:
    """A palm on the chest."""
    s.reach(
        s.one_of(*SIDES), a, b, place=s.one_of("chest", "sternum", "collarbone", "sternum"),
        place_side=s.one_of(*SIDES), effector=s.one_of("flat", "palm", "fingers"),
        shape=s.one_of("flat", "cup", "relaxed"), fingers=(-1, 0.1, 0.4), shift=(0, -0.008, 0),
        rub=_rub(s, 0.02, 0.008, 0.5, 1),
    )  # fmt: skip


def _by_the_side(s: Scene, side: str, a: float, b: float) -> None:
    """On its way to the back and from there the hand passes the hip."""
    s.reach(
        side, a - 0.3, b + 0.3, anchor="spine04", point=(0.29, -0.03, 0.05), fingers=(-0.1, -0.5, -1),
        palm=(-1, 0.3, 0), travel=0.6, back=0.7, arc=0, swivel=0.5,
    )  # fmt: skip


def _over_the_shoulder(s: Scene, side: str, a: float, b: float) -> None:
    """On its way to the neck or back and from there the hand passes before the shoulder."""
    s.reach(
        side,
        a - 0.3,
        b + 0.3,
        point=(0.17, -0.26, 0.14),
        fingers=(-0.2, 0.3, 1),
        palm=(-0.4, 1, 0),
        travel=0.7,
        back=0.7,
        arc=0.3,
    )


def _scratch_back(s: Scene, a: float, b: float) -> None:
    """A hand over the shoulder, or from below behind the back."""
    side = s.one_of(*SIDES)
    rub = Rub(s.between(0.008, 0.02), 0.004, rate=s.between(2, 4), fingers=s.between(3, 8))
    if s.chance(0.8):
        s.move("nod", s.between(0.05, 0.3), a - 0.1, b, 0.6)
        s.move("tilt", (-1 if side == "left" else 1) * s.between(0, 0.2), a - 0.1, b, 0.6)
        opposite = s.chance(0.5)
        _over_the_shoulder(s, side, a, b)
        s.reach(
            side, a, b, place="shoulder_top" if opposite else s.one_of("neck_back", "nape_side"),
            place_side=_other(side) if opposite else side, effector=s.one_of("fingers", "tips"), shape="relaxed",
            shift=(0, 0, 0) if opposite else (0, 0.01, -s.between(0.0, 0.05)),
            fingers=(-0.2, 1, -0.1) if opposite else (0.0, 1, -0.4), rub=rub, travel=s.between(0.8, 1.1),
            back=s.between(0.8, 1.1),
        )  # fmt: skip
    else:
        _by_the_side(s, side, a, b)
        s.reach(
            side, a, b, anchor="spine04", point=(s.between(0.0, 0.06), 0.15, s.between(0.02, 0.1)),
            fingers=(-0.9, 0.1, 0.4), palm=(0, -1, 0.2), rub=rub, arc=0, swivel=0.5,
        )  # fmt: skip


# ---------------------------------------------------------------- programs: arms


def _fold_arms(s: Scene, a: float, b: float) -> None:
    """Arms crossed before the chest, one hand on the other arm, the other tucked in."""
    inner = s.one_of(*SIDES)
    height = s.between(-0.13, -0.06)
    s.reach(
        inner,
        a,
        b,
        point=(-0.125, -0.165, height),
        fingers=(-1, 0.15, 0.15),
        palm=(0, 1, 0),
        shape="cup",
        swivel=0.15,
        arc=0.6,
    )
    s.reach(
        _other(inner),
        a + 0.1,
        b,
        point=(-0.125, -0.24, height + 0.02),
        fingers=(-1, 0.25, 0.25),
        palm=(0, 1, 0),
        shape="cup",
        swivel=0.2,
        arc=0.9,
    )


def _tidy_sleeve(s: Scene, a: float, b: float) -> None:
    """One hand pulls the cuff of the other straight."""
    side = s.one_of(*SIDES)
    s.reach(
        _other(side), a - 0.1, b, point=(0.06, -0.32, -0.22 + s.between(-0.04, 0.04)), fingers=(-0.6, -0.8, 0.1),
        palm=(0, 0.15, -1), shape="relaxed",
    )  # fmt: skip
    s.reach(
        side, a, b, place=s.one_of("cuff", "forearm_low"), place_side=_other(side), effector="pinch", shape="pinch",
        fingers=(-0.7, -0.2, -0.6), rub=Rub(0.006, s.between(0.012, 0.03), rate=s.between(0.8, 1.8), fingers=3),
    )  # fmt: skip


def _put_arms_back(s: Scene, a: float, b: float) -> None:
    """Both hands go behind the back and stay there for a while."""
    s.move("chest", 0.06, a, b, 0.7)
    for side in SIDES:
        _by_the_side(s, side, a, b)
        s.reach(
            side, a, b, anchor="spine04", point=(0.06, 0.16, 0.03 if side == "left" else 0.07),
            fingers=(-0.9, 0.1, -0.3), palm=(0.1, 1, 0), shape="relaxed", arc=0, swivel=0.5,
            travel=s.between(0.7, 1.0), back=s.between(0.7, 1.0),
        )  # fmt: skip


def _scratch_arm(s: Scene, a: float, b: float) -> None:
    """Fingers rub the other arm."""
    side = s.one_of(*SIDES)
    place = s.one_of("arm_outer", "arm_front", "arm_low", "forearm_top", "forearm_up")
    if place.startswith("forearm"):
        s.reach(_other(side), a - 0.1, b, point=(0.08, -0.3, -0.24), fingers=(-0.7, -0.7, 0.05), palm=(-0.1, 0.2, -1))
    s.reach(
        side, a, b, place=place, place_side=_other(side), effector=s.one_of("fingers", "fingers", "flat"),
        shape=s.one_of("relaxed", "cup"), fingers=(-1, -0.1, -0.2),
        rub=Rub(s.between(0.008, 0.02), s.between(0, 0.01), rate=s.between(1.5, 3.5), fingers=s.between(2, 7)),
    )  # fmt: skip


def _before(s: Scene, low: float = -0.28, high: float = -0.12) -> tuple[float, float, float]:
    """A place for both hands in front of the body, from the upper spine."""
    height = s.between(low, high)
    if s.table is not None:
        height = max(height, (s.table - s.root_height) / s.scale + 0.07 - 0.39)
    return 0.0, -s.between(0.26, 0.36), height


def _both(s: Scene, a: float, b: float, **goal: object) -> None:
    travel = {"travel": s.between(0.5, 0.8), "back": s.between(0.5, 0.8)}
    for side in SIDES:
        s.reach(side, a, b, **(travel | goal))


def _rub_hands(s: Scene, a: float, b: float) -> None:
    """Palm on palm, up and down against each other."""
    x, y, z = _before(s)
    rate, size = s.between(1.5, 3.5), s.between(0.02, 0.045)
    for side in SIDES:
        s.reach(
            side, a, b, point=(x + 0.006, y, z), fingers=(-0.03, -1, 0.3), palm=(-1, 0, 0), shape="flat", travel=0.6,
            back=0.6, rub=Rub(size, 0.006, rate=rate, phase=0.0 if side == "left" else np.pi),
        )  # fmt: skip


def _cross_fingers(s: Scene, a: float, b: float) -> None:
    """Interlaced fingers."""
    x, y, z = _before(s)
    up = s.between(0.0, 0.9)
    for side, lift in (("left", 0.0), ("right", 0.009)):
        s.reach(
            side,
            a,
            b,
            point=(x + 0.022, y, z + lift),
            fingers=(-0.45, -1, up),
            palm=(-1, 0.3, 0),
            shape="interlaced",
            travel=0.6,
            back=0.6,
        )


def _steeple(s: Scene, a: float, b: float) -> None:
    """Fingertips against fingertips, pointing up, palms apart."""
    x, y, z = _before(s, -0.22, 0.0)
    rub = Rub(lift=s.between(0.002, 0.006), rate=s.between(0.8, 2)) if s.chance(0.4) else None
    _both(
        s,
        a,
        b,
        point=(x + 0.05, y, z),
        fingers=(-0.55, -s.between(0.1, 0.7), 1),
        palm=(-1, 0.2, -0.5),
        shape="steeple",
        rub=rub,
    )


def _play_with_things(s: Scene, a: float, b: float) -> None:
    """Both hands or one turn a small thing between the fingers."""
    x, y, z = _before(s, -0.3, -0.16)
    both = s.chance(0.7)
    for side in SIDES if both else (s.one_of(*SIDES),):
        rub = Rub(
            s.between(0.004, 0.012),
            s.between(0.004, 0.014),
            0.004,
            rate=s.between(0.8, 2.5),
            fingers=s.between(4, 12),
            phase=s.between(0, 6),
        )
        s.reach(
            side, a, b, point=(x + 0.055 if both else 0.03, y, z), fingers=(-0.7, -0.8, 0.1), palm=(-0.4, 0.5, -0.8),
            shape=s.one_of("pinch", "grip"), rub=rub,
        )  # fmt: skip


def _withdraw_arms(s: Scene, a: float, b: float) -> None:
    """Arms that lie on the table (or the knees) are drawn back to the body, and stay there for a while."""
    top = 0.12 if s.table is None else (s.table - s.root_height) / s.scale
    wide, middle, way = s.between(0.06, 0.15), (a + b) / 2, min(0.9, 0.9 * (b - a))
    stays = b + s.between(2.5, 6)
    edge = s.table is not None and s.chance(0.5)
    home = (0.1, s.table_edge / s.scale + 0.03, top + 0.035) if edge else (0.12, -0.2, 0.10)
    for side in SIDES:
        s.reach(
            side, a - _LAIN, middle, anchor="seat", point=(wide, -0.46, top + 0.035), fingers=(-0.4, -1, 0),
            palm=(-0.15, 0, -1), back=way, arc=0,
        )  # fmt: skip
        s.reach(
            side, middle, stays, anchor="seat", point=home, fingers=(-0.8, -1, -0.1), palm=(0, 0, -1), travel=way,
            arc=0,
        )  # fmt: skip
    s.move("lean", -s.between(0.03, 0.15), middle, stays, way)


def _arms_akimbo(s: Scene, a: float, b: float) -> None:
    """Hands on the hips, elbows out."""
    place, lift = s.one_of("waist", "hip"), s.between(-0.01, 0.03)
    for side in SIDES if s.chance(0.8) else (s.one_of(*SIDES),):
        s.reach(
            side, a, b, anchor="spine05", place=place, held=True, shape="cup", swivel=s.between(0.9, 1.2), arc=0.2,
            fingers=(-0.5, -0.75, -0.45), palm=(-1, 0.3, 0.25), shift=(0.006, 0.0, lift),
        )  # fmt: skip


def _illustrative(s: Scene, a: float, b: float) -> None:
    """Hands that gesticulate with the speech."""
    everyday.speech(s)
    sides = SIDES if s.chance(0.6) else (s.one_of(*SIDES),)
    mirrored, time = s.chance(0.6), a
    while time < b - 0.2:
        length = s.between(0.35, 0.9)
        together = _stroke(s)
        for side in sides:
            style = together if mirrored else _stroke(s)
            s.reach(
                side,
                time,
                min(time + length, b),
                travel=s.between(0.3, 0.5),
                back=s.between(0.35, 0.6),
                arc=0.3,
                drift=0.006,
                **style,
            )
        time += length


def _stroke(s: Scene) -> dict[str, object]:
    u = s.between
    palm = ((-1, 0, 0.1), (-0.3, 0.3, 1), (-0.2, -0.7, -0.6), (-0.6, -0.2, -0.8))[int(s.rng.integers(4))]
    beat = Rub(0.0, 0.0, u(0, 0.02), rate=u(1.5, 3)) if s.chance(0.5) else None
    return {
        "point": (u(0.05, 0.3), -u(0.25, 0.42), u(-0.25, 0.02)), "fingers": (-u(-0.3, 0.6), -1, u(-0.2, 0.8)),
        "palm": palm, "shape": s.one_of("open", "relaxed", "cup", "pinch_open", "point", "pinch"), "rub": beat,
    }  # fmt: skip


_HAND_PROGRAMS: dict[str, Program] = {
    "touch hat": _touch_hat,
    "touch face": _touch_face, "touch forehead": _touch_forehead, "cover face": _cover_face, "rub eyes": _rub_eyes,
    "touch other face part": _touch_other_face_part, "touch ears": _touch_ears, "bite nails": _bite_nails,
    "touch chin": _touch_chin, "touch neck": _touch_neck, "play with hair": _play_with_hair, "adjust tie": _adjust_tie,
    "touch chest": _touch_chest, "scratch back": _scratch_back, "fold arms": _fold_arms, "tidy sleeve": _tidy_sleeve,
    "put arms back": _put_arms_back,
    "scratch arm": _scratch_arm, "rub hands": _rub_hands, "cross fingers": _cross_fingers,
    "minaret (steeple) hands": _steeple, "play with things": _play_with_things, "withdraw arms": _withdraw_arms,
    "arms akimbo": _arms_akimbo,
    "illustrative": _illustrative,
}  # fmt: skip
PROGRAMS: dict[str, Program] = {label: (BODY_PROGRAMS | _HAND_PROGRAMS)[label] for label in CLASSES}

_LAIN = 2.0  # seconds for which arms lie on the table before they are withdrawn
_STANDING = {"arms akimbo": 0.6, "put arms back": 0.5, "scratch back": 0.3}
_SECONDS = {
    "play with hair": (1.6, 3.0),
    "fold arms": (2.0, 3.2),
    "put arms back": (1.8, 3.0),
    "arms akimbo": (1.5, 3.0),
    "illustrative": (1.5, 3.2),
}


# what else one does before a camera, and how often where no gesture is made
_ORDINARY = (
    everyday.hands, everyday.signing, everyday.reading, everyday.turning, everyday.drinking, everyday.working,
)  # fmt: skip
_HOW_OFTEN = (0.4, 0.2, 0.1, 0.1, 0.1, 0.1)


def _seat(rng: np.random.Generator, name: str | None) -> str:
    if name is not None and rng.random() < _STANDING.get(name, 0.0):
        return "standing"
    if name == "withdraw arms":
        return "table"
    return str(rng.choice(["table", "chair"], p=[0.65, 0.35]))


def perform(
    label: int | None, rng: np.random.Generator, *, duration: float, fps: float = 25.0, shape: Shape | None = None
) -> Motion:
    """Let one person make one gesture of iMiGUE once, amid background movement.

    The gesture's core has its place and length drawn inside the motion.

    Parameters
    ----------
    label : the index of the gesture in `CLASSES`; None for background movement alone
    rng : draws everything
    duration : the length, seconds
    fps : frames a second
    shape : of the body; drawn where it is None

    Returns
    -------
    the motion
    """
    name = None if label is None else CLASSES[label]
    shape = shape or random_shape(rng)
    scene = Scene(shape, rng, max(2, round(duration * fps)), fps, _seat(rng, name))
    rest(scene, scene.one_of(*RESTS[scene.seat]))
    everyday.everyday(scene)
    onset, offset = 0.0, duration
    if name is not None:
        low, high = _SECONDS.get(name, (1.0, 2.8))
        length = min(scene.between(low, high), 0.75 * duration)
        onset = scene.between(0.1 * duration, 0.9 * duration - length)
        offset = onset + length
        PROGRAMS[name](scene, onset, offset)
        if scene.chance(0.3):
            everyday.hands(scene, ((onset, offset),))
    else:
        _ORDINARY[int(rng.choice(len(_ORDINARY), p=_HOW_OFTEN))](scene)
    return Motion(
        scene.pose(), shape, fps, onset, offset, label, scene.seat, scene.seat_height, scene.table, scene.table_edge,
        () if label is None else ((label, onset, offset),),
    )  # fmt: skip


def interview(
    rng: np.random.Generator,
    *,
    duration: float,
    fps: float = 25.0,
    shape: Shape | None = None,
    odds: NDArray[np.float64] | None = None,
    tones: tuple[float, float] = (0.0, 0.0),
) -> Motion:
    """Let one person talk, with gestures in between.

    Parameters
    ----------
    rng : draws everything
    duration : the length, seconds
    fps : frames a second
    shape : of the body; drawn where it is None
    odds : (32,) how likely each class is, summing to 1; all alike where it is None
    tones : what `everyday.feeling` shows in the face and in the bearing

    Returns
    -------
    the motion, with its `events`
    """
    shape = shape or random_shape(rng)
    scene = Scene(shape, rng, max(2, round(duration * fps)), fps, str(rng.choice(["table", "chair"], p=[0.7, 0.3])))
    rest(scene, scene.one_of(*RESTS[scene.seat]))
    everyday.everyday(scene, talking=True)
    everyday.feeling(scene, *tones)
    events: list[tuple[int, float, float]] = []
    busy: list[tuple[float, float]] = []
    time, misses = scene.between(0.3, 1.0) * min(3.0, duration / 4), 0
    while misses < 3:  # another may be short enough for what is left
        label = int(rng.integers(len(CLASSES)) if odds is None else rng.choice(len(CLASSES), p=odds))
        start = time + (_LAIN if CLASSES[label] == "withdraw arms" else 0.0)
        end = start + scene.between(*_SECONDS.get(CLASSES[label], (1.0, 2.8)))
        if end > duration - 0.8:
            misses += 1
            continue
        PROGRAMS[CLASSES[label]](scene, start, end)
        events.append((label, start, end))
        busy.append((time, end))
        time = end + scene.between(1.0, 4.0)
    everyday.hands(scene, busy)
    return Motion(
        scene.pose(),
        shape,
        fps,
        0.0,
        duration,
        None,
        scene.seat,
        scene.seat_height,
        scene.table,
        scene.table_edge,
        tuple(events),
    )
