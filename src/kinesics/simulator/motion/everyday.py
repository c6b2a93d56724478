"""Background movement: what a person does before a camera beside the gestures.

Every function adds its curves to a `Scene`: radians to its channels (metres for sway_x and sway_y), weights to
its facial actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kinesics.simulator.motion.kinematics import SIDES, Array, Rub, minimum_jerk, pulse, wander
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.person.body import FACIAL_ACTIONS

Curves = Mapping[str, Array | float]


def add(scene: Scene, curves: Curves) -> None:
    """Add curves (T,) to channels and facial actions by name; "*" in a name stands for the left and the right one."""
    for name, curve in curves.items():
        pair = ("left", "right") if name.startswith("shrug") else ("Left", "Right")
        for one in dict.fromkeys(name.replace("*", side) for side in pair):
            if one in scene.channels:
                scene.channels[one] += curve
            else:
                scene.face[:, FACIAL_ACTIONS.index(one)] += curve


# ---------------------------------------------------------------- everyday life


def everyday(scene: Scene, talking: bool | None = None) -> None:
    """A person being interviewed: posture, breath, blinks, looking about, moods, and speech where `talking`.

    By default the person talks in six scenes of ten.
    """
    for habit in (posture, breathing, blinking, looking, moods):
        habit(scene)
    if scene.chance(0.6) if talking is None else talking:
        speech(scene)


def posture(scene: Scene) -> None:
    """How one happens to sit or stand, and its slow drift."""
    habits = {"lean": (0.05, 0.06), "bend": (0, 0.025), "twist": (0, 0.07), "slouch": (0.1, 0.08)}
    habits |= {"nod": (0, 0.06), "tilt": (0, 0.035), "look": (0, 0.12), "jut": (0.03, 0.04)}
    drifts = {"lean": 0.012, "bend": 0.01, "twist": 0.012, "nod": 0.015, "tilt": 0.015, "look": 0.02}
    add(scene, {name: scene.rng.normal(mean, spread) for name, (mean, spread) in habits.items()})
    add(scene, {name: deviation * _wander(scene, scene.between(1.5, 4)) for name, deviation in drifts.items()})


def breathing(scene: Scene) -> None:
    """Twelve to twenty breaths a minute."""
    phase = 2 * np.pi * (scene.between(0.2, 0.33) * scene.t + 0.15 * _wander(scene, 5) + scene.rng.random())
    breath = np.sin(phase) * scene.between(0.5, 1.5)
    add(scene, {"chest": 0.012 * breath, "shrug_*": 0.015 * breath})


def blinking(scene: Scene) -> None:
    """Nine to twenty-seven blinks a minute, each of about a quarter of a second."""
    lids = np.zeros(len(scene.t))
    for moment in _moments(scene, scene.between(0.15, 0.45)):
        lids = np.maximum(lids, pulse(scene.t, moment, moment + 0.14, 0.11, 0.16))
    add(scene, {"eyeBlink*": lids})


def looking(scene: Scene) -> None:
    """Glances from one person in the room to another: the eyes jump, the head follows most of the way."""
    moments, share = _moments(scene, scene.between(0.15, 0.5)), scene.between(0.5, 0.9)
    for turned, gaze, low, high in (("look", "gaze", 0.1, 0.4), ("nod", "gaze_down", 0.03, 0.1)):
        goals = scene.rng.normal(0, scene.between(low, high), len(moments) + 1)
        head, eyes = np.full(len(scene.t), goals[0]), np.full(len(scene.t), goals[0])
        for moment, step in zip(moments, np.diff(goals), strict=True):
            head += step * minimum_jerk((scene.t - moment) / scene.between(0.35, 0.8))
            eyes += step * minimum_jerk((scene.t - moment) / 0.1)
        add(scene, {turned: share * head, gaze: np.clip(eyes - share * head, -0.4, 0.4)})
    add(scene, {"tilt": 0.04 * _wander(scene, 1.5)})


def speech(scene: Scene) -> None:
    """Phrases with syllables of the jaw and the lips, nods and brows on the stressed ones."""
    phrases = np.clip(1.5 * _wander(scene, 1.5) + 1.2, 0, 1)
    syllables = np.sin(2 * np.pi * (scene.between(3.2, 5) * scene.t + 0.3 * _wander(scene, 0.4)))
    jaw = phrases * np.clip(0.5 + 0.5 * syllables + 0.4 * _wander(scene, 0.25), 0, 1.6)
    stress = phrases * _wander(scene, 0.35)
    rounded, wide = (np.clip(_wander(scene, 0.15), 0, 2) for _ in range(2))
    loud, nods = scene.between(0.12, 0.3), scene.between(0.015, 0.05)
    add(
        scene,
        {
            "jawOpen": loud * jaw, "mouthPucker": 0.25 * phrases * rounded, "mouthFunnel": 0.3 * jaw * rounded,
            "mouthStretch*": 0.2 * phrases * wide, "mouthLowerDown*": 0.25 * jaw, "mouthUpperUp*": 0.15 * jaw,
            "browInnerUp": 0.25 * np.clip(stress, 0, 2), "nod": nods * stress, "lean": 0.15 * nods * stress,
            "look": 0.6 * nods * phrases * _wander(scene, 0.5), "tilt": 0.5 * nods * phrases * _wander(scene, 0.5),
        },
    )  # fmt: skip


def moods(scene: Scene) -> None:
    """Now and then a smile, open or closed, a laugh, a frown, a raised chin or brow."""
    for moment in _moments(scene, 0.12):
        shown = scene.between(0.4, 1) * pulse(scene.t, moment, moment + scene.between(0.8, 3), scene.between(0.4, 0.9))
        bounce = shown * (0.5 + 0.5 * np.sin(2 * np.pi * scene.between(3.5, 5) * scene.t))
        smile = {"mouthSmile*": shown, "cheekSquint*": 0.5 * shown, "eyeSquint*": 0.4 * shown}
        laugh = {"jawOpen": 0.3 * shown, "shrug_*": 0.04 * bounce, "chest": 0.03 * bounce, "nod": -0.1 * shown}
        faces: dict[str, Curves] = {
            "smile": smile,
            "laugh": smile | laugh,
            "frown": {"browDown*": shown, "mouthFrown*": 0.5 * shown, "nod": 0.05 * shown},
            "closed smile": smile | {"jawOpen": -0.3 * shown, "mouthPress*": 0.3 * shown, "mouthDimple*": 0.3 * shown},
            "raised chin": {"nod": -scene.between(0.08, 0.25) * shown, "gaze_down": 0.1 * shown},
            "raised brows": {"browInnerUp": shown, "browOuterUp*": shown, "eyeWide*": 0.5 * shown},
        }
        add(scene, faces[scene.rng.choice(list(faces), p=[0.25, 0.15, 0.15, 0.2, 0.15, 0.1])])


_MOUTH = tuple(i for i, name in enumerate(FACIAL_ACTIONS) if name.startswith(("jaw", "mouth", "cheekPuff")))


def hush(scene: Scene, start: float, end: float) -> None:
    """Let speech and smiles stop for a while: what the mouth does so far is taken away.

    Parameters
    ----------
    scene : in which
    start : seconds
    end : seconds
    """
    silence = pulse(scene.t, start - 0.15, end + 0.15, min(0.4, 0.3 + end - start))
    scene.face[:, _MOUTH] *= (1 - silence)[:, None]


def facing(scene: Scene) -> float:
    """The trunk turned away from the camera, as on a sofa or in profile, the head turned to it most of the way or not.

    Returns the angle, radians, from straight before the trunk to the camera, to the own left; 0 in six of ten scenes.
    """
    if scene.chance(0.6):
        return 0.0
    angle = float(scene.rng.choice([-1, 1])) * scene.between(0.25, 1.05)
    turned = float(np.clip(scene.between(0.1, 1.0) * angle, -0.8, 0.8))
    add(
        scene,
        {"look": turned, "twist": scene.between(0, 0.25) * angle, "gaze": np.clip(0.5 * (angle - turned), -0.4, 0.4)},
    )
    return angle


def feeling(scene: Scene, face: float, bearing: float) -> None:
    """Show joy (tones above 0) or sorrow (below 0), of 1 in most people: a trace, and episodes of it.

    Parameters
    ----------
    scene : to add to
    face : smiles with cheeks and eyes, or hanging corners of the mouth with the brows drawn together or up
    bearing : the trunk and head upright, or slumped
    """
    size, brows, eyes = min(abs(face), 2.5), scene.between(0, 1), scene.between(0.3, 1)
    shown = 0.06 * size * np.ones(len(scene.t))
    for moment in _moments(scene, 0.06 * size):
        rise, length = scene.between(0.4, 0.9), scene.between(0.8, 3)
        shown += scene.between(0.3, 0.8) * pulse(scene.t, moment, moment + length, rise)
    smile = {"mouthSmile*": 1.0, "cheekSquint*": 0.6 * eyes, "eyeSquint*": 0.5 * eyes}
    frown = {"mouthFrown*": 0.8, "browDown*": 0.7 * brows, "browInnerUp": 0.7 * (1 - brows), "mouthPress*": 0.2 * eyes}
    add(scene, {name: share * shown for name, share in (smile if face > 0 else frown).items()})
    upright = float(np.clip(bearing, -2.5, 2.5))
    add(scene, {"slouch": -0.08 * upright, "chest": 0.02 * upright, "nod": -0.03 * upright})


def hands(scene: Scene, busy: Sequence[tuple[float, float]] = ()) -> None:
    """Hands that mean nothing: they shift where they rest, lift a little, reach for something, or lift a drink.

    None of it falls into the `busy` spans, (start, end) in seconds; the hands must have their rests already.
    """
    taken = [(start - 0.8, end + 0.8) for start, end in busy]
    for start in _moments(scene, 0.3):
        end = start + scene.between(0.7, 2.2)
        if any(start < last and end > first for first, last in taken):
            continue
        taken.append((start - 0.6, end + 0.6))
        kind = scene.rng.choice(["shift", "lift", "fetch", "drink"], p=[0.45, 0.25, 0.2, 0.1])
        side = scene.one_of(*SIDES)
        if kind == "shift":
            _shift(scene, side, start, end if scene.chance(0.5) else 1e9)
        elif kind == "lift":
            _shift(scene, side, start, start + scene.between(0.4, 0.9), up=scene.between(0.04, 0.1))
        elif kind == "fetch":
            point = scene.between(0.02, 0.35), scene.between(-0.62, -0.48), scene.between(0.08, 0.3)
            scene.reach(
                side, start, end, anchor="seat", point=point, fingers=(-0.2, -1, 0), palm=(-1, 0, -0.3), shape="grip"
            )
        else:
            _sip(scene, side, start, start + scene.between(1.0, 2.0))


def _sip(scene: Scene, side: str, start: float, end: float) -> None:
    """From a bottle, a cup or a glass, a hand's breadth before the mouth; the head goes back a little."""
    held = -scene.between(0.02, 0.05), -scene.between(0.1, 0.15), scene.between(-0.03, 0.02)
    wish = {"fingers": (-1, -0.3, 0.1), "palm": (-0.3, 1, 0.2), "shape": "grip", "effector": "palm"}
    scene.reach(side, start, end, place="lips", shift=held, **wish)
    tipped = pulse(scene.t, start + 0.2, max(end - 0.4, start + 0.4), 0.5)
    add(scene, {"nod": -0.2 * tipped, "jawOpen": 0.1 * tipped})


