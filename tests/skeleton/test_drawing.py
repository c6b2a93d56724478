"""Skeletons are drawn in one place: the person's left is teal and the right orange, whoever draws."""

import colorsys
import json
import re

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest
from support.crab import CRAB, TREE, make
from support.recordings import landmarks_only, person

from kinesics.data.sets.clip_folder import ClipFolder
from kinesics.data.show import find_clip, show_clip
from kinesics.report import write_overlay, write_report
from kinesics.report.evaluation import skeleton_strip
from kinesics.simulator.rendering.render import render_skeleton
from kinesics.skeleton import LAYOUTS, UPPER_BODY, SkeletonSequence, save_skeletons
from kinesics.skeleton.drawing import (
    EDGE,
    ON_DARK,
    ON_LIGHT,
    Stroke,
    dots_of,
    draw_skeleton,
    hex_colour,
    lines_of,
    side_of,
    strokes_of,
    with_gaps,
)
from kinesics.video import read_frames

TEAL, ORANGE = (0.47, 0.53), (0.05, 0.10)  # hues of a whole turn
LEFT, RIGHT = UPPER_BODY.indices("left_elbow", "right_elbow")


def hue(colour):
    return colorsys.rgb_to_hsv(*(float(channel) / 255 for channel in colour))[0]


def is_teal(colour):
    return TEAL[0] < hue(colour) < TEAL[1]


def is_orange(colour):
    return ORANGE[0] < hue(colour) < ORANGE[1]


def tinted(image, test):
    """Where the image has a strong colour that passes the test: the mean column of those pixels."""
    strong = np.argwhere(np.ptp(image.astype(int), axis=-1) > 80)
    columns = [x for y, x in strong if test(image[y, x])]
    assert len(columns) > 20
    return np.mean(columns)


@pytest.mark.parametrize("colours", [ON_LIGHT, ON_DARK])
def test_left_is_teal_and_right_is_orange_on_any_ground(colours):
    assert is_teal(colours["left"])
    assert is_orange(colours["right"])


def clip_sheet(tmp_path):
    rows = "flat,walk,train,s1,,,,flat.skeleton.npz"
    folder = make(tmp_path / "set", rows, layout={"name": "crab", "joints": TREE})
    xyz = np.zeros((8, 4, 3), np.float32)
    xyz[:, CRAB.index("left_claw")] = 1, 1, 0
    xyz[:, CRAB.index("right_claw")] = -1, 1, 0
    one = SkeletonSequence(xyz, np.ones((8, 4), np.float32), 8, ClipFolder(folder).layout, is_3d=False)
    save_skeletons(folder / "flat.skeleton.npz", [one])
    data = ClipFolder(folder)
    show_clip(data, find_clip(data, "flat"), tmp_path / "clip.png")
    return np.asarray(PIL.Image.open(tmp_path / "clip.png").convert("RGB"))[64:284, 110:330]


def simulated(tmp_path):
    return next(render_skeleton(person(1.0).image_xy))


def overlaid(tmp_path):
    write_overlay(landmarks_only(), tmp_path / "overlay.mp4")
    return next(read_frames(tmp_path / "overlay.mp4")).image


@pytest.mark.parametrize("draw", [clip_sheet, simulated, overlaid])
def test_whoever_draws_the_persons_left_is_teal(draw, tmp_path):
    """The people of these tests look at the camera: their left is on the image's right."""
    image = draw(tmp_path)
    assert tinted(image, is_teal) > tinted(image, is_orange)


def test_the_evaluation_page_and_the_report_take_the_same_colours(tmp_path):
    strip = skeleton_strip(person(1.0))
    assert {hex_colour(colour) for colour in ON_LIGHT.values()} == set(re.findall(r'stroke="(#\w+)"', strip))
    write_report(landmarks_only(), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
    assert data["colours"] == {side: hex_colour(colour) for side, colour in ON_DARK.items()}
    for side, colour in ON_LIGHT.items():
        assert re.findall(rf"--{side}: (#\w+);", page) == [hex_colour(colour), hex_colour(ON_DARK[side])]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_has_strokes_of_the_side_of_their_joints(layout):
    strokes = strokes_of(layout)
    assert {"left", "right"} <= {stroke.side for stroke in strokes}
    for stroke in strokes:
        sides = {side_of(layout, joint) for joint in stroke.joints} - {"middle"}
        assert stroke.side == "middle" or sides == {stroke.side}
    assert set(dots_of(layout)) | {joint for stroke in strokes for joint in stroke.joints} <= set(range(len(layout)))


def test_a_missing_joint_is_left_out_of_its_line():
    points = np.random.default_rng(0).uniform(0, 1, (len(UPPER_BODY), 2)).astype(np.float32)
    score = np.ones(len(UPPER_BODY))
    arm = Stroke(tuple(UPPER_BODY.indices("neck", "left_shoulder", "left_elbow", "left_wrist")), "left")
    assert len(dict(lines_of(points))[arm]) == 4
    score[LEFT] = 0
    line = dict(lines_of(with_gaps(points, score)))[arm]
    np.testing.assert_array_equal(line, points[[j for j in arm.joints if j != LEFT]])
    score[:] = 0
    assert not dict(lines_of(with_gaps(points, score)))


def test_an_edge_surrounds_the_lines():
    points = person(1.0).image_xy[0] * 200
    images = []
    for edge in (None, EDGE):
        image = PIL.Image.new("RGB", (200, 200), (255, 255, 255))
        draw_skeleton(PIL.ImageDraw.Draw(image), points, width=4, colours=ON_DARK, edge=edge)
        images.append((np.asarray(image) == EDGE).all(-1).sum())
    assert images[0] == 0 < images[1]
