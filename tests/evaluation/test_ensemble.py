"""Combining runs: better than each where they differ, no harm where one is noise, nothing taken from test."""

from dataclasses import replace

import numpy as np
import pytest

from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions, combine, fit_ensemble
from kinesics.evaluation.ensemble import align
from kinesics.metrics import top_k


def top1(logits, labels):
    return top_k(logits, labels, 1)


def run(signal, noise_seed, count=600, labels_seed=0, scale=1.0):
    labels = np.random.default_rng(labels_seed).integers(0, 4, count)
    logits = np.random.default_rng(noise_seed).standard_normal((count, 4)).astype(np.float32)
    logits[np.arange(count), labels] += signal
    ids = tuple(f"{i // 20:04d}_{i % 20}" for i in range(count))
    return Predictions(ids, logits * scale, labels, ("",) * count, tuple("abcd"))


def test_two_good_runs_beat_each_and_the_interval_says_so():
    validation = [run(1.0, 1, labels_seed=0), run(1.0, 2, labels_seed=0)]
    test = [run(1.0, 3, labels_seed=9), run(1.0, 4, labels_seed=9)]
    ensemble, gain = combine(validation, test, top1)
    assert sum(ensemble.weights) == pytest.approx(1)
    assert gain.low > 0
    assert top1(ensemble(test).logits, test[0].labels) > max(top1(one.logits, one.labels) for one in test)


def test_noise_gets_little_weight_and_scale_does_not_matter():
    ensemble = fit_ensemble([run(2.0, 1), run(0.0, 2, scale=30)], top1)
    assert ensemble.weights[0] > 0.7
    louder = fit_ensemble([run(1.0, 1), run(1.0, 2)], top1), fit_ensemble([run(1.0, 1, scale=5), run(1.0, 2)], top1)
    assert louder[0].weights == pytest.approx(louder[1].weights, abs=0.11)


def test_rows_are_matched_by_clip():
    one, other = run(2.0, 1), run(2.0, 2)
    order = np.random.default_rng(0).permutation(len(other.ids))
    shuffled = Predictions(
        tuple(np.array(other.ids)[order]), other.logits[order], other.labels[order], other.subjects, other.classes
    )
    assert np.array_equal(align([one, shuffled])[1].logits, other.logits)


def test_runs_of_other_clips_are_refused():
    with pytest.raises(KinesicsError, match="run 2: expected the clips and classes of the first"):
        align([run(1.0, 1), run(1.0, 1, count=500)])
    with pytest.raises(KinesicsError, match="other labels"):
        align([run(1.0, 1), run(1.0, 1, labels_seed=5)])
    one = run(1.0, 1)
    with pytest.raises(KinesicsError, match="2 runs, found 1"):
        fit_ensemble([one, one], top1)([replace(one)])
