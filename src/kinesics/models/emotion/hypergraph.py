"""The hypergraph-enhanced transformer (Xia et al., arXiv 2507.14867): a clip of joints to an emotion, and back.

Joints attend to each other in every frame, by what they show, by their distance in bones, and by hyperedges, which join
head, arms and hands. A decoder rebuilds the clip from what the encoder has made of it: a second supervision that needs
no label. Attention is blended with a learned matrix, and starts as none at all.

Published weights fit as they are: modules have the names of the authors' code (MIT).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from kinesics.models.emotion.hypergraph_block import TokenBlock
from kinesics.models.emotion.hypergraph_time import HypergraphConfig
from kinesics.models.emotion.hypergraph_units import HyperUnit

IMIGUE_CONFIG = HypergraphConfig()
SMG_CONFIG = HypergraphConfig(25, strides=(1, 1, 1, 1, 2, 1, 1, 2, 1, 1), ups=(True, False, True, False))
PUBLISHED = {config.joints: config for config in (IMIGUE_CONFIG, SMG_CONFIG)}


class HypergraphOutput(NamedTuple):
    """What the network makes of clips.

    logits: (N, classes). reconstruction: (N, 3, T, V), or None without a decoder. target: (N, 3, T, V), the normalised
    joints that it should equal. pooled: (N, C), before the last layer.
    """

    logits: Tensor
    reconstruction: Tensor | None
    target: Tensor
    pooled: Tensor


class Encoder(nn.Module):
    """The units that halve the frames now and then."""

    def __init__(self, config: HypergraphConfig) -> None:
        super().__init__()
        frames, inputs = config.frames, 3
        for number, stride in enumerate(config.strides, 1):
            self.add_module(f"l{number}", HyperUnit(inputs, config, frames, stride=stride))
            frames, inputs = math.ceil(frames / stride), config.channels

    def forward(self, x: Tensor) -> Tensor:
        """Encode clips.

        Parameters
        ----------
        x : (N, 3, T, V), normalised joints.

        Returns
        -------
        (N, C, T', V).
        """
        return _through(self.children(), x)


class Decoder(nn.Module):
    """The units that double the frames again, and a convolution to coordinates."""

    def __init__(self, config: HypergraphConfig) -> None:
        super().__init__()
        frames = config.frames
        for stride in config.strides:
            frames = math.ceil(frames / stride)
        for number, up in enumerate(config.ups, 1):
            self.add_module(f"l{number}", HyperUnit(config.channels, config, frames, up=up))
            frames *= 2 if up else 1
        self.rec_pe = nn.Conv2d(config.channels, 3, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Decode what the encoder made of clips.

        Parameters
        ----------
        x : (N, C, T', V).

        Returns
        -------
        (N, 3, T, V).
        """
        y: Tensor = self.rec_pe(_through((unit for unit in self.children() if unit is not self.rec_pe), x))
        return y


def _through(units: Iterable[nn.Module], x: Tensor) -> Tensor:
    edges = None
    for unit in units:
        x, edges = unit(x, edges)
    return x


class HypergraphTransformer(nn.Module):
    """Clips of joints (N, 3, T, V) to logits, and to a reconstruction of the normalised clips."""

    def __init__(self, config: HypergraphConfig = IMIGUE_CONFIG) -> None:
        super().__init__()
        self.config = config
        self.data_bn = nn.BatchNorm1d(3 * config.joints)
        self.encoder = Encoder(config)
        self.block = TokenBlock(config.channels, config.heads)
        self.fc = nn.Linear(config.channels, config.classes)
        nn.init.normal_(self.fc.weight, 0, math.sqrt(2 / config.classes))
        self.decoder = Decoder(config) if config.ups else None

    @classmethod
    def from_reference(cls, state_dict: Mapping[str, Tensor]) -> HypergraphTransformer:
        """Build the network of published weights, in eval mode; its sizes are read from the entries' own.

        Parameters
        ----------
        state_dict : by the published names, of iMiGUE's configuration or SMG's, with any decoder or none.

        Returns
        -------
        The network with all of the entries.

        Raises
        ------
        RuntimeError : for entries that do not fit.
        """
        network = cls(config_of_reference(state_dict))
        network.load_state_dict(state_dict)
        return network.eval()

    def forward(self, clip: Tensor) -> HypergraphOutput:
        """Classify clips, and rebuild them.

        Parameters
        ----------
        clip : (N, 3, T, V) or (N, 3, T, V, 1), of one person.

        Returns
        -------
        Logits, reconstruction and what it should equal.
        """
        frames = clip[..., 0] if clip.dim() == 5 else clip
        flat = frames.permute(0, 3, 1, 2).flatten(1, 2)  # channel 3v + c
        target = self.data_bn(flat).unflatten(1, (-1, 3)).permute(0, 2, 3, 1)
        encoded = self.encoder(target)
        pooled = self.block(encoded.flatten(2).transpose(1, 2)).mean(1)
        reconstruction = None if self.decoder is None else self.decoder(encoded)
        return HypergraphOutput(self.fc(pooled), reconstruction, target, pooled)


def config_of_reference(state_dict: Mapping[str, Tensor]) -> HypergraphConfig:
    """Read the sizes of a published network from its entries.

    Parameters
    ----------
    state_dict : by the published names.

    Returns
    -------
    The sizes.

    Raises
    ------
    KeyError : for a number of joints that no published network has.
    """
    joints = len(state_dict["data_bn.weight"]) // 3
    heads = len(state_dict["encoder.l1.vit1.attn.outer"])
    classes, channels = state_dict["fc.weight"].shape
    found = replace(PUBLISHED[joints], heads=heads, classes=classes, channels=channels)
    doubling = state_dict.get("decoder.l1.residual.up_method.weight")
    if "decoder.rec_pe.weight" not in state_dict:
        return replace(found, ups=())
    if doubling is None:
        return replace(found, up="interpolate")
    shorter = doubling.shape[1] // (1 if doubling.dim() == 4 else joints)
    frames = shorter * math.prod(found.strides)
    return replace(found, up="conv" if doubling.dim() == 4 else "linear", frames=frames)


def _squares(p: Tensor, t: Tensor) -> Tensor:
    return F.mse_loss(p, t)


def _cosines(p: Tensor, t: Tensor) -> Tensor:
    return (1 - F.cosine_similarity(p, t, dim=-1)).square().mean()


# of a reconstruction and its target, both (N, 3, T, V), as published; "sum" is over the frames, "batch" over clips too
RECONSTRUCTION_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sum_mse": lambda p, t: p.shape[2] * _squares(p, t),
    "mean_mse": _squares,
    "batch_mse": lambda p, t: p.shape[0] * p.shape[2] * _squares(p, t),
    "sce": _cosines,
    "sum_sce": lambda p, t: p.shape[2] * _cosines(p, t),
}
