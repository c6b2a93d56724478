"""Inverse kinematics: hands that reach places on the body, and the track of goals that they follow.

Vectors of a goal are written for the left side, x away from the body's middle; the right side mirrors them.
The world is that of `body`: z up, the person faces −y. Angles are radians unless a name says degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.spatial.transform import Rotation

from kinesics.simulator.person.body import BONE, TIP_VERTICES, Body, Shape, dominant_bones, rotation_matrices
from kinesics.skeleton.layouts import FINGERS

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
Vector = tuple[float, float, float]

SIDES = ("left", "right")

# mesh vertices (left, right) of places that hands touch
PLACES: dict[str, tuple[int, int]] = {
    "chin": (5146, 5146), "chin_side": (11746, 5149), "under_chin": (991, 991), "jaw": (7580, 894),
    "lips": (468, 468), "mouth_side": (7230, 497), "nose_tip": (5038, 5038), "nose_side": (11635, 5033),
    "nose_bridge": (134, 134), "under_nose": (5326, 5326), "cheek": (11733, 5135), "cheek_side": (11785, 5190),
    "temple": (11778, 5183), "eye_inner": (11474, 4872), "eye_outer": (11468, 4866), "eye": (6804, 36),
    "brow": (6963, 204), "forehead": (244, 244), "forehead_side": (11770, 5174), "ear": (12242, 5661),
    "ear_lobe": (11981, 5398), "ear_top": (7554, 865), "behind_ear": (7621, 936), "brim": (1015, 1015),
    "hairline": (12121, 5540), "crown": (881, 881), "crown_side": (7568, 880), "hair_front": (7705, 1029),
    "hair_side": (7566, 877), "hair_back": (11950, 5366), "neck_side": (7457, 754), "neck_front": (803, 803),
    "neck_back": (7716, 1040), "nape_side": (7533, 838), "throat_side": (10328, 3676), "notch": (1528, 1528),
    "tie": (1400, 1400), "sternum": (1472, 1472), "chest": (8070, 1394), "collarbone": (8065, 1389),
    "shoulder_top": (8150, 1480), "waist": (10773, 4148), "hip": (10876, 4262), "arm_outer": (8360, 1704),
    "arm_front": (8352, 1696), "arm_low": (8411, 1755), "forearm_top": (10090, 3438), "forearm_up": (10083, 3431),
    "forearm_low": (10134, 3482), "cuff": (10168, 3516), "elbow": (10040, 3388), "temple_hair": (7667, 988),
    "belly": (4094, 4094), "belly_side": (10772, 4147), "shirt": (4138, 4138), "thigh": (11077, 4475),
}  # fmt: skip

# degrees; thumb: opposition, flexion, last joint; others: knuckle, middle joint, spread (last joint follows)
_F = tuple[float, float, float]


def _shape(thumb: _F, *fingers: _F) -> Array:
    angles: Array = np.radians(np.array([thumb, *fingers], float))
    return angles


FINGER_SHAPES: dict[str, Array] = {
    "open": _shape((0, 0, 0), (5, 8, 16), (3, 8, 4), (4, 10, -6), (6, 12, -17)),
    "flat": _shape((0, 5, 5), (2, 5, 3), (2, 5, 1), (2, 6, -1), (3, 8, -4)),
    "relaxed": _shape((12, 10, 12), (22, 28, 8), (27, 33, 3), (30, 36, -2), (33, 36, -7)),
    "cup": _shape((20, 5, 10), (35, 15, 5), (36, 16, 1), (37, 17, -2), (38, 18, -6)),
    "curl": _shape((25, 15, 25), (50, 50, 2), (54, 54, 1), (56, 56, -1), (56, 54, -2)),
    "fist": _shape((45, 30, 45), (80, 92, 0), (84, 96, 0), (86, 96, 0), (86, 92, 0)),
    "point": _shape((40, 25, 40), (15, 18, 6), (68, 80, 0), (76, 88, 0), (78, 86, 0)),
    "pinch": _shape((42, 12, 18), (48, 42, 0), (50, 45, 0), (48, 45, -1), (42, 40, -3)),
    "pinch_open": _shape((42, 12, 18), (48, 42, 0), (32, 28, 0), (22, 22, -2), (15, 18, -6)),
    "interlaced": _shape((22, 15, 20), (60, 45, 12), (62, 48, 4), (62, 48, -4), (60, 46, -12)),
    "steeple": _shape((0, 0, 5), (2, 6, 14), (0, 6, 3), (2, 6, -6), (4, 8, -15)),
    "grip": _shape((45, 15, 25), (52, 55, 0), (55, 58, 0), (58, 60, -1), (60, 58, -2)),
}  # fmt: skip
_LAST_JOINT = 0.65  # how much the last joint of a finger follows the middle one


def unit(vectors: Array) -> Array:
    """Scale vectors to length one.

    Parameters
    ----------
    vectors : (..., 3)

    Returns
    -------
    (..., 3)
    """
    lengths: Array = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return vectors / lengths


def turn(axis: Vector | Array, angle: Array | float) -> Array:
    """Turn about one axis or about one axis each.

    Parameters
    ----------
    axis : (..., 3) of length one
    angle : (...) radians

    Returns
    -------
    (..., 3, 3) rotation matrices
    """
    return matrices(np.asarray(axis, float) * np.asarray(angle, float)[..., None])


def matrices(rotvecs: Array) -> Array:
    """Turn axis-angle into rotation matrices, in double precision.

    Parameters
    ----------
    rotvecs : (..., 3) radians

    Returns
    -------
    (..., 3, 3)
    """
    return rotation_matrices(rotvecs.astype(np.float32)).astype(np.float64)


def rotation_vectors(rotations: Array) -> Array:
    """Turn rotation matrices into axis-angle.

    Parameters
    ----------
    rotations : (..., 3, 3)

    Returns
    -------
    (..., 3) radians
    """
    return np.asarray(Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_rotvec().reshape(rotations.shape[:-1]))


def minimum_jerk(s: Array) -> Array:
    """Go from 0 to 1 with no speed and no acceleration at both ends (Flash and Hogan, 1985).

    Parameters
    ----------
    s : 0..1 of the way; clipped

    Returns
    -------
    0..1
    """
    s = np.clip(s, 0, 1)
    return np.asarray(s**3 * (10 - 15 * s + 6 * s * s))


def pulse(t: Array, start: float, end: float, rise: float, fall: float | None = None) -> Array:
    """Go from 0 to 1 and back.

    Parameters
    ----------
    t : (T,) seconds
    start : the middle of the rise
    end : the middle of the fall
    rise : seconds
    fall : seconds; as long as the rise where it is None

    Returns
    -------
    (T,) in 0..1
    """
    fall = rise if fall is None else fall
    return minimum_jerk((t - start) / rise + 0.5) - minimum_jerk((t - end) / fall + 0.5)


def wander(rng: np.random.Generator, frames: int, fps: float, seconds: float) -> Array:
    """Draw smooth random drift of deviation one.

    Parameters
    ----------
    rng : draws
    frames : T
    fps : frames a second
    seconds : in which it changes

    Returns
    -------
    (T,)
    """
    pad = round(4 * seconds * fps) + 1
    noise = gaussian_filter1d(rng.normal(size=frames + 2 * pad), max(seconds * fps / 2, 0.5))
    return np.asarray(noise[pad : pad + frames] / max(noise.std(), 1e-9))


class Surface:
    """Points of the skin that ride on their bones.

    Parameters
    ----------
    body : whose skin
    vertices : (K,) of its mesh
    """

    def __init__(self, body: Body, vertices: IntArray) -> None:
        reference = body.reference
        self.bones = dominant_bones()[vertices]
        self.local = (reference.vertices[vertices] - reference.heads[self.bones]).astype(float)
        self.normals = reference.normals[vertices].astype(float)

    def at(self, turns: Array, heads: Array) -> tuple[Array, Array]:
        """Place the points on a posed body.

        Parameters
        ----------
        turns : (T, 104, 3, 3) the bones' rotations
        heads : (T, 104, 3) metres

        Returns
        -------
        points and outward normals, (T, K, 3) each
        """
        turned = turns[:, self.bones]
        points = heads[:, self.bones] + (turned @ self.local[..., None])[..., 0]
        return points, (turned @ self.normals[..., None])[..., 0]


_TRUNK = (
    "spine01", "spine02", "spine03", "spine04", "spine05", "root", "pelvis.L", "pelvis.R",
    "clavicle.L", "clavicle.R", "shoulder01.L", "shoulder01.R",
)  # fmt: skip
_NECK = ("neck01", "neck02", "neck03")


@cache
def skin_samples() -> IntArray:
    """Some 450 vertices spread over the skin of head, neck and trunk, denser on the head."""
    body = Body(Shape())
    return np.concatenate(
        [_spread(body, names, count) for names, count in ((("head",), 220), (_NECK, 50), (_TRUNK, 200))]
    )


def _spread(body: Body, bones: tuple[str, ...], count: int) -> IntArray:
    """Farthest-point samples of the outer skin that the bones carry."""
    carried = np.flatnonzero(np.isin(dominant_bones(), [BONE[name] for name in bones]))
    points, normals = body.reference.vertices[carried], body.reference.normals[carried]
    # outer skin looks away from the middle of the head, or from the axis of neck and trunk: no teeth, no eye sockets
    outwards = points - points.mean(0)
    if bones != ("head",):
        outwards[:, 2] = 0
    outer = (outwards * normals).sum(1) > 0.3 * np.linalg.norm(outwards, axis=1)
    carried, points = carried[outer], points[outer]
    picked = [0]
    nearest = np.full(len(points), np.inf)
    for _ in range(min(count, len(points)) - 1):
        nearest = np.minimum(nearest, np.linalg.norm(points - points[picked[-1]], axis=1))
        picked.append(int(nearest.argmax()))
    return np.asarray(carried[picked], np.int64)


def depth_inside(points: Array, radii: Array, skin: Array, normals: Array) -> tuple[Array, Array]:
    """Measure how deep balls sit in a body, from the tangent plane of the nearest skin point.

    Parameters
    ----------
    points : (N, P, 3) metres
    radii : (P,)
    skin : (N or 1, K, 3)
    normals : (N or 1, K, 3) outward

    Returns
    -------
    (N, P) metres, ≤ 0 outside, and (N, P, 3) the way out
    """
    single, samples = points.astype(np.float32), skin.astype(np.float32)  # single precision is plenty and fast
    half = 0.5 * (samples**2).sum(-1)
    if len(skin) == 1:
        across = single.reshape(-1, 3) @ samples[0].T
        nearest = np.subtract(half[0], across, out=across).argmin(-1).reshape(points.shape[:-1])
        rows = np.zeros((1, 1), int)
    else:
        nearest = (half[:, None] - single @ samples.transpose(0, 2, 1)).argmin(-1)
        rows = np.arange(len(skin))[:, None]
    away, outward = points - skin[rows, nearest], normals[rows, nearest]
    height = (away * outward).sum(-1)
    distance = np.linalg.norm(away, axis=-1)
    # far points count as inside only where they lie clearly behind the skin
    inside = np.where((distance > 0.06) & (height > -0.4 * distance), -distance, -height)
    return inside + radii, outward


_FINGER_BONES = [[f"finger{f}-{j}" for j in (1, 2, 3)] for f in range(1, 6)]
PAD = 0.008  # half the thickness of a fingertip, metres


class HandGeometry:
    """The geometry of one hand, seen from the wrist in the reference pose."""

    def __init__(self, body: Body, side: str) -> None:
        letter, self.sign = side[0].upper(), 1.0 if side == "left" else -1.0
        heads, vertices = body.reference.heads.astype(float), body.reference.vertices.astype(float)
        wrist = heads[BONE[f"wrist.{letter}"]]
        self.bones = np.array([[BONE[f"{name}.{letter}"] for name in finger] for finger in _FINGER_BONES])
        self.joints: Array = heads[self.bones] - wrist  # (5, 3, 3)
        self.tips: Array = vertices[list(TIP_VERTICES[side])] - wrist  # (5, 3)
        along = unit(self.joints[2, 0])
        across = self.joints[1, 0] - self.joints[4, 0]
        across = unit(across - across @ along * along)  # towards the thumb
        palm = np.cross(along, across) * self.sign
        self.frame: Array = np.stack([along, np.cross(palm, along), palm], 1)  # columns
        self._axes()

    def _axes(self) -> None:
        """Per finger: the axis of flexion, that of spread, and the flexion already in the reference pose."""
        along, _, palm = self.frame.T
        chains = np.concatenate([np.zeros((5, 1, 3)), self.joints, self.tips[:, None]], 1)
        chains[0, 0] = chains[0, 1] - (chains[0, 2] - chains[0, 1])
        segments = unit(np.diff(chains, axis=1))  # metacarpal and three phalanges
        self.flex: Array = unit(np.cross(segments[:, 1], palm))
        self.flex[0] = unit(np.cross(segments[0, 1], segments[0, 2] * 0.3 - self.thumb_side() * 0.7))
        self.spread: Array = np.repeat(palm[None], 5, 0)
        self.spread[0] = along
        cross = (np.cross(segments[:, :-1], segments[:, 1:]) * self.flex[:, None]).sum(-1)
        self.bent: Array = np.arcsin(np.clip(cross, -1, 1))  # (5, 3)
        self.bent[0] = 0
        self.fanned: Array = np.arctan2(segments[:, 1] @ self.thumb_side(), segments[:, 1] @ along)  # (5,)

    def thumb_side(self) -> Array:
        """The direction from the fingers to the thumb, across the hand."""
        across = self.joints[1, 0] - self.joints[4, 0]
        return unit(across)

    def rotvecs(self, angles: Array) -> Array:
        """Turn finger angles into rotations of the finger bones.

        Parameters
        ----------
        angles : (N, 5, 3), see `FINGER_SHAPES`; radians

        Returns
        -------
        (N, 5, 3, 3): finger, joint, axis-angle
        """
        knuckle, middle = angles[..., 1:, 0], angles[..., 1:, 1]
        bends = np.stack([knuckle, middle, _LAST_JOINT * middle], -1) - self.bent[1:]
        out = np.zeros((*angles.shape[:-2], 5, 3, 3))
        out[..., 1:, :, :] = bends[..., None] * self.flex[1:, None]
        out[..., 1:, 0, :] += self.sign * (angles[..., 1:, 2] - self.fanned[1:])[..., None] * self.spread[1:]
        out[..., 0, 0, :] = self.sign * angles[..., 0, 0, None] * self.spread[0]
        out[..., 0, 1, :] = angles[..., 0, 1, None] * self.flex[0]
        out[..., 0, 2, :] = angles[..., 0, 2, None] * self.flex[0]
        return out

    def points(self, angles: Array) -> tuple[Array, Array, Array]:
        """Place the fingers, seen from the wrist.

        Parameters
        ----------
        angles : (N, 5, 3) of the fingers, radians

        Returns
        -------
        finger joints with tips (N, 5, 4, 3), pads (N, 5, 3) and the pads' normals (N, 5, 3)
        """
        local = matrices(self.rotvecs(angles))
        joints = np.empty((*angles.shape[:-2], 5, 4, 3))
        joints[..., 0, :] = self.joints[:, 0]
        world = local[..., 0, :, :]
        for k in (1, 2):
            joints[..., k, :] = (
                joints[..., k - 1, :] + (world @ (self.joints[:, k] - self.joints[:, k - 1])[..., None])[..., 0]
            )
            world = world @ local[..., k, :, :]
        last = self.tips - self.joints[:, 2]
        joints[..., 3, :] = joints[..., 2, :] + (world @ last[..., None])[..., 0]
        facing = unit(np.cross(self.flex, unit(last)))
        pads = joints[..., 2, :] + (world @ (0.62 * last + PAD * facing)[..., None])[..., 0]
        return joints, pads, (world @ facing[..., None])[..., 0]

    def effector(self, name: str, angles: Array) -> tuple[Array, Array]:
        """Find the point of the hand's skin that touches, seen from the wrist.

        Parameters
        ----------
        name : a finger, "fingers", "tips", "index_tip", "middle_tip", "thumb_tip", "flat", "palm", "pinch",
            "knuckles"
        angles : (5, 3) of the fingers, radians

        Returns
        -------
        the point (3,) and the skin's outward normal there (3,)
        """
        joints, pads, facing = self.points(angles)
        palm, middle = self.frame[:, 2], self.joints[2, 0]
        if name in FINGERS:
            return pads[FINGERS.index(name)], facing[FINGERS.index(name)]
        if name == "fingers":  # the pads of the three long fingers
            return pads[1:4].mean(0), unit(facing[1:4].mean(0))
        if name in ("tips", "index_tip", "middle_tip", "thumb_tip"):  # the very ends, nails outwards
            which = slice(1, 4) if name == "tips" else FINGERS.index(name[:-4])
            ends = unit(joints[which, 3] - joints[which, 2]) + 0.4 * facing[which]
            return joints[which, 3].reshape(-1, 3).mean(0), unit(ends.reshape(-1, 3).mean(0))
        if name == "flat":  # the underside of the fingers' first halves
            return joints[2:4, 1].mean(0) + 0.01 * palm, palm
        if name == "palm":
            return 0.62 * middle + 0.02 * palm, palm
        if name == "pinch":
            return (pads[0] + pads[1]) / 2, unit(unit(joints[1, 3] - joints[1, 2]) + unit(joints[0, 3] - joints[0, 2]))
        if name == "knuckles":
            outward = unit(
                joints[1:3, 1].mean(0) - joints[1:3, 0].mean(0) - joints[1:3, 2].mean(0) + joints[1:3, 1].mean(0)
            )
            return joints[1:3, 1].mean(0) + 0.01 * outward, outward
        raise ValueError(f"unknown effector {name}")

    def balls(self, angles: Array) -> Array:
        """Place the balls that must stay out of the body: joints, tips, palm and wrist.

        Parameters
        ----------
        angles : (N, 5, 3) of the fingers, radians

        Returns
        -------
        (N, 22, 3) seen from the wrist
        """
        joints, _, _ = self.points(angles)
        shape = joints.shape[:-3]
        palm = np.broadcast_to(np.stack([0.5 * self.joints[2, 0], 0.6 * self.joints[4, 0]]), (*shape, 2, 3))
        return np.concatenate([joints.reshape(*shape, 20, 3), palm], -2)


BALL_RADII = np.concatenate([np.tile([0.011, 0.009, 0.008, 0.004], 5), [0.014, 0.014]])


@dataclass
class ArmPose:
    """A solved arm over N frames: local rotation matrices by bone, places of its joints, how strained it is."""

    local: dict[str, Array]
    shoulder: Array  # (N, 3)
    elbow: Array  # (N, 3)
    wrist: Array  # (N, 3)
    pole: Array  # (N, 3) where the elbow points, across the line from shoulder to wrist, seen from the chest
    strain: Array  # (N,) about 1 at the joint limits, fourth powers beyond
    short: Array  # (N,) metres that the hand falls short of its goal


# limits, degrees: pronation either way, flexion or extension of the wrist, its deviation
_TWIST, _FLEXION, _DEVIATION = np.radians((80.0, 65.0, 28.0))


class Arm:
    """Two-bone inverse kinematics of one arm with a clavicle that follows (swivel angle as in Tolani et al., 2000)."""

    def __init__(self, body: Body, side: str) -> None:
        self.side, self.sign = side, 1.0 if side == "left" else -1.0
        letter = side[0].upper()
        heads = body.reference.heads.astype(float)
        self.bone = {name: BONE[f"{name}.{letter}"] for name in _ARM_BONES}
        self.clavicle = heads[self.bone["clavicle"]]
        chest = heads[BONE["spine01"]]
        self.from_chest = self.clavicle - chest
        self.to_shoulder = heads[self.bone["upperarm01"]] - self.clavicle
        upper = heads[self.bone["lowerarm01"]] - heads[self.bone["upperarm01"]]
        lower = heads[self.bone["wrist"]] - heads[self.bone["lowerarm01"]]
        self.lengths = float(np.linalg.norm(upper)), float(np.linalg.norm(lower))
        self.upper, self.lower = unit(upper), unit(lower)
        self.hinge = unit(np.cross(self.upper, self.lower))
        self.hand = HandGeometry(body, side)

    @property
    def reach(self) -> float:
        """Metres from shoulder to wrist with the arm stretched."""
        return sum(self.lengths)

    def mirror(self, vector: Vector | Array) -> Array:
        """Mirror a vector that is written for the left side, for this side.

        Parameters
        ----------
        vector : (..., 3)

        Returns
        -------
        (..., 3)
        """
        return np.asarray(vector, float) * (self.sign, 1, 1)

    def orientation(self, fingers: Array, palm: Array) -> Array:
        """Turn the hand so that its fingers and palm point somewhere.

        Parameters
        ----------
        fingers : (..., 3) direction, in the world
        palm : (..., 3) direction, in the world

        Returns
        -------
        (..., 3, 3) the hand's rotation in the world
        """
        along = unit(fingers)
        palm = unit(palm - (palm * along).sum(-1, keepdims=True) * along)
        return np.asarray(np.stack([along, np.cross(palm, along), palm], -1) @ self.hand.frame.T)

    def solve(
        self, chest: Array, chest_head: Array, wrist: Array, hand: Array, shrug: Array,
        *, swivel: Array | None = None, pole: Array | None = None,
    ) -> ArmPose:  # fmt: skip
        """Bring the wrist to a place with the hand turned as wished.

        Forearm and wrist stop at their limits, whatever the hand wants.

        Parameters
        ----------
        chest : (N, 3, 3) of the bone spine01
        chest_head : (N, 3) of the same
        wrist : (N, 3) where it goes
        hand : (N, 3, 3) how it is turned
        shrug : (N,) lifts the shoulder, radians of the clavicle
        swivel : (N,) lifts the elbow outwards from where gravity leaves it, radians
        pole : (N, 3) where the elbow points in place of that, see `ArmPose`

        Returns
        -------
        the arm
        """
        base = chest_head + chest @ self.from_chest
        clavicle = self._clavicle(chest, base, wrist, shrug)
        shoulder_turn = chest @ clavicle
        shoulder = base + shoulder_turn @ self.to_shoulder
        upper_length, lower_length = self.lengths
        reach = wrist - shoulder
        wanted = np.linalg.norm(reach, axis=-1)
        distance = np.clip(wanted, 1.1 * abs(upper_length - lower_length) + 0.1, 0.995 * self.reach)
        towards = reach / np.maximum(wanted, 1e-6)[:, None]
        cosine = (upper_length**2 + distance**2 - lower_length**2) / (2 * upper_length * distance)
        height = upper_length * np.sqrt(np.clip(1 - cosine**2, 0, 1))
        down = pole if pole is not None else self._rest_direction(chest, reach)
        down = (chest @ down[..., None])[..., 0]
        down = unit(down - (down * towards).sum(-1, keepdims=True) * towards)
        if swivel is not None:
            aside = np.cross(towards, down) * self.sign
            down = np.cos(swivel)[:, None] * down + np.sin(swivel)[:, None] * aside
        elbow = shoulder + (upper_length * cosine)[:, None] * towards + height[:, None] * down
        end = shoulder + distance[:, None] * towards
        upper, lower = unit(elbow - shoulder), unit(end - elbow)
        hinge = unit(np.cross(upper, lower))
        upper_turn = _frame(upper, hinge) @ _frame(self.upper, self.hinge).T
        lower_turn = _frame(lower, hinge) @ _frame(self.lower, self.hinge).T
        local, strain = self._bones(shoulder_turn, clavicle, upper_turn, lower_turn, hand)
        strain = strain + self._shoulder_strain(chest, upper)
        elbow_way = (down[:, None] @ chest)[:, 0]
        return ArmPose(local, shoulder, elbow, end, elbow_way, strain, abs(wanted - distance))

    def _rest_direction(self, chest: Array, reach: Array) -> Array:
        """Where gravity leaves the elbow, seen from the chest: down and out, but forwards of a hand across the body."""
        local = (reach[:, None] @ chest)[:, 0] / self.reach
        across = np.clip(-self.sign * local[:, 0] - 0.1, 0, 1) * np.clip(local[:, 2] + 0.7, 0, 1)
        across = across * np.clip(0.5 - 3 * local[:, 1], 0, 1)  # not behind the back
        return np.stack([np.full(len(local), 0.35 * self.sign), 0.3 - 2.5 * across, np.full(len(local), -1.0)], -1)

    def _shoulder_strain(self, chest: Array, upper: Array) -> Array:
        """A hanging arm swings far back, a raised one does not; no upper arm crosses the body far."""
        local = (upper[:, None] @ chest)[:, 0]
        back = local[:, 1] - (0.2 + 0.5 * np.clip(-local[:, 2], 0, 1))
        across = -self.sign * local[:, 0] - 0.45
        return np.asarray(
            (np.clip(back, 0, 1) / 0.12) ** 2
            + (np.clip(across, 0, 1) / 0.15) ** 2
            + 2.5 * np.clip(local[:, 2] + 0.3, 0, 1)
        )

    def _clavicle(self, chest: Array, base: Array, wrist: Array, shrug: Array) -> Array:
        """Its rotation against the chest: it rises with a raised arm and goes forward with an arm across the body."""
        local = ((wrist - base)[:, None] @ chest)[:, 0] / self.reach
        rise = np.clip(0.26 * (local[:, 2] + 0.25), -0.03, 0.3) + shrug
        forward = np.clip(0.3 * (-local[:, 1] - 0.35) + 0.3 * (0.1 - self.sign * local[:, 0]), -0.25, 0.3)
        return turn((0, -self.sign, 0), rise) @ turn((0, 0, -self.sign), forward)

    def _bones(
        self, shoulder_turn: Array, clavicle: Array, upper_turn: Array, lower_turn: Array, hand: Array
    ) -> tuple[dict[str, Array], Array]:
        local_upper = shoulder_turn.transpose(0, 2, 1) @ upper_turn
        half = turn(self.upper, -0.5 * _twist(local_upper, self.upper))
        local_hand = lower_turn.transpose(0, 2, 1) @ hand
        roll = _twist(local_hand, self.lower)
        bend = rotation_vectors(turn(self.lower, -roll) @ local_hand) @ self.hand.frame
        strain = (roll / _TWIST) ** 4 + (bend[:, 1] / _FLEXION) ** 4 + (bend[:, 2] / _DEVIATION) ** 4
        limits = 1.15 * np.array([_DEVIATION, _FLEXION, _DEVIATION])
        roll, bend = np.clip(roll, -1.15 * _TWIST, 1.15 * _TWIST), np.clip(bend, -limits, limits)
        swing = matrices(bend @ self.hand.frame.T)
        forearm = turn(self.lower, 0.6 * roll)
        local = {
            "clavicle": clavicle,
            "upperarm01": local_upper @ half,
            "upperarm02": half.transpose(0, 2, 1),
            "lowerarm01": upper_turn.transpose(0, 2, 1) @ lower_turn,
            "lowerarm02": forearm,
            "wrist": turn(self.lower, 0.4 * roll) @ swing,
        }
        return local, strain


_ARM_BONES = ("clavicle", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist")


def _frame(axis: Array, normal: Array) -> Array:
    return np.stack([axis, normal, np.cross(axis, normal)], -1)


def _twist(rotations: Array, axis: Array) -> Array:
    """The part of rotations (N, 3, 3) that turns about an axis (swing–twist decomposition)."""
    quaternion = Rotation.from_matrix(rotations).as_quat()
    angle = 2 * np.arctan2(quaternion[:, :3] @ axis, quaternion[:, 3])
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)


@dataclass(frozen=True)
class Rub:
    """A repeated movement on the spot: metres along the fingers, across them and off the skin; Hz; finger degrees."""

    along: float = 0.0
    across: float = 0.0
    lift: float = 0.0
    rate: float = 2.5
    fingers: float = 0.0
    phase: float = 0.0


@dataclass(frozen=True)
class Goal:
    """What one hand does from `start` to `end` (seconds; half of each travel lies inside).

    A goal with a `place` touches that place (of `place_side`) with an effector of the hand; one without puts the
    palm at `point`, metres from the bone `anchor` for a person whose arm is 0.55 m long. `fingers` and `palm`
    are directions, for a touch only wishes. `swivel` fixes the elbow, otherwise the most comfortable one is taken.
    """

    side: str
    start: float = -1e9
    end: float = 1e9
    travel: float = 0.6
    back: float = 0.7
    shape: str = "relaxed"
    place: str = ""
    place_side: str = ""
    held: bool = False  # at the place, but turned exactly as `fingers` and `palm` say
    effector: str = "index"
    press: float = 0.0  # metres deeper than the skin
    shift: Vector = (0.0, 0.0, 0.0)  # metres in the world's axes, added to the place or point
    point: Vector | None = None
    anchor: str = "spine01"  # or "seat": the resting pelvis
    fingers: Vector | None = None
    palm: Vector | None = None
    swivel: float | None = None
    rub: Rub | None = None
    drift: float = 0.002  # metres
    arc: float = 1.0

    @property
    def on_arm(self) -> bool:
        """Whether it touches the other arm."""
        return self.place in _ON_ARM


_ON_ARM = ("arm_outer", "arm_front", "arm_low", "forearm_top", "forearm_up", "forearm_low", "cuff", "elbow")


_SEAT = -1  # in place of a bone: the resting pelvis


@dataclass(frozen=True)
class _Grip:
    """A solved goal: the wrist as it rides on a bone."""

    goal: Goal
    bone: int
    position: Array  # (3,) from the bone's head, in the bone's axes
    rotation: Array  # (3, 3) against the bone
    pole: Array  # (3,) where the elbow points, seen from the chest


@dataclass
class _Track:
    """What one hand does in every frame."""

    wrist: Array  # (T, 3)
    hand: Array  # (T, 3, 3)
    pole: Array  # (T, 3)
    fingers: Array  # (T, 5, 3)


# what a touch searches: elbow swivels; spins about the skin's normal; tilts onto the fingertips and onto an edge
_SWIVELS = np.radians((-20.0, -5.0, 10.0, 25.0, 45.0, 70.0))
_SPINS = np.radians(np.arange(0, 360, 18.0))
_TILTS = np.radians([(tip, edge) for tip in (-15.0, 10.0, 35.0, 60.0) for edge in (-30.0, 0.0, 30.0)])
_CLOSER = 160  # candidates, the least strained ones, that are looked at for collisions


@dataclass
class ArmSolver:
    """The trunk and skin of a person over T frames, and the table in front: what the arms are solved against."""

    body: Body
    turns: Array  # (T, B, 3, 3)
    heads: Array  # (T, B, 3)
    shrug: dict[str, Array]  # (T,) radians
    t: Array  # (T,) seconds
    rng: np.random.Generator
    seat: Array  # (3,) where the pelvis rests
    table: float | None = None  # height of the top
    table_edge: float = 0.0  # y of its edge
    arms: dict[str, Arm] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.arms = {side: Arm(self.body, side) for side in SIDES}
        self.skin, self.normals = Surface(self.body, skin_samples()).at(self.turns, self.heads)

    def arm_rotations(self, goals: dict[str, list[Goal]]) -> dict[int, Array]:
        """Axis-angle (T, 3) of every bone of both arms and hands that follow the goals; the first goal is the rest."""
        base = {side: self._solve(side, [goal for goal in goals[side] if not goal.on_arm]) for side in SIDES}
        out: dict[int, Array] = {}
        for side, other in (("left", "right"), ("right", "left")):
            solved = base[side]
            if any(goal.on_arm for goal in goals[side]):
                self._pose(base[other])
                solved = self._solve(side, goals[side])
            out |= solved
        return out

    def _pose(self, rotations: dict[int, Array]) -> None:
        """Put solved bones into the stage."""
        for bone in sorted(rotations):
            parent = int(self.body.parents[bone])
            local = matrices(rotations[bone])
            self.heads[:, bone] = (
                self.heads[:, parent] + (self.turns[:, parent] @ self.body.offsets[bone].astype(float)[:, None])[..., 0]
            )
            self.turns[:, bone] = self.turns[:, parent] @ local

    def _solve(self, side: str, goals: list[Goal]) -> dict[int, Array]:
        arm = self.arms[side]
        track = self._follow(arm, goals)
        pose = self._arm_pose(arm, track)
        out = {arm.bone[name]: rotation_vectors(local) for name, local in pose.local.items()}
        fixed = [
            BONE[f"{name}.{side[0].upper()}"]
            for name in ("shoulder01", "metacarpal1", "metacarpal2", "metacarpal3", "metacarpal4")
        ]
        out |= {bone: np.zeros((len(self.t), 3)) for bone in fixed}
        rotvecs = arm.hand.rotvecs(track.fingers)
        out |= {int(bone): rotvecs[:, f, j] for f, row in enumerate(arm.hand.bones) for j, bone in enumerate(row)}
        return out

    def _arm_pose(self, arm: Arm, track: _Track) -> ArmPose:
        return arm.solve(*self._chest(slice(None)), track.wrist, track.hand, self.shrug[arm.side], pole=track.pole)

    def _chest(self, frames: slice | IntArray) -> tuple[Array, Array]:
        bone = BONE["spine01"]
        return self.turns[frames, bone], self.heads[frames, bone]

    def _follow(self, arm: Arm, goals: list[Goal]) -> _Track:
        rest, *others = [self._grip(arm, goal) for goal in goals]
        track = self._ride(arm, rest, np.ones(len(self.t)))
        for grip in sorted(others, key=lambda grip: grip.goal.start):
            goal = grip.goal
            weight = pulse(self.t, goal.start, goal.end, goal.travel, goal.back)
            if weight.max() > 0:
                track = _blend(track, self._ride(arm, grip, weight), weight, goal.arc)
        for _ in range(2):
            self._keep_out(arm, track)
        # the elbow swings round no faster than an elbow does
        track.pole = gaussian_filter1d(self._arm_pose(arm, track).pole, 0.13 / (self.t[1] - self.t[0]), axis=0)
        return track

    def _ride(self, arm: Arm, grip: _Grip, weight: Array) -> _Track:
        """One goal held through all frames, rubbing where its weight is near one."""
        frames = len(self.t)
        turns, heads = self._anchor(grip.bone)
        hand = turns @ grip.rotation
        wrist = heads + turns @ grip.position
        fps = 1 / (self.t[1] - self.t[0]) if frames > 1 else 25.0
        drift = np.stack([wander(self.rng, frames, fps, 0.8) for _ in range(3)], 1) * grip.goal.drift
        fingers = np.repeat(FINGER_SHAPES[grip.goal.shape][None], frames, 0)
        fingers = (
            fingers + np.radians(1.5) * np.stack([wander(self.rng, frames, fps, 0.9) for _ in range(5)], 1)[..., None]
        )
        if grip.goal.rub:
            rub = grip.goal.rub
            phase = 2 * np.pi * rub.rate * self.t + rub.phase + 0.7 * wander(self.rng, frames, fps, 0.7)
            active = np.clip(2 * weight - 1, 0, 1) ** 2
            wave, other = active * np.sin(phase), active * np.cos(phase)
            offsets = np.stack(
                [rub.along * wave, rub.across * (other if rub.along else wave), -rub.lift * np.abs(wave)], 1
            )
            drift = drift + (hand @ (arm.hand.frame @ offsets[..., None]))[..., 0]
            fingers[:, 1:, :2] += (np.radians(rub.fingers) * wave)[:, None, None]
        return _Track(wrist + drift, hand, np.tile(grip.pole, (frames, 1)), fingers)

    def _keep_out(self, arm: Arm, track: _Track) -> None:
        """Push the hand out of head, trunk and table wherever it sank in."""
        balls = track.wrist[:, None] + (track.hand[:, None] @ arm.hand.balls(track.fingers)[..., None])[..., 0]
        elbow = self._arm_pose(arm, track).elbow
        forearm = [share * elbow + (1 - share) * track.wrist for share in (0.12, 0.3)]
        balls = np.concatenate([balls, np.stack(forearm, 1)], 1)
        radii = np.concatenate([BALL_RADII, (0.03, 0.036)])
        depth, outward = depth_inside(balls, radii - 0.007, self.skin, self.normals)
        if self.table is not None:
            sunk = self._table_depth(balls) + radii
            up = sunk > depth
            depth, outward = np.where(up, sunk, depth), np.where(up[..., None], (0.0, 0.0, 1.0), outward)
        worst = depth.argmax(1)
        rows = np.arange(len(worst))
        push = np.clip(depth[rows, worst], 0, 0.25)
        if not push.any():
            return
        way = gaussian_filter1d(outward[rows, worst] * (push[:, None] + 1e-6), 3.0, axis=0)
        amount = gaussian_filter1d(maximum_filter1d(push, 7), 2.5)
        track.wrist = track.wrist + amount[:, None] * unit(way)

    def _table_depth(self, points: Array) -> Array:
        """Metres under the table's top, −1 where the table does not reach."""
        assert self.table is not None
        under = self.table - points[..., 2]
        return np.where((points[..., 1] < self.table_edge) & (under < 0.15), under, -1.0)

    def _grip(self, arm: Arm, goal: Goal) -> _Grip:
        middle = np.clip((max(goal.start, self.t[0]) + min(goal.end, self.t[-1])) / 2, self.t[0], self.t[-1])
        frame = int(np.abs(self.t - middle).argmin())
        if goal.place and not goal.held:
            bone, wrist, hand, swivel = self._touch(arm, goal, frame)
        else:
            bone, wrist, hand, swivel = self._hold(arm, goal, frame)
        now = slice(frame, frame + 1)
        shrug = self.shrug[arm.side][now]
        pose = arm.solve(*self._chest(now), wrist[None], hand[None], shrug, swivel=np.array([swivel]))
        turns, heads = self._anchor(bone)
        turned = turns[frame].T
        return _Grip(goal, bone, turned @ (wrist - heads[frame]), turned @ hand, pose.pole[0])

    def _anchor(self, bone: int) -> tuple[Array, Array]:
        """Rotations (T, 3, 3) and places (T, 3) of what a hand rides on."""
        if bone == _SEAT:
            return np.broadcast_to(np.eye(3), (len(self.t), 3, 3)), np.broadcast_to(self.seat, (len(self.t), 3))
        return self.turns[:, bone], self.heads[:, bone]

    def _hold(self, arm: Arm, goal: Goal, frame: int) -> tuple[int, Array, Array, float]:
        assert goal.fingers is not None
        assert goal.palm is not None
        bone = _SEAT if goal.anchor == "seat" else BONE[goal.anchor]
        turns, heads = self._anchor(bone)
        hand = arm.orientation(turns[frame] @ arm.mirror(goal.fingers), turns[frame] @ arm.mirror(goal.palm))
        effector, _ = arm.hand.effector("palm", FINGER_SHAPES[goal.shape])
        if goal.place:
            surface = Surface(self.body, np.array([PLACES[goal.place][SIDES.index(arm.side)]]))
            point = surface.at(self.turns[frame : frame + 1], self.heads[frame : frame + 1])[0][0, 0]
        else:
            assert goal.point is not None
            point = heads[frame] + turns[frame] @ (arm.mirror(goal.point) * arm.reach / 0.55)
        point = point + arm.mirror(goal.shift)
        wrist = point - hand @ effector
        swivels = _SWIVELS if goal.swivel is None else np.array([goal.swivel])
        count = len(swivels)
        cost = self._cost(arm, goal, frame, np.repeat(wrist[None], count, 0), np.repeat(hand[None], count, 0), swivels)
        return bone, wrist, hand, float(swivels[cost.argmin()])

    def _touch(self, arm: Arm, goal: Goal, frame: int) -> tuple[int, Array, Array, float]:
        """Search the ways to touch the place for the most comfortable one that goes through nothing."""
        vertex = PLACES[goal.place][SIDES.index(goal.place_side or arm.side)]
        surface = Surface(self.body, self._patch(vertex))
        points, normals = surface.at(self.turns[frame : frame + 1], self.heads[frame : frame + 1])
        point, normal = points[0, 0] + arm.mirror(goal.shift), unit(normals[0].mean(0))
        effector, facing = arm.hand.effector(goal.effector, FINGER_SHAPES[goal.shape])
        # the hand that faces the skin, tilted, spun about the skin's normal
        along = unit(arm.hand.frame[:, 0] - arm.hand.frame[:, 0] @ facing * facing)
        tilted = turn(np.cross(along, facing), _TILTS[:, 0]) @ turn(along, _TILTS[:, 1])
        hands = turn(normal, _SPINS)[:, None] @ (_align(facing, -normal) @ tilted)
        wrists = point - goal.press * normal - hands @ effector
        swivels = _SWIVELS if goal.swivel is None else np.array([goal.swivel])
        effort = np.broadcast_to(0.25 * (_TILTS**2).sum(1), hands.shape[:2])
        hands, wrists = (np.repeat(array.reshape(-1, *array.shape[2:]), len(swivels), 0) for array in (hands, wrists))
        angles = np.tile(swivels, len(hands) // len(swivels))
        cost = self._cost(arm, goal, frame, wrists, hands, angles, np.repeat(effort.ravel(), len(swivels)))
        best = int(cost.argmin())
        return int(surface.bones[0]), wrists[best], hands[best], float(angles[best])

    def _patch(self, vertex: int) -> IntArray:
        """The vertex and its neighbours within 12 mm, whose mean normal is smoother than its own."""
        vertices = self.body.reference.vertices
        near = np.flatnonzero(np.linalg.norm(vertices - vertices[vertex], axis=1) < 0.012)
        return np.concatenate([[vertex], near])

    def _cost(
        self, arm: Arm, goal: Goal, frame: int, wrist: Array, hand: Array, swivel: Array, effort: Array | float = 0.0
    ) -> Array:
        """(N,) how strained each way to hold the hand is, what it misses of the goal's wishes and what it runs into."""
        count = len(wrist)
        chest, chest_head = self._chest(slice(frame, frame + 1))
        shrug = np.repeat(self.shrug[arm.side][frame], count)
        pose = arm.solve(np.repeat(chest, count, 0), np.repeat(chest_head, count, 0), wrist, hand, shrug, swivel=swivel)
        cost = effort + pose.strain + 150 * pose.short + 0.8 * ((swivel - 0.2) / 0.5) ** 2
        for wish, column in ((goal.fingers, 0), (goal.palm, 2)):
            if wish is not None and goal.place:
                direction = unit(chest[0] @ arm.mirror(wish))
                cost = cost + 0.8 * (1 - (hand @ arm.hand.frame[:, column]) @ direction)
        if count > _CLOSER:
            closer = np.argpartition(cost, _CLOSER)[:_CLOSER]
            total = np.full(count, np.inf)
            total[closer] = cost[closer] + self._collisions(
                arm, goal, frame, wrist[closer], hand[closer], pose.elbow[closer]
            )
            return total
        return np.asarray(cost + self._collisions(arm, goal, frame, wrist, hand, pose.elbow))

    def _collisions(self, arm: Arm, goal: Goal, frame: int, wrist: Array, hand: Array, elbow: Array) -> Array:
        fingers = wrist[:, None] + arm.hand.balls(FINGER_SHAPES[goal.shape]) @ hand.transpose(0, 2, 1)
        forearm = np.stack([elbow, 0.65 * elbow + 0.35 * wrist, 0.3 * elbow + 0.7 * wrist], 1)
        points = np.concatenate([fingers, forearm], 1)
        radii = np.concatenate([BALL_RADII - 0.005, (0.035, 0.04, 0.032)])
        depth, _ = depth_inside(points, radii, self.skin[frame : frame + 1], self.normals[frame : frame + 1])
        if self.table is not None:
            depth = np.maximum(depth, self._table_depth(points) + radii)
        return np.asarray(40 * np.clip(depth, 0, 0.05).sum(1))


def _align(a: Array, b: Array) -> Array:
    """The smallest rotation (3, 3) that brings one unit vector onto another."""
    axis, cosine = np.cross(a, b), float(a @ b)
    if cosine < -0.9999:
        return turn(unit(np.cross(a, (1.0, 0.0, 0.0) if abs(a[0]) < 0.9 else (0.0, 1.0, 0.0))), np.pi)
    return (
        turn(unit(axis), float(np.arctan2(np.linalg.norm(axis), cosine))) if np.linalg.norm(axis) > 1e-9 else np.eye(3)
    )


def _blend(a: _Track, b: _Track, weight: Array, arc: float) -> _Track:
    """From one track to another; the way leads a little around the body."""
    w = weight[:, None]
    wrist = (1 - w) * a.wrist + w * b.wrist
    distance = np.linalg.norm(a.wrist - b.wrist, axis=1, keepdims=True)
    wrist[:, 1:2] -= arc * 0.18 * 4 * w * (1 - w) * distance
    between = rotation_vectors(a.hand.transpose(0, 2, 1) @ b.hand) * w
    hand = a.hand @ matrices(between)
    pole = (1 - w) * a.pole + w * b.pole
    return _Track(wrist, hand, pole, (1 - w[..., None]) * a.fingers + w[..., None] * b.fingers)
