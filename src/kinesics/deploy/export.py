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
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from kinesics.deploy.prepared import Prepared, PreparedFaces, PreparedGestures, PreparedSkeleton, PreparedVideo
from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.models.skeleton.agcn import TwoStreamAGCN
from kinesics.skeleton.sequence import FloatArray
from kinesics.weights.exported import MODEL, ONNX, OPENVINO, TOLD, VALUES, read_exported
from kinesics.weights.load import load_network
from kinesics.weights.specification import DEFAULT, Specification

Runtime = Literal["onnx", "openvino"]
TOLERANCE = 1e-3  # largest difference from torch in float32, as a share of the output's largest value
AGREEMENT = 0.98  # share of simulated clips in which int8 must choose the class that float32 chooses
_OPSET = 18
_CALIBRATE, _JUDGE = 2, 6  # simulated clips of each class
_SAMPLES = 3  # of random input, on which the export is compared


@dataclass(frozen=True)
class Exported:
    """difference: the largest from torch, as a share of the output's largest value. agreement: of int8, else None."""

    path: Path
    difference: float
    agreement: float | None = None


def export(path: Path, runtime: Runtime, *, weights: Path = DEFAULT, int8: bool = False) -> Exported:
    """Write the network in `weights` for ONNX Runtime (`.onnx`) or OpenVINO (`.openvino`).

    Its inputs and outputs are those of its class in `kinesics.deploy.prepared`; the first dimension is free. Raises
    KinesicsError for weights that cannot be exported, a result that differs from torch by more than `TOLERANCE`, an
    int8 network that agrees on less than `AGREEMENT` of simulated clips, or a file that cannot be written.
    """
    suffix = {"onnx": ONNX, "openvino": OPENVINO}[runtime]
    if path.suffix != suffix:
        raise KinesicsError(f"{path}: expected a name ending in {suffix}, found {path.suffix or 'no suffix'!r}")
    network, specification, _ = load_network(weights)
    if int8 and not isinstance(network, TwoStreamAGCN):
        raise KinesicsError(
            f"{weights}: --int8 is for skeleton networks, found {specification.network}: nothing is simulated to "
            "calibrate and judge others on; leave --int8 away"
        )
    prepared = prepare(network, specification, weights)
    with tempfile.TemporaryDirectory() as folder:
        plain, told = Path(folder) / f"plain{suffix}", json.dumps(asdict(specification))
        onnx_file = plain.with_suffix(ONNX)
        write_onnx(onnx_file, prepared, told)
        finish(onnx_file, plain, told)
        difference = compare(plain, prepared)
        if difference > TOLERANCE:
            raise KinesicsError(
                f"{path}: expected to differ from torch by {TOLERANCE:g} of the largest value at most, found "
                f"{difference:.2g}; nothing was written"
            )
        agreement, result = None, plain
        if int8:
            small, result = Path(folder) / "small.onnx", Path(folder) / f"int8{suffix}"
            specification = replace(specification, name=f"{specification.name}-int8")
            told = json.dumps(asdict(specification))
            _quantise(onnx_file, small, specification)
            finish(small, result, told)
            agreement = agreeing(plain, result, specification)
            if agreement < AGREEMENT:
                raise KinesicsError(
                    f"{path}: expected int8 to choose the class of float32 in {AGREEMENT:.0%} of simulated clips, "
                    f"found {agreement:.1%}; nothing was written, export without --int8"
                )
        with replacing(path) as temporary:
            shutil.copyfile(result, temporary)
    return Exported(path, difference, agreement)


def prepare(network: nn.Module, specification: Specification, weights: Path) -> Prepared:
    """The network with its preprocessing; MViTv2 as it is arranged for inference, the others as they were trained."""
    if isinstance(network, TwoStreamAGCN):
        return PreparedSkeleton(network, specification.frames).eval()
    if specification.network not in ("gesture_net", "mvit", "swinface"):
        raise KinesicsError(
            f"{weights}: expected weights of two_stream_agcn, gesture_net, mvit or swinface, found "
            f"{specification.network}, which cannot be exported"
        )
    from kinesics.models.optimised import optimised
    from kinesics.models.video.mvit import VideoEncoder

    if specification.network == "swinface":
        return PreparedFaces(network).eval()
    if isinstance(network, VideoEncoder):
        return PreparedVideo(optimised(network, torch.float32)).eval()
    video: Any = network.video
    if isinstance(video, VideoEncoder):
        network.video = optimised(video, torch.float32)
    return PreparedGestures(network, specification.frames).eval()


def write_onnx(path: Path, prepared: Prepared, told: str) -> None:
    names = (*prepared.inputs, *prepared.outputs)
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
            output_names=list(prepared.outputs), dynamic_axes={name: {0: "n"} for name in names},
        )  # fmt: skip
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"specification": told})
    onnx.save(model, path)


def finish(onnx_file: Path, path: Path, told: str) -> None:
    """The ONNX file as `path` wants it: with its specification, or read and written anew by OpenVINO."""
    if path.suffix == ONNX:
        import onnx

        model = onnx.load(onnx_file)
        onnx.helper.set_model_props(model, {"specification": told})
        onnx.save(model, path)
        return
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder) / MODEL
        openvino.save_model(openvino.Core().read_model(onnx_file), xml, compress_to_fp16=False)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(xml, MODEL)
            archive.write(xml.with_suffix(".bin"), VALUES)
            archive.writestr(TOLD, told)


@torch.no_grad()
def compare(path: Path, prepared: Prepared) -> float:
    """The largest difference from torch on random input, as a share of each output's largest value."""
    torch.manual_seed(0)
    inputs = prepared.example(_SAMPLES)
    expected = dict(zip(prepared.outputs, prepared(*inputs), strict=True))
    found = read_exported(path, "f32")(**{n: x.numpy() for n, x in zip(prepared.inputs, inputs, strict=True)})
    return max(float(np.abs(found[name] - value.numpy()).max() / value.abs().max()) for name, value in expected.items())


def agreeing(plain: Path, small: Path, specification: Specification) -> float:
    """The share of simulated clips, others than those that calibrate, in which both choose the same class."""
    one, other = read_exported(plain, "f32"), read_exported(small)
    same = [
        one(xyz=xyz, score=score)["both"].argmax(1) == other(xyz=xyz, score=score)["both"].argmax(1)
        for xyz, score in simulated_windows(specification, _JUDGE, seed=1)
    ]
    return float(np.concatenate(same).mean())


def simulated_windows(
    specification: Specification, of_each: int, *, seed: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """xyz (N, T, V, 3) and score (N, T, V) of the middles of simulated clips, a batch for each class and for none."""
    from kinesics.data.sets.imigue.classes import CLASSES
    from kinesics.simulator.clips import simulate_clip
    from kinesics.skeleton import resampled_rows

    for label in (*range(len(CLASSES)), None):
        windows = []
        for number in range(of_each):
            seen = simulate_clip(label, (seed, number, len(CLASSES) if label is None else label)).detected
            rows = resampled_rows(seen, specification.fps)
            start = (len(rows) - specification.frames) // 2
            rows = rows[np.clip(np.arange(start, start + specification.frames), 0, len(rows) - 1)]
            windows.append((seen.xyz[rows], seen.score[rows]))
        xyz, score = (np.stack(part) for part in zip(*windows, strict=True))
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