def _shift(scene: Scene, side: str, start: float, end: float, up: float = 0.0) -> None:
    """A hand moves a few centimetres from where it rests, and perhaps changes its shape."""
    rest = scene.goals[side][0]
    away = scene.between(-0.01, 0.05), scene.between(-0.06, 0.04), up
    travel, shape = scene.between(0.35, 0.8), scene.one_of(rest.shape, "relaxed", "cup", "curl")
    moved = replace(rest, start=start, end=end, travel=travel, back=travel, shift=away, shape=shape, arc=0.1)
    scene.goals[side].append(moved)


def stroke(scene: Scene) -> dict[str, object]:
    """One hand's goal, but for its times, in talking with the hands: a place before the trunk, a palm, a shape."""
    u = scene.between
    palm = ((-1, 0, 0.1), (-0.3, 0.3, 1), (-0.2, -0.7, -0.6), (-0.6, -0.2, -0.8), (-0.5, 0.8, 0.2))
    beat = Rub(0.0, 0.0, u(0, 0.02), rate=u(1.5, 3)) if scene.chance(0.5) else None
    high = u(-0.32, 0.02) if scene.chance(0.85) else u(0.0, 0.16)
    return {
        "point": (u(0.0, 0.34), -u(0.24, 0.44), high), "fingers": (-u(-0.5, 0.8), -1, u(-0.2, 0.9)),
        "palm": palm[int(scene.rng.integers(5))], "rub": beat,
        "shape": scene.one_of("open", "open", "relaxed", "cup", "flat", "pinch_open", "point", "pinch", "curl"),
    }  # fmt: skip


