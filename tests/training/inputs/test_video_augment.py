import numpy as np
import pytest

from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.training.inputs.video_augment import ClipTransform, VideoAugmentation, random_transform

PLAIN = ClipTransform((0, 0, 1), False, (1, 1, 1), 0, None)
SIZE = 96
LEFT, RIGHT = UPPER_BODY.indices("left_wrist", "right_wrist")


def dotted(frames: int = 3) -> tuple[np.ndarray, SkeletonSequence]:
    """Grey pictures with a red square where the left wrist is and a green one where the right is, both moving."""
    pictures = np.full((frames, SIZE, SIZE, 3), 60, np.uint8)
    image_xy = np.full((frames, 42, 2), 0.5, np.float32)
    for t in range(frames):
        for joint, x, channel in ((LEFT, 60, 0), (RIGHT, 30, 1)):
            y = 40 + 5 * t
            pictures[t, y - 4 : y + 4, x - 4 : x + 4] = 0
            pictures[t, y - 4 : y + 4, x - 4 : x + 4, channel] = 250
            image_xy[t, joint] = x / SIZE, y / SIZE
    xyz = np.random.default_rng(0).normal(size=(frames, 42, 3)).astype(np.float32)
    return pictures, SkeletonSequence(xyz, np.ones((frames, 42), np.float32), 25.0, UPPER_BODY, image_xy)


def centre(picture: np.ndarray, channel: int) -> np.ndarray:
    """The middle of what has this colour, 0..1."""
    other = picture[..., 1 - channel].astype(int)
    y, x = np.nonzero(picture[..., channel].astype(int) - other > 90)
    return (np.array([x.mean(), y.mean()]) + 0.5) / SIZE


def test_a_plain_view_changes_nothing():
    frames, skeleton = dotted()
    np.testing.assert_array_equal(PLAIN.frames(frames), frames)
    np.testing.assert_array_equal(PLAIN.skeleton(skeleton).image_xy, skeleton.image_xy)
    np.testing.assert_array_equal(PLAIN.faces(frames), frames)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("crop", [(0, 0, 1), (0.1, 0.2, 0.75)])
def test_joints_stay_on_what_they_show(crop, mirrored):
    frames, skeleton = dotted()
    view = ClipTransform(crop, mirrored, (1, 1, 1), 0, None)
    pictures, seen = view.frames(frames), view.skeleton(skeleton)
    assert pictures.shape == frames.shape
    assert pictures.dtype == np.uint8
    # in a mirror the person's left hand is a right hand: the red square now stands at the right wrist
    red, green = (RIGHT, LEFT) if mirrored else (LEFT, RIGHT)
    for t in range(len(frames)):
        np.testing.assert_allclose(centre(pictures[t], 0), seen.image_xy[t, red], atol=1.5 / SIZE)
        np.testing.assert_allclose(centre(pictures[t], 1), seen.image_xy[t, green], atol=1.5 / SIZE)
    if mirrored:
        np.testing.assert_allclose(seen.xyz[:, RIGHT], skeleton.xyz[:, LEFT] * [-1, 1, 1])


def test_all_frames_are_changed_alike():
    still = np.repeat(np.random.default_rng(0).integers(0, 256, (1, SIZE, SIZE, 3), np.uint8), 4, axis=0)
    for seed in range(10):
        changed = random_transform(np.random.default_rng(seed)).frames(still)
        assert (changed == changed[:1]).all()
        assert not np.array_equal(changed, still)


def test_a_view_depends_on_the_generator_alone():
    assert random_transform(np.random.default_rng(5)) == random_transform(np.random.default_rng(5))
    assert random_transform(np.random.default_rng(5)) != random_transform(np.random.default_rng(6))


def test_views_stay_within_what_is_allowed():
    how = VideoAugmentation(crop=(0.6, 0.9), mirror=0, colour=0.2, hue=0.01, erase=1)
    for seed in range(200):
        view = random_transform(np.random.default_rng(seed), how)
        left, top, side = view.crop
        assert 0.6 <= side <= 0.9
        assert left >= 0 <= top
        assert max(left, top) + side <= 1 + 1e-9
        assert not view.mirrored
        assert max(abs(factor - 1) for factor in view.colour) <= 0.2
        x, y, w, h = view.erased
        assert x + w <= 1
        assert y + h <= 1
        assert w * h <= 1 / 6.9
    mirrored = [random_transform(np.random.default_rng(seed)).mirrored for seed in range(400)]
    assert 0.4 < np.mean(mirrored) < 0.6


def test_a_cover_hides_its_rectangle_and_nothing_else():
    frames, _ = dotted()
    covered = ClipTransform((0, 0, 1), False, (1, 1, 1), 0, (0.5, 0.25, 0.25, 0.5)).frames(frames)
    changed = (covered != frames).any((0, 3))
    assert changed[24:72, 48:72].all()
    changed[24:72, 48:72] = False
    assert not changed.any()


def test_colour_alone_moves_nothing():
    frames, _ = dotted()
    brighter = ClipTransform((0, 0, 1), False, (1.3, 1, 1), 0, None).frames(frames)
    assert brighter.mean() == pytest.approx(1.3 * frames.mean(), rel=0.02)
    np.testing.assert_allclose(centre(brighter[0], 0), centre(frames[0], 0))
