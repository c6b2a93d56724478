"""The hypergraph-enhanced transformer, number by number against the published network's outputs."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from kinesics.models.emotion.hypergraph import (
    IMIGUE_CONFIG,
    RECONSTRUCTION_LOSSES,
    SMG_CONFIG,
    HypergraphTransformer,
    config_of_reference,
)
from kinesics.models.emotion.hypergraph_time import HypergraphConfig
from kinesics.models.emotion.hypergraph_units import HyperAttention, HyperUnit, JointTransformer
from kinesics.models.emotion.joint_groups import IMIGUE_JOINTS, SMG_JOINTS

REFERENCE = Path(__file__).parents[4] / "shared/reference/hypergraph.npz"
needs_reference = pytest.mark.skipif(not REFERENCE.exists(), reason="hypergraph.npz, the reference numbers, is absent")
each = pytest.mark.parametrize("prefix", ["imigue", "smg"])
SMALL = HypergraphConfig(channels=36, frames=8, strides=(1, 2), ups=(True,))


def fill(name, shape):
    """The rule behind the reference numbers: weights from the crc32 of their names."""
    x = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)
    if name.endswith("running_var"):
        return 1 + np.abs(0.1 * x)
    if name.endswith("running_mean"):
        return 0.1 * x
    if name.endswith("rpe"):
        return 0.5 * x
    if name.endswith(("alpha", "beta")):
        return 2 + 0.5 * x
    if len(shape) == 1 and name.endswith("weight"):
        return 1 + 0.1 * x
    return x / np.sqrt(np.prod(shape[1:])).astype(np.float32) if len(shape) > 1 else 0.05 * x


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as file:
        return dict(file)


def filled(reference, prefix, kind="linear"):
    keys = [key for key in reference[f"{prefix}_keys"] if kind == "linear" or "up_method" not in key]
    keys += [] if kind == "linear" else [key for key in reference[f"{prefix}_{kind}_keys"] if key]
    state = {}
    for key in keys:
        name, _, sizes = str(key).partition("|")
        shape = tuple(int(size) for size in sizes.split(",") if size)
        whole = name.endswith("num_batches_tracked")
        state[name] = torch.tensor(0) if whole else torch.from_numpy(np.float32(fill(name, shape)))
    return state


def clip(reference, prefix):
    joints = len(reference[f"{prefix}_groups"])
    x = np.random.RandomState(int(reference[f"{prefix}_input_seed"])).standard_normal((2, 3, 52, joints, 1))
    return torch.from_numpy(x.astype(np.float32))


def off(found, expected):
    """The relative norm of the difference."""
    expected = torch.from_numpy(np.asarray(expected)).double()
    return float((found.detach().double() - expected).norm() / expected.norm())


@needs_reference
@each
def test_outputs_are_the_published_networks(reference, prefix):
    network, x = HypergraphTransformer.from_reference(filled(reference, prefix)), clip(reference, prefix)
    with torch.no_grad():
        out = network(x)
    assert off(out.logits, reference[f"{prefix}_logits"]) < 1e-5
    assert off(out.reconstruction, reference[f"{prefix}_reconstruction"]) < 1e-5
    assert off(out.pooled, reference[f"{prefix}_pooled"]) < 5e-6
    mean, deviation = reference[f"{prefix}_target_stats"]
    assert out.target.mean().item() == pytest.approx(mean, abs=1e-5)
    assert out.target.std(unbiased=False).item() == pytest.approx(deviation, rel=1e-4)


@needs_reference
@each
@pytest.mark.parametrize("kind", ["interpolate", "conv"])
def test_other_decoders_are_told_by_their_entries(reference, prefix, kind):
    network = HypergraphTransformer.from_reference(filled(reference, prefix, kind))
    with torch.no_grad():
        out = network(clip(reference, prefix))
    assert network.config.up == kind
    assert off(out.logits, reference[f"{prefix}_logits"]) < 1e-5
    assert off(out.reconstruction, reference[f"{prefix}_{kind}_reconstruction"]) < 1e-5


@needs_reference
@each
def test_every_unit_gives_what_the_published_one_gives(reference, prefix):
    network, seen = HypergraphTransformer.from_reference(filled(reference, prefix)), {}
    for name, module in network.named_modules():
        if isinstance(module, HyperUnit):
            module.register_forward_hook(lambda _, __, out, name=name: seen.update({name: out}))
    with torch.no_grad():
        network(clip(reference, prefix))
    assert len(seen) == len(reference[f"{prefix}_unit_names"])
    for row, (joints, edges) in enumerate(seen.values()):
        assert off(joints.mean((0, 2, 3)), reference[f"{prefix}_unit_channel_mean"][row]) < 2e-5
        assert off(edges.mean((0, 2, 3)), reference[f"{prefix}_edge_channel_mean"][row]) < 2e-5


@needs_reference
@each
def test_losses_and_gradients_are_the_published_ones(reference, prefix):
    network = HypergraphTransformer.from_reference(filled(reference, prefix)).double()
    out = network(clip(reference, prefix).double())
    entropy = torch.nn.functional.cross_entropy(out.logits, torch.tensor([0, 1]))
    found = {"cross_entropy": entropy} | {
        kind: loss(out.reconstruction, out.target) for kind, loss in RECONSTRUCTION_LOSSES.items()
    }
    expected = dict(zip(reference[f"{prefix}_loss_names"], reference[f"{prefix}_losses"], strict=True))
    assert {name: value.item() for name, value in found.items()} == pytest.approx(expected, rel=1e-4)
    (found["cross_entropy"] + found["sum_mse"]).backward()
    parameters = dict(network.named_parameters())
    for name, norm in zip(reference[f"{prefix}_grad_names"], reference[f"{prefix}_grad_norms"], strict=True):
        gradient = parameters[str(name)].grad
        assert (0.0 if gradient is None else gradient.norm().item()) == pytest.approx(norm, rel=1e-3, abs=1e-8), name


@needs_reference
@each
def test_training_mode_uses_the_batchs_own_statistics(reference, prefix):
    network = HypergraphTransformer.from_reference(filled(reference, prefix)).train()
    with torch.no_grad():
        out = network(clip(reference, prefix))
    assert off(out.logits, reference[f"{prefix}_train_logits"]) < 1e-4


@needs_reference
@each
def test_sizes_of_the_published_networks(reference, prefix):
    state = filled(reference, prefix)
    whole = sum(x.numel() for x in HypergraphTransformer(config_of_reference(state)).parameters())
    alone = {name: x for name, x in state.items() if not name.startswith("decoder.")}
    network = HypergraphTransformer.from_reference(alone)
    counts = whole, sum(x.numel() for x in network.parameters())
    assert counts == {"imigue": (7_921_160, 2_985_272), "smg": (11_651_216, 4_678_180)}[prefix]
    with torch.no_grad():
        out = network(clip(reference, prefix))
    assert out.reconstruction is None
    assert off(out.logits, reference[f"{prefix}_logits"]) < 1e-5


@needs_reference
@each
def test_joints_groups_and_distances_are_the_published_ones(reference, prefix):
    groups = {"imigue": IMIGUE_JOINTS, "smg": SMG_JOINTS}[prefix]
    assert np.array_equal(groups.hops(), reference[f"{prefix}_hops"])
    assert groups.group == tuple(reference[f"{prefix}_groups"])
    assert {frozenset(bone) for bone in groups.bones} == {frozenset(b) for b in reference[f"{prefix}_edges"].tolist()}


def attention(config=SMALL):
    torch.manual_seed(0)
    layer = HyperAttention(config.channels, config)
    torch.nn.init.normal_(layer.rpe)
    return layer, torch.randn(2, config.channels, 5, config.joints), torch.randn(2, config.channels, 5, config.joints)


def test_a_fresh_units_attention_gives_the_values_themselves():
    layer, x, edges = attention()
    with torch.no_grad():
        joints, further = layer(x, edges)
        expected = layer.proj(layer.kv(x).chunk(2, 1)[1])
    torch.testing.assert_close(joints, expected)
    assert (further == 0).all()


def test_edges_that_are_the_joints_reduce_the_logits_to_three_products_and_the_distance():
    layer, x, _ = attention()
    with torch.no_grad():
        layer.e_q.weight.copy_(layer.q.weight)
        layer.e_kv.weight.copy_(layer.kv.weight)
        found, by_edges, _ = layer.attention(x, x)
        split = (layer.heads, -1)
        q, k = layer.q(x).unflatten(1, split), layer.kv(x).chunk(2, 1)[0].unflatten(1, split)
        far = layer.rpe[IMIGUE_JOINTS.hops()].unflatten(-1, split)
        product = (q[..., :, None] * k[..., None, :]).sum(2)
        distance = (q.permute(0, 1, 3, 4, 2)[..., None, :] * far.permute(2, 0, 1, 3)[None, :, None]).sum(-1)
    scale = q.shape[2] ** -0.5
    torch.testing.assert_close(found, (scale * (3 * product + distance)).softmax(-1))
    torch.testing.assert_close(by_edges, (scale * product).softmax(-1))


def test_hyperedges_are_the_means_of_their_groups():
    torch.manual_seed(0)
    layer = JointTransformer(3, SMALL)
    x = torch.randn(1, 3, 2, 22)
    head = [joint for joint, group in enumerate(IMIGUE_JOINTS.group) if group == 0]
    assert head == [0, 1, 8, 9, 10, 11]
    averaged = x @ layer.averaging
    torch.testing.assert_close(averaged[..., head], x[..., head].mean(-1, keepdim=True).expand(1, 3, 2, 6))


def test_frames_attend_apart():
    layer, x, edges = attention()
    order = torch.randperm(5)
    torch.nn.init.ones_(layer.alpha)
    with torch.no_grad():
        torch.testing.assert_close(layer(x[:, :, order], edges[:, :, order])[0], layer(x, edges)[0][:, :, order])


def test_published_configurations():
    assert (len(IMIGUE_CONFIG.strides), sum(IMIGUE_CONFIG.ups)) == (6, 2)
    assert (len(SMG_CONFIG.strides), sum(SMG_CONFIG.ups)) == (10, 2)


def test_entries_that_do_not_fit_are_refused():
    state = HypergraphTransformer(SMALL).state_dict()
    with pytest.raises(RuntimeError):
        HypergraphTransformer.from_reference(state)  # of two units in place of six
