"""What is rearranged for speed must give the numbers of the network as it was trained."""

import pytest
import torch
from torch import nn

from kinesics.models.face.swinface import SwinFace
from kinesics.models.gesture.net import build_gesture_net
from kinesics.models.optimised import best_dtype, optimised
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.models.video.mvit import VideoEncoder, VideoEncoderConfig
from kinesics.skeleton import LAYOUTS, UPPER_BODY


def lived_in(network: nn.Module) -> nn.Module:
    """Statistics, scales and relative positions as far from their start as training would leave them."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.1)
            nn.init.normal_(module.bias, 0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.8, 1.2)
    for name, parameter in network.named_parameters():
        if "rel_pos" in name or name.endswith(".PA"):
            nn.init.normal_(parameter, 0, 0.3)
    return network.eval()


def skeleton_network(layout=UPPER_BODY, persons=1, channels=4):
    config = AGCNConfig(7, channels, persons, widths=(8, 8, 16, 16), strides=(1, 2, 2, 1))
    return lived_in(TwoStreamAGCN(layout, config))


@pytest.mark.parametrize(("layout", "persons", "channels"), [(UPPER_BODY, 1, 4), (LAYOUTS["ntu_25"], 2, 3)])
def test_skeleton_networks(layout, persons, channels):
    network = skeleton_network(layout, persons, channels)
    x = torch.rand(3, channels, 20, len(layout), persons)
    with torch.no_grad():
        exact, fast, rough = network(x), optimised(network, torch.float32)(x), optimised(network, torch.bfloat16)(x)
    for got, expected, near in zip(fast[:2], exact[:2], rough[:2], strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
        assert near.dtype == torch.float32
        assert (near - expected).norm() <= 0.02 * expected.norm()
    torch.testing.assert_close(fast.bone, exact.bone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("depths", [(1, 1, 1), (1, 2)])
def test_video_encoders(depths):
    encoder = lived_in(VideoEncoder(VideoEncoderConfig(4, 64, 16, depths, heads=2, drop=0.1)))
    clip = torch.randn(2, 3, 4, 64, 64)
    with torch.no_grad():
        exact, fast = encoder(clip), optimised(encoder, torch.float32)(clip)
        rough = optimised(encoder, torch.bfloat16)(clip)
    for got, expected, near in zip(fast, exact, rough, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
        assert (near - expected).norm() <= 0.02 * expected.norm()


def test_gesture_nets_whole_or_with_one_modality():
    network = lived_in(build_gesture_net("tiny", 5))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    x = {"video": torch.randn(2, 3, 4, 64, 64), "skeleton": torch.rand(2, 4, 16, 42, 1)}
    x["places"] = torch.rand(2, 16, 42, 2)
    fast, rough = optimised(network, torch.float32), optimised(network, torch.bfloat16)
    with torch.no_grad():
        for given in (x, {"video": x["video"]}, {"skeleton": x["skeleton"]}):
            expected = network(**given).logits
            torch.testing.assert_close(fast(**given).logits, expected, rtol=1e-4, atol=1e-5)
            assert (rough(**given).logits - expected).norm() <= 0.02 * expected.norm()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_other_networks_compute_under_autocast():
    network = lived_in(SwinFace())
    x = torch.randn(1, 3, 112, 112)
    with torch.no_grad():
        expected, rough = network(x).tokens, optimised(network, torch.bfloat16)(x).tokens
        torch.testing.assert_close(optimised(network, torch.float32)(x).tokens, expected)
    assert rough.dtype == torch.bfloat16
    assert (rough - expected).norm() <= 0.02 * expected.norm()


def test_the_precision_is_chosen_by_measurement():
    assert best_dtype() in (torch.float32, torch.bfloat16)
