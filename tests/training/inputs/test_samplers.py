import numpy as np
import pytest

from kinesics.training.inputs.samplers import BALANCED, SQUARE_ROOT, ClassSampler, RankSampler

LABELS = [0] * 1600 + [1] * 400 + [2] * 100


def shares(power: float) -> np.ndarray:
    sampler = ClassSampler(LABELS, power, seed=1)
    drawn = np.array(list(sampler))
    assert len(drawn) == len(sampler) == len(LABELS)
    return np.bincount(np.array(LABELS)[drawn], minlength=3) / len(drawn)


def test_classes_come_as_often_as_their_power_says():
    np.testing.assert_allclose(shares(0.0), np.array([1600, 400, 100]) / 2100, atol=0.04)
    np.testing.assert_allclose(shares(SQUARE_ROOT), np.array([40, 20, 10]) / 70, atol=0.04)
    np.testing.assert_allclose(shares(BALANCED), np.ones(3) / 3, atol=0.04)


def test_the_clips_of_a_class_come_in_turn():
    counts = np.bincount(list(ClassSampler(LABELS, BALANCED)), minlength=len(LABELS))
    for label in range(3):
        of_class = counts[np.array(LABELS) == label]
        assert of_class.max() - of_class.min() <= 1


def test_draws_depend_on_seed_and_epoch_alone():
    first, second = (ClassSampler(LABELS, seed=3) for _ in range(2))
    unbroken = []
    for epoch in range(3):
        first.set_epoch(epoch)
        unbroken.append(list(first))
    second.set_epoch(2)
    assert list(second) == unbroken[2] != unbroken[1]
    assert list(ClassSampler(LABELS, seed=4)) != unbroken[0]


@pytest.mark.parametrize("labels", [[], [0, -1]])
def test_hidden_labels_cannot_be_balanced(labels):
    with pytest.raises(ValueError, match="the label of each"):
        ClassSampler(labels)


def test_processes_share_the_draws():
    sampler = ClassSampler([0, 0, 0, 1, 1, 2, 2, 2, 2], seed=3)
    shares = [RankSampler(sampler, 2, rank) for rank in (0, 1)]
    seen = []
    for epoch in (0, 1):
        for share in shares:
            share.set_epoch(epoch)
        draws = list(sampler)
        first, second = (list(share) for share in shares)
        assert [first, second] == [draws[0:8:2], draws[1:8:2]]
        assert len(first) == len(second) == len(shares[0]) == 4
        seen.append(draws)
    assert seen[0] != seen[1]
