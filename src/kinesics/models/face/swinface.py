"""SwinFace: face recognition, expression, age and attributes in one network (Qin et al., TCSVT 2023).

A Swin-T on aligned 112×112 faces gives a local and a global map; eleven branches each attend to them (feature
attention module), and small subnets end in 42 linear heads. Only the branches that are asked for are computed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.models.swin_transformer import PatchMerging, SwinTransformerBlock

from kinesics.models.face.encoder import scaled_rgb
from kinesics.preprocessing.face_crop import ARCFACE

# the heads of each branch, in the checkpoint's order; all have two logits but those in `SIZES`
BRANCHES: tuple[tuple[str, ...], ...] = (
    ("Gender",),
    ("Age", "Young"),
    ("Expression", "Smiling"),
    ("Attractive", "Blurry", "Chubby", "Heavy Makeup", "Oval Face", "Pale Skin"),
    (
        "Bald", "Bangs", "Black Hair", "Blond Hair", "Brown Hair", "Gray Hair", "Receding Hairline", "Straight Hair",
        "Wavy Hair", "Wearing Hat",
    ),
    ("Arched Eyebrows", "Bags Under Eyes", "Bushy Eyebrows", "Eyeglasses", "Narrow Eyes"),
    ("Big Nose", "Pointy Nose"),
    ("High Cheekbones", "Rosy Cheeks", "Wearing Earrings", "Sideburns"),
    ("Five O'Clock Shadow", "Big Lips", "Mouth Slightly Open", "Mustache", "Wearing Lipstick", "No Beard"),
    ("Double Chin", "Goatee"),
    ("Wearing Necklace", "Wearing Necktie"),
)  # fmt: skip
SIZES = {"Age": 1, "Expression": 7}
HEADS = tuple(name for branch in BRANCHES for name in branch)
EXPRESSION_BRANCH = 2
UNUSED = ("backbone.head.weight", "backbone.head.bias")  # in the checkpoint, never called by the published network

Norm = partial(nn.LayerNorm, eps=1e-5)
WINDOW = 7


@dataclass(frozen=True)
class SwinFaceOutput:
    """embedding: (N, 512) identity. heads: the logits of each head that was computed, by name, (N, 1, 2 or 7).

    tokens: (N, 2, 512), the expression branch's features and the embedding, for fusion.
    """

    embedding: Tensor
    heads: Mapping[str, Tensor]
    tokens: Tensor

    @property
    def expression(self) -> Tensor:
        """(N, 7): surprise, fear, disgust, happiness, sadness, anger, neutral."""
        return self.heads["Expression"]


class Backbone(nn.Module):
    """Swin-T with patches of 2: (N, 3, 112, 112) to maps (N, C, 7, 7) and the embedding (N, 512)."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, width, 2, 2)
        self.patch_norm = Norm(width)
        stages = []
        for depth, heads, scale in ((2, 3, 1), (2, 6, 2), (6, 12, 4), (2, 24, 8)):
            shifts = [0 if i % 2 == 0 else WINDOW // 2 for i in range(depth)]
            stages.append(nn.Sequential(*(_block(width * scale, heads, shift) for shift in shifts)))
        self.stages = nn.ModuleList(stages)
        self.merges = nn.ModuleList(PatchMerging(width * scale, Norm) for scale in (1, 2, 4))
        self.norm = Norm(width * 8)
        self.feature = nn.Sequential(
            nn.Linear(width * 8, width * 8, bias=False),
            nn.BatchNorm1d(width * 8, eps=2e-5),
            nn.Linear(width * 8, 512, bias=False),
            nn.BatchNorm1d(512, eps=2e-5),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the maps of faces.

        Parameters
        ----------
        x : (N, 3, 112, 112) in −1..1.

        Returns
        -------
        The local map (N, 1344, 7, 7), the global map (N, 768, 7, 7) and the embedding (N, 512).
        """
        x = self.patch_norm(self.patch(x).permute(0, 2, 3, 1))  # (N, 56, 56, 96)
        local = []
        for stage, merge in zip(self.stages, self.merges, strict=False):
            x = merge(stage(x))
            local.append(F.avg_pool2d(x.permute(0, 3, 1, 2), int(x.shape[1]) // WINDOW))  # 7×7, as every runtime knows
        x = self.stages[-1](x)
        embedding = self.feature(self.norm(x).mean((1, 2)))
        return torch.cat(local, 1), x.permute(0, 3, 1, 2), embedding


def _block(width: int, heads: int, shift: int) -> SwinTransformerBlock:
    return SwinTransformerBlock(width, heads, [WINDOW, WINDOW], [shift, shift], norm_layer=Norm)


class Branch(nn.Module):
    """Attention over the joined maps (N, 2112, 7, 7), then a subnet: (N, 512) features of one group of heads."""

    def __init__(
        self, widths: tuple[int, ...] = (192, 384, 768, 768), outs: tuple[int, ...] = (47, 93, 186, 186)
    ) -> None:
        super().__init__()
        self.widths = widths
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1, bias=False) for i, o in zip(widths, outs, strict=True))
        total = sum(outs)
        self.gate = nn.Sequential(nn.Linear(total, total // 16), nn.ReLU(), nn.Linear(total // 16, total))
        self.norm = nn.BatchNorm1d(total, eps=2e-5)
        self.subnet = nn.Sequential(
            nn.Linear(total, total), nn.ReLU(), nn.Dropout(0.5), nn.Linear(total, total), nn.ReLU(), nn.Dropout(0.5)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Compute the features of one group of heads.

        Parameters
        ----------
        maps : (N, 2112, 7, 7), local and global joined.

        Returns
        -------
        (N, 512).
        """
        parts = torch.split(maps, list(self.widths), 1)
        x = torch.cat([conv(part) for conv, part in zip(self.convs, parts, strict=True)], 1)
        gate = torch.sigmoid(self.gate(x.mean((2, 3))) + self.gate(x.amax((2, 3))))
        x = torch.relu(x * gate[..., None, None]).amax((2, 3))
        y: Tensor = self.subnet(self.norm(x))
        return y


class SwinFace(nn.Module):
    """Faces (N, 3, 112, 112), RGB as (x / 255 − 0.5) / 0.5, five-point aligned, to a `SwinFaceOutput`."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.branches = nn.ModuleList(Branch() for _ in BRANCHES)
        self.heads = nn.ModuleList(nn.Linear(512, SIZES.get(name, 2)) for name in HEADS)

    def forward(self, x: Tensor, wanted: Collection[str] = ("Expression",)) -> SwinFaceOutput:
        """Compute the heads that are asked for; the expression branch always is, for the tokens.

        Parameters
        ----------
        x : (N, 3, 112, 112) in −1..1.
        wanted : names in `HEADS`.

        Returns
        -------
        The embedding, the heads' logits and the tokens.

        Raises
        ------
        ValueError : for a head that does not exist.
        """
        if unknown := set(wanted) - set(HEADS):
            raise ValueError(f"SwinFace has no head {', '.join(sorted(unknown))}; it has {', '.join(HEADS)}")
        local, whole, embedding = self.backbone(x)
        maps = torch.cat([local, whole], 1)
        heads: dict[str, Tensor] = {}
        expression = torch.empty(0)
        for number, (branch, names) in enumerate(zip(self.branches, BRANCHES, strict=True)):
            if number != EXPRESSION_BRANCH and not set(names) & set(wanted):
                continue
            features = branch(maps)
            if number == EXPRESSION_BRANCH:
                expression = features
            heads |= {name: self.heads[HEADS.index(name)](features) for name in names if name in wanted}
        return SwinFaceOutput(embedding, heads, torch.stack([expression, embedding], 1))

    @classmethod
    def from_reference(cls, state: Mapping[str, Any]) -> SwinFace:
        """The published checkpoint, merged or as its four dicts `state_dict_{backbone,fam,tss,om}`; eval mode.

        Raises RuntimeError for entries that are missing or left over (but for those in `UNUSED`).
        """
        if "state_dict_backbone" in state:
            parts = ("backbone", "fam", "tss", "om")
            state = {f"{part}.{key}": value for part in parts for key, value in state[f"state_dict_{part}"].items()}
        network = cls()
        converted = {_own_name(key): value for key, value in state.items() if key not in UNUSED}
        masks = [key for key in converted if key.endswith("attn_mask")]  # torchvision makes them as they are needed
        for key in masks:
            del converted[key]
        for key in [key for key in converted if key.endswith("relative_position_index")]:
            converted[key] = converted[key].flatten()
        network.load_state_dict(converted)
        return network.eval()


class SwinFaceTokens(nn.Module):
    """A `FaceEncoder`: SwinFace's expression features and embedding side by side. Everything else of it is frozen."""

    crop, channels, size, width = ARCFACE, 3, ARCFACE.size, 1024

    def __init__(self, network: SwinFace | None = None) -> None:
        super().__init__()
        self.network = network or SwinFace()
        self.network.heads.requires_grad_(False)
        for number, branch in enumerate(self.network.branches):
            branch.requires_grad_(number == EXPRESSION_BRANCH)

    def prepare(self, faces: NDArray[np.uint8]) -> Tensor:
        """Scale aligned faces.

        Parameters
        ----------
        faces : (N, 112, 112, 3) uint8 RGB.

        Returns
        -------
        (N, 3, 112, 112) float32 in −1..1.
        """
        return scaled_rgb(faces)

    def forward(self, faces: Tensor) -> Tensor:
        """Encode faces.

        Parameters
        ----------
        faces : (N, 3, 112, 112) in −1..1.

        Returns
        -------
        (N, 1024) tokens.
        """
        tokens: Tensor = self.network(faces, wanted=()).tokens
        return tokens.flatten(1)


_RENAMED = (
    (r"^backbone\.patch_embed\.proj\.", "backbone.patch."),
    (r"^backbone\.patch_embed\.norm\.", "backbone.patch_norm."),
    (r"^backbone\.layers\.(\d)\.blocks\.", r"backbone.stages.\1."),
    (r"^backbone\.layers\.(\d)\.downsample\.", r"backbone.merges.\1."),
    (r"\.mlp\.fc1\.", ".mlp.0."),
    (r"\.mlp\.fc2\.", ".mlp.3."),
    (r"^fam\.nets\.(\d+)\.conv\.convs\.", r"branches.\1.convs."),
    (r"^fam\.nets\.(\d+)\.channel_attention\.mlp\.1\.", r"branches.\1.gate.0."),
    (r"^fam\.nets\.(\d+)\.channel_attention\.mlp\.3\.", r"branches.\1.gate.2."),
    (r"^fam\.nets\.(\d+)\.norm\.", r"branches.\1.norm."),
    (r"^tss\.nets\.(\d+)\.feature\.", r"branches.\1.subnet."),
    (r"^om\.output_fcs\.(\d+)\.", r"heads.\1."),
)


def _own_name(key: str) -> str:
    for pattern, replacement in _RENAMED:
        key = re.sub(pattern, replacement, key)
    return key
