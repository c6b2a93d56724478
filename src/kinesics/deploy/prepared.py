"""Networks with their preprocessing inside, as they are exported: from joints and frames to logits or tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.models.emotion.net import EmotionNet
from kinesics.models.emotion.streams import Gestures, Stream
from kinesics.models.face.mini_xception import LUMA, SIZE, MiniXception
from kinesics.models.skeleton.agcn import TwoStreamAGCN
from kinesics.preprocessing.normalise import ENOUGH, REFERENCE_LENGTHS
from kinesics.skeleton import SkeletonLayout


class PreparedNetwork(nn.Module, ABC):
    """A module to export; `inputs` and `outputs` are their names in the order of `forward`.

    `lengths` names the second dimension of those inputs in which it is free, as the first is of all.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    lengths: Mapping[str, str] = {}

    @abstractmethod
    def example(self, n: int) -> tuple[Tensor, ...]:
        """Random inputs of n samples."""


class NormaliseJoints(nn.Module):
    """`kinesics.preprocessing.normalise` on batches: xyz (N, T, V, 3) and score (N, T, V) to (N, 4, T, V, 1)."""

    def __init__(self, layout: SkeletonLayout) -> None:
        super().__init__()
        needed = {"neck", "head", *(joint for left, right, _ in REFERENCE_LENGTHS for joint in (left, right))}
        if missing := needed - set(layout.joints):
            raise KinesicsError(
                f"layout {layout.name}: expected {', '.join(sorted(missing))} to normalise by, found none"
            )
        self.neck, self.head = layout.index("neck"), layout.index("head")
        self.lengths = [(layout.index(left), layout.index(right), metres) for left, right, metres in REFERENCE_LENGTHS]

    def forward(self, xyz: Tensor, score: Tensor) -> Tensor:
        """Normalise windows of joints.

        Parameters
        ----------
        xyz : (N, T, V, 3), where the score is 0 of no meaning.
        score : (N, T, V), 0 where a joint is missing.

        Returns
        -------
        (N, 4, T, V, 1).
        """
        present = score > 0
        neck, head = present[:, :, self.neck], present[:, :, self.head]
        by_neck = _median(xyz[:, :, self.neck], neck[..., None])
        by_head = _median(xyz[:, :, self.head], head[..., None])
        has_neck, has_head = (part.float().amax(1, keepdim=True) for part in (neck, head))
        origin = by_neck * has_neck + by_head * has_head * (1 - has_neck)  # (N, 3)
        centred = xyz - origin[:, None, None]
        scaled = centred / self._unit(centred, present)[:, None, None] * present[..., None]
        return torch.cat([scaled, score[..., None]], -1).permute(0, 3, 1, 2)[..., None]

    def _unit(self, centred: Tensor, present: Tensor) -> Tensor:
        """(N, 1) shoulder widths by the first reference length that can be measured, or else a grown person's."""
        usual = self.lengths[0][2]
        unit = torch.full_like(centred[:, 0, 0, :1], usual)
        for left, right, metres in reversed(self.lengths):
            both = present[:, :, left] & present[:, :, right]
            length = (centred[:, :, left] - centred[:, :, right]).square().sum(-1, keepdim=True).sqrt()
            width = _median(length, both[..., None])
            usable = (both.float().mean(1, keepdim=True) >= ENOUGH) & (width > 0.05 * metres)
            unit = torch.where(usable, width / metres * usual, unit)
        return unit


