"""The optimiser of both tracks: AdamW and one cycle, with the encoders at a rate of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import lightning as L
import torch
from torch import nn


def adamw_one_cycle(
    task: L.LightningModule, encoders: Iterable[nn.Module], *, rate: float, encoder_rate: float, weight_decay: float
) -> Any:
    """Build what `configure_optimizers` returns, for all of the task's parameters that are to be trained.

    Parameters
    ----------
    task : whose parameters are trained, and whose trainer knows the number of steps.
    encoders : modules with a rate of their own.
    rate : the highest learning rate of the cycle.
    encoder_rate : the share of it that the encoders get.
    weight_decay : as AdamW has it.

    Returns
    -------
    Optimiser and schedule, as Lightning wants them.
    """
    slow = {id(parameter) for encoder in encoders for parameter in encoder.parameters()}
    trained = [parameter for parameter in task.parameters() if parameter.requires_grad]
    both = (
        (rate, [parameter for parameter in trained if id(parameter) not in slow]),
        (rate * encoder_rate, [parameter for parameter in trained if id(parameter) in slow]),
    )
    rates, groups = zip(*((one, parameters) for one, parameters in both if parameters), strict=True)
    optimizer = torch.optim.AdamW([{"params": group} for group in groups], weight_decay=weight_decay)
    steps = int(task.trainer.estimated_stepping_batches)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, list(rates), total_steps=steps, pct_start=0.15)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
