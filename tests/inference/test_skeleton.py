from dataclasses import replace

import numpy as np
import pytest
import torch

from kinesics.inference.skeleton import skeleton_scorer
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.weights.load import NONE, Specification

SPECIFICATION = Specification(
    "t", "two_stream_agcn", {}, ("a", "b", NONE), "", "", "", "", "upper_body", 12.5, 32, temperature=2.0
)


@pytest.fixture(scope="module")
def scorer():
    torch.manual_seed(0)
    network = TwoStreamAGCN(UPPER_BODY, AGCNConfig(3, 4, 1, (8, 16), (2, 2))).eval()
    return skeleton_scorer(network, SPECIFICATION)


def recording(frames, fps=25.0, seed=0):
    rng = np.random.default_rng(seed)
    still = rng.normal(size=(1, 42, 3)).astype(np.float32)
    xyz = still + rng.normal(size=(frames, 42, 3)).astype(np.float32) * 0.1
    return SkeletonSequence(xyz, np.ones((frames, 42), np.float32), fps, UPPER_BODY, person=4)


@pytest.mark.parametrize("frames", [1, 10, 64, 500])
def test_probabilities_on_a_steady_clock_over_the_whole_recording(scorer, frames):
    out = scorer.score_person(recording(frames))
    assert out.person == 4
    assert out.probability.shape == (len(out.times), 3)
    np.testing.assert_allclose(out.probability.sum(1), 1, atol=1e-5)
    assert set(out.by_modality) == {"joint", "bone"}
    assert out.times[0] == 0
    assert out.times[-1] <= frames / 25 <= out.times[-1] + 0.32 + 0.1


def test_windows_lie_as_far_apart_as_the_weights_say(scorer):
    wide = replace(scorer, specification=replace(SPECIFICATION, stride=0.96))
    times = wide.score_person(recording(500)).times
    np.testing.assert_allclose(np.diff(times), 0.96, atol=1e-5)
    assert len(times) < len(scorer.score_person(recording(500)).times) / 2


def test_frame_rate_does_not_matter(scorer):
    fast = recording(200, fps=50.0)
    slow = replace(fast, xyz=fast.xyz[::4], score=fast.score[::4], fps=12.5)
    np.testing.assert_allclose(scorer.score_person(fast).probability, scorer.score_person(slow).probability, atol=1e-5)


def test_where_nobody_is_seen_the_answer_is_none(scorer):
    seen = recording(400)
    score_ = seen.score.copy()
    score_[150:] = 0
    lost = replace(seen, score=score_, xyz=seen.xyz * (score_ > 0)[..., None])
    out = scorer.score_person(lost)
    np.testing.assert_allclose(out.probability[out.times > 10, 2], 1, atol=1e-6)
    assert (out.probability[out.times < 3, 2] < 0.999).all()


@pytest.mark.parametrize("frames", [1, 12, 64, 65, 300])
def test_a_clip_of_any_length_is_classified(scorer, frames):
    probability = scorer.classify(recording(frames))
    assert probability.shape == (2,)
    assert probability.sum() == pytest.approx(1, abs=1e-5)
