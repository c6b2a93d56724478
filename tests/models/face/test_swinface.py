import numpy as np
import pytest
import torch
from support import paths
from support.reference import filled_state

from kinesics.models.face.swinface import HEADS, SwinFace

REFERENCE = paths.REFERENCE / "swinface.npz"


@pytest.fixture(scope="module")
def published() -> np.lib.npyio.NpzFile:
    return np.load(REFERENCE)


@pytest.fixture(scope="module")
def state(published) -> dict[str, torch.Tensor]:
    return filled_state(list(published["keys"]))


@pytest.fixture(scope="module")
def network(state) -> SwinFace:
    return SwinFace.from_reference(state)


def near(found: torch.Tensor, expected: np.ndarray) -> bool:
    return bool(np.linalg.norm(found.numpy() - expected) <= 1e-4 * np.linalg.norm(expected))


@torch.no_grad()
def test_outputs_equal_the_published_network(network, published):
    x = torch.from_numpy(np.random.RandomState(11).uniform(-1, 1, (2, 3, 112, 112)).astype(np.float32))
    out = network(x, wanted=HEADS)
    assert near(out.embedding, published["embedding"])
    assert near(out.expression, published["expression"])
    for name in ("Age", "Smiling", "Gender"):
        assert near(out.heads[name], published[name.lower()])
    local, whole, _ = network.backbone(x)
    assert near(local.mean((2, 3)), published["local_mean"])
    assert near(whole.mean((2, 3)), published["global_mean"])
    alone = network(x)
    assert set(alone.heads) == {"Expression"}
    torch.testing.assert_close(alone.expression, out.expression)
    assert alone.tokens.shape == (2, 2, 512)


def test_heads_are_the_published_ones(published):
    assert {*HEADS, "Recognition"} == set(published["task_names"])


def test_the_four_dicts_of_the_checkpoint_serve_as_well(state, network):
    split = {f"state_dict_{part}": {} for part in ("backbone", "fam", "tss", "om")}
    for key, value in state.items():
        part, _, name = key.partition(".")
        split[f"state_dict_{part}"][name] = value
    other = SwinFace.from_reference(split).state_dict()
    assert all(torch.equal(value, other[key]) for key, value in network.state_dict().items())


def test_left_over_and_missing_entries_are_refused(state):
    with pytest.raises(RuntimeError, match="Unexpected"):
        SwinFace.from_reference(state | {"om.stray": torch.zeros(1)})
    with pytest.raises(RuntimeError, match="Missing"):
        SwinFace.from_reference({key: value for key, value in state.items() if "om.output_fcs.3" not in key})


def test_an_unknown_head_is_named(network):
    with pytest.raises(ValueError, match="no head Wings"):
        network(torch.zeros(1, 3, 112, 112), wanted=("Wings",))
