"""Weights of both networks in one file, which `analyze` takes like any other."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from kinesics.inference.analyze import analyze, event_rule
from kinesics.inference.events import EventRule
from kinesics.inference.scorer import open_scorer, spotter_of
from kinesics.inference.spotting_tokens import skeleton_tokens, token_parts
from kinesics.models.gesture.skeleton_spotter import SkeletonSpotter
from kinesics.models.gesture.spotter import SpotterConfig
from kinesics.models.gesture.spotting_net import SpottingNet
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, save_skeletons
from kinesics.weights.load import load_weights, save_weights
from kinesics.weights.specification import EVEN

CONFIG = AGCNConfig(classes=33, channels=4, persons=1, widths=(8, 8, 8), strides=(1, 2, 2))


def networks():
    torch.manual_seed(0)
    skeleton = TwoStreamAGCN(UPPER_BODY, CONFIG).eval()
    spotting = SpottingNet("spotter", SpotterConfig(32, 4 * 16, 16, reach=4)).eval()
    for tensor in spotting.parameters():
        tensor.data += 0.3 * torch.randn_like(tensor)
    return SkeletonSpotter(skeleton, spotting)


def person(frames=200, fps=25.0, seed=0):
    rng = np.random.default_rng(seed)
    still = rng.normal(size=(1, 42, 3))
    xyz = (still + 0.05 * rng.normal(size=(frames, 42, 3)).cumsum(0)).astype(np.float32)
    return SkeletonSequence(xyz, np.ones((frames, 42), np.float32), fps, UPPER_BODY, person=1)


@pytest.fixture
def weights(tmp_path):
    _, specification, _ = load_weights()
    both = networks()
    described = replace(
        specification,
        name="gesture-spotter",
        network="skeleton_spotter",
        config={"skeleton": asdict(CONFIG), "spotting": both.spotting.sizes()},
        thresholds=dict.fromkeys(specification.classes[:-1], 0.05),
        prior=EVEN,
    )
    save_weights(tmp_path / "spotter.safetensors", both, described)
    return tmp_path / "spotter.safetensors"


def test_a_frame_has_a_token_whatever_is_before_it():
    _, specification, _ = load_weights()
    network = networks().skeleton
    whole = person(fps=12.5)
    tokens = skeleton_tokens(network, whole, specification)
    assert tokens.shape == (200, 4 * 16)
    later = skeleton_tokens(network, whole.slice(64, 200), specification)
    np.testing.assert_allclose(tokens[96:160], later[32:96], atol=1e-4)


def test_parts_of_a_token_cover_the_body():
    everything, hands, face, trunk = token_parts()
    assert sorted((*hands, *face, *trunk)) == list(everything)
    assert min(map(len, (hands, face, trunk))) > 5


def test_events_are_the_spotters(weights, tmp_path):
    scorer = open_scorer(weights)
    spotter = spotter_of(scorer)
    assert spotter is not None
    found = list(spotter.find(person(), event_rule(scorer.specification), "w"))
    assert found
    assert all(event.score >= 0.05 and 0 <= event.start < event.end <= 8.1 for event in found)
    assert not list(spotter.find(person(), EventRule(onset=1.0), "w"))
    save_skeletons(tmp_path / "a.skeleton.npz", [person()])
    analysis = analyze(tmp_path / "a.skeleton.npz", weights=weights)
    assert {(e.label, e.start, e.end) for e in found} == {(e.label, e.start, e.end) for e in analysis.timeline}
    assert analysis.scores[0].probability.shape[1] == 33


def test_the_shipped_weights_are_no_spotter():
    assert spotter_of(open_scorer()) is None
