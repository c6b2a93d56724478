"""Pictures of a simulated person."""

import numpy as np
import pytest

pytest.importorskip("moderngl", reason="needs the simulate extra (moderngl)")
pytest.importorskip("anny", reason="needs the simulate extra (anny)")

from kinesics.data.simulator.body import Body, Shape, rest_pose
from kinesics.data.simulator.camera import look_at
from kinesics.data.simulator.render import Box, Look, NoGraphicsError, draw_skeleton, random_look, render
from kinesics.skeleton import UPPER_BODY

LOOK = Look(skin=(0.8, 0.6, 0.5), shirt=(0.1, 0.2, 0.8), backdrop=(0.2, 0.8, 0.2))


@pytest.fixture(scope="module")
def person():
    body = Body(Shape())
    pose = rest_pose(2)
    joints = body.joints(pose)[0]
    camera = look_at(joints[UPPER_BODY.index("neck")], distance=2.5, height=1.2)
    return body, pose, joints, camera


@pytest.fixture(scope="module")
def pictures(person):
    body, pose, _, camera = person
    try:
        return list(render(body, pose, camera, look=LOOK))
    except NoGraphicsError as error:
        pytest.skip(f"no OpenGL context here ({error}); on Debian: apt install libegl1 libgl1-mesa-dri")


def pixel(picture, camera, point):
    x, y = camera.project(point)
    return picture[int(y * len(picture)), int(x * picture.shape[1])].astype(int)


def test_the_person_stands_where_the_camera_projects_them(person, pictures):
    _, _, joints, camera = person
    picture = pictures[0]
    assert picture.shape == (360, 640, 3)
    assert picture.dtype == np.uint8
    red, green, blue = pixel(picture, camera, joints[UPPER_BODY.index("left_cheek")])
    assert red > green > blue  # skin
    red, _, blue = pixel(picture, camera, joints[UPPER_BODY.index("neck")] - np.array([0, 0, 0.15]))
    assert blue > red  # shirt
    for corner in (picture[5, 5], picture[5, -5]):
        red, green, blue = corner.astype(int)
        assert green > red + 50  # backdrop
        assert green > blue + 50


def test_frames_of_the_same_pose_are_the_same_picture(pictures):
    np.testing.assert_array_equal(pictures[0], pictures[1])


def test_a_table_hides_what_is_behind_it(person):
    body, pose, joints, camera = person
    neck = joints[UPPER_BODY.index("neck")]
    low, high = neck + np.array([[-1, -0.6, -0.6], [1, -0.5, -0.3]])
    board = Box(tuple(low), tuple(high), (1.0, 0.1, 0.1))
    try:
        picture = next(render(body, pose, camera, look=LOOK, furniture=(board,)))
    except NoGraphicsError as error:
        pytest.skip(f"no OpenGL context here ({error})")
    red, green, blue = pixel(picture, camera, (low + high) / 2)
    assert red > 3 * max(green, blue)


def test_looks_differ_and_colours_are_colours():
    looks = [random_look(np.random.default_rng(seed)) for seed in range(20)]
    assert len({look.shirt for look in looks}) > 5
    for look in looks:
        for colour in (look.skin, look.hair, look.shirt, look.trousers, look.backdrop, look.iris):
            assert all(0 <= channel <= 1 for channel in colour)


def test_a_drawn_skeleton_tells_left_from_right_and_leaves_out_the_missing(person):
    _, _, joints, camera = person
    points = camera.project(joints)[None]
    left = points[0, UPPER_BODY.index("left_elbow")]
    y, x = int(left[1] * 360), int(left[0] * 640)
    whole = next(draw_skeleton(points))
    red, _, blue = whole[y, x].astype(int)
    assert red > blue + 50
    score = np.ones((1, 42))
    score[0, UPPER_BODY.index("left_elbow")] = 0
    assert next(draw_skeleton(points, score))[y, x].min() > 200  # paper
