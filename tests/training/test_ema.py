import pytest
import torch
from torch import nn

pytest.importorskip("lightning", reason="the train extra is not installed")

import lightning as L

from kinesics.training.ema import EMA


class Falling(L.LightningModule):
    """A weight that falls by 1 a step, and indices, which an average cut to an integer would spoil."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("parents", torch.arange(50))

    def training_step(self, batch, _):
        return self.weight.sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 1.0)


def test_weights_are_averaged_and_indices_are_left_alone():
    module = Falling()
    off = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = L.Trainer(max_epochs=1, accelerator="cpu", callbacks=[EMA(decay=0.9)], **off)
    trainer.fit(module, torch.utils.data.DataLoader(torch.zeros(4, 1)))
    expected = -1.0  # the first is a copy
    for value in (-2.0, -3.0, -4.0):
        expected = 0.9 * expected + 0.1 * value
    assert module.weight.item() == pytest.approx(expected, abs=1e-6)
    assert torch.equal(module.parents, torch.arange(50))
