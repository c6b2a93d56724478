"""2s-AGCN: two-stream adaptive graph convolutional networks (Shi et al., CVPR 2019, arXiv 1805.07694).

`AGCN` is one stream; `TwoStreamAGCN` holds a joint and a bone stream and joins their logits. The three
subsets of a graph convolution are computed together: one convolution for all embeddings, one matrix
product for all graphs, one convolution for the sum over subsets.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinesics.models.skeleton.contact import Contact
from kinesics.models.skeleton.graph import adjacency, bone_parents
from kinesics.skeleton import LAYOUTS, SkeletonLayout

SUBSETS = 3  # identity, inward, outward


class AGCNOutput(NamedTuple):
    """logits: (N, classes). tokens: (N, T/4, V, C), the last feature map, mean over persons."""

    logits: Tensor
    tokens: Tensor


@dataclass(frozen=True)
class AGCNConfig:
    """Sizes of one stream; the defaults are the published ones.

    classes: of actions or gestures.
    channels: of the input: x, y, z and, in Kinesics' own weights, the score.
    persons: M, in a clip.
    widths: channels of each block.
    strides: in time, of each block.
    dropout: before the last layer.
    contact: whether both streams of a `TwoStreamAGCN` also get how near hands are to the body.
    """

    classes: int = 60
    channels: int = 3
    persons: int = 2
    widths: tuple[int, ...] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)
    strides: tuple[int, ...] = (1, 1, 1, 1, 2, 1, 1, 2, 1, 1)
    dropout: float = 0.0
    contact: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for sizes that are none."""
        sizes = (self.classes, self.channels, self.persons, *self.widths, *self.strides)
        if not all(type(size) is int and size > 0 for size in sizes) or len(self.widths) != len(self.strides):
            raise ValueError("expected whole sizes above zero, and a stride for every width")


