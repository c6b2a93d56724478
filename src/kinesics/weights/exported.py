"""Networks that `kinesics export` wrote, run by ONNX Runtime or OpenVINO; no torch is loaded."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinesics.errors import KinesicsError
from kinesics.files import sha256_of
from kinesics.reading import check_archive, reading
from kinesics.skeleton.sequence import FloatArray
from kinesics.threads import UNPINNED, threads
from kinesics.weights.specification import Specification, read_specification

ONNX, OPENVINO = ".onnx", ".openvino"  # the latter a zip of OpenVINO's own two files and the specification
SUFFIXES = (ONNX, OPENVINO)
MODEL, VALUES, METADATA = "model.xml", "model.bin", "specification.json"
EXPORT, MEND_EXPORT = "a network written by `kinesics export`", "export it again"
WEIGHTS_SHA256 = "weights_sha256"  # in the specification's JSON: of the weights that were exported

_LOGITS = {  # the outputs that hold a logit a class
    "two_stream_agcn": ("both", "joint", "bone"),
    "gesture_net": ("logits", "video_logits", "skeleton_logits"),
}

Run = Callable[[Mapping[str, Any]], dict[str, FloatArray]]


class ExportedNetwork:
    """Named arrays in, named arrays out; what it wants and gives depends on the network, see `kinesics.deploy.export`.

    A skeleton network takes `xyz` (N, T, V, 3) and `score` (N, T, V) as they were found and gives `both`, `joint` and
    `bone`, logits (N, C): its normalisation is inside.

    Parameters
    ----------
    run : computes the outputs by name from the inputs by name.
    specification : of the network.
    sha256 : of the weights that were exported, or of the file where an earlier export does not tell.
    """

    def __init__(self, run: Run, specification: Specification, sha256: str) -> None:
        self.specification, self.sha256 = specification, sha256
        self._run = run

    def __call__(self, **inputs: Any) -> dict[str, FloatArray]:
        return self._run(inputs)


def read_exported(path: Path, precision: str | None = None) -> ExportedNetwork:
    """The network in an `.onnx` or `.openvino` file.

    precision: "f32" or "bf16" for OpenVINO, which otherwise takes bf16 where the processor has it; ONNX Runtime
    computes as the file says. Raises KinesicsError for a missing file, one that Kinesics did not write, and without
    the runtime.
    """
    if not path.is_file():
        raise KinesicsError(f"{path}: no such weights file; write one with `kinesics export`")
    with reading(path, EXPORT, MEND_EXPORT):
        try:
            run, metadata = _onnx(path) if path.suffix == ONNX else _openvino(path, precision)
        except ModuleNotFoundError as error:
            raise KinesicsError(
                f"{path}: expected the Python package {error.name} to run it, found none; "
                "pip install 'kinesics[runtime]'"
            ) from error
        weights_sha256, specification = _parted(metadata)

    def answer(inputs: Mapping[str, Any]) -> dict[str, FloatArray]:
        with reading(path, EXPORT, MEND_EXPORT):
            found = run(inputs)
            for name in _LOGITS.get(specification.network, ()):
                if found[name].shape[-1] != len(specification.classes):
                    raise ValueError(f"{len(specification.classes)} names for {found[name].shape[-1]} classes")
            return found

    return ExportedNetwork(answer, specification, weights_sha256 or sha256_of(path))


def read_export_of(weights: Path) -> ExportedNetwork | None:
    """The export of a weights file that lies beside it as `.openvino`, computing in float32; None without one.

    An export of other weights, one that cannot be read, and a missing runtime count as none.
    """
    path = weights.with_suffix(OPENVINO)
    if not path.is_file() or not weights.is_file() or importlib.util.find_spec("openvino") is None:
        return None
    try:
        network = read_exported(path, "f32")
    except KinesicsError:
        return None
    return network if network.sha256 == sha256_of(weights) else None


def _parted(metadata: str) -> tuple[str, Specification]:
    """The sha256 of the exported weights, "" where an earlier export does not tell, and their specification."""
    described = json.loads(metadata)
    if not isinstance(described, dict):
        raise ValueError("no specification")
    return described.pop(WEIGHTS_SHA256, ""), read_specification(json.dumps(described))


def _onnx(path: Path) -> tuple[Run, str]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.log_severity_level = 3  # errors alone
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Mapping[str, Any]) -> dict[str, FloatArray]:
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))

    return run, session.get_modelmeta().custom_metadata_map["specification"]


def _openvino(path: Path, precision: str | None) -> tuple[Run, str]:
    import openvino

    with zipfile.ZipFile(path) as archive:
        check_archive(archive)
        model, values, metadata = (archive.read(name) for name in (MODEL, VALUES, METADATA))
    core = openvino.Core()
    network = core.read_model(model, openvino.Tensor(np.frombuffer(values, np.uint8)))
    wanted = {} if precision is None else {"INFERENCE_PRECISION_HINT": precision}
    compiled = core.compile_model(network, "CPU", {"INFERENCE_NUM_THREADS": threads()} | UNPINNED | wanted)
    names = [output.get_any_name() for output in compiled.outputs]

    def run(inputs: Mapping[str, Any]) -> dict[str, FloatArray]:
        found = compiled(dict(inputs))
        return {name: np.array(found[name]) for name in names}

    return run, metadata.decode()
