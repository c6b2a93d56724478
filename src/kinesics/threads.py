"""How many cores and threads this process may use."""

from __future__ import annotations

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of the container, where there is one

# how OpenVINO is told so; without it each process pins its threads to the first cores, where those of others are pinned
UNPINNED = {"ENABLE_CPU_PINNING": False}


def cores() -> int:
    """Those that this process may run on, no more than its container is granted."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = _QUOTA.read_text().split()
        return max(1, min(allowed, round(int(quota) / int(period))))
    except (OSError, ValueError):  # none, or "max"
        return allowed


def threads() -> int:
    """As many as OMP_NUM_THREADS says, which neither runtime reads, or as there are `cores`."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) else cores()
