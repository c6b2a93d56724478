"""A model of a detector: from true joints to what the perception room would have delivered of them.

Perception takes x and y from the image, at a scale estimated from the body, and z from three models that are
anchored to one another; so x and y are good to millimetres, while whole hands and the whole face wander in depth
by centimetres, and hands come and go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinesics.simulator.camera import Camera
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.layouts import FINGERS, UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class DetectorModel:
    """Levels of the detector's errors.

    Lengths are metres at the person, one standard deviation an axis, as pairs (across the image, in depth).

    Measured: perception's own output on six real clips (a webcam, press conferences, portraits; 270 to 1296
    lines, 10 to 30 fps); white noise from second differences on still stretches. Guessed: what says so.
    """

    # white noise; pose and face are filtered in the engine, hands are not
    face: tuple[float, float] = (0.0006, 0.0006)
    body: tuple[float, float] = (0.0004, 0.0018)
    elbow: tuple[float, float] = (0.0008, 0.0028)
    wrist: tuple[float, float] = (0.0012, 0.0035)
    hand: tuple[float, float] = (0.0020, 0.0035)
    blur: float = 0.0035  # added to hands and wrists for each metre a second
    footage: float = 0.5  # spread of the noise between clips, natural log: a still gif has 1/5, a webcam twice
    # slow wander (about a second)
    face_wander: tuple[float, float] = (0.0015, 0.010)
    body_wander: tuple[float, float] = (0.003, 0.005)
    elbow_wander: tuple[float, float] = (0.007, 0.018)
    hand_wander: tuple[float, float] = (0.004, 0.025)
    tip_wander: tuple[float, float] = (0.003, 0.006)  # guess: fingers against their hand
    hidden_wander: float = 0.035  # wrists that folded arms hide, across the image (3 to 6 cm off)
    wander_seconds: float = 0.9
    scale: float = 0.07  # of a whole clip
    # depth against the shoulders' middle, measured on rendered performances and their truth. Gains, by clip (median,
    # spread of the logarithm): both models flatten what they see
    shoulder_gain: tuple[float, float] = (0.7, 0.25)
    elbow_gain: tuple[float, float] = (0.65, 0.35)
    wrist_gain: tuple[float, float] = (0.8, 0.35)
    hand_gain: tuple[float, float] = (0.45, 0.5)  # of a hand's own shape; 0.2 to 0.4 for small hands, 0.9 for large
    face_gain: tuple[float, float] = (1.25, 0.1)  # of the face's own shape
    # and offsets, by clip (mean, spread): arms are seen too near, the face too far
    elbow_depth: tuple[float, float] = (-0.03, 0.045)
    wrist_depth: tuple[float, float] = (-0.06, 0.07)
    face_depth: tuple[float, float] = (0.035, 0.017)
    # a hand that covers the face in the image is brought to lie on it, from this far across, unless its arm holds
    # it farther before the face than a bound that depends on the view (drawn by clip)
    touch_reach: float = 0.08
    touch_bound: tuple[float, float] = (0.10, 0.35)
    # where landmarks lie against the body's joints: metres away from the body's middle, and up
    placed: tuple[tuple[str, float, float], ...] = (
        ("ear", 0.003, 0.004),
        ("eye", 0.003, 0.0045),
        ("brow", 0.005, 0.0055),
        ("cheek", 0.007, 0.006),
        ("hip", 0.012, 0.03),
    )
    hips: float = 0.025  # more of each hip, by clip: they are guessed from clothes
    hips_at_table: float = 0.5  # share of clips in which hips behind a table are given all the same
    shoulder_width: float = 0.06  # spread by clip: clothes, protracted shoulders (guess)
    # lost hands
    blur_loss: float = 0.55  # share of frames lost in fast signing; at rest 0
    blur_speed: float = 1.5  # metres a second at which half of that is reached
    covered_loss: float = 0.97  # behind an arm, the head or the trunk
    touching_loss: float = 0.35  # guess: the farther of two hands that hold one another
    plain_loss: float = 0.02  # now and then, plainly in view
    # share of hands that are lost for most of a clip (edge-on, on dark hair, gloved), where the image is 1.0 and
    # where it is 1.8 metres high and hands are small
    bad_hand: tuple[float, float] = (0.10, 0.30)
    swap: float = 0.04  # of clips in which the hands are exchanged for 1 to 3 frames
    # lost faces
    no_face: float = 0.05  # of clips: pixelated, or smaller than 25 pixels
    turned: float = 75.0  # degrees of yaw at which the face mesh gives up
    # of frames in which palms cover four fifths of it, by clip: of rendered faces nearly all, of a real one none
    covered_face: tuple[float, float] = (0.0, 1.0)
    # what is outside the image by more than this share of its height is missing
    margin: float = 0.03
    # other engines, 2D only: share of clips, their white noise and mean score (guess)
    openpose: float = 0.08
    light_hand: float = 0.08
    flat_noise: float = 0.004
    flat_score: float = 0.75


def _sides(*joints: str) -> list[int]:
    return UPPER_BODY.indices(*(f"{side}_{joint}" for side in ("left", "right") for joint in joints))


_HANDS = {
    side: UPPER_BODY.indices(*(f"{side}_{f}_tip" for f in FINGERS), f"{side}_index_knuckle", f"{side}_pinky_knuckle")
    for side in ("left", "right")
}
_BOTH_HANDS = _HANDS["left"] + _HANDS["right"]
_KNUCKLES = _sides("index_knuckle", "pinky_knuckle")
_WRISTS, _ELBOWS, _SHOULDERS, _HIPS = _sides("wrist"), _sides("elbow"), _sides("shoulder"), _sides("hip")
_FACE = [*range(UPPER_BODY.index("nose"), len(UPPER_BODY)), UPPER_BODY.index("head")]
# the pose model knows these of the face as well
_POSE_FACE = UPPER_BODY.indices("head", "nose") + _sides("eye", "ear", "mouth_corner")
_MESH_ONLY = [joint for joint in _FACE if joint not in _POSE_FACE]
_MIDDLES = [("neck", "left_shoulder", "right_shoulder"), ("pelvis", "left_hip", "right_hip"),
            ("head", "left_ear", "right_ear")]  # fmt: skip


def detect(
    joints: FloatArray,
    camera: Camera,
    rng: np.random.Generator,
    *,
    fps: float,
    table: float | None = None,
    model: DetectorModel | None = None,
) -> SkeletonSequence:
    """Turn true joints into what perception would have delivered of them from this camera's video.

    Parameters
    ----------
    joints : (T, 42, 3) world metres
    camera : that looks at them
    rng : draws the errors
    fps : frames a second
    table : height of a table top before the person (world metres), which hides what is below it
    model : of the errors; by default as measured

    Returns
    -------
    the detected skeleton
    """
    model = model or DetectorModel()
    joints = _placed(joints, model, rng)
    engine = rng.choice(
        ["holistic", "openpose", "light_hand"],
        p=[1 - model.openpose - model.light_hand, model.openpose, model.light_hand],
    )
    scene = CameraView(joints, camera, fps, table)
    hands = {side: ~hand_lost(scene, side, model, rng) for side in _HANDS}
    face = face_found(scene, model, rng)
    image, depth = _disturbed(scene, hands, face, engine, model, rng)
    score = _scores(scene, hands, face, engine, model, rng)
    return _sequence(scene, image, depth, score, engine, model, rng)


def _placed(joints: FloatArray, model: DetectorModel, rng: np.random.Generator) -> FloatArray:
    """The joints where a landmark engine would mark them, in world metres."""
    placed = joints.copy()
    for part, outwards, up in model.placed:
        left, right = UPPER_BODY.indices(f"left_{part}", f"right_{part}")
        across = joints[:, left] - joints[:, right]
        across /= np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-6)
        placed[:, left] += outwards * across + (0, 0, up)
        placed[:, right] += -outwards * across + (0, 0, up)
    placed[:, _HIPS] += rng.normal(0, model.hips, (2, 3))
    inwards = rng.normal(0, model.shoulder_width) / 2 * (joints[:, _SHOULDERS[0]] - joints[:, _SHOULDERS[1]])
    for pair in (_SHOULDERS, _ELBOWS):
        placed[:, pair[0]] -= inwards
        placed[:, pair[1]] += inwards
    for middle, *sides in _MIDDLES:
        placed[:, UPPER_BODY.index(middle)] = placed[:, UPPER_BODY.indices(*sides)].mean(1)
    return placed


class CameraView:
    """The truth from the camera's side, and what hides what.

    `image` (T, V, 2) 0..1, `space` (T, V, 3) camera metres, `size` metres of an image height at the person, `speed`
    (T, V) metres a second across the image.

    Parameters
    ----------
    joints : (T, V, 3) world metres
    camera : that looks at them
    fps : frames a second
    table : height of a table top before the person, world metres
    """

    def __init__(self, joints: FloatArray, camera: Camera, fps: float, table: float | None) -> None:
        self.fps, self.aspect = fps, camera.aspect
        self.image, self.space = camera.project(joints), camera.to_camera(joints)
        self.distance = float(np.median(self.space[:, UPPER_BODY.index("neck"), 2]))
        self.size = self.distance / camera.focal
        step = np.diff(self.image, axis=0, prepend=self.image[:1]) * [self.aspect, 1] * self.size
        self.speed = np.linalg.norm(step, axis=-1) * fps
        self.has_table = table is not None
        self.under_table = joints[..., 2] < table if table is not None else np.zeros(joints.shape[:2], bool)
        self.centre = {side: self.space[:, _HANDS[side]].mean(1) for side in _HANDS}
        self.covered = {side: self._covered(side) for side in _HANDS}

    def __len__(self) -> int:
        return len(self.image)

    def joint(self, name: str) -> FloatArray:
        """Give the place of the named joint, (T, 3) camera metres."""
        return self.space[:, UPPER_BODY.index(name)]

    def _covered(self, side: str) -> BoolArray:
        """(T,) whether the hand lies behind an arm, the head or the trunk."""
        other = "right" if side == "left" else "left"
        hand = self.centre[side]
        covers = [
            (f"{other}_elbow", f"{other}_wrist", 0.04),
            (f"{other}_shoulder", f"{other}_elbow", 0.05),
            (f"{side}_shoulder", f"{side}_elbow", 0.045),
            ("chin", "forehead", 0.08),
        ]
        covered: BoolArray = np.all(self.under_table[:, _HANDS[side]], axis=1)
        for a, b, radius in covers:
            covered |= _behind(hand, self.joint(a), self.joint(b), radius)
        neck, pelvis = self.joint("neck"), self.joint("pelvis")
        covered |= _behind(hand, neck + 0.25 * (pelvis - neck), pelvis, 0.13)
        return covered

    def outside(self, margin: float) -> BoolArray:
        """Say which joints (T, V) lie farther outside the image than `margin` image heights."""
        reach = np.array([margin / self.aspect, margin])
        outside: BoolArray = np.any((self.image < -reach) | (self.image > 1 + reach), axis=-1)
        return outside


def _behind(point: FloatArray, a: FloatArray, b: FloatArray, radius: float) -> BoolArray:
    """(T,) whether points lie behind the segment a..b (all (T, 3) camera metres), nearer than `radius` across."""
    along = ((point - a)[:, :2] * (b - a)[:, :2]).sum(-1) / np.maximum(((b - a)[:, :2] ** 2).sum(-1), 1e-6)
    nearest = a + np.clip(along, 0, 1)[:, None] * (b - a)
    gap = point - nearest
    behind: BoolArray = (np.linalg.norm(gap[:, :2], axis=-1) < radius) & (gap[:, 2] > 0.02)
    return behind


# ── what is found ─────────────────────────────────────────────────────────────────────────────────────────────


def hand_lost(scene: CameraView, side: str, model: DetectorModel, rng: np.random.Generator) -> BoolArray:
    """Draw the frames in which the hand model does not find a hand.

    Parameters
    ----------
    scene : the truth
    side : of the hand
    model : of the errors
    rng : draws

    Returns
    -------
    (T,)
    """
    other = "right" if side == "left" else "left"
    speed = scene.speed[:, _HANDS[side]].mean(1)
    blurred = model.blur_loss * rng.uniform(0.2, 1.3) / (1 + np.exp(-(speed - model.blur_speed) / 0.3))
    apart = np.linalg.norm((scene.centre[side] - scene.centre[other])[:, :2], axis=-1)
    touching = (apart < 0.06) & (scene.centre[side][:, 2] > scene.centre[other][:, 2])
    bad = rng.random() < np.interp(scene.size, (1.0, 1.8), model.bad_hand)
    place = np.full(len(scene), rng.uniform(0.4, 1) if bad else model.plain_loss)
    place = np.where(touching, np.maximum(place, model.touching_loss), place)
    place = np.where(scene.covered[side], model.covered_loss, place)
    cut: BoolArray = scene.outside(0)[:, _HANDS[side]].mean(1) > 0.4
    return _happens(blurred, 0.1, scene.fps, rng) | _happens(place, 0.8, scene.fps, rng) | cut


def face_found(scene: CameraView, model: DetectorModel, rng: np.random.Generator) -> BoolArray:
    """Draw the frames with a face mesh.

    Parameters
    ----------
    scene : the truth
    model : of the errors
    rng : draws

    Returns
    -------
    (T,)
    """
    ears = scene.joint("left_ear") - scene.joint("right_ear")
    yaw = np.degrees(np.arctan2(np.abs(ears[:, 2]), np.abs(ears[:, 0])))
    hands, face = scene.space[:, _BOTH_HANDS], scene.space[:, _FACE]
    away = hands[:, :, None] - face[:, None]
    hidden = ((np.linalg.norm(away[..., :2], axis=-1) < 0.035) & (away[..., 2] < 0)).any(1).mean(1)
    covered = rng.uniform(*model.covered_face)
    chance = np.interp(hidden, (0.4, 0.8), (min(0.002, covered), covered)).astype(np.float32)
    found: BoolArray = (yaw < model.turned) & ~_happens(chance, 0.5, scene.fps, rng)
    found &= ~scene.outside(0)[:, _FACE].any(1)
    return found if rng.random() >= model.no_face else np.zeros_like(found)


def _happens(chance: FloatArray, seconds: float, fps: float, rng: np.random.Generator) -> BoolArray:
    """(T,) events of the given chance in each frame that last about `seconds`, rather than flicker."""
    level = 1 / (1 + np.exp(-1.702 * wander(rng, len(chance), 1, seconds, fps)[:, 0]))  # near the normal CDF
    happens: BoolArray = level < chance
    return happens


def wander(rng: np.random.Generator, frames: int, columns: int, seconds: float, fps: float) -> NDArray[np.float64]:
    """Draw smooth noise of standard deviation 1.

    Parameters
    ----------
    rng : draws
    frames : T
    columns : how many, each by itself
    seconds : after which it forgets itself
    fps : frames a second

    Returns
    -------
    (T, columns)
    """
    at = np.arange(frames) / (fps * seconds) + rng.random()
    knots = rng.normal(size=(int(at[-1]) + 2, columns))
    first, part = at.astype(int), (at % 1)[:, None]
    mixed: NDArray[np.float64] = ((1 - part) * knots[first] + part * knots[first + 1]) / np.hypot(1 - part, part)
    return mixed


# ── where it is found ─────────────────────────────────────────────────────────────────────────────────────────


def _disturbed(
    scene: CameraView,
    hands: dict[str, BoolArray],
    face: BoolArray,
    engine: str,
    model: DetectorModel,
    rng: np.random.Generator,
) -> tuple[FloatArray, NDArray[np.float64]]:
    """The joints with the engine's errors: image (T, V, 2) and depth (T, V) metres against the trunk."""
    T, V = scene.speed.shape
    white, slow = np.tile(model.body, (V, 1)), np.tile(model.body_wander, (V, 1))
    for rows, level, drift in (
        (_FACE, model.face, model.face_wander),
        (_ELBOWS, model.elbow, model.elbow_wander),
        (_WRISTS, model.wrist, model.hand_wander),
        (_BOTH_HANDS, model.hand, model.tip_wander),
    ):
        white[rows], slow[rows] = level, drift
    if engine != "holistic":
        white = np.maximum(white, model.flat_noise)
    own = wander(rng, T, V * 3, model.wander_seconds, scene.fps).reshape(T, V, 3)
    own[:, _FACE] = own[:, _FACE[:1]]  # the face is one rigid answer
    error = own * slow[:, [0, 0, 1]]
    for side, rows in _HANDS.items():
        wrist = UPPER_BODY.index(f"{side}_wrist")
        error[:, rows] += error[:, [wrist]]  # fingers hang on the wrist, with all of its error
        hidden = scene.covered[side] & ~hands[side]
        error[hidden, wrist, :2] += model.hidden_wander * wander(rng, T, 2, model.wander_seconds, scene.fps)[hidden]
    moving = np.zeros((T, V))
    moving[:, _BOTH_HANDS + _WRISTS] = model.blur * scene.speed[:, _BOTH_HANDS + _WRISTS]
    level = white[None, :, [0, 0, 1]] * np.exp(rng.normal(0, model.footage)) + moving[..., None]
    error += level * rng.normal(size=(T, V, 3))
    image = scene.image + (error[..., :2] / scene.size / [scene.aspect, 1]).astype(np.float32)
    depth = _depth(scene, model, rng) + error[..., 2]
    for side in _HANDS:  # without its hand model a wrist is the pose's, which is filtered and comes late
        late, wrist = np.flatnonzero(~hands[side]), UPPER_BODY.index(f"{side}_wrist")
        before = np.maximum(late - 1, 0)
        image[late, wrist] = (image[late, wrist] + scene.image[before, wrist]) / 2
    if rng.random() < model.swap and T > 4:
        first = int(rng.integers(0, T - 3))
        short, exchanged = slice(first, first + int(rng.integers(1, 4))), _HANDS["right"] + _HANDS["left"]
        image[short, _BOTH_HANDS] = image[short, exchanged]
        depth[short, _BOTH_HANDS] = depth[short, exchanged]
    return image, depth


