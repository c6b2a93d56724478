"""What each modality of the gesture task trains: its network, how a batch goes through it, and what of it is saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.models.gesture.net import GESTURE_PRESETS, GestureNet, build_gesture_net
from kinesics.models.skeleton.agcn import TwoStreamAGCN
from kinesics.models.video.encoder import ClipTokens
from kinesics.training.gesture.data import GestureDataSpec
from kinesics.training.inputs.batches import Batch
from kinesics.training.trainer import State
from kinesics.weights.encoders import video_encoder_config


@dataclass(frozen=True)
class NetworkOptions:
    """What decides on a network.

    spec: of the data.
    preset: a row of `GESTURE_PRESETS`.
    fusion: a row of `FUSIONS`, where both modalities take part.
    contact: whether the skeleton network also sees how near hands are to face and body.
    """

    spec: GestureDataSpec
    preset: str = "small"
    fusion: str = "full"
    contact: bool = False


class ModalityOutput(NamedTuple):
    """What a network makes of a batch.

    logits: (N, classes).
    single: (N, classes) those of each stream or modality alone, where there are several.
    sparsity: () the mean usefulness of what is exchanged, or None without an exchange.
    """

    logits: Tensor
    single: tuple[Tensor, ...] = ()
    sparsity: Tensor | None = None


class Saved(NamedTuple):
    """What a run leaves of a network: the module, its row of `BUILDERS`, and what that row builds it from."""

    module: nn.Module
    network: str
    config: dict[str, Any]


class TrainedModality(ABC):
    """A network in training on one modality or on both.

    network: all of it; only what `logits` depend on is trained.
    fusion: the part that joins two modalities, or None.
    unused: parts that the logits do not depend on.
    """

    network: TwoStreamAGCN | GestureNet
    fusion: nn.Module | None = None
    unused: tuple[nn.Module, ...] = ()

    @abstractmethod
    def apply(self, batch: Batch) -> ModalityOutput:
        """Send a batch through the network."""

    @abstractmethod
    def saved(self) -> Saved:
        """Say what of the network is saved, and how it is built again."""

    def initialised(self, state: State) -> tuple[nn.Module, State]:
        """Choose which module an earlier run's tensors go to, and which of them."""
        return self.network, state


class BothStreams(TrainedModality):
    """A two-stream AGCN, on joints and on bones."""

    network: TwoStreamAGCN

    def __init__(self, options: NetworkOptions) -> None:
        self.network = _two_streams(options)

    def apply(self, batch: Batch) -> ModalityOutput:
        """Send a batch's skeletons through both streams."""
        out = self.network(batch["skeleton"])
        return ModalityOutput(out.logits, (out.joint.logits, out.bone.logits))

    def saved(self) -> Saved:
        """Save both streams."""
        return Saved(self.network, "two_stream_agcn", asdict(self.network.config))


class OneStream(TrainedModality):
    """One stream of a two-stream AGCN: that of joints, or that of bones."""

    network: TwoStreamAGCN

    def __init__(self, options: NetworkOptions, *, bones: bool) -> None:
        self.network = _two_streams(options)
        self._bones = bones
        self.stream = self.network.bone if bones else self.network.joint
        self.unused = (self.network.joint if bones else self.network.bone,)

    def apply(self, batch: Batch) -> ModalityOutput:
        """Send a batch's joints or bones through the stream."""
        joints, bones = self.network.streams(batch["skeleton"])
        return ModalityOutput(self.stream(bones if self._bones else joints).logits)

    def saved(self) -> Saved:
        """Save the one stream."""
        return Saved(self.stream, "agcn", asdict(self.network.config))


class VideoModality(TrainedModality):
    """A `GestureNet` on video, with skeletons beside it or alone."""

    network: GestureNet

    def __init__(self, options: NetworkOptions, *, with_skeleton: bool) -> None:
        spec = options.spec
        if spec.encoder is None:
            raise KinesicsError("model.modality: the data have no video; name an encoder in data.video")
        self.options, self.with_skeleton = options, with_skeleton
        self.network = build_gesture_net(
            options.preset, len(spec.classes), spec.layout, options.fusion, video=spec.encoder
        )
        fusion = self.fusion = self.network.fusion
        if not with_skeleton:
            others = (part for part in fusion.children() if part is not fusion.video_head)
            self.unused = (self.network.skeleton, *others)

    def apply(self, batch: Batch) -> ModalityOutput:
        """Send a batch's video through the network, as frames or as tokens, and its skeletons if they take part."""
        network, skeleton = self.network, batch["skeleton"]
        video = network.video(batch["video"]) if "video" in batch else ClipTokens(batch["tokens"], batch["pooled"])
        if not self.with_skeleton:
            out = network.fuse(video, None)
            return ModalityOutput(out.logits, (), out.sparsity)
        out = network.fuse(video, network.skeleton(skeleton).tokens, batch["places"], skeleton[:, 3, ..., 0])
        single = tuple(logits for logits in (out.video_logits, out.skeleton_logits) if logits is not None)
        return ModalityOutput(out.logits, single, out.sparsity)

    def saved(self) -> Saved:
        """Save all of the network."""
        config = {
            "preset": self.options.preset,
            "modality": "both" if self.with_skeleton else "video",
            "mode": self.options.fusion,
            "video": video_encoder_config(self.network.video),
        }
        return Saved(self.network, "gesture_net", config)

    def initialised(self, state: State) -> tuple[nn.Module, State]:
        """Give a skeleton network's tensors to the skeleton encoder, and another's to all of the network."""
        of_skeleton = not any(key.startswith("fusion.") for key in state)
        return self.network.skeleton if of_skeleton else self.network, state


MODALITIES: dict[str, Callable[[NetworkOptions], TrainedModality]] = {
    "skeleton": BothStreams,
    "joint": partial(OneStream, bones=False),
    "bone": partial(OneStream, bones=True),
    "video": partial(VideoModality, with_skeleton=False),
    "both": partial(VideoModality, with_skeleton=True),
}


def build_modality(name: str, options: NetworkOptions) -> TrainedModality:
    """Build the network of a modality, a row of `MODALITIES`; raises KinesicsError for what does not go together."""
    if name not in MODALITIES:
        raise KinesicsError(f"model.modality: expected {', '.join(MODALITIES)}, found {name}")
    if options.contact and name != "skeleton":
        raise KinesicsError(f"model.contact: expected model.modality skeleton beside it, found {name}")
    return MODALITIES[name](options)


def _two_streams(options: NetworkOptions) -> TwoStreamAGCN:
    sizes = GESTURE_PRESETS[options.preset].skeleton
    try:
        return TwoStreamAGCN(
            options.spec.layout, replace(sizes, classes=len(options.spec.classes), contact=options.contact)
        )
    except ValueError as error:
        raise KinesicsError(f"model.contact: {error}") from error
