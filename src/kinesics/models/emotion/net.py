"""EmotionNet: faces, context clips and detected micro-gestures of a recording to one emotion logit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.models.emotion.folded import FoldedHead
from kinesics.models.emotion.gesture_sequence import GestureSequence
from kinesics.models.emotion.hypergraph_head import HypergraphHead
from kinesics.models.emotion.instances import InstanceHead
from kinesics.models.emotion.interfusion import InterFusion
from kinesics.models.emotion.jmt import JointTransformerHead
from kinesics.models.emotion.mean_vectors import MeanVectors
from kinesics.models.emotion.pooled_heads import ConcatenationHead, LateHead
from kinesics.models.emotion.pose_statistics import PoseStatistics
from kinesics.models.emotion.streams import EmotionConfig, EmotionHead, EmotionOutput, Gestures, Stream
from kinesics.models.emotion.subject_context import SubjectContextHead
from kinesics.models.face.encoder import FaceEncoder
from kinesics.models.face.mini_xception import MiniXception, MiniXceptionTokens
from kinesics.models.face.swinface import SwinFaceTokens
from kinesics.models.video.encoder import ClipEncoder
from kinesics.models.video.mvit import PAPER, SMALL, TINY, VideoEncoder, VideoEncoderConfig

# by the name that a config and a weights file give them
HEADS: dict[str, type[EmotionHead]] = {
    "full": InterFusion,
    "mean": MeanVectors,
    "concatenation": ConcatenationHead,
    "late": LateHead,
    "jmt": JointTransformerHead,
    "instances": InstanceHead,
    "folded": FoldedHead,
    "subject_context": SubjectContextHead,
    "gesture_sequence": GestureSequence,
    "pose_statistics": PoseStatistics,
    "hypergraph": HypergraphHead,
}

# what weights name beside a preset, of the fields of `EmotionConfig`
FURTHER_SIZES = (
    *("face_width", "context_width", "face_actions", "face_motion", "poses", "audio", "text"),
    "pooling",
)


@dataclass(frozen=True)
class EmotionPreset:
    """The face encoder, and sizes of the clip encoder and the head; `build_emotion_net` fills in the widths."""

    face: Callable[[], SwinFaceTokens | MiniXceptionTokens]
    video: VideoEncoderConfig
    head: EmotionConfig


EMOTION_PRESETS = {
    "paper": EmotionPreset(SwinFaceTokens, PAPER, EmotionConfig()),
    "small": EmotionPreset(MiniXceptionTokens, SMALL, EmotionConfig(width=128, heads=4, blocks=1)),
    "tiny": EmotionPreset(
        lambda: MiniXceptionTokens(MiniXception(4, (8, 16))), TINY, EmotionConfig(width=32, heads=4, blocks=1)
    ),
}


class EmotionNet(nn.Module):
    """A face encoder, a clip encoder, and a head over their tokens and the micro-gestures.

    Parameters
    ----------
    face : the face encoder; None where faces are never given as images.
    video : the clip encoder; None where context is never given as clips.
    head : over the tokens.
    """

    def __init__(self, face: FaceEncoder | None, video: ClipEncoder | None, head: EmotionHead) -> None:
        super().__init__()
        self.face = face
        self.video = video
        self.fusion = head  # its name in weights files

    def forward(
        self,
        face: Stream | None = None,
        context: Stream | None = None,
        gestures: Gestures | None = None,
        **others: Stream | None,
    ) -> EmotionOutput:
        """Predict from images; only what the masks call real is encoded, all at once.

        Encode a long recording piece by piece, and `fuse`.

        Parameters
        ----------
        face : `tokens` are prepared faces (N, L, channels, S, S).
        context : `tokens` are prepared clips (N, L, 3, T, S, S).
        gestures, **others : as `EmotionHead.forward` takes them.

        Returns
        -------
        As `EmotionHead.forward`.

        Raises
        ------
        ValueError : where all streams are None or empty, or for images of a stream without an encoder.
        """
        for stream, encoder in ((face, self.face), (context, self.video)):
            if stream is not None and encoder is None:
                raise ValueError("this network has no encoder for these images")
        return self.fuse(
            None if face is None else _encoded(face, self._tokens, self.fusion.config.face_width),
            None if context is None else _encoded(context, self._pooled, self.fusion.config.context_width),
            gestures,
            **others,
        )

    def fuse(
        self,
        face: Stream | None = None,
        context: Stream | None = None,
        gestures: Gestures | None = None,
        **others: Stream | None,
    ) -> EmotionOutput:
        """Predict from tokens, fresh or cached.

        Parameters
        ----------
        face : a token a face, or None.
        context : a clip's pooled vector a window, or None.
        gestures : detected micro-gestures, or None.
        **others : further streams by name, or None.

        Returns
        -------
        As `EmotionHead.forward`.
        """
        return self.fusion(face, context, gestures, **others)  # type: ignore[no-any-return]

    def _tokens(self, faces: Tensor) -> Tensor:
        assert self.face is not None
        return self.face(faces)

    def _pooled(self, clips: Tensor) -> Tensor:
        assert self.video is not None
        return self.video(clips).pooled


def _encoded(stream: Stream, encode: Callable[[Tensor], Tensor], width: int) -> Stream:
    """The stream with images (N, L, …) replaced by their tokens (N, L, width); zeros where nothing is real."""
    images, seconds, mask = stream
    if mask is None:
        encoded = encode(images.flatten(0, 1))
        return stream._replace(tokens=encoded.view(*seconds.shape, width))
    tokens = images.new_zeros(*seconds.shape, width)
    if mask.any():
        encoded = encode(images[mask])
        tokens = tokens.to(encoded.dtype).index_put((mask,), encoded)
    return stream._replace(tokens=tokens)


def build_emotion_net(
    preset: str,
    gestures: int = 32,
    head: str = "full",
    encoders: tuple[FaceEncoder | None, ClipEncoder | None] | None = None,
    further: Mapping[str, Any] | None = None,
) -> EmotionNet:
    """Build the network of a preset with random weights.

    Parameters
    ----------
    preset : a name in `EMOTION_PRESETS`.
    gestures : how many classes of micro-gestures.
    head : a name in `HEADS`.
    encoders : of faces and of clips, in the place of the preset's own.
    further : fields of `EmotionConfig` in the place of the preset's: streams by their width, `pooling`.

    Returns
    -------
    The network.

    Raises
    ------
    KeyError : for an unknown preset.
    KinesicsError : for an unknown head.
    """
    sizes = EMOTION_PRESETS[preset]
    face, video = encoders or (sizes.face(), VideoEncoder(sizes.video))
    config = replace(head_config(preset, gestures, face, video), **(further or {}))
    return EmotionNet(face, video, build_head(head, config))


def build_head(name: str, config: EmotionConfig) -> EmotionHead:
    """Build the head of this name in `HEADS`; raises KinesicsError for an unknown one."""
    if name not in HEADS:
        raise KinesicsError(f"emotion head {name}: expected {', '.join(HEADS)}; no other is known")
    return HEADS[name](config)


def head_config(preset: str, gestures: int, face: FaceEncoder | None, video: ClipEncoder | None) -> EmotionConfig:
    """Give the sizes of a preset's head over the tokens of these encoders.

    Parameters
    ----------
    preset : a name in `EMOTION_PRESETS`.
    gestures : how many classes of micro-gestures.
    face : the face encoder, or None without one.
    video : the clip encoder, or None without one.

    Returns
    -------
    The sizes.

    Raises
    ------
    KeyError : for an unknown preset.
    """
    sizes = replace(EMOTION_PRESETS[preset].head, gestures=gestures)
    if face is not None:
        sizes = replace(sizes, face_width=face.width)
    return sizes if video is None else replace(sizes, context_width=video.width)
