"""A row that is added to a table is trained by the command line, and its weights load; no other file is touched."""

from pathlib import Path

import pytest
import torch
from torch import nn

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.imigue_sample import write_sample

from kinesics.cli import main
from kinesics.models.emotion.net import HEADS
from kinesics.models.emotion.streams import EmotionHead, present
from kinesics.models.face.encoder import scaled_rgb
from kinesics.models.gesture.fusion import Combined, GestureFusion
from kinesics.models.gesture.net import FUSIONS
from kinesics.models.video.encoder import ClipTokens
from kinesics.preprocessing.face_crop import FaceCrop, template_with_eyes
from kinesics.weights.encoders import FACE_ENCODERS, VIDEO_ENCODERS, FaceEncoderRow, VideoEncoderRow
from kinesics.weights.load import load_network
from kinesics.weights.run_folder import RunFolder

SHORT = ["--trainer.accelerator=cpu", "--trainer.precision=32-true", "--trainer.max_epochs=1"]
SHORT += ["--trainer.enable_progress_bar=false", "--trainer.limit_train_batches=1", "--trainer.callbacks=null"]


class DummyVideo(nn.Module):
    """One cell, its mean colour."""

    kind, mean, std, fps, width, grid = "dummy", 0.5, 0.5, 4.0, 6, (1, 1, 1)

    def __init__(self, frames=4, size=16):
        super().__init__()
        self.frames, self.size = frames, size
        self.layer = nn.Linear(3, self.width)

    def sizes(self):
        return {"frames": self.frames, "size": self.size}

    def forward(self, clip):
        pooled = self.layer(clip.mean((2, 3, 4)))
        return ClipTokens(pooled[:, None, None, None], pooled)


class DummyFace(nn.Module):
    """The mean colour of a face of 16 pixels."""

    crop, channels, size, width = FaceCrop(template_with_eyes(16, 0.4, 0.4), 16), 3, 16, 5

    def __init__(self, network=None):
        super().__init__()
        self.network = network or nn.Linear(3, self.width)

    def prepare(self, faces):
        return scaled_rgb(faces)

    def forward(self, faces):
        return self.network(faces.mean((2, 3)))


class DummyFusion(GestureFusion):
    """The video's own answer with the skeleton's sign."""

    def __init__(self, config):
        super().__init__(config)
        self.scale = nn.Parameter(torch.ones(config.classes))

    def combine(self, clip):
        return Combined(self.scale * clip.video_logits * clip.skeleton_logits.sign())


class DummyHead(EmotionHead):
    """How many streams there are."""

    def __init__(self, config):
        super().__init__(config)
        self.scale = nn.Parameter(torch.ones(()))

    def combine(self, streams, alone):
        return self.scale * present(streams).sum(1), alone.moments


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    write_sample(folder / "imigue")
    return folder


@pytest.fixture(autouse=True)
def _there(place, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))


def trained(name: str, config: str, *more: str) -> tuple[nn.Module, dict]:
    """The network that a run leaves, and what its weights say of its sizes."""
    out = Path("runs") / name
    assert main(["train", "--config", config, "--data", "imigue", "--out", str(out), "--", *more, *SHORT]) == 0
    network, specification, _ = load_network(RunFolder(out).weights)
    return network, dict(specification.config)


def test_a_video_encoder(monkeypatch):
    monkeypatch.setitem(VIDEO_ENCODERS, "dummy", VideoEncoderRow(DummyVideo))
    network, config = trained("video", "gesture/tiny/2-video", "--data.video=dummy")
    assert config["video"] == {"network": "dummy", "frames": 4, "size": 16}
    assert isinstance(network.video, DummyVideo)


def test_a_fusion_and_the_encoder_of_a_run(monkeypatch):
    monkeypatch.setitem(VIDEO_ENCODERS, "dummy", VideoEncoderRow(DummyVideo))
    monkeypatch.setitem(FUSIONS, "dummy", DummyFusion)
    more = ("--data.video=dummy", "--data.frozen=false", "--model.fusion=dummy", "--model.start=null")
    network, config = trained("fusion", "gesture/tiny/3-fusion", *more, "--model.part=all")
    assert config["mode"] == "dummy"
    assert isinstance(network.fusion, DummyFusion)


def test_an_emotion_head_and_a_face_encoder(monkeypatch):
    monkeypatch.setitem(HEADS, "dummy", DummyHead)
    monkeypatch.setitem(FACE_ENCODERS, "dummy", FaceEncoderRow(DummyFace))
    more = ("--model.fusion=dummy", "--data.face=dummy", "--data.streams=[face,gestures]", "--model.start=null")
    network, config = trained("head", "emotion/tiny/2-together", *more)
    assert (config["mode"], config["face"], config["video"]) == ("dummy", "dummy", None)
    assert isinstance(network.fusion, DummyHead)
    assert isinstance(network.face, DummyFace)


def test_a_name_that_no_table_holds_is_told_with_those_that_are_known(capsys):
    train = ["train", "--config", "gesture/tiny/3-fusion", "--data", "imigue", "--out", "runs/none", "--"]
    assert main([*train, "--data.video=tiny", "--data.frozen=false", "--model.fusion=none", "--model.start=null"]) == 2
    assert "fusion none: expected full, exchange, cross-attention, concatenation, late" in capsys.readouterr().err
