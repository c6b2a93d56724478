"""Training in several processes, on one machine or many: batch norms of the whole batch, and a process that dies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning as L
import torch
import torch.distributed as dist
from lightning.pytorch.plugins.layer_sync import LayerSync
from torch import Tensor, nn

from kinesics.errors import KinesicsError

# how the libraries that connect processes say that one of them has gone
_GONE = re.compile(r"closed by peer|connection reset|broken pipe|timed out|timeout|nccl|gloo|socket", re.IGNORECASE)


class _Summed(torch.autograd.Function):
    """The sum over all processes, whose gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


def _summed(value: Tensor) -> Tensor:
    total: Tensor = _Summed.apply(value)
    return total


def _whole_batch(norm: nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d, x: Tensor) -> Tensor:
    """Batch norm with the mean and variance of all processes' batches together."""
    across = [0, *range(2, x.dim())]
    shape = [1, -1, *[1] * (x.dim() - 2)]
    wide = x if x.dtype is torch.float64 else x.float()
    sums = _summed(torch.cat([wide.sum(across), wide.new_tensor([x.numel() / x.shape[1]])]))
    mean, count = sums[:-1] / sums[-1], sums[-1].detach()
    centred = wide - mean.view(shape)
    variance = _summed(centred.square().sum(across)) / count
    if norm.track_running_stats and norm.running_mean is not None and norm.running_var is not None:
        with torch.no_grad():
            assert norm.num_batches_tracked is not None
            norm.num_batches_tracked += 1
            share = norm.momentum if norm.momentum is not None else 1 / float(norm.num_batches_tracked)
            norm.running_mean.lerp_(mean.detach().to(norm.running_mean.dtype), share)
            unbiased = variance.detach() * count / (count - 1)
            norm.running_var.lerp_(unbiased.to(norm.running_var.dtype), share)
    out = centred * torch.rsqrt(variance + norm.eps).view(shape)
    if norm.affine:
        out = out * norm.weight.view(shape) + norm.bias.view(shape)
    return out.to(x.dtype)


class WholeBatchNorm1d(nn.BatchNorm1d):
    """A batch norm over all processes, on any device; torch's own wants a GPU."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise by the statistics of all processes.

        Parameters
        ----------
        x : (N, C) or (N, C, L)

        Returns
        -------
        the same shape
        """
        return _whole_batch(self, x) if self.training else super().forward(x)


class WholeBatchNorm2d(nn.BatchNorm2d):
    """A batch norm over all processes, on any device; torch's own wants a GPU."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise by the statistics of all processes.

        Parameters
        ----------
        x : (N, C, H, W)

        Returns
        -------
        the same shape
        """
        return _whole_batch(self, x) if self.training else super().forward(x)


class WholeBatchNorm3d(nn.BatchNorm3d):
    """A batch norm over all processes, on any device; torch's own wants a GPU."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise by the statistics of all processes.

        Parameters
        ----------
        x : (N, C, D, H, W)

        Returns
        -------
        the same shape
        """
        return _whole_batch(self, x) if self.training else super().forward(x)


_WHOLE: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: WholeBatchNorm1d,
    nn.BatchNorm2d: WholeBatchNorm2d,
    nn.BatchNorm3d: WholeBatchNorm3d,
}


class WholeBatchNorms(LayerSync):
    """Make every batch norm count the batches of all processes, so that n of them learn what one learns.

    Lightning applies it where there are several processes, and takes it back after training.
    """

    def apply(self, model: nn.Module) -> nn.Module:
        """Turn the batch norms of a model into those of all processes; their tensors stay what they are."""
        return _replaced(model, _WHOLE)

    def revert(self, model: nn.Module) -> nn.Module:
        """Turn them back."""
        return _replaced(model, {whole: own for own, whole in _WHOLE.items()})


def _replaced(model: nn.Module, classes: dict[type[nn.Module], type[nn.Module]]) -> nn.Module:
    for module in model.modules():
        if type(module) in classes:
            module.__class__ = classes[type(module)]
    return model


@contextmanager
def together(trainer: L.Trainer, out: Path) -> Iterator[None]:
    """Say in one line that another process of a training has ended, which ends this one as well.

    Parameters
    ----------
    trainer : of this process.
    out : the run's folder, from which it resumes.

    Returns
    -------
    A context for the training.

    Raises
    ------
    KinesicsError
        in place of what the libraries that connect processes raise.
    """
    try:
        yield
    except (RuntimeError, ConnectionError) as error:
        if trainer.world_size == 1 or not _GONE.search(str(error)):
            raise
        raise KinesicsError(
            f"{out}: expected {trainer.world_size} processes that train together, found that another one than this "
            f"({trainer.global_rank}) has ended or cannot be reached; see to it, and call again: the run resumes from "
            "its last epoch"
        ) from error
