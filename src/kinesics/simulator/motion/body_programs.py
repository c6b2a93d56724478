"""The gestures of iMiGUE that need no hand, as motions of trunk, head and face, each in the ways people do them."""

from __future__ import annotations

import numpy as np

from kinesics.simulator.motion.everyday import Curves, add
from kinesics.simulator.motion.kinematics import SIDES, Array, pulse
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.motion.ways import Ways


def _held(scene: Scene, start: float, end: float, rise: tuple[float, float]) -> Array:
    """Out (1), held, and back, as quickly as drawn but never longer than there is time for."""
    length = min(scene.between(*rise), 0.85 * (end - start))
    back = min(scene.between(*rise) * 1.1, 0.85 * (end - start))
    return pulse(scene.t, start + length / 2, end - back / 2, length, back)


def _repeated(scene: Scene, start: float, end: float, most: int) -> Array:
    """One to `most` times out (1) and back (0), each no quicker than half a second."""
    count = max(1, min(int(scene.rng.integers(1, most + 1)), int((end - start) / 0.5)))
    length = (end - start) / count
    ramp = min(scene.between(0.25, 0.6), 0.48 * length)
    firsts = start + length * np.arange(count)
    return np.asarray(sum(pulse(scene.t, first + ramp / 2, first + length - ramp / 2, ramp) for first in firsts))


# ---------------------------------------------------------------- head


def _turtle_neck(scene: Scene, start: float, end: float) -> None:
    """The head is pushed out forwards and down between raised shoulders, as a turtle's."""
    out = scene.between(0.85, 1.15) * _repeated(scene, start, end, most=2)
    add(scene, {"jut": scene.between(0.45, 0.7) * out, "shrug_*": scene.between(0.25, 0.42) * out})
    add(scene, {"slouch": scene.between(0.1, 0.25) * out, "nod": scene.between(-0.1, 0.1) * out})


def _sink_in(scene: Scene, start: float, end: float) -> None:
    """The head is drawn in straight down, the shoulders at the ears, as if it were cold."""
    out = _held(scene, start, end, (0.4, 0.9))
    add(scene, {"shrug_*": scene.between(0.35, 0.5) * out, "slouch": scene.between(0.15, 0.3) * out})
    add(scene, {"jut": scene.between(0.1, 0.35) * out, "nod": scene.between(0.0, 0.2) * out})


def _puff(scene: Scene, start: float, end: float) -> None:
    """Cheeks are blown up and let go, with or without a sigh."""
    puffed = scene.between(0.7, 1) * _held(scene, start, end, (0.2, 0.5))
    add(scene, {"cheekPuff": puffed, "mouthPucker": scene.between(0.1, 0.6) * puffed})
    add(scene, {"browInnerUp": scene.between(0, 0.5) * puffed, "nod": scene.between(-0.08, 0.05) * puffed})
    if scene.chance(0.5):
        add(scene, {"shrug_*": -0.04 * pulse(scene.t, end - 0.1, end + 0.6, 0.4)})


def _blow_out(scene: Scene, start: float, end: float) -> None:
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


def _breathe(scene: Scene, start: float, end: float) -> None:
    """A deep breath through the nose: chest and shoulders rise and sink, the cheeks stay as they are."""
    middle = start + (end - start) * scene.between(0.4, 0.6)
    inhaled = pulse(scene.t, (start + middle) / 2, (middle + end) / 2, 0.9 * (middle - start), 0.9 * (end - middle))
    inhaled = scene.between(0.9, 1.4) * inhaled
    add(scene, {"chest": 0.13 * inhaled, "shrug_*": 0.2 * inhaled, "nod": -0.08 * inhaled, "slouch": -0.06 * inhaled})
    add(scene, {"noseSneer*": 0.2 * inhaled, "eyeBlink*": 0.6 * inhaled * scene.chance(0.4)})


def _head_up(scene: Scene, start: float, end: float) -> None:
    """The chin is raised and the face turned up for a moment."""
    up = _held(scene, start, end, (0.35, 0.8))
    add(
        scene,
        {
            "nod": -scene.between(0.35, 0.7) * up, "look": scene.rng.normal(0, 0.1) * up, "jut": -0.1 * up,
            "gaze_down": scene.between(-0.2, 0.25) * up, "chest": 0.03 * up, "browInnerUp": scene.between(0, 0.3) * up,
        },
    )  # fmt: skip


def _look_up(scene: Scene, start: float, end: float) -> None:
    """The head goes up and aside, the eyes to the ceiling, as in thought or despair."""
    up, way = _held(scene, start, end, (0.4, 0.9)), scene.rng.choice([-1, 1])
    add(scene, {"nod": -scene.between(0.4, 0.65) * up, "look": 0.35 * way * up, "gaze_down": -0.3 * up})
    add(
        scene, {"tilt": 0.12 * way * up, "lean": -scene.between(0.0, 0.12) * up, "jawOpen": scene.between(0, 0.15) * up}
    )


