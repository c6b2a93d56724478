from __future__ import annotations

import numpy as np
import pytest

from kinesics.perception.fuse import Parts, fuse, steady_scale, to_metres
from kinesics.perception.hands import Hand
from kinesics.skeleton.layouts import HOLISTIC, UPPER_BODY

SIZE = (1280, 720)
PIXELS = 500.0  # a metre
CENTRE = np.array([640, 300])
FACE_Z = -0.25  # metres, of the nose's tip; the ears lie 0.1 m deeper

NOSE, MOUTH, EARS = (0.0, -0.1), (0.0, -0.05), ((0.07, -0.1), (-0.07, -0.1))


def world() -> np.ndarray:
    """A person in the pose's 33 points, metres; left is to the image's right."""
    points = np.zeros((33, 3), np.float32)
    points[:11, :2] = NOSE
    points[:11, 2] = FACE_Z
    points[7], points[8] = (*EARS[0], FACE_Z + 0.1), (*EARS[1], FACE_Z + 0.1)
    points[11], points[12] = (0.18, 0.08, -0.1), (-0.18, 0.08, -0.1)
    points[13], points[14] = (0.22, 0.36, -0.12), (-0.22, 0.36, -0.12)
    points[15], points[16] = (0.1, 0.38, -0.3), (-0.1, 0.38, -0.3)
    points[23], points[24] = (0.1, 0.6, 0), (-0.1, 0.6, 0)
    return points


def mesh() -> np.ndarray:
    """A face like a bent sheet, pixels, its depth counted from anywhere."""
    x, y = np.meshgrid(np.linspace(-0.07, 0.07, 26), np.linspace(-0.19, 0.0, 18))
    points = np.stack([x, y, 0.1 * np.abs(x) / 0.07], -1).reshape(468, 3)
    points[1], points[454], points[234] = (*NOSE, 0), (*EARS[0], 0.1), (*EARS[1], 0.1)
    return to_pixels(points) + np.array([0, 0, 77], np.float32)


def to_pixels(metres: np.ndarray) -> np.ndarray:
    pixels = metres.astype(np.float32) * PIXELS
    pixels[:, :2] += CENTRE
    return pixels


def hand(wrist: tuple[float, float], tips: tuple[float, float], depth: float = -0.03) -> np.ndarray:
    """21 points on a line from the wrist to the tips, which lie `depth` metres behind the wrist; pixels."""
    along = np.array([0, *np.tile([0.5, 0.7, 0.85, 1.0], 5)])[:, None]
    metres = np.concatenate([np.array(wrist) + along * (np.array(tips) - np.array(wrist)), along * depth], 1)
    return to_pixels(metres)


def parts(face: bool = True, hands: tuple[Hand, ...] = (), hidden: tuple[int, ...] = ()) -> Parts:
    visibility = np.full(33, 0.98, np.float32)
    visibility[[25, 26, 27, 28, 29, 30, 31, 32, *hidden]] = 0.1
    pixels = to_pixels(world())
    return Parts(pixels, visibility, world(), mesh() if face else None, list(hands), SIZE)


def index(*names: str) -> list[int]:
    return HOLISTIC.indices(*names)


def test_scale_is_measured_on_body_and_head() -> None:
    assert fuse(parts()).metres_per_pixel == pytest.approx([1 / PIXELS, 1 / PIXELS], rel=0.01)
    body, head = fuse(parts(face=False)).metres_per_pixel
    assert body == pytest.approx(1 / PIXELS, rel=0.01)
    assert np.isnan(head)
    body, head = fuse(parts(hidden=(11,))).metres_per_pixel
    assert np.isnan(body)
    assert head == pytest.approx(1 / PIXELS, rel=0.01)


def test_face_is_hung_on_the_head() -> None:
    seen = fuse(parts())
    nose, before_ear = index("mesh_1", "mesh_454")
    assert seen.points[nose, 2] == pytest.approx(FACE_Z, abs=0.01)
    assert seen.points[before_ear, 2] == pytest.approx(FACE_Z + 0.1, abs=0.01)
    assert seen.points[nose, :2] == pytest.approx(seen.points[0, :2])


