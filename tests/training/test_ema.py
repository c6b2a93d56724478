import pytest
import torch
from torch import nn

pytest.importorskip("lightning", reason="the train extra is not installed")

from lightning.pytorch import LightningModule

from kinesics.training.ema import EMA


def test_weights_are_averaged_and_indices_are_left_alone():
    """Where bones end is no weight: an average cut to an integer would point elsewhere."""
    module, network = LightningModule(), nn.Linear(1, 1)
    module.network = network
    network.register_buffer("parents", torch.arange(50))
    callback = EMA(decay=0.9)
    callback.setup(None, module, "fit")
    expected = network.weight.item()
    callback._average_model.update_parameters(module)  # the first is a copy
    for value in (1.0, 2.0, 3.0):
        nn.init.constant_(network.weight, value)
        callback._average_model.update_parameters(module)
        expected = 0.9 * expected + 0.1 * value
    callback.on_train_end(None, module)
    assert network.weight.item() == pytest.approx(expected, abs=1e-6)
    assert torch.equal(network.parents, torch.arange(50))
