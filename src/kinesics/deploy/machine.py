"""The machine that is measured: what it is, its peaks, and the memory of this process."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinesics.threads import threads

_PACKAGES = ("kinesics", "torch", "torchvision", "onnxruntime", "openvino", "mediapipe", "av")
_SIZE = 1536  # of the square matrices whose product is timed


@dataclass(frozen=True)
class Machine:
    """What was measured on, with peaks that were reached.

    Attributes
    ----------
    processor : its name.
    threads : that the networks use.
    gpu : its name, "" without one.
    versions : of the packages that matter, by name.
    gflops : GFLOP/s of a matrix product, by precision, "f32" and "bf16".
    gigabytes : GB/s of copying memory.
    """

    processor: str
    threads: int
    gpu: str
    versions: Mapping[str, str]
    gflops: Mapping[str, float]
    gigabytes: float


def measure_machine(clock: Callable[[], float]) -> Machine:
    """Measure this machine by a clock that gives seconds."""
    gflops = {}
    for name, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        x = torch.randn(_SIZE, _SIZE).to(dtype)
        gflops[name] = 2 * _SIZE**3 / 1e9 / _best(lambda x=x: x @ x, clock)  # type: ignore[misc]
    block = np.ones(1 << 25, np.float32)  # 128 MB: more than any cache
    there = np.empty_like(block)
    gigabytes = 2 * block.nbytes / 1e9 / _best(lambda: np.copyto(there, block), clock)
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    versions = {name: found for name in _PACKAGES if (found := _version(name))}
    return Machine(_processor(), threads(), gpu, versions, gflops, gigabytes)


def _best(work: Callable[[], Any], clock: Callable[[], float], tries: int = 7) -> float:
    """Seconds of the quickest try after one that does not count: a peak is what can be reached."""
    work()
    took = []
    for _ in range(tries):
        begin = clock()
        work()
        took.append(clock() - begin)
    return min(took)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def reset_peak_memory() -> None:
    """Begin a new count of the largest resident memory, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory() -> float | None:
    """The largest resident memory of this process since then, in MB; None where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