@pytest.mark.parametrize("arm_error", [-0.09, 0.0, 0.2])
def test_fingers_on_the_mouth_touch_it_whatever_small_error_the_arm_has(arm_error: float) -> None:
    touching = Hand(hand(wrist=(-0.05, 0.05), tips=MOUTH), left=0.05)
    one = parts(hands=(touching,))
    one.pose[16, :2] = touching.points[0, :2]
    one.world[16] = -0.05, 0.05, FACE_Z + arm_error
    seen = fuse(one)
    tip, wrist = index("right_middle_tip", "right_wrist")
    assert seen.points[tip, :2] == pytest.approx(to_pixels(np.array([[*MOUTH, 0]]))[0, :2])
    assert FACE_Z - 0.03 < seen.points[tip, 2] < FACE_Z + 0.01
    assert seen.points[wrist, :2] == pytest.approx(touching.points[0, :2])


def test_a_hand_without_an_arm_in_view_touches_the_face_it_covers() -> None:
    touching = Hand(hand(wrist=(-0.05, 0.05), tips=MOUTH), left=0.05)
    one = parts(hands=(touching,), hidden=(13, 14, 15, 16))
    one.world[16, 2] = 0.4  # a guess of the engine's
    seen = fuse(one)
    assert seen.points[index("right_middle_tip")[0], 2] == pytest.approx(FACE_Z, abs=0.03)
    assert seen.score[index("right_wrist")[0]] == pytest.approx(0.95)
    assert seen.score[index("left_wrist")[0]] == 0


def test_an_arm_held_out_keeps_its_hand_clear_of_the_face() -> None:
    held = Hand(hand(wrist=(-0.05, 0.05), tips=MOUTH), left=0.05)
    one = parts(hands=(held,))
    one.pose[16, :2] = held.points[0, :2]
    one.world[16] = -0.05, 0.05, FACE_Z - 0.5
    assert fuse(one).points[index("right_middle_tip")[0], 2] < FACE_Z - 0.4


def test_what_is_not_seen_is_missing() -> None:
    seen = fuse(parts(face=False, hidden=(15,)))
    missing = index("left_wrist", "mesh_1", "left_index_tip", "right_index_tip", "left_knee")
    assert (seen.score[missing] == 0).all()
    assert (seen.points[missing] == 0).all()
    assert (seen.score[index("nose", "right_wrist")] > 0.9).all()


def test_scale_is_steady_when_face_or_shoulders_go_out_of_sight() -> None:
    rng = np.random.default_rng(0)
    frames = 300
    scale = np.stack([np.full(frames, 0.0020), np.full(frames, 0.0022)], 1) * np.exp(rng.normal(0, 0.03, (frames, 2)))
    scale[50:90, 0] = scale[150:200, 1] = scale[220:230] = np.nan
    steady = steady_scale(scale.astype(np.float32), 25)
    assert np.ptp(steady) / steady.mean() < 0.05
    assert 0.0020 < steady.mean() < 0.0022


def test_scale_follows_a_slow_approach_and_survives_nothing_at_all() -> None:
    approach = np.linspace(0.003, 0.002, 250, dtype=np.float32)
    assert steady_scale(np.stack([approach, approach], 1), 25) == pytest.approx(approach, rel=0.06)
    assert (steady_scale(np.full((10, 2), np.nan, np.float32), 25) > 0).all()


def test_to_metres_puts_everything_around_the_middle_of_the_picture() -> None:
    xyz = np.zeros((40, 42, 3), np.float32)
    score = np.ones((40, 42), np.float32)
    xyz[..., :2], xyz[..., 2] = (640 + 100, 360 - 50), 0.3
    score[:, UPPER_BODY.index("left_hip")] = 0
    to_metres(xyz, score, np.full((40, 2), 0.002, np.float32), SIZE, 25)
    assert xyz[20, UPPER_BODY.index("nose")] == pytest.approx([0.2, -0.1, 0.3], abs=1e-5)
    assert (xyz[:, UPPER_BODY.index("left_hip")] == 0).all()