def signing(scene: Scene) -> None:
    """Somebody who signs: both hands in quick, large movement before trunk and face, without rest and without stay."""
    speech(scene)
    sides, time, close = SIDES if scene.chance(0.75) else (scene.one_of(*SIDES),), -0.3, scene.between(0.1, 0.5)
    while time < scene.t[-1]:
        length = scene.between(0.2, 0.6)
        mirrored, sign = scene.chance(0.4), _sign(scene, close)
        for side in sides:
            quick = {"travel": scene.between(0.16, 0.3), "back": scene.between(0.16, 0.3), "arc": 0.15}
            scene.reach(side, time, time + length, **quick, **(sign if mirrored else _sign(scene, close)))
        time += length
    add(scene, {"look": 0.1 * _wander(scene, 0.8), "tilt": 0.06 * _wander(scene, 0.8)})


def _sign(scene: Scene, close: float) -> dict[str, object]:
    """One hand's place and shape; `close` is how often it comes before chin, cheek or brow."""
    u = scene.between
    high = u(0.16, 0.4) if scene.chance(close) else u(-0.25, 0.12)
    point = u(-0.02, 0.28), -u(0.14, 0.42), high
    fingers = (-u(-0.4, 0.9), -u(-0.2, 1), u(-0.5, 1.2))
    palm = ((-1, 0, 0.1), (-0.3, 0.3, 1), (0, -1, 0.2), (0, 1, 0.1), (-0.6, -0.2, -0.8))[int(scene.rng.integers(5))]
    rub = Rub(u(0, 0.02), u(0, 0.03), u(0, 0.03), rate=u(2, 5)) if scene.chance(0.5) else None
    shape = scene.one_of("open", "relaxed", "cup", "pinch", "pinch_open", "point", "fist", "curl")
    return {"point": point, "fingers": fingers, "palm": palm, "shape": shape, "rub": rub}


