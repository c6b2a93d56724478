"""Networks as they run fastest on this machine, with the numbers that they were trained to give.

A network that can be rearranged is a row of `ARRANGEMENTS`; whatever else computes under autocast.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

if TYPE_CHECKING:
    from kinesics.models.skeleton.agcn import TwoStreamAGCN
    from kinesics.models.video.mvit import VideoEncoder

_SIZE, _TRIES = 512, 5  # of the matrix products that are timed: some 20 ms in all


def optimised(network: nn.Module, dtype: torch.dtype | None = None) -> nn.Module:
    """Arrange a network for inference, with the same inputs and outputs, on the CPU; `network` is left as it is.

    Its parts are rearranged where it is not itself a row of `ARRANGEMENTS`. dtype: by default `best_dtype()`; float32
    agrees with `network` to rounding, bfloat16 within some 1 % of the outputs' norm.
    """
    dtype = best_dtype() if dtype is None else dtype
    rearranged = _rearranged(network, dtype)
    if rearranged is not None:
        return rearranged
    whole = copy.deepcopy(network).eval().requires_grad_(False)
    for name, part in list(whole.named_children()):
        if (better := _rearranged(part, dtype)) is not None:
            setattr(whole, name, better)
    return whole if dtype is torch.float32 else _Autocast(whole, dtype)


@cache
def best_dtype() -> torch.dtype:
    """Choose bfloat16 where this processor multiplies matrices faster in it than in float32, measured once."""
    took = {}
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.ones(_SIZE, _SIZE, dtype=dtype)
        took[dtype] = statistics.median(_seconds(x) for _ in range(_TRIES))
    return min(took, key=lambda dtype: took[dtype])


def _seconds(x: torch.Tensor) -> float:
    begin = time.perf_counter()
    x @ x
    return time.perf_counter() - begin


def _inference_agcn(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    from kinesics.models.skeleton.agcn_inference import InferenceAGCN

    return InferenceAGCN(cast("TwoStreamAGCN", network), dtype)


def _inference_mvit(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    from kinesics.models.video.mvit_inference import InferenceVideoEncoder

    return InferenceVideoEncoder(cast("VideoEncoder", network), dtype)


# by the name of the class: torchvision takes seconds to load, and skeletons do without it
ARRANGEMENTS: dict[str, Callable[[nn.Module, torch.dtype], nn.Module]] = {
    "TwoStreamAGCN": _inference_agcn,
    "VideoEncoder": _inference_mvit,
}


def _rearranged(network: nn.Module, dtype: torch.dtype) -> nn.Module | None:
    arrange = ARRANGEMENTS.get(type(network).__name__)
    return arrange and arrange(network, dtype)


class _Autocast(nn.Module):
    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network, self.dtype = network, dtype

    def forward(self, *inputs: Any, **named: Any) -> Any:
        with torch.autocast("cpu", self.dtype):
            return self.network(*inputs, **named)
