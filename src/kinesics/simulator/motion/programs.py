"""The 32 classes of iMiGUE as motions: one gesture amid background movement, or an interview with many.

What the classes mean follows the figure of iMiGUE's paper (Liu et al., CVPR 2021); how each is made stands in
`head_programs`, `arm_programs` and `body_programs`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.simulator.motion import everyday
from kinesics.simulator.motion.arm_programs import ARM_WAYS, LAIN
from kinesics.simulator.motion.body_programs import BODY_WAYS
from kinesics.simulator.motion.head_programs import HEAD_WAYS
from kinesics.simulator.motion.kinematics import SIDES, Goal
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.motion.ways import Ways, play
from kinesics.simulator.person.body import Pose, Shape, random_shape

Happening = tuple[int, float, float]  # label, start, end


@dataclass(frozen=True)
class Motion:
    """A simulated movement and what it means.

    onset, offset: seconds of the gesture's core inside the motion, the whole motion where `label` is None.
    seat: "table", "chair" or "standing"; seat_height, table (its top, None without) and table_edge (y of its edge
    at the person) in metres above the floor. events: (label, start, end) of every gesture. turned: radians from
    straight before the trunk to the camera, to the own left.
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
    events: tuple[Happening, ...] = ()
    turned: float = 0.0


# ---------------------------------------------------------------- rest postures

