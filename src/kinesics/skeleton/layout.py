"""What a row of a skeleton array means: named joints, the tree between them, and left-right pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kinesics.reading import MOST_JOINTS


@dataclass(frozen=True)
class SkeletonLayout:
    """A named set of V joints.

    `parents[j]` is the index of joint j's parent, or -1 for a root; `pairs` lists (left, right)
    indices, left being the person's own left. Raises ValueError if the parts do not fit together.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        count = len(self.joints)
        if count > MOST_JOINTS:
            raise ValueError(f"layout {self.name}: at most {MOST_JOINTS} joints, found {count}")
        if len(set(self.joints)) != count:
            raise ValueError(f"layout {self.name}: joint names are not unique")
        if len(self.parents) != count or any(not -1 <= p < count for p in self.parents):
            raise ValueError(f"layout {self.name}: needs one parent (or -1) for each of {count} joints")
        flat = [i for pair in self.pairs for i in pair]
        if len(set(flat)) != len(flat) or any(not 0 <= i < count for i in flat):
            raise ValueError(f"layout {self.name}: a joint may stand in one left-right pair only")
        for joint in range(count):
            self._check_reaches_root(joint)

    def _check_reaches_root(self, joint: int) -> None:
        seen = set()
        while joint != -1:
            if joint in seen:
                raise ValueError(f"layout {self.name}: the parents of {self.joints[joint]} form a circle")
            seen.add(joint)
            joint = self.parents[joint]

    def __len__(self) -> int:
        return len(self.joints)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.joints)}

    def index(self, joint: str) -> int:
        """The row of the named joint; raises KeyError with the layout's name."""
        try:
            return self._index[joint]
        except KeyError:
            raise KeyError(f"layout {self.name} has no joint {joint!r}") from None

    def indices(self, *joints: str) -> list[int]:
        """Give the rows of several joints, see `index`."""
        return [self.index(joint) for joint in joints]

    @cached_property
    def mirror(self) -> NDArray[np.int64]:
        """(V,) permutation that swaps left and right joints."""
        order = np.arange(len(self))
        for left, right in self.pairs:
            order[left], order[right] = right, left
        return order

    @cached_property
    def links(self) -> tuple[tuple[int, int], ...]:
        """(child, parent) of every bone."""
        return tuple((child, parent) for child, parent in enumerate(self.parents) if parent >= 0)


def make_layout(name: str, tree: dict[str, str | None]) -> SkeletonLayout:
    """A layout from {joint: parent or None}; joints named left_X and right_X become pairs."""
    joints = tuple(tree)
    index = {joint: i for i, joint in enumerate(joints)}
    parents = tuple(-1 if parent is None else index[parent] for parent in tree.values())
    pairs = tuple(
        (index[joint], index["right_" + joint[5:]])
        for joint in joints
        if joint.startswith("left_") and "right_" + joint[5:] in index
    )
    return SkeletonLayout(name, joints, parents, pairs)
