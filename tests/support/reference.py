"""The deterministic filling that stands behind the reference outputs: same names and shapes, same weights."""

import zlib

import numpy as np
import torch


def fill(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The float32 values of the state-dict entry `name`."""
    values = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)
    if name.endswith("running_var"):
        return 1 + np.abs(0.1 * values)
    if name.endswith("running_mean"):
        return 0.1 * values
    if len(shape) == 1 and name.endswith("weight"):
        return 1 + 0.1 * values
    if len(shape) >= 2 and not name.endswith("PA"):
        return values / np.sqrt(np.prod(shape[1:]))
    return 0.05 * values


def filled_state(keys: list[str]) -> dict[str, torch.Tensor]:
    """A state dict from `name|shape` lines."""
    state = {}
    for line in keys:
        name, _, sizes = line.partition("|")
        shape = tuple(int(size) for size in sizes.split(",") if size)
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(0)
        elif name.endswith("relative_position_index"):
            state[name] = window_index(7)
        elif name.endswith("attn_mask"):
            state[name] = torch.zeros(shape)  # rebuilt by whoever loads it
        else:
            state[name] = torch.from_numpy(np.asarray(fill(name, shape), np.float32))
    return state


def window_index(size: int) -> torch.Tensor:
    """(size², size²) rows of Swin's table of relative positions."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    down, right = (axis.flatten()[:, None] - axis.flatten()[None] + size - 1 for axis in (y, x))
    return down * (2 * size - 1) + right