def _median(x: Tensor, present: Tensor) -> Tensor:
    """The median over time (N, T, C) of what is present (N, T, 1), (N, C); something finite where nothing is."""
    far = 1e9
    ordered = x.masked_fill(~present, far).sort(1).values
    count = present.sum(1, keepdim=True)
    low, high = ((count - 1).clamp(min=0) // 2, count // 2)
    ends = [ordered.gather(1, place.clamp(max=x.shape[1] - 1).expand(-1, 1, x.shape[2])) for place in (low, high)]
    return (ends[0] + ends[1])[:, 0] / 2


class NormaliseFrames(nn.Module):
    """Frames (N, T, S, S, 3) uint8 RGB to clips (N, 3, T, S, S) as a video encoder wants them."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.mean, self.std = float(encoder.mean), float(encoder.std)
        self.shape = (encoder.frames, encoder.size, encoder.size, 3)

    def forward(self, frames: Tensor) -> Tensor:
        """Normalise clips.

        Parameters
        ----------
        frames : (N, T, S, S, 3) uint8 RGB.

        Returns
        -------
        (N, 3, T, S, S) float32.
        """
        return ((frames.float() / 255 - self.mean) / self.std).permute(0, 4, 1, 2, 3)

    def example(self, n: int) -> Tensor:
        """Random frames of n clips."""
        return torch.randint(0, 256, (n, *self.shape), dtype=torch.uint8)


def _skeletons(n: int, frames: int, joints: int) -> tuple[Tensor, Tensor]:
    """Some of them lost."""
    score = torch.rand(n, frames, joints)
    score = score * (torch.rand(n, frames, joints) > 0.2)
    return torch.randn(n, frames, joints, 3) * 0.3 * (score > 0)[..., None], score


class PreparedSkeleton(PreparedNetwork):
    """xyz, score to the logits of both streams and of each."""

    inputs, outputs = ("xyz", "score"), ("both", "joint", "bone")

    def __init__(self, network: TwoStreamAGCN, frames: int) -> None:
        super().__init__()
        self.normalise, self.network = NormaliseJoints(network.layout), network
        self.frames = frames

    def forward(self, xyz: Tensor, score: Tensor) -> tuple[Tensor, ...]:
        """Score windows of joints.

        Parameters
        ----------
        xyz, score : as in `NormaliseJoints`.

        Returns
        -------
        Logits (N, C) as `outputs` names them.
        """
        out = self.network(self.normalise(xyz, score))
        return out.logits, out.joint.logits, out.bone.logits

    def example(self, n: int) -> tuple[Tensor, ...]:
        """Random inputs of n samples."""
        return _skeletons(n, self.frames, len(self.network.layout))


class PreparedGestures(PreparedNetwork):
    """frames, xyz, score and the joints' places (N, T, V, 2) in 0..1 across the frames, to logits."""

    inputs, outputs = ("frames", "xyz", "score", "places"), ("logits", "video_logits", "skeleton_logits")

    def __init__(self, network: Any, frames: int) -> None:
        super().__init__()
        self.frames_to_clip, self.normalise, self.network = (
            NormaliseFrames(network.video),
            NormaliseJoints(network.skeleton.layout),
            network,
        )
        self.frames = frames

    def forward(self, frames: Tensor, xyz: Tensor, score: Tensor, places: Tensor) -> tuple[Tensor, ...]:
        """Score windows of frames and joints.

        Parameters
        ----------
        frames : as in `NormaliseFrames`.
        xyz, score : as in `NormaliseJoints`.
        places : (N, T, V, 2) of the joints, 0..1 across the frames.

        Returns
        -------
        Logits (N, C) as `outputs` names them.
        """
        out = self.network(self.frames_to_clip(frames), self.normalise(xyz, score), places)
        return out.logits, out.video_logits, out.skeleton_logits

    def example(self, n: int) -> tuple[Tensor, ...]:
        """Random inputs of n samples."""
        xyz, score = _skeletons(n, self.frames, len(self.network.skeleton.layout))
        return self.frames_to_clip.example(n), xyz, score, torch.rand(*score.shape, 2)


class PreparedVideo(PreparedNetwork):
    """frames to tokens (N, T', H', W', C) and pooled (N, C)."""

    inputs, outputs = ("frames",), ("tokens", "pooled")

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.frames_to_clip, self.encoder = NormaliseFrames(encoder), encoder

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Encode clips.

        Parameters
        ----------
        frames : as in `NormaliseFrames`.

        Returns
        -------
        Tokens (N, T', H', W', C) and pooled features (N, C).
        """
        tokens, pooled = self.encoder(self.frames_to_clip(frames))
        return tokens, pooled

    def example(self, n: int) -> tuple[Tensor, ...]:
        """Random inputs of n samples."""
        return (self.frames_to_clip.example(n),)


class PreparedFaces(PreparedNetwork):
    """Aligned faces (N, 112, 112, 3) uint8 RGB to SwinFace's expression logits (N, 7) and tokens (N, 2, 512)."""

    inputs, outputs = ("faces",), ("expression", "tokens")

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        """Classify faces.

        Parameters
        ----------
        faces : (N, 112, 112, 3) uint8 RGB, aligned.

        Returns
        -------
        Logits (N, 7) of the expressions and tokens (N, 2, 512).
        """
        out = self.network(faces.permute(0, 3, 1, 2).float() / 127.5 - 1)
        return out.expression, out.tokens

    def example(self, n: int) -> tuple[Tensor, ...]:
        """Random inputs of n samples."""
        return (torch.randint(0, 256, (n, 112, 112, 3), dtype=torch.uint8),)


class PreparedExpression(PreparedNetwork):
    """Aligned faces (N, 64, 64, 3) uint8 RGB to logits (N, 7) of the small network, and features (N, W)."""

    inputs, outputs = ("faces",), ("logits", "features")

    def __init__(self, network: MiniXception) -> None:
        super().__init__()
        self.network = network

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        """Classify faces.

        Parameters
        ----------
        faces : (N, 64, 64, 3) uint8 RGB, cut out as `FER2013` says.

        Returns
        -------
        Logits (N, 7) and features (N, W).
        """
        luma = (faces.float() * torch.tensor(LUMA)).sum(-1)  # OpenVINO fails on "@" with a vector
        grey = (luma / 127.5 - 1)[:, None]
        features = self.network.forward_features(grey)
        return self.network.classify(features), features.mean((2, 3))

    def example(self, n: int) -> tuple[Tensor, ...]:
        """Random inputs of n samples."""
        return (torch.randint(0, 256, (n, SIZE, SIZE, 3), dtype=torch.uint8),)


class PreparedEmotion(PreparedNetwork):
    """A stretch's face tokens (N, L, W) with their seconds (N, L), and its micro-gestures (N, K), to logits (N,).

    Of a gesture: its class, score, start and length in seconds, and whether it is one: where there is none, one that
    is masked.
    """

    inputs = ("tokens", "seconds", "label", "score", "start", "length", "mask")
    outputs = ("both", "face", "gestures")
    lengths = {"tokens": "l", "seconds": "l"} | dict.fromkeys(inputs[2:], "k")

    def __init__(self, network: EmotionNet) -> None:
        super().__init__()
        self.fusion = network.fusion

    def forward(self, tokens: Tensor, seconds: Tensor, *gestures: Tensor) -> tuple[Tensor, ...]:
        """Predict an outcome.

        Parameters
        ----------
        tokens : (N, L, W) of faces.
        seconds : (N, L) at which they were seen.
        gestures : label, score, start, length and mask, each (N, K).

        Returns
        -------
        Logits (N,) of both streams together, of faces and of gestures.
        """
        out = self.fusion(Stream(tokens, seconds), None, Gestures(*gestures))
        return out.logit, out.stream_logits.face, out.stream_logits.gestures

    def example(self, n: int) -> tuple[Tensor, ...]:
        """Random inputs of n samples: 30 faces and 4 gestures each."""
        config, faces, gestures = self.fusion.config, 30, 4
        label = torch.randint(0, config.gestures, (n, gestures))
        numbers = (torch.rand(n, gestures) * scale for scale in (1, 50, 5))
        mask = torch.rand(n, gestures) > 0.3
        return torch.randn(n, faces, config.face_width), torch.rand(n, faces) * 60, label, *numbers, mask
