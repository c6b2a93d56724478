"""Kinesics turns a video of a person into a timeline of micro-gestures."""

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from kinesics.errors import KinesicsError

if TYPE_CHECKING:
    from kinesics.inference import analyze, classify

# OpenVINO reports every import to its makers over the network, unless this package of theirs cannot be found
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

__version__ = version("kinesics")
__all__ = ["KinesicsError", "__version__", "analyze", "classify"]


def __getattr__(name: str) -> Any:
    """`kinesics.analyze` and `kinesics.classify` load the networks when first used, so that importing stays quick."""
    if name in ("analyze", "classify"):
        from kinesics import inference

        return getattr(inference, name)
    raise AttributeError(f"module 'kinesics' has no attribute {name!r}")
