"""Export: one file with preprocessing inside and the specification as metadata, checked against torch as it is written.

A network is exported in float32. As int8 (8-bit weights and activations, calibrated on simulated clips) it is written
only if it chooses the same classes as before.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from kinesics.deploy.prepared import (
    PreparedEmotion,
    PreparedExpression,
    PreparedFaces,
    PreparedGestures,
    PreparedNetwork,
    PreparedSkeleton,
    PreparedVideo,
)
from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.skeleton.sequence import FloatArray
from kinesics.weights.exported import METADATA, MODEL, ONNX, OPENVINO, VALUES, WEIGHTS_SHA256, read_exported
from kinesics.weights.load import load_network
from kinesics.weights.specification import DEFAULT, Specification

Runtime = Literal["onnx", "openvino"]
TOLERANCE = 1e-3  # largest difference from torch in float32, as a share of the output's largest value
AGREEMENT = 0.98  # share of simulated clips in which int8 must choose the class that float32 chooses
_OPSET = 18
_CALIBRATE, _COMPARE = 2, 6  # simulated clips of each class
COMPARED_SAMPLES = 3  # of random input, on which the export is compared


@dataclass(frozen=True)
class Exported:
    """A written export.

    Attributes
    ----------
    path : the file.
    difference : the largest from torch, as a share of the output's largest value.
    agreement : share of simulated clips in which int8 chooses the class of float32, None for float32 itself.
    """

    path: Path
    difference: float
    agreement: float | None = None


def export(path: Path, runtime: Runtime, *, weights: Path = DEFAULT, int8: bool = False) -> Exported:
    """Write a network for ONNX Runtime (`.onnx`) or OpenVINO (`.openvino`).

    Its inputs and outputs are those of its class in `kinesics.deploy.prepared`; the first dimension is free.

    Parameters
    ----------
    path : the file to write.
    runtime : what is to run it.
    weights : of the network.
    int8 : whether to compute in 8 bits, calibrated on simulated clips.

    Returns
    -------
    What was written, and how far it is from torch.

    Raises
    ------
    KinesicsError
        for weights that cannot be exported, a result that differs from torch by more than `TOLERANCE`, an int8
        network that agrees on less than `AGREEMENT` of simulated clips, or a file that cannot be written.
    """
    suffix = {"onnx": ONNX, "openvino": OPENVINO}[runtime]
    if path.suffix != suffix:
        raise KinesicsError(f"{path}: expected a name ending in {suffix}, found {path.suffix or 'no suffix'!r}")
    network, specification, sha256 = load_network(weights)
    if int8 and specification.network != "two_stream_agcn":
        raise KinesicsError(
            f"{weights}: --int8 is for skeleton networks, found {specification.network}: nothing is simulated to "
            "calibrate and compare others on; leave --int8 away"
        )
    prepared = prepare(network, specification, weights)
    with tempfile.TemporaryDirectory() as folder:
        result, metadata = Path(folder) / f"f32{suffix}", json.dumps(asdict(specification) | {WEIGHTS_SHA256: sha256})
        onnx_file = result.with_suffix(ONNX)
        write_onnx(onnx_file, prepared, metadata)
        finish(onnx_file, result, metadata)
        difference, agreement = compare(result, prepared), None
        if difference > TOLERANCE:
            raise KinesicsError(
                f"{path}: expected to differ from torch by {TOLERANCE:g} of the largest value at most, found "
                f"{difference:.2g}; nothing was written"
            )
        if int8:
            float32, result = result, Path(folder) / f"int8{suffix}"
            agreement = _write_int8(onnx_file, float32, result, specification)
            if agreement < AGREEMENT:
                raise KinesicsError(
                    f"{path}: expected int8 to choose the class of float32 in {AGREEMENT:.0%} of simulated clips, "
                    f"found {agreement:.1%}; nothing was written, export without --int8"
                )
        with replacing(path) as temporary:
            shutil.copyfile(result, temporary)
    return Exported(path, difference, agreement)


def prepare(network: nn.Module, specification: Specification, weights: Path) -> PreparedNetwork:
    """Put a network together with its preprocessing.

    Parameters
    ----------
    network : as it was loaded; MViTv2 is arranged for inference, the others stay as they were trained.
    specification : which network it is, and its window.
    weights : the file they come from, for the message.

    Returns
    -------
    The module to export, in eval mode.

    Raises
    ------
    KinesicsError
        for a network that cannot be exported.
    """
    if specification.network not in PREPARATIONS:
        raise KinesicsError(
            f"{weights}: expected weights of {', '.join(PREPARATIONS)}, found {specification.network}, which cannot be "
            "exported"
        )
    return PREPARATIONS[specification.network](network, specification).eval()


def _prepare_gestures(network: Any, specification: Specification) -> PreparedNetwork:
    from kinesics.models.optimised import optimised

    network.video = optimised(network.video, torch.float32)  # other encoders than MViTv2 stay as they are
    return PreparedGestures(network, specification.frames)


def _prepare_video(network: Any, specification: Specification) -> PreparedNetwork:
    from kinesics.models.optimised import optimised

    return PreparedVideo(optimised(network, torch.float32))


PREPARATIONS: dict[str, Callable[[Any, Specification], PreparedNetwork]] = {  # by `Specification.network`
    "two_stream_agcn": lambda network, specification: PreparedSkeleton(network, specification.frames),
    "gesture_net": _prepare_gestures,
    "mvit": _prepare_video,
    "swinface": lambda network, _: PreparedFaces(network),
    "mini_xception": lambda network, _: PreparedExpression(network),
    "emotion_net": lambda network, _: PreparedEmotion(network),
}


def _write_int8(onnx_file: Path, float32: Path, path: Path, specification: Specification) -> float:
    """Write the int8 network; the share of simulated clips in which it chooses the class of float32."""
    small = path.with_name("small.onnx")
    specification = replace(specification, name=f"{specification.name}-int8")
    _quantise(onnx_file, small, specification)
    finish(small, path, json.dumps(asdict(specification)))
    return agreeing(float32, path, specification)


def write_onnx(path: Path, prepared: PreparedNetwork, metadata: str) -> None:
    """Write a module as an ONNX file.

    Parameters
    ----------
    path : the file to write.
    prepared : the module, in eval mode.
    metadata : its specification as JSON.
    """
    lengths = prepared.lengths
    free = {
        name: {0: "n"} | ({1: lengths[name]} if name in lengths else {})
        for name in (*prepared.inputs, *prepared.outputs)
    }
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise KinesicsError(
            "export: expected the Python package onnx, found none; pip install 'kinesics[export]'"
        ) from error
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the tracer, about sizes that are constants here by intent
        torch.onnx.export(
            prepared, prepared.example(2), path, dynamo=False, opset_version=_OPSET, input_names=list(prepared.inputs),
            output_names=list(prepared.outputs), dynamic_axes=free,
        )  # fmt: skip
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"specification": metadata})
    onnx.save(model, path)


def finish(onnx_file: Path, path: Path, metadata: str) -> None:
    """Write an ONNX file in the format that the suffix of `path` names.

    Parameters
    ----------
    onnx_file : what `write_onnx` wrote.
    path : the file to write, for ONNX Runtime or OpenVINO.
    metadata : its specification as JSON.
    """
    if path.suffix == ONNX:
        import onnx

        model = onnx.load(onnx_file)
        onnx.helper.set_model_props(model, {"specification": metadata})
        onnx.save(model, path)
        return
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder) / MODEL
        openvino.save_model(openvino.Core().read_model(onnx_file), xml, compress_to_fp16=False)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(xml, MODEL)
            archive.write(xml.with_suffix(".bin"), VALUES)
            archive.writestr(METADATA, metadata)


@torch.no_grad()
def compare(path: Path, prepared: PreparedNetwork) -> float:
    """Compare an exported file with torch on random input.

    Parameters
    ----------
    path : the exported file.
    prepared : the module in it.

    Returns
    -------
    The largest difference, as a share of each output's largest value.
    """
    torch.manual_seed(0)
    inputs = prepared.example(COMPARED_SAMPLES)
    expected = dict(zip(prepared.outputs, prepared(*inputs), strict=True))
    found = read_exported(path, "f32")(**{n: x.numpy() for n, x in zip(prepared.inputs, inputs, strict=True)})
    return max(float(np.abs(found[name] - value.numpy()).max() / value.abs().max()) for name, value in expected.items())


def agreeing(plain: Path, small: Path, specification: Specification) -> float:
    """Compare two exported skeleton networks on simulated clips, others than those that calibrate.

    Parameters
    ----------
    plain, small : the files.
    specification : of their weights.

    Returns
    -------
    The share of clips (0..1) in which both choose the same class.
    """
    one, other = read_exported(plain, "f32"), read_exported(small)
    same = [
        one(xyz=xyz, score=score)["both"].argmax(1) == other(xyz=xyz, score=score)["both"].argmax(1)
        for xyz, score in simulated_windows(specification, _COMPARE, seed=1)
    ]
    return float(np.concatenate(same).mean())


def simulated_windows(
    specification: Specification, of_each: int, *, seed: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Simulate windows of every class, and of background movement.

    Parameters
    ----------
    specification : whose window they fill.
    of_each : clips of each class.
    seed : another seed, other clips.

    Yields
    ------
    A batch for each class, the background last: xyz (N, T, V, 3) metres and score (N, T, V) of the clips' middles.
    """
    from kinesics.data.sets.imigue.classes import CLASSES
    from kinesics.simulator.clips import simulate_clip
    from kinesics.skeleton import resampled_rows

    for label in (*range(len(CLASSES)), None):
        windows = []
        for number in range(of_each):
            found = simulate_clip(label, (seed, number, len(CLASSES) if label is None else label)).detected
            rows = resampled_rows(found, specification.fps)
            start = (len(rows) - specification.frames) // 2
            rows = rows[np.clip(np.arange(start, start + specification.frames), 0, len(rows) - 1)]
            windows.append((found.xyz[rows], found.score[rows]))
        xyz, score = (np.stack(arrays) for arrays in zip(*windows, strict=True))
        yield xyz, score


def _quantise(onnx_file: Path, path: Path, specification: Specification) -> None:
    """8-bit convolutions, which are most of the work; the ranges are those of simulated clips."""
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Windows(quantization.CalibrationDataReader):  # type: ignore[misc]  # it has no types
        def __init__(self) -> None:
            self.batches = simulated_windows(specification, _CALIBRATE, seed=0)

        def get_next(self) -> dict[str, FloatArray] | None:
            batch = next(self.batches, None)
            return None if batch is None else {"xyz": batch[0], "score": batch[1]}

    with tempfile.TemporaryDirectory() as folder:
        cleaned = Path(folder) / "cleaned.onnx"
        quant_pre_process(onnx_file, cleaned, skip_symbolic_shape=True)
        quantization.quantize_static(
            cleaned, path, Windows(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["Conv"],
        )  # fmt: skip
