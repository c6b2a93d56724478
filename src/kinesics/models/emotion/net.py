"""EmotionNet: faces, context clips and detected micro-gestures of a recording to one emotion logit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from torch import Tensor, nn

from kinesics.models.emotion.interfusion import (
    Gestures,
    InterFusion,
    InterFusionConfig,
    InterFusionOutput,
    Mode,
    Stream,
)
from kinesics.models.face.mini_xception import SIZE as FER_SIZE
from kinesics.models.face.mini_xception import MiniXception
from kinesics.models.face.swinface import EXPRESSION_BRANCH, SwinFace
from kinesics.models.video.encoder import ClipEncoder
from kinesics.models.video.mvit import PAPER, SMALL, TINY, VideoEncoder, VideoEncoderConfig


class FaceEncoder(Protocol):
    """A module from aligned, prepared faces (M, channels, size, size) to one token each, (M, width)."""

    channels: int
    size: int
    width: int

    def __call__(self, faces: Tensor) -> Tensor: ...


class SwinFaceTokens(nn.Module):
    """A `FaceEncoder`: SwinFace's expression features and embedding side by side. Everything else of it is frozen."""

    channels, size, width = 3, 112, 1024

    def __init__(self, network: SwinFace) -> None:
        super().__init__()
        self.network = network
        network.heads.requires_grad_(False)
        for number, branch in enumerate(network.branches):
            branch.requires_grad_(number == EXPRESSION_BRANCH)

    def forward(self, faces: Tensor) -> Tensor:
        tokens: Tensor = self.network(faces, wanted=()).tokens
        return tokens.flatten(1)


class MiniXceptionTokens(nn.Module):
    """A `FaceEncoder`: the small expression network's last features, averaged. Its head is frozen."""

    channels, size = 1, FER_SIZE

    def __init__(self, network: MiniXception) -> None:
        super().__init__()
        self.network = network
        self.width = network.head.in_channels
        network.head.requires_grad_(False)

    def forward(self, faces: Tensor) -> Tensor:
        return self.network.forward_features(faces).mean((2, 3))


@dataclass(frozen=True)
class EmotionPreset:
    """The face encoder, and sizes of the clip encoder and the fusion; `build_emotion_net` fills in the widths."""

    face: Callable[[], SwinFaceTokens | MiniXceptionTokens]
    video: VideoEncoderConfig
    fusion: InterFusionConfig


EMOTION_PRESETS = {
    "paper": EmotionPreset(lambda: SwinFaceTokens(SwinFace()), PAPER, InterFusionConfig()),
    "small": EmotionPreset(
        lambda: MiniXceptionTokens(MiniXception()), SMALL, InterFusionConfig(width=128, heads=4, blocks=1)
    ),
    "tiny": EmotionPreset(
        lambda: MiniXceptionTokens(MiniXception(4, (8, 16))), TINY, InterFusionConfig(width=32, heads=4, blocks=1)
    ),
}


class EmotionNet(nn.Module):
    """A face encoder, a clip encoder, and InterFusion over their tokens and the micro-gestures.

    An encoder may be None, where that stream is never given as pictures.
    """

    def __init__(self, face: FaceEncoder | None, video: ClipEncoder | None, fusion: InterFusionConfig) -> None:
        super().__init__()
        self.face = face
        self.video = video
        self.fusion = InterFusion(fusion)

    def forward(
        self, face: Stream | None = None, context: Stream | None = None, gestures: Gestures | None = None
    ) -> InterFusionOutput:
        """From pictures: `tokens` of face (N, L, channels, S, S), of context clips (N, L, 3, T, S, S).

        Only what the masks call real is encoded, all at once: encode a long recording piece by piece, and `fuse`.
        Raises ValueError where all streams are None or empty, or for pictures of a stream without an encoder.
        """
        for stream, encoder in ((face, self.face), (context, self.video)):
            if stream is not None and encoder is None:
                raise ValueError("this network has no encoder for these pictures")
        return self.fuse(
            None if face is None else _encoded(face, self._tokens, self.fusion.config.face_width),
            None if context is None else _encoded(context, self._pooled, self.fusion.config.context_width),
            gestures,
        )

    def fuse(
        self, face: Stream | None = None, context: Stream | None = None, gestures: Gestures | None = None
    ) -> InterFusionOutput:
        """From tokens, fresh or cached, as `InterFusion.forward`; a context token is a clip's pooled vector."""
        return self.fusion(face, context, gestures)  # type: ignore[no-any-return]

    def _tokens(self, faces: Tensor) -> Tensor:
        assert self.face is not None
        return self.face(faces)

    def _pooled(self, clips: Tensor) -> Tensor:
        assert self.video is not None
        return self.video(clips).pooled


def _encoded(stream: Stream, encode: Callable[[Tensor], Tensor], width: int) -> Stream:
    """The stream with pictures (N, L, …) replaced by their tokens (N, L, width); zeros where nothing is real."""
    pictures, seconds, mask = stream
    if mask is None:
        encoded = encode(pictures.flatten(0, 1))
        return stream._replace(tokens=encoded.view(*seconds.shape, width))
    tokens = pictures.new_zeros(*seconds.shape, width)
    if mask.any():
        encoded = encode(pictures[mask])
        tokens = tokens.to(encoded.dtype).index_put((mask,), encoded)
    return stream._replace(tokens=tokens)


def build_emotion_net(
    preset: str,
    gestures: int = 32,
    mode: Mode = "full",
    encoders: tuple[FaceEncoder | None, ClipEncoder | None] | None = None,
) -> EmotionNet:
    """A preset of `EMOTION_PRESETS` with random weights, for so many classes of gestures.

    encoders: of faces and of clips, in the place of the preset's own. Raises KeyError for an unknown preset.
    """
    sizes = EMOTION_PRESETS[preset]
    face, video = encoders or (sizes.face(), VideoEncoder(sizes.video))
    return EmotionNet(face, video, fusion_config(preset, gestures, mode, face, video))


def fusion_config(
    preset: str, gestures: int, mode: Mode, face: FaceEncoder | None, video: ClipEncoder | None
) -> InterFusionConfig:
    """The preset's fusion over the tokens of these encoders. Raises KeyError for an unknown preset."""
    sizes = replace(EMOTION_PRESETS[preset].fusion, gestures=gestures, mode=mode)
    if face is not None:
        sizes = replace(sizes, face_width=face.width)
    return sizes if video is None else replace(sizes, context_width=video.width)
