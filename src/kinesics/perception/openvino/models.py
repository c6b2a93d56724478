"""The models that travel with the package, and how OpenVINO runs them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton.sequence import FloatArray

FOLDER = Path(__file__).parent / "models"
LEDGER = FOLDER / "ledger.toml"
BATCH = 4  # images that a model is shown at once; more of them gain nothing
LANES = min(os.cpu_count() or 1, 4)  # batches at the same time, a thread each


@dataclass(frozen=True)
class ModelSpec:
    """How one model is run.

    side: pixels of its square input, 0 for one that takes points; outputs: those of the file that are calculated; low:
    what black becomes, white becoming 1; single: whether it takes one image at a time; coarse: whether bfloat16,
    where the processor has it, moves what the model finds by less than it trembles anyway.
    """

    file: str
    side: int
    outputs: tuple[int, ...] = (0, 1)
    low: float = 0.0
    single: bool = False
    coarse: bool = False


MODELS = {
    "face_finder": ModelSpec("face_detection_full_range_sparse.tflite", 192, low=-1.0, single=True, coarse=True),
    "face_detector": ModelSpec("face_detection_short_range.tflite", 128, low=-1.0, single=True),
    "pose_detector": ModelSpec("pose_detection.tflite", 224, low=-1.0, single=True),
    "palm_detector": ModelSpec("palm_detection_full.tflite", 192, single=True, coarse=True),
    # without its mask it takes two thirds of the time; bfloat16 would move it by 1 of 256 pixels and 5 cm in space
    "pose": ModelSpec("pose_landmark_full.tflite", 256, (0, 1, 3, 4)),
    "hand": ModelSpec("hand_landmark_full.tflite", 224, (0, 1, 2), coarse=True),
    "hand_crop": ModelSpec("hand_recrop.tflite", 256, (0,)),
    "face": ModelSpec("face_landmarks_detector.tflite", 256, coarse=True),
    "plain_face": ModelSpec("face_landmark.tflite", 192),
    "actions": ModelSpec("face_blendshapes.tflite", 0, (0,), single=True),
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
    """One model, compiled for whole batches and for single images when they are first asked for."""

    def __init__(self, core: Any, spec: ModelSpec) -> None:
        self._core, self._spec = core, spec
        self._requests: dict[int, list[Any]] = {}
        self._lock = Lock()  # a request runs one batch at a time

    def run(self, inputs: NDArray[Any]) -> list[FloatArray]:
        """Run the model; batches are shared between the processor's cores.

        Parameters
        ----------
        inputs : N ≥ 1 of them

        Returns
        -------
        Its outputs, each (N, …).
        """
        with self._lock:
            running: list[tuple[Any, NDArray[Any]]] = []
            found: list[list[FloatArray]] = []
            for number, batch in enumerate(self._batches(inputs)):
                if len(running) == LANES:
                    found.append(_answer(running.pop(0)[0]))
                request = self._compiled(len(batch))[number % LANES]
                request.start_async({0: batch}, share_inputs=True)
                running.append((request, batch))  # the input is kept as long as it is needed
            found += [_answer(request) for request, _ in running]
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]

    def _batches(self, inputs: NDArray[Any]) -> Iterator[NDArray[Any]]:
        whole = 0 if self._spec.single else len(inputs) // BATCH * BATCH
        for start in range(0, whole, BATCH):
            yield inputs[start : start + BATCH]
        for start in range(whole, len(inputs)):
            yield inputs[start : start + 1]

    def _compiled(self, batch: int) -> list[Any]:
        if batch not in self._requests:
            precision = {} if self._spec.coarse else {"INFERENCE_PRECISION_HINT": "f32"}
            threads = {"NUM_STREAMS": LANES, "INFERENCE_NUM_THREADS": LANES}
            compiled = self._core.compile_model(_read(self._core, self._spec, batch), "CPU", precision | threads)
            self._requests[batch] = [compiled.create_infer_request() for _ in range(LANES)]
        return self._requests[batch]


def _read(core: Any, spec: ModelSpec, batch: int) -> Any:
    """The model with the outputs that are needed, for a batch of (side, side, 3) uint8 images, or of points."""
    from openvino import Layout, Model, PartialShape, Type
    from openvino.preprocess import PrePostProcessor

    read = core.read_model(FOLDER / spec.file)
    model = Model([read.get_results()[output] for output in spec.outputs], read.get_parameters())
    if not spec.side:
        return model
    model.reshape({model.inputs[0]: PartialShape([batch, spec.side, spec.side, 3])})
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(Type.u8).set_layout(Layout("NHWC"))
    scale = 255 / (1 - spec.low)
    steps.input().preprocess().convert_element_type(Type.f32).mean(-spec.low * scale).scale(scale)
    return steps.build()


def _answer(request: Any) -> list[FloatArray]:
    request.wait()
    return [np.array(tensor.data, np.float32) for tensor in request.output_tensors]
