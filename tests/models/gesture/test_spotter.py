"""Spotters: the same answer however a recording is cut, and nothing from what is not real."""

import numpy as np
import pytest
import torch

from kinesics.inference.spotting import points_of
from kinesics.models.gesture.spotter import Spotter, SpotterConfig, pyramid_grid
from kinesics.models.gesture.spotting_net import SPOTTERS, SpottingNet, build_spotting_net
from kinesics.models.skeleton.joint_encoder import JointEncoder, JointEncoderConfig
from kinesics.skeleton import UPPER_BODY

CONFIG = SpotterConfig(5, 24, 24, reach=4)


def shaken(network):
    """A network far from its beginning, in which nothing is zero by chance."""
    torch.manual_seed(0)
    for tensor in network.parameters():
        tensor.data += 0.1 * torch.randn_like(tensor)
    return network.eval()


@pytest.mark.parametrize("mixer", ["attention", "pool"])
@pytest.mark.parametrize("levels", [1, 3])
@pytest.mark.parametrize("piece", [40, 111, 160])
def test_the_answer_is_the_same_however_a_recording_is_cut(mixer, levels, piece):
    config = SpotterConfig(5, 24, 24, levels=levels, reach=4, mixer=mixer)
    network = shaken(SpottingNet("spotter", config, JointEncoder(UPPER_BODY, JointEncoderConfig(24, 24))))
    frames = np.random.default_rng(0).normal(size=(501, 42, 4)).astype(np.float32)
    frames[..., 3] = 1
    whole, cut = points_of(network, frames, 10_000), points_of(network, frames, piece)
    assert 2 * network.reach < len(frames), "or nothing would be shown"
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_reach_is_no_less_than_it_is():
    network = shaken(Spotter(CONFIG))
    tokens = torch.randn(1, 512, 24)
    changed = tokens.clone()
    changed[0, 256] += 5
    mask = torch.ones(1, 512, dtype=torch.bool)
    with torch.no_grad():
        before, after = network(tokens, mask), network(changed, mask)
    differs = ((before.logits - after.logits).abs().amax(-1) > 1e-6)[0]
    far = (network.grid(512).place - 256).abs()
    assert far[differs].max() <= network.reach
    assert far[differs].max() > network.reach / 3


@pytest.mark.parametrize("kind", sorted(SPOTTERS))
def test_what_is_not_real_changes_nothing(kind):
    network = shaken(SpottingNet(kind, CONFIG))
    tokens, mask = torch.randn(1, 64, 24), torch.arange(64)[None] < 40
    other = tokens.clone()
    other[:, 40:] = 100
    with torch.no_grad():
        first, second = network(tokens, mask), network(other, mask)
    rows = network.grid(64).place < (40 if kind == "spotter" else 30)  # a recurrence comes back from beyond the end
    if kind in ("spotter", "fcn"):
        torch.testing.assert_close(first.logits[:, rows], second.logits[:, rows])
    assert (first.logits[:, network.grid(64).place >= 40] < -1000).all()
    assert first.logits.isfinite().all()


def test_a_window_without_anything_real_is_no_accident():
    network = shaken(SpottingNet("spotter", CONFIG))
    points = network(torch.randn(2, 64, 24), torch.zeros(2, 64, dtype=torch.bool))
    assert points.logits.isfinite().all()
    assert points.distances.isfinite().all()


@pytest.mark.parametrize("kind", sorted(SPOTTERS))
def test_sizes_build_the_same_network_again(kind):
    network = SpottingNet(kind, CONFIG, JointEncoder(UPPER_BODY, JointEncoderConfig(24, 24)), exclusive=True)
    again = build_spotting_net(network.sizes(), UPPER_BODY)
    again.load_state_dict(network.state_dict())
    assert again.exclusive


def test_the_grid_has_half_the_points_on_each_level():
    grid = pyramid_grid(8, 3)
    assert grid.place.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0, 2, 4, 6, 0, 4]
    assert grid.stride.tolist() == [1] * 8 + [2] * 4 + [4] * 2


@pytest.mark.parametrize("sizes", [{"width": 30}, {"levels": 0}, {"levels": 9}, {"reach": 0}])
def test_sizes_that_are_none_are_refused(sizes):
    with pytest.raises(ValueError, match="sizes"):
        SpotterConfig(5, 24, **({"width": 24} | sizes))
