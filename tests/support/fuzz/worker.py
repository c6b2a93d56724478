"""A process that reads one damaged file after another, and tells what became of each: `python -m support.fuzz.worker`.

A line on standard input names a file; the answer is a line of JSON. What libraries print goes nowhere.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path

from support.fuzz.readers import READERS

ROOM = 6 << 30  # bytes of address space beyond what is there when reading begins: the machine's own guard


def main(name: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    warnings.simplefilter("ignore")
    read = READERS[name].read
    for line in sys.stdin:
        answers.write(json.dumps(_outcome(read, Path(line.rstrip("\n")))) + "\n")
        answers.flush()


def _outcome(read, path: Path) -> dict[str, object]:
    from kinesics.errors import KinesicsError

    resource.setrlimit(resource.RLIMIT_AS, (_megabytes("VmSize") * 2**20 + ROOM, resource.RLIM_INFINITY))
    Path("/proc/self/clear_refs").write_text("5")  # the peak of memory is counted anew
    begin = time.perf_counter()
    try:
        read(path)
        found = {"outcome": "read", "message": ""}
    except KinesicsError as error:
        found = {"outcome": "refused", "message": str(error)}
    except BaseException as error:
        where = "; ".join(
            f"{Path(one.filename).name}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)
        )
        found = {"outcome": type(error).__name__, "message": f"{error} [{where}]"}
    return found | {"seconds": time.perf_counter() - begin, "megabytes": _megabytes("VmHWM")}


def _megabytes(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main(sys.argv[1])
