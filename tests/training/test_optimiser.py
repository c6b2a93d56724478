"""Every parameter that is to be trained gets its rate, whether or not the encoders' is the same."""

import pytest
import torch
from torch import nn

pytest.importorskip("lightning", reason="the train extra is not installed")

import lightning as L

from kinesics.training.optimiser import adamw_one_cycle


class Task(L.LightningModule):
    def __init__(self, encoder_rate):
        super().__init__()
        self.encoder, self.frozen, self.head = nn.Linear(2, 2), nn.Linear(2, 2).requires_grad_(False), nn.Linear(2, 1)
        self.encoder_rate = encoder_rate

    def training_step(self, batch, _):
        return self.head(self.frozen(self.encoder(batch))).mean()

    def configure_optimizers(self):
        encoders = [self.encoder, self.frozen]
        return adamw_one_cycle(self, encoders, rate=0.01, encoder_rate=self.encoder_rate, weight_decay=0.1)


@pytest.mark.parametrize("encoder_rate", [0.1, 1.0])
def test_each_part_has_its_rate(tmp_path, encoder_rate):
    task = Task(encoder_rate)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = L.Trainer(max_epochs=1, accelerator="cpu", enable_model_summary=False, **quiet)
    trainer.fit(task, torch.utils.data.DataLoader(torch.ones(4, 2), batch_size=1))
    highest = {
        id(parameter): group["max_lr"] for group in trainer.optimizers[0].param_groups for parameter in group["params"]
    }
    assert highest == {
        **{id(parameter): pytest.approx(0.01 * encoder_rate) for parameter in task.encoder.parameters()},
        **{id(parameter): pytest.approx(0.01) for parameter in task.head.parameters()},
    }