def _depth(scene: CameraView, model: DetectorModel, rng: np.random.Generator) -> NDArray[np.float64]:
    """(T, V) metres: what the models make of the depth of each part."""

    def gain(level: tuple[float, float]) -> float:
        return level[0] * float(np.exp(rng.normal(0, level[1])))

    truth = scene.space[..., 2].astype(np.float64)
    middle = truth[:, _SHOULDERS].mean(1, keepdims=True)
    depth = truth - scene.distance
    depth[:, _SHOULDERS] += (gain(model.shoulder_gain) - 1) * (truth - middle)[:, _SHOULDERS]
    anchor = UPPER_BODY.index("head")
    depth[:, _FACE] += (gain(model.face_gain) - 1) * (truth[:, _FACE] - truth[:, [anchor]])
    depth[:, _FACE] += rng.normal(*model.face_depth)
    bound, elbow_gain, wrist_gain, hand_gain = (
        rng.uniform(*model.touch_bound),
        gain(model.elbow_gain),
        gain(model.wrist_gain),
        gain(model.hand_gain),
    )
    for side, fingers in _HANDS.items():
        elbow, wrist = UPPER_BODY.indices(f"{side}_elbow", f"{side}_wrist")
        depth[:, [elbow]] += (elbow_gain - 1) * (truth[:, [elbow]] - middle) + rng.normal(*model.elbow_depth)
        depth[:, fingers] += (hand_gain - 1) * (truth[:, fingers] - truth[:, [wrist]])
        hand = [*fingers, wrist]
        depth[:, hand] += (wrist_gain - 1) * (truth[:, [wrist]] - middle) + rng.normal(*model.wrist_depth)
        depth[:, hand] += _to_face(scene, depth, hand, bound, model)
    return depth