class AdaptiveGraphConv(nn.Module):
    """A graph convolution whose graphs are partly fixed, partly learned and partly of the sample.

    y = Σ_k W_k x (A_k + PA_k + C_k), with C_k a softmax over embedded similarities.

    Parameters
    ----------
    c_in : channels of the input.
    c_out : channels of the output.
    graph : (3, V, V), see `kinesics.models.skeleton.graph.adjacency`.
    """

    def __init__(self, c_in: int, c_out: int, graph: Tensor) -> None:
        super().__init__()
        self.c_embed = c_out // 4
        self.register_buffer("A", graph.clone())  # (3, V, V)
        self.PA = nn.Parameter(torch.full_like(graph, 1e-6))
        self.theta = nn.Conv2d(c_in, SUBSETS * self.c_embed, 1)
        self.phi = nn.Conv2d(c_in, SUBSETS * self.c_embed, 1)
        self.mix = nn.Conv2d(SUBSETS * c_in, c_out, 1)  # all W_k side by side: their outputs are summed
        self.bn = nn.BatchNorm2d(c_out)
        self.down: nn.Module = nn.Identity()
        if c_in != c_out:
            self.down = nn.Sequential(nn.Conv2d(c_in, c_out, 1), nn.BatchNorm2d(c_out))
        nn.init.kaiming_normal_(self.mix.weight, mode="fan_out")
        nn.init.constant_(self.bn.weight, 1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve over the joints.

        Parameters
        ----------
        x : (N, C, T, V).

        Returns
        -------
        (N, C', T, V).
        """
        n, c, t, v = x.shape
        theta = self.theta(x).view(n, SUBSETS, self.c_embed * t, v)
        phi = self.phi(x).view(n, SUBSETS, self.c_embed * t, v)
        similarity = theta.transpose(-2, -1) @ phi / (self.c_embed * t)
        graph = similarity.softmax(-2) + self.A + self.PA  # (N, 3, V, V)
        spread = x.view(n, 1, c * t, v) @ graph  # (N, 3, C·T, V)
        y = self.bn(self.mix(spread.view(n, SUBSETS * c, t, v)))
        return torch.relu(y + self.down(x))


class TemporalConv(nn.Module):
    """A convolution over time with the same padding, then batch norm.

    Parameters
    ----------
    c_in : channels of the input.
    c_out : channels of the output.
    kernel : in steps of time.
    stride : in steps of time.
    """

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, (kernel, 1), (stride, 1), (kernel // 2, 0))
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve over time.

        Parameters
        ----------
        x : (N, C, T, V).

        Returns
        -------
        (N, C', T / stride, V).
        """
        y: Tensor = self.bn(self.conv(x))
        return y


class AGCNBlock(nn.Module):
    """Graph convolution, temporal convolution, residual, ReLU.

    Parameters
    ----------
    c_in : channels of the input.
    c_out : channels of the output.
    stride : in steps of time.
    graph : (3, V, V).
    residual : whether there is one: the first block has none.
    """

    def __init__(self, c_in: int, c_out: int, stride: int, graph: Tensor, residual: bool) -> None:
        super().__init__()
        self.gcn = AdaptiveGraphConv(c_in, c_out, graph)
        self.tcn = TemporalConv(c_out, c_out, 9, stride)
        self.residual: nn.Module | None = None
        if residual:
            same = c_in == c_out and stride == 1
            self.residual = nn.Identity() if same else TemporalConv(c_in, c_out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve over joints, then over time.

        Parameters
        ----------
        x : (N, C, T, V).

        Returns
        -------
        (N, C', T / stride, V).
        """
        y = self.tcn(self.gcn(x))
        return torch.relu(y if self.residual is None else y + self.residual(x))


class AGCN(nn.Module):
    """One stream over (N, C, T, V, M) joints or bones; gives an `AGCNOutput`."""

    def __init__(self, layout: SkeletonLayout, config: AGCNConfig) -> None:
        super().__init__()
        self.layout, self.config = layout, config
        graph = torch.from_numpy(adjacency(layout))
        self.data_bn = nn.BatchNorm1d(config.persons * len(layout) * config.channels)
        widths = (config.channels, *config.widths)
        self.blocks = nn.ModuleList(
            AGCNBlock(c_in, c_out, stride, graph, residual=i > 0)
            for i, (c_in, c_out, stride) in enumerate(zip(widths, config.widths, config.strides, strict=False))
        )
        self.dropout = nn.Dropout(config.dropout)
        self.fc = nn.Linear(config.widths[-1], config.classes)
        nn.init.normal_(self.fc.weight, 0, math.sqrt(2 / config.classes))

    def forward(self, x: Tensor) -> AGCNOutput:
        """Classify clips.

        Parameters
        ----------
        x : (N, C, T, V, M) joints or bones.

        Returns
        -------
        The logits, and the last feature map.
        """
        n, c, t, v, m = x.shape
        x = x.permute(0, 4, 3, 1, 2).reshape(n, m * v * c, t)
        x = self.data_bn(x).view(n * m, v, c, t).permute(0, 2, 3, 1).contiguous()
        for block in self.blocks:
            x = block(x)
        features = x.view(n, m, x.shape[1], x.shape[2], v).mean(1)  # (N, C, T/4, V)
        logits = self.fc(self.dropout(features.mean((2, 3))))
        return AGCNOutput(logits, features.permute(0, 2, 3, 1))

    @classmethod
    def from_reference(cls, state: Mapping[str, Tensor], layout: SkeletonLayout | None = None) -> AGCN:
        """Build the network that a published checkpoint describes, in eval mode; all sizes are inferred from it.

        Parameters
        ----------
        state : the checkpoint's tensors by their published names.
        layout : the fixed graph's, which is not in the checkpoint; None means NTU-25 with 25 joints.

        Returns
        -------
        The network.

        Raises
        ------
        ValueError : where layout and checkpoint do not fit.
        """
        joints = state["l1.gcn1.PA"].shape[-1]
        if layout is None:
            if joints != 25:
                raise ValueError(f"the checkpoint has {joints} joints: name its layout (only 25 joints mean NTU-25)")
            layout = LAYOUTS["ntu_25"]
        if len(layout) != joints:
            raise ValueError(f"the checkpoint has {joints} joints, layout {layout.name} has {len(layout)}")
        count = max(int(match[1]) for key in state if (match := re.match(r"l(\d+)\.", key)))
        widths = tuple(state[f"l{i}.tcn1.conv.weight"].shape[0] for i in range(1, count + 1))
        channels = state["l1.gcn1.conv_d.0.weight"].shape[1]
        config = AGCNConfig(
            classes=state["fc.weight"].shape[0],
            channels=channels,
            persons=state["data_bn.weight"].shape[0] // (joints * channels),
            widths=widths,
            # the checkpoint does not hold strides; in the published design a block that widens also halves time
            strides=tuple(1 + (i > 0 and widths[i] > widths[i - 1]) for i in range(count)),
        )
        network = cls(layout, config)
        network.load_state_dict(_from_reference_names(state) | _graphs(network))
        return network.eval()


def _graphs(network: AGCN) -> dict[str, Tensor]:
    return {name: buffer for name, buffer in network.named_buffers() if name.endswith(".A")}


def _from_reference_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published names l1.gcn1.conv_a.0 … become blocks.0.gcn.theta …, the subsets joined."""
    converted: dict[str, Tensor] = {}
    for key, value in state.items():
        name = re.sub(r"^l(\d+)\.", lambda match: f"blocks.{int(match[1]) - 1}.", key)
        name = name.replace("gcn1.", "gcn.").replace("tcn1.", "tcn.")
        subset = re.search(r"conv_([abd])\.(\d)\.(weight|bias)$", name)
        if subset is None:
            converted[name] = value
        elif subset[2] == "0":
            parts = [state[re.sub(r"\.0\.(weight|bias)$", rf".{k}.\1", key)] for k in range(SUBSETS)]
            converted[name[: subset.start()] + _JOINED[subset[1]] + "." + subset[3]] = _join(
                parts, subset[1], subset[3]
            )
    return converted


_JOINED = {"a": "theta", "b": "phi", "d": "mix"}


def _join(parts: list[Tensor], which: str, kind: str) -> Tensor:
    """Embeddings stand side by side; the outputs of the W_k are summed, so their inputs do, and biases add up."""
    if which != "d":
        return torch.cat(parts)
    return torch.cat(parts, 1) if kind == "weight" else torch.stack(parts).sum(0)


class TwoStreamOutput(NamedTuple):
    """logits: (N, classes), the streams' sum; tokens: (N, T/4, V, 2·C); `joint` and `bone` each alone."""

    logits: Tensor
    tokens: Tensor
    joint: AGCNOutput
    bone: AGCNOutput


class TwoStreamAGCN(nn.Module):
    """Joint and bone streams; bones are derived from the joints on the fly. Input (N, C, T, V, M)."""

    def __init__(self, layout: SkeletonLayout, config: AGCNConfig) -> None:
        super().__init__()
        self.layout, self.config = layout, config
        self.contact = Contact(layout) if config.contact else None
        of_stream = replace(config, channels=config.channels + config.contact, contact=False)
        self.joint = AGCN(layout, of_stream)
        self.bone = AGCN(layout, of_stream)
        self.register_buffer("parents", torch.tensor(bone_parents(layout)), persistent=False)

    def encoders(self) -> list[nn.Module]:
        """None: the network is one."""
        return []

    def classifiers(self) -> list[nn.Module]:
        """The last layer of each stream."""
        return [self.joint.fc, self.bone.fc]

    def bones(self, x: Tensor) -> Tensor:
        """Subtract from each joint its parent.

        Parameters
        ----------
        x : (N, C, T, V, M). With a fourth channel, the score, a bone that lacks an end is zero.

        Returns
        -------
        (N, C, T, V, M).
        """
        parent = x.index_select(3, self.get_buffer("parents"))
        if x.shape[1] < 4:
            return x - parent
        score = torch.minimum(x[:, 3:], parent[:, 3:])
        return torch.cat([(x[:, :3] - parent[:, :3]) * (score > 0), score], 1)

    def streams(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Make the inputs of the joint stream and of the bone stream.

        Parameters
        ----------
        x : (N, C, T, V, M) joints.

        Returns
        -------
        Both (N, C', T, V, M); with contact C' is C + 1.
        """
        bones = self.bones(x)
        if self.contact is None:
            return x, bones
        near = self.contact(x)
        return torch.cat([x, near], 1), torch.cat([bones, near], 1)

    def forward(self, x: Tensor) -> TwoStreamOutput:
        """Classify clips.

        Parameters
        ----------
        x : (N, C, T, V, M) joints.

        Returns
        -------
        The logits of both streams and of each, and the joint tokens.
        """
        joints, bones = self.streams(x)
        joint, bone = self.joint(joints), self.bone(bones)
        tokens = torch.cat([joint.tokens, bone.tokens], -1)
        return TwoStreamOutput(joint.logits + bone.logits, tokens, joint, bone)
