import pytest
import torch
import torch.nn.functional as F

from kinesics.training.losses import LongTailLoss

COUNTS = torch.tensor([900, 90, 10])


def test_plain_is_cross_entropy():
    logits, label = torch.randn(20, 3), torch.randint(0, 3, (20,))
    expected = F.cross_entropy(logits, label, label_smoothing=0.1)
    assert LongTailLoss(COUNTS)(logits, label) == pytest.approx(expected.item())


def test_adjustment_asks_more_of_frequent_classes():
    loss = LongTailLoss(COUNTS, "logit-adjusted", smoothing=0)
    undecided = torch.zeros(1, 3)
    rare, frequent = (loss(undecided, torch.tensor([c])).item() for c in (2, 0))
    assert rare == pytest.approx(-torch.tensor(0.01).log().item(), rel=1e-4)
    assert frequent == pytest.approx(-torch.tensor(0.9).log().item(), rel=1e-4)


def test_with_adjustment_the_bayes_classifier_of_a_balanced_world_is_learned():
    torch.manual_seed(0)
    x, label = torch.ones(1000, 1), torch.repeat_interleave(torch.arange(3), COUNTS)
    learned = {}
    for name in ("plain", "logit-adjusted"):
        bias = torch.zeros(3, requires_grad=True)
        optimizer = torch.optim.LBFGS([bias], max_iter=50)
        loss = LongTailLoss(COUNTS, name, smoothing=0)

        def closure(bias=bias, optimizer=optimizer, loss=loss):
            optimizer.zero_grad()
            value = loss(x * bias, label)
            value.backward()
            return value

        optimizer.step(closure)
        learned[name] = bias.detach().softmax(0)
    assert torch.allclose(learned["plain"], COUNTS / 1000, atol=0.01), "it learns the frequencies"
    assert torch.allclose(learned["logit-adjusted"], torch.full((3,), 1 / 3), atol=0.01), "nothing tells them apart"


def test_class_balanced_weights_rare_clips_more_and_one_on_average():
    loss = LongTailLoss(COUNTS, "class-balanced", smoothing=0)
    weight = loss.weight
    assert weight[2] > weight[1] > weight[0]
    assert ((weight * COUNTS).sum() / COUNTS.sum()).item() == pytest.approx(1, rel=1e-5)
    empty = LongTailLoss(torch.tensor([5, 0]), "class-balanced")
    assert torch.isfinite(empty.weight).all()
