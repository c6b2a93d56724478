from __future__ import annotations

import numpy as np
import pytest
from support.mediapipe_reference import Reference

from kinesics.perception.openvino.hands import arm_regions, cropped_regions, detect_palms, look_at_hands
from kinesics.perception.openvino.models import Models
from kinesics.perception.openvino.regions import ImagePart, whole_image


def test_hands_at_the_arms_are_where_mediapipe_sees_them(models: Models, reference: Reference) -> None:
    for side, name in enumerate(("left", "right")):
        theirs = reference[f"{name}_hand_landmarks"]
        there = np.flatnonzero(np.isfinite(theirs[:, 0, 0]))
        if not len(there):
            continue
        views = [reference.views[i] for i in there]
        regions = cropped_regions(views, arm_regions(reference["pose_landmarks"][there], side), models)
        found = look_at_hands(views, regions, models)
        off = np.linalg.norm(found.points[..., :2] - theirs[there, :, :2], axis=-1) / reference.shoulders
        assert np.median(off) < 0.02
        assert np.percentile(off, 95) < 0.06
        assert (found.presence > 0.3).all()  # one is blurred


@pytest.mark.parametrize("reference", ["signing_webcam.mp4"], indirect=True)
def test_left_hands_are_told_from_right_ones(models: Models, reference: Reference) -> None:
    view = reference.views[1]
    (regions,) = detect_palms([view], whole_image(view), models)
    found = look_at_hands([view] * len(regions), regions, models)
    assert len(found.points) >= 1
    assert (found.presence > 0.9).all()
    on_the_right = found.points[:, :, 0].mean(1) > view.image.shape[1] / 2  # where the person's left hand is
    assert (found.left[on_the_right] > 0.8).all()
    assert (found.left[~on_the_right] < 0.2).all()
    own = found.regions()
    assert np.abs(own[:, :2] - regions[:, :2]).max() < 0.3 * own[:, 2].min()


def test_no_hand_is_found_where_none_is(models: Models) -> None:
    empty = ImagePart(np.full((240, 320, 3), 90, np.uint8))
    (regions,) = detect_palms([empty], whole_image(empty), models)
    assert regions.shape == (0, 4)
    assert look_at_hands([empty], np.array([[160.0, 120.0, 80.0, 0.3]]), models).presence[0] < 0.1
