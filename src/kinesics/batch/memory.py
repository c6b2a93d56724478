"""How much memory there is, how much processes take, and how many of them fit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

USUAL = 700.0  # MB that a process takes until one has been measured
_FREE = 0.85  # of what is free; the rest is for other programs and for files
_KB = 1024


def processes_allowed(cores: int, free: float, taken: Iterable[float], peak: float) -> int:
    """Say how many processes may run at the same time.

    Parameters
    ----------
    cores : one process each at most.
    free : MB that nothing uses.
    taken : MB of each process that runs already.
    peak : MB that the largest of them has taken so far; every other is expected to come to that.

    Returns
    -------
    One at least.
    """
    return max(1, min(cores, int(_FREE * (free + sum(taken)) / max(peak, 1.0))))


def free_memory() -> float:
    """MB that new processes can have, on this machine and in this container."""
    free = _of_lines(Path("/proc/meminfo"), "MemAvailable")
    groups = Path("/sys/fs/cgroup")
    try:
        limit = int((groups / "memory.max").read_text())
        return min(free, (limit - int((groups / "memory.current").read_text())) / 1e6)
    except (OSError, ValueError):  # none, or "max"
        return free


def taken_memory(process: int) -> float:
    """MB that a process takes now; 0 for one that has ended."""
    return _of_lines(Path(f"/proc/{process}/status"), "VmRSS", 0.0)


def largest_memory() -> float:
    """MB that this process has taken at most; 0 where the system does not say."""
    return _of_lines(Path("/proc/self/status"), "VmHWM", 0.0)


def _of_lines(path: Path, key: str, otherwise: float = USUAL) -> float:
    """The number behind a key; `otherwise` where the system does not say."""
    try:
        for line in path.read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / _KB
    except OSError:
        pass
    return otherwise
