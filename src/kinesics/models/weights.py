"""Weights travel as one safetensors file with their `Specification` inside."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.models.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.skeleton import LAYOUTS

DEFAULT = Path(__file__).parent / "default" / "gesture-skeleton.safetensors"
NONE = "none"  # the class of windows in which no micro-gesture happens


@dataclass(frozen=True)
class Specification:
    """What weights are and how to use them.

    classes: in the order of the logits; a last class "none" stands for no micro-gesture. `fps` and `frames`
    give the clip that one decision sees (frames / fps seconds). `temperature` divides the logits. `thresholds`
    holds, by class, the score at which an event begins. `normalisation` names the function that made the input.
    """

    name: str
    network: str
    config: Mapping[str, Any]
    layout: str
    classes: tuple[str, ...]
    fps: float
    frames: int
    normalisation: str
    training_data: str
    licence: str
    limits: str
    temperature: float = 1.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


def save_weights(path: Path, network: nn.Module, specification: Specification) -> None:
    """Write network and specification, beside first, then renamed; weights are kept in half precision."""
    state = {k: v.detach().half().contiguous() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    beside = path.with_name(path.name + ".part")
    save_file(state, beside, {"specification": json.dumps(asdict(specification))})
    os.replace(beside, path)


def load_weights(path: Path = DEFAULT) -> tuple[TwoStreamAGCN, Specification, str]:
    """The network in eval mode (float32), its specification and the file's sha256.

    Raises KinesicsError for a missing file and for one that Kinesics did not write.
    """
    if not path.is_file():
        raise KinesicsError(f"{path}: no such weights file; leave --weights away to use the ones that are shipped")
    try:
        with safe_open(path, "pt") as file:
            described = json.loads((file.metadata() or {})["specification"])
            specification = Specification(**(described | {"classes": tuple(described["classes"])}))
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
        network = _build(specification, state)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise KinesicsError(
            f"{path}: expected safetensors weights with a Kinesics specification, found something else ({error})"
        ) from error
    return network, specification, hashlib.sha256(path.read_bytes()).hexdigest()


def _build(specification: Specification, state: Mapping[str, Tensor]) -> TwoStreamAGCN:
    if specification.network != "two_stream_agcn":
        raise ValueError(f"unknown network {specification.network}")
    sizes = specification.config
    config = AGCNConfig(**(dict(sizes) | {"widths": tuple(sizes["widths"]), "strides": tuple(sizes["strides"])}))
    network = TwoStreamAGCN(LAYOUTS[specification.layout], config)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    return network.eval()
