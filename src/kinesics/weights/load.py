"""Weights of any network travel as one safetensors file with their `Specification` inside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.files import replacing, sha256_of
from kinesics.models.skeleton.agcn import AGCN, AGCNConfig, TwoStreamAGCN
from kinesics.weights.specification import DEFAULT as DEFAULT
from kinesics.weights.specification import EXPRESSION, LIFTER, read_specification
from kinesics.weights.specification import NONE as NONE
from kinesics.weights.specification import Specification as Specification
from kinesics.weights.specification import layout_fields as layout_fields

if TYPE_CHECKING:
    from kinesics.models.face.mini_xception import MiniXception
    from kinesics.models.skeleton.lifter import Lifter


def save_weights(path: Path, network: nn.Module, specification: Specification, *, half: bool = True) -> None:
    """Write network and specification, in half precision or with every bit kept.

    Raises KinesicsError if the file cannot be written.
    """
    state = {
        k: (v.detach().half() if half and v.is_floating_point() else v.detach()).contiguous().clone()
        for k, v in network.state_dict().items()
    }
    # not `save_file`, whose files nobody but their owner can read
    with replacing(path) as temporary:
        temporary.write_bytes(save(state, {"specification": json.dumps(asdict(specification))}))


def load_weights(path: Path = DEFAULT) -> tuple[TwoStreamAGCN, Specification, str]:
    """The skeleton network in a file: as `load_network`, but for other networks a KinesicsError too."""
    network, specification, digest = load_network(path)
    if not isinstance(network, TwoStreamAGCN):
        raise KinesicsError(
            f"{path}: expected weights of the skeleton network two_stream_agcn, found {specification.network}; "
            "leave --weights away to use the ones that are shipped"
        )
    return network, specification, digest


def load_network(path: Path) -> tuple[nn.Module, Specification, str]:
    """The network in eval mode (float32), its specification and the file's sha256.

    Raises KinesicsError for a missing file and for one that Kinesics did not write.
    """
    if not path.is_file():
        raise KinesicsError(f"{path}: no such weights file; leave --weights away to use the ones that are shipped")
    try:
        with safe_open(path, "pt") as file:
            specification = read_specification((file.metadata() or {})["specification"])
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
        network = _build(specification, state)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise KinesicsError(
            f"{path}: expected safetensors weights with a Kinesics specification, found something else ({error})"
        ) from error
    return network, specification, sha256_of(path)


def load_lifter(path: Path = LIFTER) -> Lifter:
    """The lifter in a weights file, in eval mode; raises KinesicsError for another file."""
    from kinesics.models.skeleton.lifter import Lifter

    network, specification, _ = load_network(path)
    if not isinstance(network, Lifter):
        raise KinesicsError(f"{path}: expected weights of a lifter, found {specification.network}")
    return network


def load_expression(path: Path = EXPRESSION) -> MiniXception:
    """The small expression network in a weights file, in eval mode; raises KinesicsError for another file."""
    from kinesics.models.face.mini_xception import MiniXception

    network, specification, _ = load_network(path)
    if not isinstance(network, MiniXception):
        raise KinesicsError(f"{path}: expected weights of mini_xception, found {specification.network}")
    return network


def _build(specification: Specification, state: Mapping[str, Tensor]) -> nn.Module:
    if specification.network not in _BUILDERS:
        raise ValueError(f"unknown network {specification.network}")
    network = _BUILDERS[specification.network](specification)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    return network.eval()


def _agcn_config(sizes: Mapping[str, Any]) -> AGCNConfig:
    return AGCNConfig(**(dict(sizes) | {"widths": tuple(sizes["widths"]), "strides": tuple(sizes["strides"])}))


def _agcn(specification: Specification) -> nn.Module:
    return AGCN(specification.skeleton, _agcn_config(specification.config))


def _two_stream_agcn(specification: Specification) -> nn.Module:
    return TwoStreamAGCN(specification.skeleton, _agcn_config(specification.config))


def _swinface(specification: Specification) -> nn.Module:
    from kinesics.models.face.swinface import SwinFace

    return SwinFace()


def _mvit(specification: Specification) -> nn.Module:
    from kinesics.models.video.mvit import VideoEncoder, VideoEncoderConfig

    sizes = dict(specification.config)
    return VideoEncoder(VideoEncoderConfig(**(sizes | {"depths": tuple(sizes["depths"])})))


def _i3d(specification: Specification) -> nn.Module:
    from kinesics.models.video.i3d import I3D

    return I3D(**specification.config)


def _gesture_net(specification: Specification) -> nn.Module:
    from kinesics.models.gesture.net import build_gesture_net

    config = dict(specification.config)
    video = dict(config.get("video") or {})  # an encoder other than the preset's
    encoder: Any = _BUILDERS[video.pop("network")](replace(specification, config=video)) if video else None
    return build_gesture_net(
        config["preset"], len(specification.classes), specification.skeleton, config["mode"], video=encoder
    )


def _mini_xception(specification: Specification) -> nn.Module:
    from kinesics.models.face.mini_xception import MiniXception

    sizes = dict(specification.config)
    return MiniXception(**(sizes | {"widths": tuple(sizes["widths"])} if sizes else {}))


def _lifter(specification: Specification) -> nn.Module:
    from kinesics.models.skeleton.lifter import Lifter, LifterConfig

    sizes = dict(specification.config)
    return Lifter(LifterConfig(**(sizes | {"dilations": tuple(sizes["dilations"])})))


def _emotion_net(specification: Specification) -> nn.Module:
    from kinesics.models.emotion.net import EMOTION_PRESETS, build_emotion_net

    config = specification.config
    sizes = config["preset"], config["gestures"], config["mode"]
    if "face" not in config:
        return build_emotion_net(*sizes)
    # other encoders than the preset's: that of another preset, a clip encoder with its sizes, or none
    face = EMOTION_PRESETS[config["face"]].face() if config["face"] else None
    video = dict(config["video"] or {})
    encoder: Any = _BUILDERS[video.pop("network")](replace(specification, config=video)) if video else None
    return build_emotion_net(*sizes, (face, encoder))


_BUILDERS: dict[str, Callable[[Specification], nn.Module]] = {
    "agcn": _agcn,
    "two_stream_agcn": _two_stream_agcn,
    "swinface": _swinface,
    "mini_xception": _mini_xception,
    "mvit": _mvit,
    "i3d": _i3d,
    "gesture_net": _gesture_net,
    "emotion_net": _emotion_net,
    "lifter": _lifter,
}
