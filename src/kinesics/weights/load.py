"""Weights of any network travel as one safetensors file with their `Specification` inside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.files import replacing, sha256_of
from kinesics.models.skeleton.agcn import AGCN, AGCNConfig, TwoStreamAGCN
from kinesics.reading import reading
from kinesics.weights.encoders import FACE_ENCODERS, VIDEO_ENCODERS, build_face_encoder, build_video_encoder
from kinesics.weights.specification import DEFAULT as DEFAULT
from kinesics.weights.specification import MEND_WEIGHTS, WEIGHTS, read_specification
from kinesics.weights.specification import NONE as NONE
from kinesics.weights.specification import Specification as Specification
from kinesics.weights.specification import layout_fields as layout_fields

Network = TypeVar("Network", bound=nn.Module)


def save_weights(path: Path, network: nn.Module, specification: Specification, *, half: bool = True) -> None:
    """Write network and specification.

    Parameters
    ----------
    path : of the file.
    network : whose tensors are written.
    specification : of the network.
    half : whether in half precision; else every bit is kept.

    Raises
    ------
    KinesicsError : if the file cannot be written.
    """
    state = {
        k: (v.detach().half() if half and v.is_floating_point() else v.detach()).contiguous().clone()
        for k, v in network.state_dict().items()
    }
    # not `save_file`, whose files nobody but their owner can read
    with replacing(path) as temporary:
        temporary.write_bytes(save(state, {"specification": json.dumps(asdict(specification))}))


def load_weights(path: Path = DEFAULT) -> tuple[TwoStreamAGCN, Specification, str]:
    """Load the skeleton network in a file: as `load_network`, but for other networks a KinesicsError too."""
    return load_as(TwoStreamAGCN, path)


def load_as(kind: type[Network], path: Path) -> tuple[Network, Specification, str]:
    """Load the network in a file: as `load_network`, but for one of another class a KinesicsError too."""
    network, specification, digest = load_network(path)
    if not isinstance(network, kind):
        raise KinesicsError(
            f"{path}: expected weights of {kind.__name__}, found {specification.network}; see `kinesics weights show`"
        )
    return network, specification, digest


def load_network(path: Path) -> tuple[nn.Module, Specification, str]:
    """Load the network in a file, in eval mode (float32), its specification and the file's sha256.

    Raises KinesicsError for a missing file and for one that Kinesics did not write.
    """
    if not path.is_file():
        raise KinesicsError(f"{path}: no such weights file; leave --weights away to use the ones that are shipped")
    with reading(path, WEIGHTS, MEND_WEIGHTS):
        with safe_open(path, "pt") as file:
            specification = read_specification((file.metadata() or {})["specification"])
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
        network = _build(specification, state)
    return network, specification, sha256_of(path)


def _build(specification: Specification, state: Mapping[str, Tensor]) -> nn.Module:
    with torch.device("meta"):  # takes no room, whatever sizes the specification claims
        expected = {k: v.shape for k, v in _builder(specification.network)(specification).state_dict().items()}
    found = {k: v.shape for k, v in state.items()}
    differing = [key for key in sorted({*expected, *found}) if expected.get(key) != found.get(key)]
    # the counters of batches are in files of later versions of torch alone
    wrong = [key for key in differing if key in found or not key.endswith("num_batches_tracked")]
    if wrong:
        raise ValueError(f"the tensors of another network than its specification names, by {wrong[0]!r}")
    if not all(bool(tensor.isfinite().all()) for tensor in state.values()):
        raise ValueError("tensors that are not finite")
    network = _builder(specification.network)(specification)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    return network.eval()


def _builder(name: str) -> Callable[[Specification], nn.Module]:
    if name in BUILDERS:
        return BUILDERS[name]
    if name in VIDEO_ENCODERS:
        return lambda specification: VIDEO_ENCODERS[name].build(**specification.config)
    if name in FACE_ENCODERS:
        return lambda specification: FACE_ENCODERS[name].build().get_submodule("network").requires_grad_(True)
    raise ValueError(f"unknown network {name}")


def _agcn_config(specification: Specification) -> AGCNConfig:
    sizes = specification.config
    if sizes["classes"] != len(specification.classes):
        raise ValueError(f"{len(specification.classes)} names for {sizes['classes']} classes")
    return AGCNConfig(**(dict(sizes) | {"widths": tuple(sizes["widths"]), "strides": tuple(sizes["strides"])}))


def _agcn(specification: Specification) -> nn.Module:
    return AGCN(specification.skeleton, _agcn_config(specification))


def _two_stream_agcn(specification: Specification) -> nn.Module:
    return TwoStreamAGCN(specification.skeleton, _agcn_config(specification))


def _mini_xception(specification: Specification) -> nn.Module:
    from kinesics.models.face.mini_xception import MiniXception

    sizes = dict(specification.config)
    return MiniXception(**(sizes | {"widths": tuple(sizes["widths"])} if sizes else {}))


def _lifter(specification: Specification) -> nn.Module:
    from kinesics.models.skeleton.lifter import Lifter, LifterConfig

    sizes = dict(specification.config)
    return Lifter(LifterConfig(**(sizes | {"dilations": tuple(sizes["dilations"])})))


def _gesture_net(specification: Specification) -> nn.Module:
    from kinesics.models.gesture.net import build_gesture_net

    config = specification.config
    video = build_video_encoder(config["video"]) if config.get("video") else None  # one other than the preset's
    return build_gesture_net(
        config["preset"], len(specification.classes), specification.skeleton, config["mode"], video=video
    )


def _emotion_net(specification: Specification) -> nn.Module:
    from kinesics.models.emotion.net import FURTHER_SIZES, build_emotion_net

    config = specification.config
    sizes = config["preset"], config["gestures"], config["mode"]
    if "face" not in config:
        return build_emotion_net(*sizes)
    # other encoders than the preset's, or none
    face = build_face_encoder(config["face"]) if config["face"] else None
    video = build_video_encoder(config["video"]) if config["video"] else None
    return build_emotion_net(*sizes, (face, video), {key: config[key] for key in FURTHER_SIZES if key in config})


def _spotting_net(specification: Specification) -> nn.Module:
    from kinesics.models.gesture.spotting_net import build_spotting_net

    return build_spotting_net(dict(specification.config), specification.skeleton)


def _skeleton_spotter(specification: Specification) -> nn.Module:
    from kinesics.models.gesture.skeleton_spotter import SkeletonSpotter
    from kinesics.models.gesture.spotting_net import build_spotting_net

    config = specification.config
    skeleton = _two_stream_agcn(replace(specification, config=config["skeleton"]))
    assert isinstance(skeleton, TwoStreamAGCN)
    return SkeletonSpotter(skeleton, build_spotting_net(dict(config["spotting"]), specification.skeleton))


# by what a Specification calls `network`; encoders by their own names are in the tables of weights/encoders.py
BUILDERS: dict[str, Callable[[Specification], nn.Module]] = {
    "agcn": _agcn,
    "two_stream_agcn": _two_stream_agcn,
    "mini_xception": _mini_xception,
    "gesture_net": _gesture_net,
    "emotion_net": _emotion_net,
    "lifter": _lifter,
    "spotting_net": _spotting_net,
    "skeleton_spotter": _skeleton_spotter,
}
