"""One recording of one simulated person: channels of movement that programs add to, and the goals of both hands."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from kinesics.simulator.motion.kinematics import SIDES, ArmSolver, Array, Goal, pulse, turn
from kinesics.simulator.person.body import BONE, BONES, FACIAL_ACTIONS, Body, Pose, Shape

# how a channel's angle is spread over bones: (bone, axis, share). Axes: x leans or nods forwards, y to the own left,
# z turns to the own left
_SPINE = ("spine05", "spine04", "spine03", "spine02", "spine01")
_NECK = (("neck01", 0.15), ("neck02", 0.15), ("neck03", 0.2), ("head", 0.5))
_CHANNELS: dict[str, tuple[tuple[str, str, float], ...]] = {
    # the face stays up when the trunk leans
    "lean": (
        ("spine05", "x", 0.55), ("spine04", "x", 0.25), ("spine03", "x", 0.1), ("spine02", "x", 0.1),
        ("neck02", "x", -0.25), ("neck03", "x", -0.25), ("head", "x", -0.25),
    ),
    "bend": (
        ("spine05", "y", 0.4), ("spine04", "y", 0.25), ("spine03", "y", 0.2), ("spine02", "y", 0.15),
        ("neck02", "y", -0.25), ("head", "y", -0.25),
    ),
    "twist": tuple((name, "z", 0.2) for name in _SPINE),
    # the lower spine rolls backwards, the upper one forwards, and the face stays up
    "slouch": (
        ("spine05", "x", -0.7), ("spine04", "x", 0.3), ("spine03", "x", 0.4), ("spine02", "x", 0.5),
        ("spine01", "x", 0.2), ("neck01", "x", 0.2), ("neck03", "x", -0.3), ("head", "x", -0.6),
    ),
    "chest": (("spine02", "x", -0.5), ("spine01", "x", -0.5), ("neck01", "x", 0.5), ("neck02", "x", 0.5)),
    "nod": tuple((name, "x", share) for name, share in _NECK),
    "tilt": tuple((name, "y", share) for name, share in _NECK),
    "look": tuple((name, "z", share) for name, share in _NECK),
    # the head forwards between the shoulders, the face upright
    "jut": (("neck01", "x", 1.3), ("neck02", "x", -0.15), ("neck03", "x", -0.15), ("head", "x", -1.0)),
    "gaze": (("eye.L", "z", 1.0), ("eye.R", "z", 1.0)),
    "gaze_down": (("eye.L", "x", 1.0), ("eye.R", "x", 1.0)),
}  # fmt: skip
_SHIFTS = ("shrug_left", "shrug_right", "sway_x", "sway_y")
_NAVEL = 4053  # vertex of the mesh


class Scene:
    """T frames of a person to be filled by programs, and then solved into a `Pose`.

    Attributes
    ----------
    t : (T,) seconds from the start
    seat_height, table, table_edge : metres; `table` is the height of its top, None without one, `table_edge` the y
        of its near edge
    channels : (T,) radians of each movement of trunk, neck, eyes and collarbones (shrug_left, shrug_right), metres
        for sway_x and sway_y of the pelvis; to be added to
    face : (T, 52) facial actions, to be added to; clipped in the end
    goals : what each hand does, its rest first

    Parameters
    ----------
    shape : of the body
    rng : draws table and edge, and whatever the programs draw
    frames : T
    fps : frames a second
    seat : "table" (on a chair behind a table), "chair" or "standing"
    """

    def __init__(self, shape: Shape, rng: np.random.Generator, frames: int, fps: float, seat: str) -> None:
        self.body, self.rng, self.fps, self.seat = Body(shape), rng, fps, seat
        self.t: Array = np.arange(frames) / fps
        self.channels: dict[str, Array] = {name: np.zeros(frames) for name in (*_CHANNELS, *_SHIFTS)}
        self.face: Array = np.zeros((frames, len(FACIAL_ACTIONS)))
        self.goals: dict[str, list[Goal]] = {side: [] for side in SIDES}
        reference = self.body.reference
        sole = -float(reference.vertices[:, 2].min())
        knee = sole + float(reference.heads[BONE["lowerleg01.L"], 2])
        self.root_height = sole if seat == "standing" else knee + 0.03
        self.seat_height = self.root_height - 0.09
        self.scale = float(reference.heads[BONE["head"], 2]) / 0.69
        self.table = self.root_height + rng.uniform(0.11, 0.18) * self.scale if seat == "table" else None
        self.table_edge = float(reference.vertices[_NAVEL, 1]) - rng.uniform(0.03, 0.1)

    def one_of(self, *options: str) -> str:
        """Draw one of several words."""
        return str(self.rng.choice(options))

    def hand(self) -> str:
        """Draw the hand that does something, the right one rather more often."""
        return "right" if self.chance(0.6) else "left"

    def chance(self, probability: float) -> bool:
        """Draw whether something happens."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """Draw a number between two others."""
        return float(self.rng.uniform(low, high))

    def move(self, channel: str, size: float, start: float, end: float, rise: float = 0.5) -> None:
        """Add a movement to a channel and back again.

        Parameters
        ----------
        channel : by name
        size : radians, or metres of a sway
        start : the middle of the rise, seconds
        end : the middle of the fall, seconds
        rise : how long rise and fall take, seconds
        """
        self.channels[channel] += size * pulse(self.t, start, end, rise)

    def show(self, action: str, weight: float, start: float, end: float, rise: float = 0.3) -> None:
        """Add a facial action for a while.

        Parameters
        ----------
        action : by name; "*" stands for Left and Right
        weight : 0..1
        start : the middle of the rise, seconds
        end : the middle of the fall, seconds
        rise : how long rise and fall take, seconds
        """
        for name in dict.fromkeys(action.replace("*", side) for side in ("Left", "Right")):
            self.face[:, FACIAL_ACTIONS.index(name)] += weight * pulse(self.t, start, end, rise)

    def reach(self, side: str, start: float, end: float, **goal: object) -> None:
        """Give a hand a goal.

        Parameters
        ----------
        side : of the hand
        start : the middle of the way there, seconds
        end : the middle of the way back, seconds
        goal : other fields of `Goal`; the times of its travels are drawn unless given, short where the stay is
        """
        most = max(0.28, 0.9 * (end - start))
        goal.setdefault("travel", min(most, self.between(0.35, 0.85)))
        goal.setdefault("back", min(most, self.between(0.4, 0.9)))
        self.goals[side].append(Goal(side, start, end, **goal))  # type: ignore[arg-type]

    def pose(self) -> Pose:
        """Solve all movement into bone rotations."""
        rotations = np.zeros((len(self.t), len(BONES), 3))
        self._trunk(rotations)
        self._legs(rotations)
        seat = np.array((0.0, 0.0, self.root_height))
        root = np.stack([self.channels["sway_x"], self.channels["sway_y"], np.zeros(len(self.t))], 1) + seat
        face = np.clip(self.face, 0, 1).astype(np.float32)
        trunk = Pose(rotations.astype(np.float32), root.astype(np.float32), face)
        turns, heads = (array.astype(float) for array in self.body.forward(trunk))
        shrug = {side: self.channels[f"shrug_{side}"] for side in SIDES}
        stage = ArmSolver(self.body, turns, heads, shrug, self.t, self.rng, seat, self.table, self.table_edge)
        for index, rotvecs in stage.arm_rotations(self.goals).items():
            rotations[:, index] = rotvecs
        return Pose(rotations.astype(np.float32), trunk.root, face)

    def _trunk(self, rotations: Array) -> None:
        turned: dict[str, Array] = {}
        for channel, parts in _CHANNELS.items():
            for name, axis, share in parts:
                angles = turned.setdefault(name, np.zeros((len(self.t), 3)))
                angles[:, "xyz".index(axis)] += share * self.channels[channel]
        for name, angles in turned.items():
            rotations[:, BONE[name]] = Rotation.from_euler("ZYX", angles[:, ::-1]).as_rotvec()

    def _legs(self, rotations: Array) -> None:
        for letter, sign in (("L", 1.0), ("R", -1.0)):
            if self.seat == "standing":
                rotations[:, BONE[f"upperleg01.{letter}"]] = (0, np.radians(6) * sign, 0)
                continue
            thigh = turn((0.0, 0.0, 1.0), 0.1 * sign) @ turn((1.0, 0.0, 0.0), -np.radians(86))
            rotations[:, BONE[f"upperleg01.{letter}"]] = Rotation.from_matrix(thigh).as_rotvec()
            rotations[:, BONE[f"lowerleg01.{letter}"]] = (np.radians(86), 0, 0)