def _chin_out(scene: Scene, start: float, end: float) -> None:
    """A quick lift of the chin, once or twice."""
    up = _repeated(scene, start, end, most=2)
    add(scene, {"nod": -scene.between(0.3, 0.45) * up, "jut": scene.between(0.0, 0.15) * up, "gaze_down": 0.2 * up})


# ---------------------------------------------------------------- lips


def _press(scene: Scene, start: float, end: float) -> None:
    """Lips pressed together, their corners drawn in."""
    held = scene.between(0.8, 1) * _held(scene, start, end, (0.15, 0.4))
    add(
        scene,
        {"mouthPress*": held, "mouthRollLower": 0.55 * held, "mouthRollUpper": 0.5 * held, "mouthClose": 0.1 * held},
    )
    add(scene, {"mouthDimple*": scene.between(0, 0.5) * held, "mouthShrugLower": scene.between(0, 0.3) * held})
    add(scene, {"jawOpen": -0.3 * held, "cheekPuff": scene.between(0, 0.15) * held})


def _roll_in(scene: Scene, start: float, end: float) -> None:
    """Both lips rolled in over the teeth until they can hardly be seen."""
    held = scene.between(0.85, 1) * _held(scene, start, end, (0.2, 0.45))
    add(scene, {"mouthRollLower": held, "mouthRollUpper": scene.between(0.8, 1) * held, "mouthPress*": 0.5 * held})
    add(scene, {"jawOpen": -0.3 * held, "mouthSmile*": scene.between(0, 0.3) * held, "nod": 0.05 * held})


def _bite_lip(scene: Scene, start: float, end: float) -> None:
    """The lower lip is drawn in and held between the teeth; the upper one sometimes comes along."""
    bite = scene.between(0.85, 1) * _held(scene, start, end, (0.2, 0.4))
    gnawing = bite * np.abs(np.sin(np.pi * scene.between(1, 2.2) * scene.t)) * scene.chance(0.5)
    add(scene, {"mouthRollLower": bite - 0.2 * gnawing, "jawForward": 0.2 * gnawing})
    side = scene.one_of("mouthLeft", "mouthRight")
    kinds: tuple[Curves, ...] = (
        {"jawOpen": 0.12 * bite, "mouthUpperUp*": scene.between(0, 0.3) * bite},  # the upper teeth show
        {"mouthRollUpper": scene.between(0.3, 0.7) * bite, "mouthPress*": 0.3 * bite},
        {side: scene.between(0.2, 0.5) * bite, "mouthDimple*": 0.3 * bite},
    )
    add(scene, kinds[scene.rng.integers(len(kinds))])


def _press_flat(scene: Scene, start: float, end: float) -> None:
    """Lips pressed and stretched into a line, with brows up, a nod or hanging corners: what can one do."""
    held = scene.between(0.8, 1) * _held(scene, start, end, (0.15, 0.4))
    add(
        scene,
        {"mouthPress*": held, "mouthStretch*": 0.4 * held, "mouthRollLower": 0.5 * held, "mouthRollUpper": 0.4 * held},
    )
    add(scene, {"mouthFrown*": scene.between(0, 0.5) * held, "browInnerUp": scene.between(0, 0.6) * held})
    add(
        scene,
        {"jawOpen": -0.3 * held, "nod": scene.between(-0.05, 0.15) * held, "tilt": scene.rng.normal(0, 0.06) * held},
    )


# ---------------------------------------------------------------- trunk


def _size_and_way(scene: Scene) -> tuple[float, int]:
    return scene.between(0.7, 1.25), int(scene.rng.choice([-1, 1]))


def _bend_aside(scene: Scene, start: float, end: float) -> None:
    """The trunk bends to one side and comes back."""
    size, way = _size_and_way(scene)
    out = size * way * _held(scene, start, end, (0.5, 0.9))
    add(scene, {"bend": 0.32 * out, "sway_x": 0.04 * out, "twist": scene.rng.normal(0, 0.06) * out})


def _rock(scene: Scene, start: float, end: float) -> None:
    """The trunk rocks from side to side, or slides about on the seat."""
    size, way = _size_and_way(scene)
    through = 2 * np.pi * np.clip((scene.t - start) / (end - start), 0, 1)
    wave = way * size * np.sin(through * max(1, round((end - start) * scene.between(0.4, 0.8))))
    add(scene, {"bend": scene.between(0.15, 0.25) * wave, "sway_x": scene.between(0.02, 0.05) * wave})
    add(scene, {"twist": 0.08 * wave, "lean": scene.between(0, 0.15) * pulse(scene.t, start + 0.2, end - 0.2, 0.5)})


