"""What a way to make a gesture is: most are a hand at a place, told by data, the others are short functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kinesics.simulator.motion.kinematics import SIDES, Rub, Vector
from kinesics.simulator.motion.scene import Scene

Program = Callable[[Scene, float, float], None]
Ways = Mapping[str, tuple[float, Program]]  # in words: how often against the others, and what adds it to a scene


def other(side: str) -> str:
    """The other hand."""
    return "right" if side == "left" else "left"


def jitter(scene: Scene, size: float = 0.004) -> Vector:
    """A few millimetres anywhere."""
    x, y, z = scene.rng.normal(0, size, 3)
    return float(x), float(y), float(z)


def added(a: Vector, b: Vector) -> Vector:
    """The sum of two vectors."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def rub(
    scene: Scene, along: float, across: float = 0.0, *, lift: float = 0.0, rate: tuple[float, float] = (1.3, 3.5),
    bend: float = 4.0,
) -> Rub:  # fmt: skip
    """Draw a rub of about this size.

    Parameters
    ----------
    scene : that draws
    along : metres along the fingers
    across : metres across them
    lift : metres off the skin
    rate : lowest and highest times a second
    bend : degrees of the fingers

    Returns
    -------
    the rub
    """
    size, phase = scene.between(0.5, 1.5), scene.between(0, 6)
    return Rub(size * along, size * across, size * lift, scene.between(*rate), size * bend, phase)


def bow(scene: Scene, start: float, end: float, nod: float = 0.12, roll: float = 0.06) -> None:
    """Let the head come a little towards the hand.

    Parameters
    ----------
    scene : to add to
    start : seconds
    end : seconds
    nod : radians at most, forwards
    roll : radians, standard deviation, to either side
    """
    rise = min(0.7, max(0.3, end - start))
    scene.move("nod", nod * scene.between(0, 1), start - 0.2, end, rise)
    scene.move("tilt", scene.rng.normal(0, roll), start - 0.2, end, rise)


def over_the_shoulder(scene: Scene, side: str, start: float, end: float) -> None:
    """Lead a hand before the shoulder on its way to the neck or back, and from there.

    Parameters
    ----------
    scene : to add to
    side : of the hand
    start : seconds
    end : seconds
    """
    wish = {"fingers": (-0.2, 0.3, 1), "palm": (-0.4, 1, 0), "travel": 0.7, "back": 0.7, "arc": 0.3}
    scene.reach(side, start - 0.3, end + 0.3, point=(0.17, -0.26, 0.14), **wish)


def by_the_side(scene: Scene, side: str, start: float, end: float) -> None:
    """Lead a hand past the hip on its way to the back, and from there.

    Parameters
    ----------
    scene : to add to
    side : of the hand
    start : seconds
    end : seconds
    """
    wish = {"fingers": (-0.1, -0.5, -1), "palm": (-1, 0.3, 0), "travel": 0.6, "back": 0.7, "arc": 0, "swivel": 0.5}
    scene.reach(side, start - 0.3, end + 0.3, anchor="spine04", point=(0.29, -0.03, 0.05), **wish)


@dataclass(frozen=True)
class Touch:
    """A hand, or both, at a place of the body.

    Of several places, effectors and shapes one is drawn each time. both: how often both hands do it. opposite: the
    place is on the other side. shift: metres, of each hand outwards, backwards and up. rub: metres along and across
    the fingers; rubs: how often it rubs at all; rate: times a second; bend: degrees of the fingers. nod, roll: how
    far the head comes towards the hand. face: facial actions meanwhile. behind: the hand comes over the shoulder.
    then: a second place to which the hand slides on.
    """

    places: tuple[str, ...]
    effectors: tuple[str, ...] = ("fingers",)
    shapes: tuple[str, ...] = ("relaxed",)
    fingers: Vector | None = None
    palm: Vector | None = None
    shift: Vector = (0.0, 0.0, 0.0)
    both: float = 0.0
    opposite: bool = False
    rub: tuple[float, float] = (0.007, 0.003)
    rubs: float = 0.5
    rate: tuple[float, float] = (1.3, 3.5)
    lift: float = 0.0
    bend: float = 4.0
    nod: float = 0.12
    roll: float = 0.06
    swivel: tuple[float, float] | None = None
    face: Mapping[str, float] | None = None
    behind: bool = False
    then: tuple[str, ...] = ()

    def __call__(self, scene: Scene, start: float, end: float) -> None:
        """Add it to a scene, from `start` to `end` seconds."""
        bow(scene, start, end, self.nod, self.roll)
        for action, weight in (self.face or {}).items():
            scene.show(action, weight, start, end)
        place, effector, shape = (scene.one_of(*words) for words in (self.places, self.effectors, self.shapes))
        goal: dict[str, object] = {
            "effector": effector, "shape": shape, "fingers": self.fingers, "palm": self.palm,
            "shift": added(self.shift, jitter(scene)), "rub": self._rub(scene),
            "swivel": None if self.swivel is None else scene.between(*self.swivel),
        }  # fmt: skip
        for side in SIDES if scene.chance(self.both) else (scene.hand(),):
            self._reach(scene, side, start, end, place, goal)

    def _reach(self, scene: Scene, side: str, start: float, end: float, place: str, goal: dict[str, object]) -> None:
        at = {"place_side": other(side) if self.opposite else side} | goal
        if self.behind:
            over_the_shoulder(scene, side, start, end)
        if not self.then:
            scene.reach(side, start, end, place=place, **at)
            return
        middle = start + (end - start) * scene.between(0.35, 0.65)
        slide = min(0.8, 0.8 * (end - middle), 0.8 * (middle - start))
        scene.reach(side, start, middle + slide, place=place, **at)
        scene.reach(side, middle, end, place=scene.one_of(*self.then), travel=max(slide, 0.12), arc=0.1, **at)

    def _rub(self, scene: Scene) -> Rub | None:
        if not scene.chance(self.rubs):
            return None
        return rub(scene, *self.rub, lift=self.lift, rate=self.rate, bend=self.bend)


def play(ways: Ways, scene: Scene, start: float, end: float, way: str = "") -> str:
    """Add a gesture in one of its ways.

    Parameters
    ----------
    ways : of the gesture
    scene : to add to
    start : seconds
    end : seconds
    way : by its words; drawn where it is ""

    Returns
    -------
    the words of the way
    """
    shares = [share for share, _ in ways.values()]
    chosen = way or str(scene.rng.choice(list(ways), p=[share / sum(shares) for share in shares]))
    ways[chosen][1](scene, start, end)
    return chosen
