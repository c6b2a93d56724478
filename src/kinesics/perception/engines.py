"""The landmark engines by name; each is imported when it is opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from kinesics.errors import KinesicsError
from kinesics.perception.engine import LandmarkEngine


@cache  # its models are compiled once for all the recordings of a process
def _openvino() -> LandmarkEngine:
    from kinesics.perception.openvino.engine import OpenVINOEngine

    return OpenVINOEngine()


def _mediapipe() -> LandmarkEngine:
    import mediapipe  # noqa: F401, not installed with the package

    from kinesics.perception.mediapipe_engine import MediaPipeEngine

    return MediaPipeEngine()


DEFAULT_ENGINE = "openvino"
ENGINES: dict[str, Callable[[], LandmarkEngine]] = {  # by the names that --engine takes
    "openvino": _openvino,
    "mediapipe": _mediapipe,
}


def open_engine(name: str = DEFAULT_ENGINE) -> LandmarkEngine:
    """The landmark engine of this name; raises KinesicsError as `check_engine`, or if its library is missing."""
    try:
        return ENGINES[check_engine(name)]()
    except ImportError as error:
        raise KinesicsError(
            f"--engine {name}: expected its library, found none ({error}); pip install {name}, or choose another engine"
        ) from error


def check_engine(name: str) -> str:
    """The name, if there is an engine of it; else raises KinesicsError that lists them all."""
    if name not in ENGINES:
        raise KinesicsError(f"--engine {name}: no such landmark engine; expected one of {', '.join(ENGINES)}")
    return name
