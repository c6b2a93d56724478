"""Pictures of a simulated person."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

pytest.importorskip("moderngl", reason="needs the simulate extra (moderngl)")
pytest.importorskip("anny", reason="needs the simulate extra (anny)")

from kinesics.simulator.camera import look_at, shaken
from kinesics.simulator.person.appearance import Appearance, Light, Wall, random_appearance
from kinesics.simulator.person.body import Body, Pose, Shape, rest_pose
from kinesics.simulator.rendering.backgrounds import draw_wall
from kinesics.simulator.rendering.render import Cuboid, NoGraphicsError, moved_as, render, render_skeleton
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.drawing import ON_LIGHT

LOOK = Appearance(skin=(0.8, 0.6, 0.5), shirt=(0.1, 0.2, 0.8), backdrop=(0.2, 0.8, 0.2))


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
        return list(render(body, pose, camera, appearance=LOOK))
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
    board = Cuboid(tuple(low), tuple(high), (1.0, 0.1, 0.1))
    try:
        picture = next(render(body, pose, camera, appearance=LOOK, furniture=(board,)))
    except NoGraphicsError as error:
        pytest.skip(f"no OpenGL context here ({error})")
    red, green, blue = pixel(picture, camera, (low + high) / 2)
    assert red > 3 * max(green, blue)


def test_looks_differ_and_colours_are_colours():
    looks = [random_appearance(np.random.default_rng(seed)) for seed in range(20)]
    assert len({appearance.shirt for appearance in looks}) > 5
    for appearance in looks:
        for colour in (
            appearance.skin,
            appearance.hair,
            appearance.shirt,
            appearance.trousers,
            appearance.backdrop,
            appearance.iris,
        ):
            assert all(0 <= channel <= 1 for channel in colour)


def test_a_drawn_skeleton_tells_left_from_right_and_leaves_out_the_missing(person):
    _, _, joints, camera = person
    points = camera.project(joints)[None]
    left = points[0, UPPER_BODY.index("left_elbow")]
    y, x = int(left[1] * 360), int(left[0] * 640)
    whole = next(render_skeleton(points))
    np.testing.assert_allclose(whole[y, x], ON_LIGHT["left"], atol=4)
    score = np.ones((1, 42))
    score[0, UPPER_BODY.index("left_elbow")] = 0
    assert next(render_skeleton(points, score))[y, x].min() > 200  # paper


def test_walls_follow_the_seed_and_differ():
    walls = {wall: draw_wall(replace(LOOK, wall=wall, seed=3), 160, 90) for wall in get_args(Wall)}
    for wall, picture in walls.items():
        assert picture.shape == (90, 160, 3)
        np.testing.assert_array_equal(picture, draw_wall(replace(LOOK, wall=wall, seed=3), 160, 90))
        if wall != "plain":
            assert np.abs(picture.astype(int) - walls["plain"]).mean() > 2
            assert (picture != draw_wall(replace(LOOK, wall=wall, seed=4), 160, 90)).any()


def test_hair_and_beard_go_with_the_body():
    men = [random_appearance(np.random.default_rng(seed), Shape(gender=0.05)) for seed in range(40)]
    women = [random_appearance(np.random.default_rng(seed), Shape(gender=0.95)) for seed in range(40)]
    assert len({appearance.beard for appearance in men}) == 5
    assert {appearance.beard for appearance in women} == {"none"}
    assert {appearance.hair_style for appearance in women} == {"long", "short"}


def drawn(person, appearance, **others):
    body, pose, _, camera = person
    try:
        return list(render(body, others.pop("pose", pose), camera, appearance=appearance, **others))
    except NoGraphicsError as error:
        pytest.skip(f"no OpenGL context here ({error})")


def test_a_beard_covers_the_chin_and_a_bald_head_shows_its_skin(person, pictures):
    _, _, joints, camera = person
    head = joints[UPPER_BODY.index("head")]
    chin, above = joints[UPPER_BODY.index("chin")], head + np.array([0, -0.08, 0.09])
    bearded = drawn(person, replace(LOOK, beard="full", hair_style="bald"))[0]
    shaven = pictures[0]
    assert pixel(bearded, camera, chin).sum() < 0.6 * pixel(shaven, camera, chin).sum()
    assert pixel(shaven, camera, above).sum() < 0.6 * pixel(bearded, camera, above).sum()


def test_the_light_comes_from_its_side(person):
    _, _, joints, camera = person
    pictures = [drawn(person, replace(LOOK, light=Light(azimuth=side)))[0] for side in (-60.0, 60.0)]
    left, right = (
        [pixel(picture, camera, joints[UPPER_BODY.index(f"{side}_cheek")]).sum() for picture in pictures]
        for side in ("left", "right")
    )
    assert left[1] > left[0]
    assert right[0] > right[1]


def test_what_moves_while_the_shutter_is_open_is_blurred(person, pictures):
    _, pose, _, _ = person
    moved = Pose(pose.rotations, pose.root + np.array([[0, 0, 0], [0.1, 0, 0]], np.float32), pose.face)
    sharp, blurred = (drawn(person, replace(LOOK, shutter=shutter), pose=moved)[1] for shutter in (0.0, 0.5))

    def edges(picture):
        return (np.abs(np.diff(picture.astype(int), axis=1)) > 60).sum()

    assert edges(blurred) < 0.8 * edges(sharp)
    still = drawn(person, replace(LOOK, shutter=0.5))[1]
    np.testing.assert_array_equal(still, pictures[1])


def test_a_trembling_camera_shows_the_person_where_it_says(person):
    body, pose, joints, camera = person
    appearance = replace(LOOK, shake=1.0, seed=5)
    cameras = moved_as(camera, appearance, len(pose))
    tremor = np.degrees([np.arccos((one.rotation[2] * camera.rotation[2]).sum()) for one in cameras])
    assert tremor.max() > 0.1
    neck = joints[UPPER_BODY.index("neck")]
    shown = drawn(person, appearance)[1]
    # as if the camera had been put there
    put = next(render(body, pose, cameras[1], appearance=replace(appearance, shake=0.0)))
    assert np.abs(pixel(shown, cameras[1], neck) - pixel(put, cameras[1], neck)).max() < 3
    spread = shaken(camera, 0.5, 400, 1)
    turned = np.degrees([np.arcsin(one.rotation[2] @ camera.rotation[1]) for one in spread])
    assert 0.3 < turned.std() < 0.7


def test_grain_is_noise_of_its_strength(person, pictures):
    clean, noisy = pictures[0], drawn(person, replace(LOOK, grain=4.0))[0]
    noise = noisy.astype(float)[:40, :40] - clean[:40, :40]
    assert 3 < noise.std() < 5
