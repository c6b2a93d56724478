"""Encoders as a config names them: a row of the tables with its published weights, or what a run has trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from torch import nn

from kinesics.errors import KinesicsError
from kinesics.weights.encoders import FACE_ENCODERS, VIDEO_ENCODERS, VideoEncoderRow
from kinesics.weights.fetch import available
from kinesics.weights.ledger import weights_path
from kinesics.weights.load import load_network
from kinesics.weights.run_folder import RunFolder

if TYPE_CHECKING:
    from kinesics.models.face.encoder import FaceEncoder
    from kinesics.models.video.encoder import ClipEncoder


def video_encoder(name: str, frames: int = 16, size: int = 224) -> ClipEncoder:
    """Open a video encoder, in eval mode and frozen.

    Parameters
    ----------
    name : a row of `VIDEO_ENCODERS`, the folder of a run that trained one, or a weights file of Kinesics.
    frames : of a clip, where the encoder takes any number.
    size : pixels of a frame, where the encoder takes any.

    Returns
    -------
    The encoder.

    Raises
    ------
    KinesicsError : for weights that cannot be had, or that hold no video encoder.
    """
    row = VIDEO_ENCODERS.get(name)
    if row is None:
        encoder = _trained(Path(name))
    else:
        encoder = _untrained_or_published(row, {"frames": frames, "size": size} if row.any_size else {})
    return cast("ClipEncoder", encoder.eval().requires_grad_(False))


def _untrained_or_published(row: VideoEncoderRow, sizes: dict[str, int]) -> nn.Module:
    if not row.pretrained:
        return row.build(**sizes)
    published = load_network(available(row.pretrained))[0]
    if not sizes:
        return published
    encoder = row.build(**sizes)
    encoder.load_state_dict(published.state_dict())
    return encoder


def _trained(path: Path) -> nn.Module:
    """The encoder in a run's weights, or in a file."""
    network = load_network(RunFolder(path).weights if path.is_dir() else path)[0]
    encoder = getattr(network, "video", network)  # of a gesture network, or itself
    if not hasattr(encoder, "grid"):
        raise KinesicsError(f"{path}: expected weights of a video encoder, found {type(encoder).__name__}")
    return cast("nn.Module", encoder)


def face_encoder(name: str) -> FaceEncoder:
    """Open the face encoder of this name in `FACE_ENCODERS`, in eval mode.

    Raises KinesicsError for weights that are not here, and for another name.
    """
    if name not in FACE_ENCODERS:
        raise KinesicsError(f"face encoder {name}: expected {', '.join(FACE_ENCODERS)}; no other is known")
    row = FACE_ENCODERS[name]
    encoder = row.build(load_network(weights_path(row.pretrained))[0]) if row.pretrained else row.build()
    return cast("FaceEncoder", encoder.eval())
