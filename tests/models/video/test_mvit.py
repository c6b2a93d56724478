"""The video encoder against torchvision's own MViTv2-S."""

import pytest
import torch
from torchvision.models.video import MViT_V2_S_Weights, mvit_v2_s

from kinesics.models.video.mvit import PAPER, SMALL, TINY, VideoEncoder


@torch.no_grad()
def test_bit_equal_to_torchvision():
    torch.manual_seed(0)
    theirs = mvit_v2_s(weights=None).eval()
    ours = VideoEncoder(PAPER).eval()
    ours.load_torchvision(theirs.state_dict())
    clip = torch.randn(1, 3, 16, 224, 224)
    out = ours(clip)
    assert out.tokens.shape == (1, 8, 7, 7, 768)
    assert torch.equal(theirs.head(out.pooled), theirs(clip))


def test_the_paper_size_counts_as_published():
    published = MViT_V2_S_Weights.KINETICS400_V1.meta["num_params"]
    head = 768 * 400 + 400
    assert sum(p.numel() for p in VideoEncoder(PAPER).parameters()) == published - head


@pytest.mark.parametrize("config", [SMALL, TINY], ids=["small", "tiny"])
def test_presets_give_the_grid_that_they_promise(config):
    encoder = VideoEncoder(config).eval()
    with torch.no_grad():
        out = encoder(torch.randn(2, 3, config.frames, config.size, config.size))
    assert out.tokens.shape == (2, *encoder.grid, encoder.width)
    assert out.pooled.shape == (2, encoder.width)


def test_weights_of_another_size_are_refused():
    with pytest.raises(RuntimeError):
        VideoEncoder(TINY).load_torchvision(VideoEncoder(SMALL).network.state_dict())
