import numpy as np
import pytest
import torch
from support import paths
from support.reference import filled_state

from kinesics.models.skeleton.agcn import AGCN, AGCNConfig, TwoStreamAGCN
from kinesics.models.skeleton.graph import adjacency
from kinesics.skeleton import LAYOUTS, UPPER_BODY, make_layout

REFERENCE = paths.REFERENCE / "agcn_ntu.npz"
SMALL = AGCNConfig(classes=5, channels=4, persons=1, widths=(8, 8, 16), strides=(1, 2, 2))


@pytest.fixture(scope="module")
def published() -> np.lib.npyio.NpzFile:
    return np.load(REFERENCE)


def test_graph_equals_the_published_one(published):
    np.testing.assert_array_equal(adjacency(LAYOUTS["ntu_25"]), published["adjacency"])


def test_output_equals_the_published_network(published):
    network = AGCN.from_reference(filled_state(list(published["keys"])))
    x = np.random.RandomState(7).standard_normal((2, 3, 64, 25, 2)).astype(np.float32)
    with torch.no_grad():
        logits = network(torch.from_numpy(x)).logits.numpy()
    assert np.linalg.norm(logits - published["output"]) <= 1e-4 * np.linalg.norm(published["output"])


def test_a_left_over_entry_is_refused(published):
    state = filled_state(list(published["keys"]))
    with pytest.raises(RuntimeError, match="Unexpected"):
        AGCN.from_reference(state | {"l3.stray.weight": torch.zeros(1)})
    state.pop("l3.tcn1.bn.bias")
    with pytest.raises(RuntimeError, match="Missing"):
        AGCN.from_reference(state)


def test_layout_must_fit_the_checkpoint(published):
    with pytest.raises(ValueError, match="25 joints"):
        AGCN.from_reference(filled_state(list(published["keys"])), UPPER_BODY)


@pytest.mark.parametrize("persons", [1, 2])
def test_shapes_gradients_and_batch_invariance(persons):
    torch.manual_seed(0)
    network = TwoStreamAGCN(UPPER_BODY, AGCNConfig(5, 4, persons, (8, 8, 16), (1, 2, 2)))
    x = torch.rand(3, 4, 16, 42, persons)
    out = network(x)
    assert out.logits.shape == (3, 5)
    assert out.tokens.shape == (3, 4, 42, 32)
    out.logits.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())
    network.eval()
    with torch.no_grad():
        torch.testing.assert_close(network(x).logits[1:2], network(x[1:2]).logits, rtol=1e-4, atol=1e-5)


def test_state_dict_round_trip():
    torch.manual_seed(0)
    first, second = (TwoStreamAGCN(UPPER_BODY, SMALL).eval() for _ in range(2))
    x = torch.rand(2, 4, 16, 42, 1)
    second.load_state_dict(first.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(first(x).logits, second(x).logits)


def test_bones_are_joint_minus_parent_and_zero_where_an_end_is_missing():
    layout = make_layout("chain", {"root": None, "middle": "root", "end": "middle"})
    network = TwoStreamAGCN(layout, SMALL)
    x = torch.zeros(1, 4, 1, 3, 1)
    x[0, 0, 0, :, 0] = torch.tensor([1.0, 3.0, 6.0])
    x[0, 3] = 1
    assert network.bones(x)[0, 0, 0, :, 0].tolist() == [0, 2, 3]
    x[0, :, 0, 1, 0] = 0  # the middle joint is lost
    assert network.bones(x)[0, :, 0, 1:, 0].abs().sum() == 0
    np.testing.assert_allclose(network.bones(x[:, :3])[0, 0, 0, :, 0], [0, -1, 6])
