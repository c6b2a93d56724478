from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kinesics.errors import KinesicsError
from kinesics.perception import observe, read_openpose
from kinesics.perception.openpose import read_openpose_recording
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.layouts import OPENPOSE_137
from kinesics.video import write_video

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


# ── which frame a file is, and of which recording ────────────────────────────────────────────────────────────


def renumbered(folder: Path, numbers: dict[int, int], name: str = "interview") -> Path:
    for i, number in numbers.items():
        path = folder / f"interview_{i:012d}_keypoints.json"
        path.rename(folder / f"{name}_{number:012d}_keypoints.json")
    return folder


def test_the_number_in_the_name_is_the_frame(tmp_path: Path) -> None:
    folder = renumbered(write(tmp_path / "json", [[person(500)]] * 4), {1: 11, 2: 12, 3: 13})
    found = read_openpose_recording(folder, fps=10)
    (sequence,) = found.people
    assert len(sequence) == 14
    assert np.flatnonzero(sequence.score.any(1)).tolist() == [0, 11, 12, 13]
    assert sequence.times()[11] == pytest.approx(1.1)
    assert found.notes == ("10 of 14 frames have no file: nobody is seen in them.",)


def test_a_number_that_is_no_frame_is_refused(tmp_path: Path) -> None:
    folder = renumbered(write(tmp_path / "json", [[person(500)]]), {0: 20240513143005})
    with pytest.raises(KinesicsError, match="20240513143005"):
        read_openpose(folder)
    folder = write(tmp_path / "other", [[person(500)]])
    next(folder.iterdir()).rename(folder / "photo_keypoints.json")
    with pytest.raises(KinesicsError, match=r"photo_keypoints\.json"):
        read_openpose(folder)


def test_two_recordings_in_one_folder_are_told_apart(tmp_path: Path) -> None:
    folder = renumbered(write(tmp_path / "json", [[person(500)]] * 3), {2: 0}, "second")
    with pytest.raises(KinesicsError, match=r"interview \(2 files\), second \(1 files\)"):
        read_openpose(folder)


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    folder = write(tmp_path / "json", [[person(500)]] * 3)
    (folder / "._interview_000000000001_keypoints.json").write_bytes(b"\0\5\x16\7")
    assert len(read_openpose(folder)[0]) == 3


def test_the_rate_is_told_read_from_the_video_or_said_to_be_assumed(tmp_path: Path) -> None:
    folder = write(tmp_path / "json", [[person(500)]] * 6)
    assumed = read_openpose_recording(folder)
    assert assumed.people[0].fps == 25
    assert any("assumed" in note and "--fps" in note for note in assumed.notes)
    write_video(tmp_path / "interview.mp4", [np.zeros((32, 32, 3), np.uint8)] * 10, 50)
    beside = read_openpose_recording(folder)
    assert beside.people[0].fps == 50
    assert len(beside.people[0]) == 10
    assert not any("assumed" in note for note in beside.notes)
    assert read_openpose_recording(folder, fps=30).people[0].fps == 30


def test_the_18_points_of_coco_are_read(tmp_path: Path) -> None:
    one = person(500)
    body = np.array(one["pose_keypoints_2d"]).reshape(25, 3)
    coco = body[[0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]]
    (expected,) = read_openpose(write(tmp_path / "body25", [[one]]))
    (found,) = read_openpose(write(tmp_path / "coco", [[one | {"pose_keypoints_2d": coco.ravel().tolist()}]]))
    joints = [i for i, name in enumerate(OPENPOSE_137.joints) if "toe" not in name and "heel" not in name]
    same = [i for i in joints if i != OPENPOSE_137.index("pelvis")]
    np.testing.assert_allclose(found.xyz[:, same], expected.xyz[:, same], atol=1e-5)
    hips = found.xyz[0, OPENPOSE_137.indices("left_hip", "right_hip")]
    np.testing.assert_allclose(found.xyz[0, OPENPOSE_137.index("pelvis")], hips.mean(0), atol=1e-5)
    mpi = one | {"pose_keypoints_2d": body[:15].ravel().tolist()}
    with pytest.raises(KinesicsError, match="15 points, not 25 or 18"):
        read_openpose(write(tmp_path / "mpi", [[mpi]]))


def test_a_cut_and_a_long_absence_leave_a_person_the_same(tmp_path: Path) -> None:
    places = [300] * 20 + [900] * 20
    frames = [[person(x, seed=1)] for x in places] + [[]] * 80 + [[person(600, seed=1)]] * 20
    (sequence,) = read_openpose(write(tmp_path / "json", frames))
    assert (sequence.score > 0).any(1).sum() == 60


def test_two_people_over_a_cut_stay_two(tmp_path: Path) -> None:
    before = [[person(300, 80, seed=1), person(700, 140, seed=2)]] * 20
    after = [[person(800, 140, seed=2), person(450, 80, seed=1)]] * 20
    large, small = read_openpose(write(tmp_path / "json", before + after))
    assert (large.score > 0).all()
    assert (small.score > 0).all()


def test_who_is_left_out_is_told(tmp_path: Path) -> None:
    frames = [[person(300, seed=1), *([person(900, 60, seed=2)] if i == 50 else [])] for i in range(100)]
    found = read_openpose_recording(write(tmp_path / "json", frames), fps=25)
    assert len(found.people) == 1
    assert found.notes == ("1 more person in fewer than 5% of the frames: left out.",)


def test_a_person_with_a_new_identity_at_every_cut_is_one_and_a_passer_by_another(tmp_path: Path) -> None:
    frames: list[list[dict[str, list[float]]]] = []
    for piece, (x, size) in enumerate(((500, 100), (560, 110), (470, 90), (530, 120), (500, 100))):
        frames += [[person(x, size, seed=piece)] for _ in range(40)] + [[] for _ in range(60)]
    for i, x in enumerate(range(100, 1100, 10)):  # passes through the second and the third piece
        frames[115 + i] = [*frames[115 + i], person(x, 45, seed=9)]
    recording = read_openpose_recording(write(tmp_path / "json", frames), fps=25)
    one, passer = recording.people
    assert int((one.score > 0).any(1).sum()) == 200
    assert int((passer.score > 0).any(1).sum()) == 100
    assert any("4 pieces were joined" in note for note in recording.notes)
