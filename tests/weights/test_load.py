from dataclasses import asdict

import pytest
import torch
from safetensors.torch import save_file

from kinesics.errors import KinesicsError
from kinesics.models.emotion.net import build_emotion_net
from kinesics.models.emotion.streams import Stream
from kinesics.models.gesture.net import build_gesture_net
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.skeleton import UPPER_BODY, make_layout
from kinesics.weights.load import (
    DEFAULT,
    NONE,
    Specification,
    layout_fields,
    load_network,
    load_weights,
    save_weights,
)

CONFIG = AGCNConfig(classes=3, channels=4, persons=1, widths=(8, 16), strides=(1, 2))


def specification(**changes):
    fields = {
        "name": "test",
        "network": "two_stream_agcn",
        "config": asdict(CONFIG),
        "layout": "upper_body",
        "classes": ("a", "b", NONE),
        "fps": 12.5,
        "frames": 32,
        "normalisation": "kinesics.preprocessing.normalise",
        "training_data": "none at all",
        "licence": "Apache-2.0",
        "limits": "random",
    }
    return Specification(**(fields | changes))


def test_weights_come_back_with_their_specification(tmp_path):
    torch.manual_seed(0)
    network = TwoStreamAGCN(UPPER_BODY, CONFIG).eval()
    save_weights(tmp_path / "w.safetensors", network, specification(thresholds={"a": 0.3}))
    loaded, described, digest = load_weights(tmp_path / "w.safetensors")
    assert described == specification(thresholds={"a": 0.3}) or asdict(described)["thresholds"] == {"a": 0.3}
    assert described.classes == ("a", "b", NONE)
    assert len(digest) == 64
    x = torch.rand(2, 4, 32, 42, 1)
    with torch.no_grad():
        torch.testing.assert_close(loaded(x).logits, network(x).logits, rtol=2e-2, atol=2e-2)
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]
    (tmp_path / "usual").touch()
    assert (tmp_path / "w.safetensors").stat().st_mode == (tmp_path / "usual").stat().st_mode, "others may read it too"


def test_a_layout_that_kinesics_does_not_know_travels_along(tmp_path):
    robot = make_layout("robot", {"base": None, "left_claw": "base", "right_claw": "base"})
    network = TwoStreamAGCN(robot, CONFIG)
    save_weights(tmp_path / "w.safetensors", network, specification(**layout_fields(robot)), half=False)
    loaded, described, _ = load_weights(tmp_path / "w.safetensors")
    assert loaded.layout == described.skeleton == robot
    state = network.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in loaded.state_dict().items())
    assert layout_fields(UPPER_BODY) == {"layout": "upper_body"}


def test_gesture_nets_come_back(tmp_path):
    torch.manual_seed(0)
    network = build_gesture_net("tiny", 3, UPPER_BODY, "concatenation").eval()
    described = specification(network="gesture_net", config={"preset": "tiny", "mode": "concatenation"})
    save_weights(tmp_path / "w.safetensors", network, described, half=False)
    loaded, _, _ = load_network(tmp_path / "w.safetensors")
    x = torch.rand(2, 4, 32, 42, 1)
    with torch.no_grad():
        assert torch.equal(loaded(skeleton=x).logits, network(skeleton=x).logits)


def test_emotion_nets_come_back(tmp_path):
    torch.manual_seed(0)
    network = build_emotion_net("tiny", 5, "mean").eval()
    described = specification(network="emotion_net", config={"preset": "tiny", "gestures": 5, "mode": "mean"})
    save_weights(tmp_path / "w.safetensors", network, described, half=False)
    loaded, _, _ = load_network(tmp_path / "w.safetensors")
    face = Stream(torch.randn(2, 3, 1, 64, 64), torch.rand(2, 3))
    with torch.no_grad():
        assert torch.equal(loaded(face).logit, network(face).logit)


def test_files_that_are_no_weights_are_told_in_one_line(tmp_path):
    (tmp_path / "text.safetensors").write_bytes(b"hello")
    save_file({"x": torch.zeros(2)}, tmp_path / "foreign.safetensors")
    network = TwoStreamAGCN(UPPER_BODY, CONFIG)
    save_weights(tmp_path / "other.safetensors", network, specification(network="transformer"))
    for name in ("text", "foreign", "other"):
        with pytest.raises(KinesicsError, match=f"{name}.safetensors: expected safetensors weights") as error:
            load_weights(tmp_path / f"{name}.safetensors")
        assert "\n" not in str(error.value)
    with pytest.raises(KinesicsError, match="no such weights"):
        load_weights(tmp_path / "missing.safetensors")


def test_shipped_weights_are_small_and_say_what_they_are():
    network, described, _ = load_weights()
    assert DEFAULT.stat().st_size < 6e6
    assert described.classes[-1] == NONE
    assert len(described.classes) == 33
    assert "simulated" in described.training_data
    assert described.limits
    assert described.metrics["top1_gestures_only"] >= 0.75
    assert network.config.classes == 33
