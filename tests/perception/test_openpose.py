from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kinesics.errors import KinesicsError
from kinesics.perception import observe, read_openpose
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.layouts import OPENPOSE_137

SHOULDERS = OPENPOSE_137.indices("left_shoulder", "right_shoulder")


def person(x: float, size: float = 100, seed: int = 0) -> dict[str, list[float]]:
    """Somebody at column x whose shoulders are `size` pixels apart, as OpenPose writes it."""
    rng = np.random.default_rng(seed)
    body = np.array([x, 300]) + rng.uniform(-size, size, (25, 2))
    body[2], body[5] = (x - size / 2, 300), (x + size / 2, 300)
    parts = {"pose": body, "face": np.array([x, 200]) + rng.uniform(-20, 20, (70, 2))}
    parts |= {f"hand_{side}": np.array([x, 400]) + rng.uniform(-20, 20, (21, 2)) for side in ("left", "right")}
    return {
        f"{name}_keypoints_2d": np.column_stack([points, np.full(len(points), 0.8)]).ravel().tolist()
        for name, points in parts.items()
    }


def write(folder: Path, frames: list[list[dict[str, list[float]]]]) -> Path:
    folder.mkdir(exist_ok=True)
    for i, people in enumerate(frames):
        text = json.dumps({"version": 1.3, "people": people})
        (folder / f"interview_{i:012d}_keypoints.json").write_text(text)
    return folder


def test_one_person_is_read_point_by_point_and_scaled_by_the_body(tmp_path: Path) -> None:
    one = person(500, size=120)
    (sequence,) = read_openpose(write(tmp_path / "json", [[one]] * 3), size=(1280, 720))
    assert sequence.layout == OPENPOSE_137
    assert not sequence.is_3d
    assert len(sequence) == 3
    left, right = sequence.xyz[0, SHOULDERS]
    assert np.linalg.norm(left - right) == pytest.approx(0.36, abs=1e-3)
    # BODY_25 counts the right arm first: 2 is the right shoulder
    assert right[0] < left[0]
    assert sequence.image_xy is not None
    assert sequence.image_xy[0, SHOULDERS[1]] == pytest.approx([440 / 1280, 300 / 720])
    tip = np.array(one["hand_left_keypoints_2d"]).reshape(21, 3)[8, :2]
    assert sequence.image_xy[0, OPENPOSE_137.index("left_index_tip")] == pytest.approx(tip / [1280, 720])
    assert (sequence.score == np.float32(0.8)).all()


def test_people_are_told_apart_whatever_their_order(tmp_path: Path) -> None:
    frames = []
    for i in range(30):
        people = [person(300 + 2 * i, 80, seed=1), person(900 - 2 * i, 140, seed=2)]
        frames.append(people[:: 1 if i % 2 else -1] if i != 12 else people[:1])
    large, small = read_openpose(write(tmp_path / "json", frames))
    assert (large.person, small.person) == (1, 2)
    assert (large.score[12] == 0).all()
    assert (large.xyz[12] == 0).all()
    assert (small.score > 0).all()
    assert large.image_xy is None


def test_missing_points_and_parts_stay_missing(tmp_path: Path) -> None:
    one = person(500)
    one["pose_keypoints_2d"][3 * 4 : 3 * 4 + 3] = [0, 0, 0]  # the right wrist
    one["hand_right_keypoints_2d"] = []
    (sequence,) = observe(write(tmp_path / "json", [[one], []])).people
    assert sequence.layout == UPPER_BODY
    assert sequence.score[0, UPPER_BODY.index("right_wrist")] == 0
    assert sequence.score[0, UPPER_BODY.index("right_index_tip")] == 0
    assert sequence.score[0, UPPER_BODY.index("left_index_tip")] > 0
    assert (sequence.score[1] == 0).all()


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(KinesicsError, match=r"\*_keypoints\.json"):
        read_openpose(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"people": 3}', '{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}'])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    folder = write(tmp_path / "json", [[person(500)]] * 2)
    (folder / "interview_000000000001_keypoints.json").write_text(text)
    with pytest.raises(KinesicsError, match=r"interview_000000000001_keypoints\.json") as caught:
        read_openpose(folder)
    assert "\n" not in str(caught.value)


def test_nobody(tmp_path: Path) -> None:
    with pytest.raises(KinesicsError, match="nobody"):
        read_openpose(write(tmp_path / "json", [[], []]))
