"""Joints to tokens."""

import pytest
import torch

from kinesics.data.sets.shrec21 import HAND_20
from kinesics.models.skeleton.joint_encoder import JointEncoder, JointEncoderConfig
from kinesics.skeleton import LAYOUTS, make_layout


def frames(layout, count=32):
    torch.manual_seed(0)
    xyz = torch.randn(1, 1, len(layout), 3) + 0.1 * torch.randn(1, count, len(layout), 3)
    return torch.cat([xyz, torch.ones(1, count, len(layout), 1)], -1)


@pytest.mark.parametrize("layout", [HAND_20, *LAYOUTS.values()], ids=lambda layout: layout.name)
def test_every_layout_becomes_tokens(layout):
    if sum(parent == layout.parents.index(-1) for parent in layout.parents) < 2:
        pytest.skip("its root has no two joints on it")
    encoder = JointEncoder(layout, JointEncoderConfig(16, 24, stride=4)).eval()
    assert encoder.describe(frames(layout)).shape == (1, 32, encoder.features)
    tokens = encoder(frames(layout))
    assert tokens.shape == (1, 8, 24)
    assert tokens.isfinite().all()


def test_where_the_skeleton_is_does_not_matter():
    encoder = JointEncoder(HAND_20, JointEncoderConfig(16, 16)).eval()
    here = frames(HAND_20)
    there = here + torch.tensor([3.0, -2.0, 5.0, 0.0])
    torch.testing.assert_close(encoder(here), encoder(there), rtol=1e-3, atol=1e-3)


def test_a_missing_joint_says_nothing_of_its_place():
    encoder = JointEncoder(HAND_20, JointEncoderConfig(16, 16)).eval()
    first = frames(HAND_20)
    first[:, :, 7, 3] = 0
    first[:, :, 7, :3] = 0
    assert encoder.describe(first).isfinite().all()


def test_a_layout_without_a_frame_of_reference_is_refused():
    with pytest.raises(ValueError, match="root"):
        JointEncoder(make_layout("line", {"a": None, "b": "a", "c": "b"}), JointEncoderConfig())
