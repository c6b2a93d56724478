from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os, sys
from kinesics.perception.silence import silence_library
with silence_library():
    os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\\n")
    os.write(2, b"W0000 00:00:1795434934.481995 6118 some_calculator.cc:114] chatter\\n")
    os.write(2, b"E0000 00:00:1795434934.481995 6118 some_calculator.cc:115] trouble\\n")
    print("progress", file=sys.stderr)
os.write(2, b"after\\n")
"""


def test_chatter_is_dropped_and_the_rest_told() -> None:
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    lines = [line.rpartition("] ")[2] for line in result.stderr.splitlines()]
    assert lines == ["progress", "trouble", "after"]


def test_what_was_held_back_is_told_when_something_fails() -> None:
    failing = SCRIPT.replace('print("progress", file=sys.stderr)', 'raise ValueError("it failed")')
    result = subprocess.run([sys.executable, "-c", failing], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "trouble" in result.stderr
    assert "it failed" in result.stderr
    assert "chatter" not in result.stderr