def _lean_in(scene: Scene, start: float, end: float) -> None:
    """The trunk leans forwards, to hear or to speak, and back again, or stays there."""
    size, _ = _size_and_way(scene)
    stays = scene.between(1, 4) if scene.chance(0.35) else 0.0
    out = size * _held(scene, start, end + stays, (0.5, 1.0))
    add(scene, {"lean": 0.42 * out, "sway_y": -0.03 * out, "twist": scene.rng.normal(0, 0.05) * out})


def _lean_back(scene: Scene, start: float, end: float) -> None:
    """The trunk leans back, and sometimes slides down a little."""
    size, _ = _size_and_way(scene)
    stays = scene.between(1, 4) if scene.chance(0.35) else 0.0
    out = size * _held(scene, start, end + stays, (0.5, 1.0))
    add(scene, {"lean": -0.28 * out, "sway_y": 0.03 * out, "slouch": scene.between(0, 0.2) * out})


def _twist(scene: Scene, start: float, end: float) -> None:
    """The trunk turns to one side, the head with it or not, and comes back."""
    size, way = _size_and_way(scene)
    out = size * way * _held(scene, start, end, (0.5, 0.9))
    add(scene, {"twist": 0.5 * out, "bend": 0.1 * out, "look": scene.between(-0.4, 0.3) * out})


def _sit_straight(scene: Scene, start: float, end: float, size: tuple[float, float], first: float) -> None:
    middle, rise = (start + end) / 2, scene.between(0.8, 0.95) * (end - start)
    slouched = scene.between(*size) * pulse(scene.t, start - first, middle, 1.2, rise)
    tall = pulse(scene.t, middle, end + scene.between(1, 3), rise, 1.5)
    add(
        scene,
        {
            "slouch": slouched - 0.2 * tall, "lean": 0.1 * slouched - 0.06 * tall, "chest": 0.07 * tall,
            "nod": 0.1 * slouched - 0.05 * tall, "jut": 0.25 * slouched,
            "shrug_*": 0.06 * pulse(scene.t, middle - 0.2, middle + 0.3, 0.5),
        },
    )  # fmt: skip


def _straighten(scene: Scene, start: float, end: float) -> None:
    """From a slouch the back straightens, the chest rises and the head follows."""
    _sit_straight(scene, start, end, (0.5, 0.7), 2.2)


def _from_a_long_slouch(scene: Scene, start: float, end: float) -> None:
    """The same, less far, from a slouch in which one has sat all the time."""
    _sit_straight(scene, start, end, (0.35, 0.55), 60.0)


def _from_leaning(scene: Scene, start: float, end: float) -> None:
    """From leaning forwards or aside, with a push, up into the straight back."""
    middle, rise = (start + end) / 2, scene.between(0.8, 0.95) * (end - start)
    before = pulse(scene.t, start - scene.between(1.5, 8), middle, 1.2, rise)
    tall = pulse(scene.t, middle, end + scene.between(1, 3), rise, 1.5)
    add(scene, {"lean": scene.between(0.2, 0.4) * before - 0.05 * tall, "slouch": 0.25 * before - 0.2 * tall})
    add(scene, {"bend": scene.rng.normal(0, 0.1) * before, "chest": 0.08 * tall, "nod": -0.05 * tall})
    add(scene, {"shrug_*": 0.07 * pulse(scene.t, middle - 0.2, middle + 0.3, 0.5)})


# ---------------------------------------------------------------- shoulders

_SHRUG = 0.3, 0.45  # radians of the collarbones
_WHO_KNOWS: Curves = {"mouthFrown*": 0.8, "mouthShrugLower": 0.5, "browInnerUp": 0.8}


def _shrug(scene: Scene, start: float, end: float, size: float, most: int) -> Array:
    """Both shoulders, the head a little aside or down between them."""
    up = _repeated(scene, start, end, most)
    add(scene, {"shrug_*": size * up, "tilt": scene.rng.normal(0, 0.25) * size * up, "chest": 0.1 * size * up})
    if scene.chance(0.5):
        add(scene, {name: weight * up for name, weight in _WHO_KNOWS.items()})
    return up


def _shrug_often(scene: Scene, start: float, end: float) -> None:
    """Shoulders up and down, once or several times."""
    _shrug(scene, start, end, scene.between(*_SHRUG), 4)


def _shrug_small(scene: Scene, start: float, end: float) -> None:
    """One small quick lift of both shoulders."""
    short = min(end, start + scene.between(0.45, 0.9))
    _shrug(scene, start, short, scene.between(0.14, 0.26), 1)


