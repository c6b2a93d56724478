"""`kinesics export`: a network as one file for ONNX Runtime or OpenVINO."""

from __future__ import annotations

import argparse
from pathlib import Path

from kinesics.cli.common import Verb, say


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--to", required=True, choices=("onnx", "openvino"), help="the runtime")
    verb.add_argument("--out", type=Path, required=True, metavar="FILE", help="ends in .onnx or .openvino")
    verb.add_argument("--weights", type=Path, metavar="FILE", help="other weights than the shipped ones")
    verb.add_argument("--int8", action="store_true", help="8-bit weights and activations (skeleton networks)")


def _export(options: argparse.Namespace) -> None:
    from kinesics.deploy.export import export
    from kinesics.weights.specification import DEFAULT

    made = export(options.out, options.to, weights=options.weights or DEFAULT, int8=options.int8)
    say(f"{made.path}: {made.path.stat().st_size / 1e6:.1f} MB")
    say(f"differs from torch by {made.difference:.1e} of the largest value in float32")
    if made.agreement is not None:
        say(f"int8 chooses the class of float32 in {made.agreement:.1%} of simulated clips")


EXPORT = Verb(
    "write a network as one file that runs without PyTorch",
    "Normalisation is inside and the specification travels along; the file is checked against PyTorch.\n"
    "Who analyses with it needs no PyTorch: pip install 'kinesics[runtime]'.\n\n"
    "examples:\n  kinesics export --to openvino --out gestures.openvino\n"
    "  kinesics export --to onnx --int8 --out gestures.onnx\n  kinesics analyze interview.mp4 --weights gestures.onnx",
    _export,
    _describe,
)