def reading(scene: Scene) -> None:
    """A sheet, a book or a telephone in both hands or in one, the eyes upon it; now and then a page is turned."""
    down = scene.between(0.25, 0.6)
    add(scene, {"nod": down, "gaze_down": scene.between(0.1, 0.3), "gaze": 0.06 * _wander(scene, 0.5)})
    x, y, z = scene.between(0.04, 0.16), -scene.between(0.26, 0.4), scene.between(-0.24, 0.0)
    held = {"fingers": (-0.5, -0.6, 0.6), "palm": (-0.5, 0.7, 0.4), "shape": "grip", "drift": 0.006}
    holding = SIDES if scene.chance(0.6) else (scene.one_of(*SIDES),)
    for side in holding:
        scene.reach(side, -1.0, 1e9, point=(x, y, z), **held)
    for moment in _moments(scene, 0.2) if len(holding) == 1 else ():
        other = "left" if holding[0] == "right" else "right"
        turn_page = {"fingers": (-0.8, -0.8, 0.2), "palm": (-0.3, 0.4, -0.9), "shape": scene.one_of("point", "pinch")}
        scene.reach(other, moment, moment + scene.between(0.3, 0.9), point=(-x, y, z + 0.03), **turn_page)


def turning(scene: Scene) -> None:
    """The head turns far to one side and back, as to somebody beside, and the trunk with it a little."""
    time = scene.between(-0.5, 1.0)
    while time < scene.t[-1]:
        stay, rise = scene.between(0.3, 2.0), scene.between(0.4, 0.9)
        away = scene.rng.choice([-1, 1]) * scene.between(0.35, 1.0) * pulse(scene.t, time, time + stay, rise)
        add(scene, {"look": away, "twist": 0.2 * away, "tilt": scene.between(-0.15, 0.15) * np.abs(away)})
        time += stay + scene.between(0.8, 2.5)