def _to_face(
    scene: CameraView, depth: NDArray[np.float64], hand: list[int], bound: float, model: DetectorModel
) -> NDArray[np.float64]:
    """(T, 1) metres by which perception moves a hand that covers the face in the image, to lie on it."""
    apart = np.linalg.norm(scene.space[:, hand, None, :2] - scene.space[:, None, _FACE, :2], axis=-1)
    point, cover = np.divmod(apart.reshape(len(apart), -1).argmin(1), len(_FACE))
    frames = np.arange(len(apart))
    before = depth[frames, np.array(_FACE)[cover]] - depth[frames, np.array(hand)[point]]
    weight = np.interp(apart.min((1, 2)), (0.15 * model.touch_reach, model.touch_reach), (1, 0))
    weight *= np.interp(before, (bound, bound + 0.15), (1, 0))
    moved: NDArray[np.float64] = (weight * (before - 0.012))[:, None]
    return moved


def _scores(
    scene: CameraView,
    hands: dict[str, BoolArray],
    face: BoolArray,
    engine: str,
    model: DetectorModel,
    rng: np.random.Generator,
) -> FloatArray:
    """(T, V) 0..1, 0 for what is missing."""
    T, V = scene.speed.shape
    usual, spread = np.full(V, 0.98), np.full(V, 0.01)
    for rows, mean, sd in (
        (_SHOULDERS, 0.995, 0.003),
        (_ELBOWS, 0.96, 0.02),
        (_WRISTS, 0.93, 0.04),
        (_HIPS, 0.9, 0.08),
    ):
        usual[rows], spread[rows] = mean, sd
    score = usual + spread * (rng.normal(size=V) + 0.5 * wander(rng, T, V, 0.7, scene.fps))
    score[scene.under_table] -= 0.55
    for side, rows in _HANDS.items():
        wrist = UPPER_BODY.index(f"{side}_wrist")
        score[scene.covered[side], wrist] -= rng.uniform(0.0, 0.3)
        sure = 1 - 0.03 * rng.gamma(1.0, size=1) - 0.02 * np.abs(wander(rng, T, 1, 0.3, scene.fps))
        score[:, rows] = np.clip(sure, 0.55, 0.99) * hands[side][:, None]
    score[:, _FACE] = np.where(face[:, None], 1, score[:, _FACE])
    score[:, _MESH_ONLY] *= face[:, None]
    if engine != "holistic":
        score = _flat_scores(score, engine, model, rng)
    if scene.has_table:
        score[:, _HIPS] = 0.9 if rng.random() < model.hips_at_table else 0
    score[(score < 0.5 if engine == "holistic" else score < 0.1) | scene.outside(model.margin)] = 0
    clipped: FloatArray = np.clip(score, 0, 1).astype(np.float32)
    return clipped


