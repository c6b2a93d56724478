"""Networks as they answer fastest on this machine, with the numbers that they were trained to give."""

from __future__ import annotations

import copy
import statistics
import time
from functools import cache
from typing import Any

import torch
from torch import nn

from kinesics.models.skeleton.agcn import TwoStreamAGCN
from kinesics.models.skeleton.agcn_inference import InferenceAGCN

_SIZE, _TRIES = 512, 5  # of the matrix products that are timed: some 20 ms in all


def optimised(network: nn.Module, dtype: torch.dtype | None = None) -> nn.Module:
    """The network for inference, with the same inputs and outputs, on the CPU; `network` itself is left as it is.

    2s-AGCN and MViTv2 are rearranged, in a GestureNet as well; whatever else computes under autocast. dtype: by
    default `best_dtype()`; float32 agrees with `network` to rounding, bfloat16 within some 1 % of the outputs' norm.
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
    """bfloat16 where this processor multiplies matrices faster in it than in float32, measured once."""
    took = {}
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.ones(_SIZE, _SIZE, dtype=dtype)
        took[dtype] = statistics.median(_seconds(x) for _ in range(_TRIES))
    return min(took, key=lambda dtype: took[dtype])


def _seconds(x: torch.Tensor) -> float:
    begin = time.perf_counter()
    x @ x
    return time.perf_counter() - begin


def _rearranged(network: nn.Module, dtype: torch.dtype) -> nn.Module | None:
    if isinstance(network, TwoStreamAGCN):
        return InferenceAGCN(network, dtype)
    if type(network).__name__ != "VideoEncoder":  # torchvision takes seconds to load: not for skeletons alone
        return None
    from kinesics.models.video.mvit import VideoEncoder
    from kinesics.models.video.mvit_inference import InferenceVideoEncoder

    assert isinstance(network, VideoEncoder)
    return InferenceVideoEncoder(network, dtype)


class _Autocast(nn.Module):
    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network, self.dtype = network, dtype

    def forward(self, *inputs: Any, **named: Any) -> Any:
        with torch.autocast("cpu", self.dtype):
            return self.network(*inputs, **named)
