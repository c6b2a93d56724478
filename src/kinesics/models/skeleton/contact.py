"""`Contact`: how near hands are to face and body, which tells a touched chin from a touched neck."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kinesics.skeleton import SkeletonLayout

_NEAR = 0.15  # shoulder widths, some 6 cm: a third of a face's width, about what lies between neighbouring places
_FAR = 1e3


class Contact(nn.Module):
    """Joints (N, 4, T, V, M), as `normalise` gives them, to (N, 1, T, V, M): 1 for what touches, 1/e at 6 cm.

    Each joint of a hand looks for the nearest place of neck and face, every other joint for the nearest fingertip, in
    the image plane: depth is the worst of what an engine knows. 0 where one of the two is missing. Raises
    ValueError for a layout without fingertips, or without a face.
    """

    def __init__(self, layout: SkeletonLayout) -> None:
        super().__init__()
        joints = range(len(layout))
        tips = [i for i in joints if layout.joints[i].endswith("_tip")]
        hands = [i for i in joints if layout.joints[i].endswith(("_tip", "_knuckle", "_wrist"))]
        others = [i for i in joints if i not in hands]
        face = [i for i in others if layout.joints[i] == "neck" or _is_of_head(i, layout)]
        if not tips or not face:
            raise ValueError(f"expected a layout with fingertips and a face, found {layout.name}")
        for name, rows in (("tips", tips), ("hands", hands), ("others", others), ("face", face)):
            self.register_buffer(name, torch.tensor(rows), persistent=False)
        self.register_buffer("order", torch.tensor(hands + others).argsort(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Measure how near hands are to face and body.

        Parameters
        ----------
        x : (N, 4, T, V, M), as `normalise` gives joints.

        Returns
        -------
        (N, 1, T, V, M) in 0..1.
        """
        pairs = (("hands", "face"), ("others", "tips"))
        found = [_nearness(*(x.index_select(3, self.get_buffer(part)) for part in pair)) for pair in pairs]
        return torch.cat(found, 2).index_select(2, self.get_buffer("order"))[:, None]


def _is_of_head(joint: int, layout: SkeletonLayout) -> bool:
    """Whether it hangs on the joint "head"."""
    parent = layout.parents[joint]
    return parent >= 0 and (layout.joints[parent] == "head" or _is_of_head(parent, layout))


def _nearness(a: Tensor, b: Tensor) -> Tensor:
    """(N, T, A, M) of each joint of a (N, 4, T, A, M) to the nearest of b (N, 4, T, B, M)."""
    square = (a[:, :2, :, :, None] - b[:, :2, :, None]).square().sum(1)
    seen = (a[:, 3, :, :, None] > 0) & (b[:, 3, :, None] > 0)
    square = torch.where(seen, square, _FAR)
    return torch.exp(-(square.amin(3) + 1e-6).sqrt() / _NEAR)
