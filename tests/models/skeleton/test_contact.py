import pytest
import torch

from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.models.skeleton.agcn_inference import InferenceAGCN
from kinesics.models.skeleton.contact import Contact
from kinesics.skeleton import LAYOUTS, UPPER_BODY

TIP, NOSE, CHIN, ELBOW = UPPER_BODY.indices("left_index_tip", "nose", "chin", "left_elbow")


def apart():
    """One frame in which every joint is a shoulder width from the next."""
    x = torch.zeros(1, 4, 1, 42, 1)
    x[0, 0, 0, :, 0] = torch.arange(42.0)
    x[:, 3] = 1
    return x


def test_what_a_fingertip_touches_is_told_at_both_ends():
    x = apart()
    x[0, :2, 0, TIP] = x[0, :2, 0, NOSE] + torch.tensor([[0.15], [0.0]])
    x[0, 2, 0, TIP] = 5  # depth does not count
    near = Contact(UPPER_BODY)(x)
    assert near.shape == (1, 1, 1, 42, 1)
    near = near[0, 0, 0, :, 0]
    torch.testing.assert_close(near[[TIP, NOSE]], torch.full((2,), 0.3679), atol=1e-4, rtol=0)
    assert near[CHIN] < 0.01
    assert near[ELBOW] < 0.01


def test_what_is_not_seen_touches_nothing():
    x = apart()
    x[0, :2, 0, TIP] = x[0, :2, 0, NOSE]
    assert Contact(UPPER_BODY)(x)[0, 0, 0, NOSE, 0] > 0.99
    x[0, 3, 0, TIP] = 0
    near = Contact(UPPER_BODY)(x)[0, 0, 0, :, 0]
    assert near[NOSE] < 0.01
    assert near[TIP] < 1e-6
    x[:, 3] = 0
    assert Contact(UPPER_BODY)(x).max() < 1e-6


def test_a_layout_without_fingertips_is_refused():
    with pytest.raises(ValueError, match="expected a layout with fingertips and a face, found body_25"):
        Contact(LAYOUTS["body_25"])


def test_both_streams_see_it_and_inference_agrees():
    torch.manual_seed(0)
    config = AGCNConfig(classes=5, channels=4, persons=1, widths=(8, 8, 16), strides=(1, 2, 2), contact=True)
    network = TwoStreamAGCN(UPPER_BODY, config)
    x = torch.rand(2, 4, 16, 42, 1)
    joints, bones = network.streams(x)
    assert joints.shape == bones.shape == (2, 5, 16, 42, 1)
    torch.testing.assert_close(joints[:, 4], bones[:, 4])
    torch.testing.assert_close(joints[:, :4], x)
    network(x).logits.sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    network.eval()
    with torch.no_grad():
        torch.testing.assert_close(InferenceAGCN(network)(x).logits, network(x).logits, atol=1e-4, rtol=1e-4)