# hands that hold each other or lie on the other arm are gestures of their own
RESTS = {
    "table": ("table", "table", "table_near", "table_one", "lap"),
    "chair": ("lap", "lap", "lap_near", "knees"),
    "standing": ("hanging", "hanging", "lectern"),
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
    at = Goal(side, anchor="seat", palm=(0, 0, -1), shape=scene.one_of("relaxed", "cup", "flat", "curl"))
    match posture:
        case "table":
            point, fingers = (u(0.07, 0.16), far - 0.05, top + 0.03), (-u(0.3, 0.9), -1, 0)
            return replace(at, point=point, fingers=fingers, palm=(-0.15, 0, -1))
        case "table_near":
            point = (u(0.055, 0.08), far - u(0.0, 0.05), top + 0.03)
            return replace(at, point=point, fingers=(-u(0.5, 1.0), -1, 0), palm=(-u(0.1, 0.6), 0, -1))
        case "table_one" if upper:
            return replace(at, point=(u(0.04, 0.14), far - 0.05, top + 0.03), fingers=(-u(0.3, 0.9), -1, 0))
        case "lap" | "table_one":
            return replace(at, point=(u(0.09, 0.15), -u(0.22, 0.36), 0.10), fingers=(-u(0.1, 0.5), -1, -0.1))
        case "lap_near":
            point, palm = (u(0.055, 0.08), -u(0.2, 0.3), 0.11), (-u(0.1, 0.7), 0, -1)
            return replace(at, point=point, fingers=(-u(0.3, 0.9), -1, -0.1), palm=palm)
        case "knees":
            return replace(at, point=(u(0.11, 0.18), -u(0.38, 0.46), 0.10), fingers=(-u(0, 0.4), -1, -0.4))
        case "hanging":
            return replace(at, swivel=-0.2, point=(0.22, -0.05, -0.06), fingers=(-0.05, -0.15, -1), palm=(-1, 0.25, 0))
        case "lectern":
            point = (u(0.14, 0.24), -u(0.3, 0.38), u(0.1, 0.2))
            return replace(at, point=point, fingers=(-u(0, 0.5), -1, -0.1), palm=(-u(0, 0.8), 0, -1))
    raise ValueError(f"unknown rest posture {posture}")


# ---------------------------------------------------------------- which gesture, how long, amid what

WAYS: dict[str, Ways] = {name: (BODY_WAYS | HEAD_WAYS | ARM_WAYS)[name] for name in CLASSES}

# as in the paper: 2.55 s in the mean, from 0.18 to 80.9 s, most well under two
_MEDIAN, _SPREAD, _LONGEST = 1.25, 0.9, 20.0
_LEAST = {  # seconds below which it cannot be told any more, or cannot be done
    "folding arms": 0.9, "putting arms behind body": 1.0, "arms akimbo": 0.8, "scratching back": 0.8,
    "sitting straightly": 0.7, "hold back arms": 0.8, "moving torso": 0.7, "illustrative": 0.6,
    "rubbing or holding hands": 0.6, "crossing fingers": 0.7, "minaret gesture": 0.6, "playing or adjusting hair": 0.6,
    "playing or manipulating objects": 0.7, "dusting off clothes": 0.6,
}  # fmt: skip
_LEAST_USUAL = 0.4
_MOST = {"sitting straightly": 2.0, "hold back arms": 2.2, "moving torso": 4.0, "head up": 3.0, "turtle neck": 3.0}
_CHANGES = ("sitting straightly", "hold back arms")  # from one posture to another: nothing without its beginning
_STANDING = {"arms akimbo": 0.6, "putting arms behind body": 0.5, "sitting straightly": 0.0, "hold back arms": 0.0}
_STANDING_USUAL = 0.15
_SILENT = {
    "pressing lips": 1.0, "bulging face or deep breath": 1.0, "biting nails": 1.0, "covering face": 0.8,
    "touching or scratching facial parts": 0.7, "touching jaw": 0.5, "rubbing eyes": 0.5,
}  # fmt: skip
_WITHOUT_HANDS = tuple(BODY_WAYS)
TOGETHER = ("moving torso", "head up", "pressing lips", "bulging face or deep breath")  # with a gesture of the hands
_ILLUSTRATIVE = "illustrative"

# what else one does before a camera, and how often where no gesture is made
_ORDINARY = (
    everyday.hands, everyday.signing, everyday.reading, everyday.turning, everyday.drinking, everyday.working,
)  # fmt: skip
_HOW_OFTEN = (0.45, 0.12, 0.1, 0.13, 0.12, 0.08)


def _length(scene: Scene, name: str) -> float:
    """Seconds of a gesture's core: short mostly, and now and then a long hold."""
    low, high = _LEAST.get(name, _LEAST_USUAL), _MOST.get(name, _LONGEST)
    return float(np.clip(_MEDIAN * np.exp(scene.rng.normal(0, _SPREAD)), low, high))


def _seat(rng: np.random.Generator, name: str | None) -> str:
    if rng.random() < _STANDING.get(name or "", _STANDING_USUAL):
        return "standing"
    if name == "hold back arms" and rng.random() < 0.6:
        return "table"
    return str(rng.choice(["table", "chair"], p=[0.6, 0.4]))


def _make(scene: Scene, name: str, start: float, end: float, way: str = "") -> None:
    """The gesture itself, in silence where one does not speak with it."""
    if scene.chance(_SILENT.get(name, 0.0)):
        everyday.hush(scene, start, end)
    play(WAYS[name], scene, start, end, way)


def gesture_span(scene: Scene, name: str, duration: float) -> tuple[float, float]:
    """Draw where a gesture's core lies: inside the clip, begun before it, or not over when it ends.

    Parameters
    ----------
    scene : that draws
    name : of the gesture
    duration : of the clip, seconds

    Returns
    -------
    its start and end, seconds
    """
    length = _length(scene, name)
    if name in _CHANGES or scene.chance(0.6):
        length = min(length, 0.8 * duration)
        start = scene.between(0.08 * duration, 0.94 * duration - length)
        return start, start + length
    seen = scene.between(min(0.45, length), length)
    if scene.chance(0.6):
        return seen - length, seen
    return max(duration - seen, 0.0), duration - seen + length


def _visible(span: tuple[float, float], duration: float) -> tuple[float, float]:
    return max(0.0, span[0]), min(duration, span[1])


def _talk(scene: Scene, start: float, end: float) -> None:
    """Hands that go with the speech, where there is time for it."""
    if end - start > 0.6:
        play(WAYS[_ILLUSTRATIVE], scene, start, end)


def perform(
    label: int | None,
    rng: np.random.Generator,
    *,
    duration: float,
    fps: float = 25.0,
    shape: Shape | None = None,
    way: str = "",
    span: tuple[float, float] | None = None,
) -> Motion:
    """Let one person make one gesture of iMiGUE once, amid background movement.

    The gesture's core has its place and length drawn; it may have begun before the motion, or go on after it.

    Parameters
    ----------
    label : the index of the gesture in `CLASSES`; None for background movement alone
    rng : draws everything
    duration : the length, seconds
    fps : frames a second
    shape : of the body; drawn where it is None
    way : how the gesture is made, by its words in `WAYS`; drawn where it is ""
    span : seconds between which it lies; drawn where it is None

    Returns
    -------
    the motion
    """
    name = None if label is None else CLASSES[label]
    shape = shape or random_shape(rng)
    scene = Scene(shape, rng, max(2, round(duration * fps)), fps, _seat(rng, name))
    rest(scene, scene.one_of(*RESTS[scene.seat]))
    everyday.everyday(scene)
    turned = everyday.facing(scene)
    if name is None:
        span = 0.0, duration
        _ORDINARY[int(rng.choice(len(_ORDINARY), p=_HOW_OFTEN))](scene)
    else:
        span = span or gesture_span(scene, name, duration)
        if name not in _CHANGES and scene.chance(0.25):
            before = scene.chance(0.5)
            _talk(scene, *((-0.5, span[0] - 0.7) if before else (span[1] + 0.7, duration + 0.5)))
        elif scene.chance(0.3):
            everyday.hands(scene, (span,))
        _make(scene, name, *span, way)
    onset, offset = _visible(span, duration)
    events = () if label is None else ((label, onset, offset),)
    return _motion(scene, label, onset, offset, events, turned)


def _motion(
    scene: Scene, label: int | None, onset: float, offset: float, events: tuple[Happening, ...], turned: float
) -> Motion:
    place = scene.seat, scene.seat_height, scene.table, scene.table_edge
    return Motion(scene.pose(), scene.body.shape, scene.fps, onset, offset, label, *place, events, turned)


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

    Where there is time between two gestures the hands go with the speech as often as not. A gesture may be made again
    soon, and one of trunk, head or face may fall together with one of the hands.

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
    seat = str(rng.choice(["table", "chair", "standing"], p=[0.6, 0.3, 0.1]))
    scene = Scene(shape, rng, max(2, round(duration * fps)), fps, seat)
    rest(scene, scene.one_of(*RESTS[scene.seat]))
    everyday.everyday(scene, talking=True)
    turned = everyday.facing(scene)
    everyday.feeling(scene, *tones)
    chances = np.full(len(CLASSES), 1 / len(CLASSES)) if odds is None else odds
    if seat == "standing":
        chances = chances * [name not in _CHANGES for name in CLASSES]
    events: list[Happening] = []
    busy: list[tuple[float, float]] = []
    free, misses = -0.5 if scene.chance(0.3) else scene.between(0.3, 1.0) * min(3.0, duration / 4), 0
    last = -1
    while misses < 4 and chances.sum() > 0:  # another may be short enough for what is left
        again = last >= 0 and scene.chance(0.2)
        label = last if again else int(rng.choice(len(CLASSES), p=chances / chances.sum()))
        start = free + (LAIN if CLASSES[label] in _CHANGES else 0.0)
        end = start + _length(scene, CLASSES[label])
        if end > duration - 0.5:
            misses += 1
            continue
        made = _together(scene, label, start, end, chances)
        events += [event for event in made if event[2] > 0.2]
        busy.append((free, end))
        last, free = label, end + (scene.between(0.6, 1.2) if scene.chance(0.3) else scene.between(1.0, 4.0))
        begin, stop = end + 0.7, min(free, duration) - 0.6
        if stop - begin > 0.8 and scene.chance(0.5):
            _talk(scene, begin, stop)
            events.append((CLASSES.index(_ILLUSTRATIVE), begin, stop))
            busy.append((end, free))
    everyday.hands(scene, busy)
    return _motion(scene, None, 0.0, duration, tuple(sorted(events, key=lambda event: event[1])), turned)


def _together(scene: Scene, label: int, start: float, end: float, chances: NDArray[np.float64]) -> list[Happening]:
    """One gesture, and with one of the hands now and then another of trunk, head or face, as likely as they are."""
    _make(scene, CLASSES[label], start, end)
    made = [(label, max(0.0, start), end)]
    likely = chances * [name in TOGETHER for name in CLASSES]
    if CLASSES[label] in _WITHOUT_HANDS or likely.sum() == 0 or not scene.chance(0.15):
        return made
    second = int(scene.rng.choice(len(CLASSES), p=likely / likely.sum()))
    begin = scene.between(start, (start + end) / 2)
    stop = begin + min(_length(scene, CLASSES[second]), max(end - begin, 0.7))
    if stop > scene.t[-1]:
        return made
    _make(scene, CLASSES[second], begin, stop)
    return [*made, (second, max(0.0, begin), stop)]