def _flat_scores(score: NDArray[np.float64], engine: str, model: DetectorModel, rng: np.random.Generator) -> FloatArray:
    """OpenPose's confidences, and the joints that its layouts lack missing."""
    T, V = score.shape
    sure = model.flat_score + 0.08 * rng.normal(size=V) + 0.08 * wander(rng, T, V, 0.3, 25)
    score = np.where(score > 0, np.clip(sure, 0.12, 0.98) * np.clip(score, 0, 1), 0)
    score[:, UPPER_BODY.index("forehead")] = 0
    score[:, _sides("cheek")] = 0
    if engine == "light_hand":
        score[:, _KNUCKLES + _MESH_ONLY + _sides("mouth_corner")] = 0
    return score.astype(np.float32)


def _sequence(
    scene: CameraView,
    image: FloatArray,
    depth: NDArray[np.float64],
    score: FloatArray,
    engine: str,
    model: DetectorModel,
    rng: np.random.Generator,
) -> SkeletonSequence:
    scale = np.exp(rng.normal(0, model.scale))
    across = (image - 0.5) * [scene.aspect, 1] * scene.size
    xyz = np.concatenate([across, depth[..., None]], -1) * scale
    for middle, left, right in _MIDDLES:
        to, a, b = UPPER_BODY.indices(middle, left, right)
        score[:, to] = np.minimum(score[:, a], score[:, b])
        xyz[:, to], image[:, to] = (xyz[:, a] + xyz[:, b]) / 2, (image[:, a] + image[:, b]) / 2
    if engine != "holistic":
        xyz[..., 2] = 0
    found = (score > 0)[..., None]
    return SkeletonSequence(
        xyz=(xyz * found).astype(np.float32),
        score=score,
        fps=scene.fps,
        layout=UPPER_BODY,
        image_xy=(image * found).astype(np.float32),
        is_3d=engine == "holistic",
    )
