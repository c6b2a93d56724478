"""The models that travel with the package, and how OpenVINO runs them."""

from __future__ import annotations

import hashlib
import io
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.files import cache_folder, replacing
from kinesics.skeleton.sequence import FloatArray
from kinesics.threads import UNPINNED, threads

FOLDER = Path(__file__).parent / "models"
LEDGER = FOLDER / "ledger.toml"
LANES = min(threads(), 4)  # images at the same time, a thread each: batches gain less than compiling for them

_PROCESSOR = ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")
_DIGEST = 32  # bytes of a sha256


@dataclass(frozen=True)
class ModelSpec:
    """How one model is run.

    side: pixels of its square input, 0 for one that takes points; outputs: those of the file that are calculated; low:
    what black becomes, white becoming 1; coarse: whether bfloat16, where the processor has it, moves what the model
    finds by less than it trembles anyway.
    """

    file: str
    side: int
    outputs: tuple[int, ...] = (0, 1)
    low: float = 0.0
    coarse: bool = False


MODELS = {
    "face_finder": ModelSpec("face_detection_full_range_sparse.tflite", 192, low=-1.0, coarse=True),
    "face_detector": ModelSpec("face_detection_short_range.tflite", 128, low=-1.0),
    "pose_detector": ModelSpec("pose_detection.tflite", 224, low=-1.0),
    "palm_detector": ModelSpec("palm_detection_full.tflite", 192, coarse=True),
    # without its mask it takes two thirds of the time; bfloat16 would move it by 1 of 256 pixels and 5 cm in space
    "pose": ModelSpec("pose_landmark_full.tflite", 256, (0, 1, 3, 4)),
    "hand": ModelSpec("hand_landmark_full.tflite", 224, (0, 1, 2), coarse=True),
    "hand_crop": ModelSpec("hand_recrop.tflite", 256, (0,)),
    "face": ModelSpec("face_landmarks_detector.tflite", 256, coarse=True),
    "plain_face": ModelSpec("face_landmark.tflite", 192),
    "actions": ModelSpec("face_blendshapes.tflite", 0, (0,)),
}


def ledger() -> dict[str, dict[str, str]]:
    """file: where it comes from, its licence and its sha256."""
    entries: dict[str, dict[str, str]] = tomllib.loads(LEDGER.read_text())
    return entries


class Models:
    """All of them, each opened when it is first needed."""

    def __init__(self) -> None:
        from openvino import Core

        self._core = Core()
        self._networks = {name: Network(self._core, spec) for name, spec in MODELS.items()}

    def run(self, name: str, inputs: NDArray[Any]) -> list[FloatArray]:
        """Run a model.

        Parameters
        ----------
        name : in `MODELS`
        inputs : (N, side, side, 3) uint8 images, or (N, K, 2) points

        Returns
        -------
        Its outputs, each (N, …).
        """
        return self._networks[name].run(inputs)


class Network:
    """One model, compiled when it is first asked for."""

    def __init__(self, core: Any, spec: ModelSpec) -> None:
        self._core, self._spec = core, spec
        self._requests: list[Any] = []
        self._lock = Lock()  # a request looks at one image at a time

    def run(self, inputs: NDArray[Any]) -> list[FloatArray]:
        """Run the model; inputs are shared between the processor's cores.

        Parameters
        ----------
        inputs : N ≥ 1 of them

        Returns
        -------
        Its outputs, each (N, …).
        """
        with self._lock:
            if not self._requests:
                self._compile()
            found: list[list[FloatArray]] = []
            for i in range(len(inputs)):
                if i >= LANES:
                    found.append(_answer(self._requests[i % LANES]))
                self._requests[i % LANES].start_async({0: inputs[i : i + 1]}, share_inputs=True)
            for i in range(max(len(inputs) - LANES, 0), len(inputs)):
                found.append(_answer(self._requests[i % LANES]))
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]

    def _compile(self) -> None:
        precision = {} if self._spec.coarse else {"INFERENCE_PRECISION_HINT": "f32"}
        threads = {"NUM_STREAMS": LANES, "INFERENCE_NUM_THREADS": LANES} | UNPINNED
        compiled = _compiled(self._core, self._spec, precision | threads)
        self._requests = [compiled.create_infer_request() for _ in range(LANES)]


def _compiled(core: Any, spec: ModelSpec, settings: dict[str, Any]) -> Any:
    """The model, compiled for this processor: read from the user's cache, which takes a third of the time, or anew."""
    from openvino import get_version

    about = [get_version(), spec, settings, *(core.get_property("CPU", name) for name in _PROCESSOR)]
    key = hashlib.sha256((repr(about) + ledger()[spec.file]["sha256"]).encode()).hexdigest()
    with suppress(KinesicsError, OSError, RuntimeError):  # no cache, a damaged one, or one that OpenVINO refuses
        cache = cache_folder() / "landmark_models" / f"{Path(spec.file).stem}-{key[:16]}.compiled"
        if cache.is_file():
            whole = cache.read_bytes()
            if hashlib.sha256(whole[_DIGEST:]).digest() == whole[:_DIGEST]:
                return core.import_model(io.BytesIO(whole[_DIGEST:]), "CPU", settings)
        return _kept(core.compile_model(_read(core, spec), "CPU", settings), cache)
    return core.compile_model(_read(core, spec), "CPU", settings)


def _kept(compiled: Any, cache: Path) -> Any:
    """The compiled model, written to the cache where that can be written; its sha256 leads the file."""
    with suppress(KinesicsError, OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        values = compiled.export_model().getvalue()
        with replacing(cache) as temporary:
            temporary.write_bytes(hashlib.sha256(values).digest() + values)
    return compiled


def _read(core: Any, spec: ModelSpec) -> Any:
    """The model with the outputs that are needed, for one (1, side, side, 3) uint8 image, or for points."""
    from openvino import Layout, Model, PartialShape, Type
    from openvino.preprocess import PrePostProcessor

    read = core.read_model(FOLDER / spec.file)
    model = Model([read.get_results()[output] for output in spec.outputs], read.get_parameters())
    if not spec.side:
        return model
    model.reshape({model.inputs[0]: PartialShape([1, spec.side, spec.side, 3])})
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(Type.u8).set_layout(Layout("NHWC"))
    scale = 255 / (1 - spec.low)
    steps.input().preprocess().convert_element_type(Type.f32).mean(-spec.low * scale).scale(scale)
    return steps.build()


def _answer(request: Any) -> list[FloatArray]:
    request.wait()
    return [np.array(tensor.data, np.float32) for tensor in request.output_tensors]
