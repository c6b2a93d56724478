"""Keep a C++ library's chatter off the terminal."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# glog's information and warnings, and TensorFlow Lite's greetings; errors (E, F) pass
_CHATTER = re.compile(rb"^([IW]\d{4} |INFO: |WARNING: All log messages)")


@contextmanager
def silence_library() -> Iterator[None]:
    """Hold back what is written to the process's standard error past Python, and pass on what matters at the end.

    Python's own `sys.stderr` keeps writing to the terminal, progress bars included.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    python = sys.stderr
    moved = _writes_to(python, 2)
    with tempfile.TemporaryFile() as held, os.fdopen(terminal, "w", buffering=1, closefd=False) as stream:
        os.dup2(held.fileno(), 2)
        if moved:
            sys.stderr = stream
        try:
            yield
        finally:
            sys.stderr = python
            os.dup2(terminal, 2)
            os.close(terminal)
            held.seek(0)
            for line in held:
                if not _CHATTER.match(line):
                    os.write(2, line)


def _writes_to(stream: object, descriptor: int) -> bool:
    try:
        return stream.fileno() == descriptor  # type: ignore[attr-defined, no-any-return]
    except (AttributeError, OSError, ValueError):
        return False
