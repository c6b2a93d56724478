"""The joints of the hypergraph-enhanced transformer, their bones, and the hyperedges that join several of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

Bones = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class JointGroups:
    """A tree of joints, each in one group.

    names: of the V joints. bones: pairs of them. group: of each joint the number of its group.
    """

    names: tuple[str, ...]
    bones: Bones
    group: tuple[int, ...]

    def hops(self) -> Tensor:
        """Count the bones on the shortest way from joint to joint: (V, V) int64."""
        count = len(self.names)
        linked = torch.eye(count)
        for a, b in self.bones:
            linked[a, b] = linked[b, a] = 1
        hops = torch.full((count, count), -1)
        reached = torch.eye(count)
        for distance in range(count):
            hops[(reached > 0) & (hops < 0)] = distance
            reached = reached @ linked
        return hops


def _numbered(*parts: tuple[int, ...]) -> tuple[int, ...]:
    """The group of each joint, from the joints of each group."""
    of = {joint: number for number, joints in enumerate(parts) for joint in joints}
    return tuple(of[joint] for joint in range(len(of)))


_FINGERS = ("thumb", "index", "middle", "ring", "little")
# OpenPose's, as iMiGUE gives them
IMIGUE_JOINTS = JointGroups(
    (
        *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
        *("right_eye", "left_eye", "right_ear", "left_ear"),
        *(f"{side}_{finger}_tip" for side in ("left", "right") for finger in _FINGERS),
    ),
    (
        *((0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7), (0, 8), (8, 10), (0, 9), (9, 11)),
        *((7, tip) for tip in range(12, 17)),
        *((4, tip) for tip in range(17, 22)),
    ),
    _numbered((0, 1, *range(8, 12)), tuple(range(2, 8)), tuple(range(12, 22))),
)
# Kinect v2's, as SMG gives them
SMG_JOINTS = JointGroups(
    (
        *("spine_base", "spine_mid", "neck", "head", "left_shoulder", "left_elbow", "left_wrist", "left_hand"),
        *("right_shoulder", "right_elbow", "right_wrist", "right_hand", "left_hip", "left_knee", "left_ankle"),
        *("left_foot", "right_hip", "right_knee", "right_ankle", "right_foot", "spine_shoulder", "left_hand_tip"),
        *("left_thumb", "right_hand_tip", "right_thumb"),
    ),
    (
        *((3, 2), (2, 20), (20, 1), (1, 0), (0, 12), (12, 13), (13, 14), (14, 15), (0, 16), (16, 17), (17, 18)),
        *((18, 19), (20, 4), (4, 5), (5, 6), (6, 7), (7, 21), (7, 22), (20, 8), (8, 9), (9, 10), (10, 11), (11, 23)),
        (11, 24),
    ),
    _numbered((0, 1, 2, 3, 20), tuple(range(4, 12)), tuple(range(12, 20)), tuple(range(21, 25))),
)
JOINT_GROUPS: dict[int, JointGroups] = {len(one.names): one for one in (IMIGUE_JOINTS, SMG_JOINTS)}
