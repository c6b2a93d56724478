"""A tiny data set in the layout of the MiGA challenge: one moving person drawn with numbers, four videos."""

import json
from pathlib import Path

import numpy as np

from kinesics.data.sets.imigue import files
from kinesics.skeleton.layouts import OPENPOSE_137
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import write_video

FRAMES, WIDTH, HEIGHT = 60, 64, 48
SKELETONS = {
    "train": "imigue_data_phase1/datasets/imigue_skeleton_train",
    "val": "imigue_data_phase1/datasets/imigue_skeleton_validate",
    "test": "imigue_data_phase2/imigue_skeleton_test",
}
VIDEOS = {
    "train": "imigue_rgb_phase1/train_data",
    "val": "imigue_rgb_phase1/validation_data",
    "test": "imigue_rgb_phase2",
}
SPLITS = {"0005": "train", "0012": "train", "0001": "val", "0217": "test"}  # ids with gaps, as they are
SUBJECTS = {"0005": "2", "0012": "2", "0001": "7", "0217": "9"}
LABELS = {
    "0005": [(1, 0, 9), (99, 10, 30), (31, 20, 59)],
    "0012": [(12, 5, 5), (17, 40, 55)],
    "0001": [(8, 3, 12)],
    "0217": [(0, 1, 8), (0, 30, 41)],
}
MORE = {f"{number:04d}": number % 2 for number in range(21, 29)}  # further videos of as many people, and their emotion
# pixels of the frontal person: the person's right arm is at the picture's left, and OpenPose counts it first
_BODY = {
    "nose": (32, 12), "neck": (32, 20), "pelvis": (32, 40), "right_shoulder": (24, 20), "right_elbow": (20, 28),
    "right_wrist": (24, 34), "left_shoulder": (40, 20), "left_elbow": (44, 28), "left_wrist": (40, 34),
    "right_hip": (28, 40), "left_hip": (36, 40), "right_eye": (30, 10), "left_eye": (34, 10), "right_ear": (28, 11),
    "left_ear": (36, 11),
}  # fmt: skip
TIPS = [4, 8, 12, 16, 20]  # of OpenPose's 21 points of a hand


def points(seed: int) -> FloatArray:
    """(60, 137, 3) pixels and confidence; legs are out of the picture, and frame 50 shows nobody."""
    rng = np.random.default_rng(seed)
    found = np.zeros((FRAMES, len(OPENPOSE_137), 3), np.float32)
    for joint, place in _BODY.items():
        found[:, OPENPOSE_137.index(joint)] = (*place, 0.9)
    found[:, 25:95] = (32, 12, 0.8)
    found[:, 25:95, :2] += rng.uniform(-4, 4, (70, 2))
    for side, first in (("left", 95), ("right", 116)):
        found[:, first : first + 21] = (*_BODY[f"{side}_wrist"], 0.7)
        found[:, first : first + 21, :2] += rng.uniform(-2, 2, (21, 2))
    found[..., :2] += np.sin(np.arange(FRAMES) / 6 + seed)[:, None, None]
    found[found[..., 2] == 0] = 0
    found[50] = 0
    return found.astype(np.float32)


def light_hand(found: FloatArray) -> FloatArray:
    """(T, 35, 3) of the 137 points, the left hand first."""
    tips = [95 + i for i in TIPS] + [116 + i for i in TIPS]
    return found[:, [*range(25), *tips]]


def write_sample(root: Path) -> None:
    for number, (video, split) in enumerate(SPLITS.items()):
        folder = root / SKELETONS[split] / video
        folder.mkdir(parents=True)
        found = points(number)
        files.write_labels(folder / f"{video}_label.csv", LABELS[video])
        files.write_light(folder / f"{video}_light.csv", found[:, :25])
        files.write_light_hand(folder / f"{video}_light_hand.csv", light_hand(found))
        files.write_openpose_xlsx(folder / f"{video}_openpose.xlsx", found)
        path = root / VIDEOS[split] / video / f"{video}.mp4"
        path.parent.mkdir(parents=True)
        noise = np.random.default_rng(number).integers(0, 255, (FRAMES, HEIGHT, WIDTH, 3), np.uint8)
        write_video(path, noise, 25)
    files.write_emotions(root / "train_label.csv", {"0005": 1, "0012": 0})
    files.write_emotions(root / "validation_label.csv", {"0001": 1})
    files.write_subjects(root / "subjects.csv", SUBJECTS)
    (root / "kinesics.json").write_text(json.dumps({"simulated": True}))


def add_videos(root: Path) -> None:
    """Copies of video 0005 in which the winners illustrate, and the losers touch their foreheads."""
    skeletons, videos = root / SKELETONS["train"], root / VIDEOS["train"]
    for name, won in MORE.items():
        for folder in (skeletons, videos):
            (folder / name).mkdir()
            for path in (folder / "0005").iterdir():
                (folder / name / path.name.replace("0005", name)).write_bytes(path.read_bytes())
        files.write_labels(skeletons / name / f"{name}_label.csv", [(99 if won else 5, k, k + 9) for k in (0, 20, 40)])
    files.write_emotions(root / "train_label.csv", {"0005": 1, "0012": 0} | MORE)
    files.write_subjects(
        root / "subjects.csv", {"0005": "2", "0012": "2", "0001": "7", "0217": "9"} | {n: n for n in MORE}
    )
    (root / "truth").mkdir()
    files.write_emotions(root / "truth" / "emotions.csv", {"0217": 0})