def drinking(scene: Scene) -> None:
    """A cup goes to the mouth once or more; between sips it stays in the hand, before the trunk, or is set down."""
    side = scene.one_of(*SIDES)
    if scene.chance(0.5):
        held = scene.between(0.0, 0.16), -scene.between(0.24, 0.38), scene.between(-0.3, 0.05)
        wish = {"fingers": (-0.8, -0.7, 0.2), "palm": (-0.8, 0.3, 0.0), "shape": "grip"}
        scene.reach(side, -1.0, 1e9, point=held, drift=0.005, **wish)
    time = scene.between(-0.5, 1.2)
    while time < scene.t[-1]:
        length = scene.between(0.7, 2.2)
        _sip(scene, side, time, time + length)
        time += length + scene.between(1.4, 3.5)


def working(scene: Scene) -> None:
    """Typing, writing or playing: fingers busy with what lies before one, on the table or the knees, eyes upon it."""
    add(scene, {"nod": scene.between(0.1, 0.5), "gaze_down": scene.between(0.05, 0.3)})
    add(scene, {"look": 0.04 * _wander(scene, 1.5)})
    near, top = -scene.between(0.28, 0.38), 0.14
    if scene.table is not None:
        near, top = scene.table_edge / scene.scale - 0.1, (scene.table - scene.root_height) / scene.scale + 0.05
    middle, wide = scene.between(0.05, 0.15), scene.between(0.01, 0.15)
    for side in (scene.one_of(*SIDES),) if scene.chance(0.35) else SIDES:
        time = -0.5
        while time < scene.t[-1]:
            length = scene.between(0.3, 1.5)
            keys = middle + scene.between(-wide, wide), near - scene.between(0, 0.06), top + scene.between(0, 0.02)
            along, across, lift = scene.rng.uniform(0, 0.01, 3)
            busy = Rub(along, across, lift, rate=scene.between(1.5, 5), fingers=scene.between(3, 14))
            wish = {"fingers": (-scene.between(0, 0.5), -1, -0.1), "palm": (-0.2, 0, -1), "rub": busy}
            quick = {"travel": scene.between(0.2, 0.4), "back": scene.between(0.2, 0.4), "arc": 0.2}
            shape = scene.one_of("relaxed", "cup", "curl", "pinch")
            scene.reach(side, time, time + length, anchor="seat", point=keys, shape=shape, **wish, **quick)
            time += length


# ---------------------------------------------------------------- helpers


def _moments(scene: Scene, rate: float) -> Array:
    """Random seconds (Poisson, `rate` a second), from a little before the first frame to the last."""
    first, last = float(scene.t[0]) - 2, float(scene.t[-1])
    return np.sort(scene.rng.uniform(first, last, scene.rng.poisson(rate * (last - first))))


def _wander(scene: Scene, seconds: float) -> Array:
    return wander(scene.rng, len(scene.t), scene.fps, seconds)