def _shrug_held(scene: Scene, start: float, end: float) -> None:
    """The shoulders stay up for a moment, the head tilts aside."""
    up = _held(scene, start, end, (0.3, 0.5))
    way = scene.rng.choice([-1, 1])
    add(
        scene, {"shrug_*": scene.between(*_SHRUG) * up, "tilt": scene.between(0.05, 0.3) * way * up, "chest": 0.03 * up}
    )
    add(scene, {name: scene.between(0, 1) * weight * up for name, weight in _WHO_KNOWS.items()})


def _shrug_palms(scene: Scene, start: float, end: float, sides: tuple[str, ...]) -> None:
    """Shoulders up while open hands are turned up beside the body."""
    up = _held(scene, start, end, (0.3, 0.5))
    size = scene.between(0.22, 0.42)
    for side in SIDES:
        add(scene, {f"shrug_{side}": size * up * (1.0 if side in sides else scene.between(0.3, 1))})
    add(scene, {"tilt": scene.rng.normal(0, 0.15) * up, "nod": scene.rng.normal(0, 0.06) * up})
    add(scene, {name: scene.between(0, 1) * weight * up for name, weight in _WHO_KNOWS.items()})
    high = scene.between(-0.2, 0.02)
    point = scene.between(0.14, 0.34), -scene.between(0.2, 0.36), high
    wish = {"fingers": (scene.between(0.0, 1.2), -0.8, 0.3), "palm": (-0.2, -0.1, 1), "shape": "open", "arc": 0.3}
    lag = scene.between(-0.1, 0.1)
    for side in sides:
        quick = {"travel": min(0.5, 0.6 * (end - start)), "back": min(0.6, 0.6 * (end - start))}
        scene.reach(side, start + 0.15 + lag, end - 0.15 + lag, point=point, drift=0.004, **wish, **quick)


def _shrug_both_palms(scene: Scene, start: float, end: float) -> None:
    """Shoulders up, both palms up."""
    _shrug_palms(scene, start, end, SIDES)


def _shrug_one_palm(scene: Scene, start: float, end: float) -> None:
    """Shoulders up, one palm up."""
    _shrug_palms(scene, start, end, (scene.hand(),))


def _shrug_one(scene: Scene, start: float, end: float) -> None:
    """One shoulder goes up, the head towards or away from it."""
    side = scene.one_of(*SIDES)
    up = _repeated(scene, start, end, most=2)
    size, way = scene.between(0.22, 0.45), 1 if side == "left" else -1
    add(scene, {f"shrug_{side}": size * up, "tilt": way * scene.between(-0.25, 0.25) * up, "bend": 0.04 * way * up})


def _roll_shoulders(scene: Scene, start: float, end: float) -> None:
    """One shoulder after the other, as in loosening them."""
    size, rate = scene.between(0.25, 0.45), scene.between(0.9, 1.6)
    wave = np.sin(2 * np.pi * rate * (scene.t - start)) * pulse(scene.t, start, end, min(0.3, end - start))
    add(scene, {"shrug_left": size * np.clip(wave, 0, 1), "shrug_right": size * np.clip(-wave, 0, 1)})
    add(scene, {"bend": 0.05 * wave})


BODY_WAYS: dict[str, Ways] = {
    "turtle neck": {"pushed out": (3, _turtle_neck), "drawn in": (2, _sink_in)},
    "bulging face or deep breath": {
        "cheeks blown up": (3, _puff),
        "breath blown out": (2, _blow_out),
        "deep breath": (2, _breathe),
    },
    "moving torso": {
        "bent aside": (2.5, _bend_aside),
        "rocked": (2, _rock),
        "leant in": (2, _lean_in),
        "leant back": (1.5, _lean_back),
        "turned": (2, _twist),
    },
    "sitting straightly": {
        "from a slouch": (2, _straighten),
        "from a long slouch": (2, _from_a_long_slouch),
        "from leaning": (2, _from_leaning),
    },
    "head up": {"chin raised": (3, _head_up), "looking up": (1.5, _look_up), "chin lifted quickly": (1.5, _chin_out)},
    "pressing lips": {
        "pressed": (3, _press),
        "rolled in": (2.5, _roll_in),
        "pressed to a line": (2, _press_flat),
        "bitten": (2, _bite_lip),
    },
    "shaking shoulders": {
        "up and down": (2, _shrug_often),
        "small and quick": (2.5, _shrug_small),
        "held": (1.5, _shrug_held),
        "both palms up": (2.5, _shrug_both_palms),
        "one palm up": (1.5, _shrug_one_palm),
        "one shoulder": (1.5, _shrug_one),
        "one after the other": (1, _roll_shoulders),
    },
}
