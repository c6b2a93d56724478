"""Bones and the fixed graph of a layout, as 2s-AGCN (Shi et al., CVPR 2019) wants them."""

from __future__ import annotations

import numpy as np

from kinesics.skeleton.layout import SkeletonLayout
from kinesics.skeleton.sequence import FloatArray


def adjacency(layout: SkeletonLayout) -> FloatArray:
    """(3, V, V): identity, inward (child to parent) and outward links.

    Entry [k, j, i] is 1 for a link i → j; the in- and outward matrices are divided by their column sums.
    """
    count = len(layout)
    inward = np.zeros((count, count), np.float32)
    for child, parent in layout.links:
        inward[parent, child] = 1
    return np.stack([np.eye(count, dtype=np.float32), _by_column(inward), _by_column(inward.T)])


def _by_column(matrix: FloatArray) -> FloatArray:
    columns: FloatArray = matrix / np.maximum(matrix.sum(0, keepdims=True), 1)
    return columns


def bone_parents(layout: SkeletonLayout) -> tuple[int, ...]:
    """(V,) each joint's parent, a root being its own: joint − parent is the bone, and the root's is zero."""
    return tuple(parent if parent >= 0 else joint for joint, parent in enumerate(layout.parents))
