from __future__ import annotations

import numpy as np
import pytest

from kinesics.perception.engine import Face
from kinesics.perception.tracks import SCAN_RATE, Track, alone, crop, find_tracks
from kinesics.video import Frame, Image

LOOKS = 40


class Script:
    """A finder that reads its faces from a list, one entry a look."""

    def __init__(self, looks: list[list[Face]]) -> None:
        self.looks = iter(looks)

    def find(self, image: Image) -> list[Face]:
        return next(self.looks)


def tracked(looks: list[list[Face]]) -> list[Track]:
    blank = np.zeros((4, 4, 3), np.uint8)
    return find_tracks((Frame(i / SCAN_RATE, blank) for i in range(len(looks))), Script(looks))


def sitting(x: float, width: float = 80, seed: int = 0) -> list[Face]:
    wobble = np.random.default_rng(seed).normal(0, 8, (LOOKS, 2))
    return [Face(x + dx, 200 + dy, width) for dx, dy in wobble]


def test_two_people_side_by_side_stay_apart() -> None:
    small, large = sitting(200, 60, 1), sitting(420, 100, 2)
    order = np.random.default_rng(0).permutation(2 * LOOKS) % 2  # found in any order
    looks = [[a, b] if first else [b, a] for a, b, first in zip(small, large, order, strict=False)]
    tracks = tracked(looks)
    assert [round(track.width) for track in tracks] == [100, 60]
    assert all(len(track.times) == LOOKS for track in tracks)
    assert not alone(tracks)


def test_a_face_that_turns_away_comes_back_as_the_same_person() -> None:
    looks = [[face] for face in sitting(300)]
    looks[10:16] = [[]] * 6
    assert len(tracked(looks)) == 1
    (track,) = tracked(looks)
    middle = track.at(6.5)
    assert middle is not None
    assert middle.x == pytest.approx(300, abs=40)
    assert track.at(60) is None


def test_mistakes_and_passers_by_are_dropped() -> None:
    looks = [[face] for face in sitting(300)]
    looks[20] = [*looks[20], Face(600, 50, 60)]
    assert len(tracked(looks)) == 1


def test_who_is_never_seen_with_another_is_one_person() -> None:
    here, there = sitting(100, 80, 1), sitting(900, 80, 2)
    tracks = tracked([[face] for face in here[:20]] + [[]] * 20 + [[face] for face in there[:20]])
    assert alone(tracks)


def test_who_leaves_and_comes_back_beside_another_is_the_same_person() -> None:
    guest, host = sitting(200, 60, 1), sitting(620, 100, 2)
    looks = [[a, b] for a, b in zip(guest, host, strict=True)]
    looks[10:26] = [[face] for face in host[10:26]]  # eight seconds
    large, small = tracked(looks)
    assert (len(large.times), len(small.times)) == (LOOKS, LOOKS - 16)
    assert small.at(8.0) is None
    assert small.at(14.0) is not None


def test_another_in_the_same_place_is_not_the_same_person() -> None:
    looks = [[a, b] for a, b in zip(sitting(200, 60, 1), sitting(620, 100, 2), strict=True)]
    larger = sitting(200, 95, 3)
    for i in range(LOOKS // 4, LOOKS):
        looks[i] = [looks[i][1]] if i < LOOKS // 2 else [larger[i], looks[i][1]]
    assert len(tracked(looks)) == 3


def test_crops_end_half_way_to_the_neighbour_and_stay_inside() -> None:
    left, right = Track([0, 1], [Face(200, 100, 50)] * 2), Track([0, 1], [Face(400, 120, 50)] * 2)
    box_left, box_right = (crop(track, [left, right], 0.5, (640, 360)) for track in (left, right))
    assert box_left is not None
    assert box_right is not None
    assert box_left[2] == box_right[0] == 300
    assert box_left[0] == 0
    assert box_right[2] <= 640
    assert box_left[1] == 0
    assert box_left[3] == 360
    assert crop(left, [left, right], 30, (640, 360)) is None
