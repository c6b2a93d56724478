from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.footage import cut
from support.paths import sample

from kinesics.perception import observe
from kinesics.perception.silence import silence_library
from kinesics.preprocessing.face_crop import (
    SIZE,
    TEMPLATE,
    align_face,
    align_faces,
    face_points,
    hand_before_face,
    similarity,
)
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.video import Image, read_frames

EYES = ((33, 133), (263, 362))  # corners of the right and the left eye in the face mesh


def person(**places: tuple[float, float]) -> SkeletonSequence:
    """One frame of somebody whose named joints are seen, at 0..1 across the picture."""
    image_xy, score = np.zeros((1, 42, 2), np.float32), np.zeros((1, 42), np.float32)
    for joint, place in places.items():
        image_xy[0, UPPER_BODY.index(joint)], score[0, UPPER_BODY.index(joint)] = place, 1
    return SkeletonSequence(np.zeros((1, 42, 3), np.float32), score, 25.0, UPPER_BODY, image_xy)


FACE = {
    "right_eye": (0.45, 0.4), "left_eye": (0.55, 0.4), "nose": (0.5, 0.46), "right_mouth_corner": (0.46, 0.52),
    "left_mouth_corner": (0.54, 0.52), "chin": (0.5, 0.6),
}  # fmt: skip


@given(st.floats(-3, 3), st.floats(0.05, 20), st.floats(-500, 500), st.floats(-500, 500))
def test_a_face_of_the_templates_shape_is_brought_home(angle: float, scale: float, x: float, y: float) -> None:
    turn = scale * np.exp(1j * angle)
    z = turn * (TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]) + x + 1j * y
    points = np.stack([z.real, z.imag], -1)
    (a, b) = similarity(points[None])[0]
    assert a * turn == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(a * z + b, TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1], atol=1e-2)


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.7])
def test_pixels_go_where_the_points_go(scale: float) -> None:
    """Five bright spots in a turned picture lie on the template afterwards, to a fifth of a pixel."""
    turn = scale * np.exp(0.4j)
    z = turn * (TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]) + 90 * scale
    y, x = np.mgrid[: int(320 * scale), : int(320 * scale)] + 0.5
    spots = sum(np.exp(-(np.abs(x + 1j * y - place) ** 2) / (2 * (4 * scale) ** 2)) for place in z)
    image = np.repeat((spots * 200).clip(0, 255)[..., None], 3, -1).astype(np.uint8)
    face = align_face(image, np.stack([z.real, z.imag], -1)).astype(float)[..., 0]
    assert face.shape == (SIZE, SIZE)
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    for goal in TEMPLATE:
        near = face * (np.hypot(x - goal[0], y - goal[1]) < 7)
        middle = np.array([(near * x).sum(), (near * y).sum()]) / near.sum()
        assert np.linalg.norm(middle - goal) < 0.2


def test_a_face_at_the_edge_is_black_beyond_it() -> None:
    image = np.full((60, 60, 3), 200, np.uint8)
    face = align_face(image, TEMPLATE - 80)  # its right lower part shows a corner of the picture
    assert face[:50, :50].max() == 0
    assert face[100, 100].min() == 200
    assert align_face(image, TEMPLATE + 1000).max() == 0


def test_missing_faces_stay_missing() -> None:
    images = [np.full((200, 200, 3), 90, np.uint8)] * 2
    points = np.stack([TEMPLATE, np.full((5, 2), np.nan, np.float32)])
    faces, seen = align_faces(images, points)
    assert seen.tolist() == [True, False]
    assert faces[0].min() == 90
    assert faces[1].max() == 0


def test_a_bodys_guess_of_a_face_is_none() -> None:
    seen = face_points(person(**FACE), (200, 100))
    np.testing.assert_allclose(seen[0, :2], [[90, 40], [110, 40]], atol=1e-4)
    for joint in ("chin", "nose", "left_eye"):
        without = {name: place for name, place in FACE.items() if name != joint}
        assert np.isnan(face_points(person(**without), (200, 100))).all()


@pytest.mark.parametrize(("x", "hides"), [(0.5, True), (0.555, True), (0.62, False), (0.9, False)])
def test_a_finger_on_the_mouth_hides_the_face(x: float, hides: bool) -> None:
    pointing = person(**FACE, left_index_tip=(x, 0.5))
    assert hand_before_face(pointing, (200, 200)).tolist() == [hides]
    assert not hand_before_face(person(left_index_tip=(x, 0.5)), (200, 200)).any()


def found_again(face: Image) -> np.ndarray:
    """(2, 2) the eyes' middles in the aligned face, by another look at nothing but its pixels."""
    from mediapipe.python.solutions.face_mesh import FaceMesh

    room, large = 80, 4 * SIZE  # the detector wants to see more than a face
    picture = np.asarray(PIL.Image.fromarray(face).resize((large, large), PIL.Image.Resampling.BICUBIC))
    picture = np.ascontiguousarray(np.pad(picture, ((room, room), (room, room), (0, 0))))
    with silence_library(), FaceMesh(static_image_mode=True, max_num_faces=1, min_detection_confidence=0.3) as mesh:
        (landmarks,) = mesh.process(picture).multi_face_landmarks
    points = np.array([(point.x, point.y) for point in landmarks.landmark])
    return np.array([points[list(corners)].mean(0) * len(picture) - room for corners in EYES]) / 4


@pytest.mark.parametrize(
    ("name", "start", "within"),
    [
        ("woman_covers_face.mp4", 16.0, 2.0), ("signing_webcam.mp4", 0.5, 2.0), ("man_turns_head.gif", 2.0, 2.0),
        ("two_people.gif", 1.0, 3.0),  # both half turned away
    ],
)  # fmt: skip
def test_the_eyes_of_real_faces_lie_within_two_pixels(tmp_path: Path, name: str, start: float, within: float) -> None:
    pytest.importorskip("mediapipe")  # whose mesh finds the eyes again
    video = cut(sample(name), tmp_path / "cut.mp4", 13, start=start)
    observed = observe(video)
    assert observed.video is not None
    size = (observed.video.width, observed.video.height)
    frames = [frame.image for frame in read_frames(video)][3::3]
    apart = []
    for one in observed.people:
        faces, seen = align_faces(frames, face_points(one, size)[3::3])
        assert seen.all()
        apart += [np.linalg.norm(found_again(face) - TEMPLATE[:2], axis=1) for face in faces]
    assert np.max(apart) < within
