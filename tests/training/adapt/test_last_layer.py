import numpy as np
import pytest
import torch
from support.reviewed import OWN, reviewed

from kinesics.inference.prior import with_prior
from kinesics.inference.skeleton import skeleton_scorer
from kinesics.models.skeleton.agcn_inference import InferenceAGCN
from kinesics.training.adapt.last_layer import first_layer, fit_last_layer, recording_tokens, window_labels
from kinesics.weights.load import load_weights

NETWORK, SPECIFICATION, _ = load_weights()


@pytest.fixture(scope="module")
def looked():
    quick = InferenceAGCN(NETWORK)
    return [recording_tokens(quick, SPECIFICATION, reviewed(n, seconds=20.0)) for n in range(3)]


def test_the_first_layer_answers_as_the_weights_do(looked):
    skeleton = looked[0].recording.skeleton
    theirs = with_prior(
        skeleton_scorer(InferenceAGCN(NETWORK), SPECIFICATION).score_person(skeleton), SPECIFICATION.prior
    )
    ours = first_layer(NETWORK, SPECIFICATION, []).scores(looked[0])
    np.testing.assert_array_equal(ours.times, theirs.times)
    assert ours.classes == theirs.classes
    # the prior is inside the bias here, and after the smoothing there
    np.testing.assert_allclose(ours.probability, theirs.probability, atol=0.05)


def test_a_class_of_ones_own_stands_before_none():
    layer = first_layer(NETWORK, SPECIFICATION, [OWN])
    assert layer.specification.classes[-2:] == (OWN, "none")
    assert (
        layer.specification.config["classes"]
        == len(layer.specification.classes)
        == len(layer.weight)
        == len(layer.bias)
    )
    assert not layer.weight[-2].any()


def test_windows_are_labelled_by_their_middles(looked):
    classes = (OWN, "none")
    labels = window_labels(looked[0], classes)
    inside = [any(start <= t <= end for _, start, end in looked[0].recording.events) for t in looked[0].times]
    np.testing.assert_array_equal(labels == 0, inside)


def test_only_what_has_examples_is_fitted(looked):
    before = first_layer(NETWORK, SPECIFICATION, [OWN])
    fitted = fit_last_layer(before, looked, 1e-4)
    changed = (fitted.weight != before.weight).any(1)
    assert [name for name, row in zip(before.specification.classes, changed, strict=True) if row] == [OWN, "none"]
    bias = fit_last_layer(before, looked, float("inf"))
    assert torch.equal(bias.weight, before.weight)
    assert not torch.equal(bias.bias, before.bias)
    column = before.specification.classes.index(OWN)
    for one in looked:
        there = window_labels(one, before.specification.classes) == column
        score = fitted.scores(one).probability[:, column]
        assert score[there].mean() > 0.5
        assert score[~there].mean() < 0.1
