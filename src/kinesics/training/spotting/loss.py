"""What points of a spotter's pyramid should say, and how far they are from it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from kinesics.models.gesture.spotter import Grid, Points

_LONGEST = 6.0  # strides that the farther edge may be away from a point of its level, at most
_FOCUS, _POSITIVE = 2.0, 0.35  # gamma and alpha of the focal loss (Lin et al., ICCV 2017)


class Targets(NamedTuple):
    """What the P points of N windows should say.

    classes: (N, P, C) 0 or 1. distances: (N, P, 2) tokens to both edges of the shortest event that the point is of.
    assigned: (N, P) whether it is of any.
    """

    classes: Tensor
    distances: Tensor
    assigned: Tensor


def assign(events: Tensor, grid: Grid, classes: int, radius: float) -> Targets:
    """Give each event to the points near its centre, on the level whose stride suits its length.

    Parameters
    ----------
    events : (N, E, 3) class (−1 for none), start and end in tokens.
    grid : where the P points are.
    classes : C.
    radius : strides from the centre, at most.

    Returns
    -------
    What the points should say.
    """
    place, stride = grid.place[None, :, None], grid.stride[None, :, None]  # (1, P, 1)
    label, start, end = (part[:, None] for part in events.unbind(-1))  # (N, 1, E)
    before, after = place - start, end - place  # (N, P, E)
    farther = torch.maximum(before, after)
    longest = torch.where(grid.stride == grid.stride.max(), torch.inf, grid.stride * _LONGEST)[None, :, None]
    least = torch.where(grid.stride == 1, -1.0, grid.stride * _LONGEST / 2)[None, :, None]
    central = (place - (start + end) / 2).abs() <= radius * stride
    of = (label >= 0) & (before > 0) & (after > 0) & central & (farther >= least) & (farther < longest)
    wanted = torch.zeros(*of.shape[:2], classes, device=events.device)
    wanted.scatter_reduce_(2, label.clamp(min=0).long().expand(of.shape), of.float(), "amax")
    length = torch.where(of, before + after, torch.inf)
    shortest = length.argmin(-1, keepdim=True) if length.shape[-1] else None
    if shortest is None:
        nothing = torch.zeros(*of.shape[:2], 2, device=events.device)
        return Targets(wanted, nothing, nothing[..., 0] > 0)
    distances = torch.cat([before.gather(2, shortest), after.gather(2, shortest)], -1)
    return Targets(wanted, distances, of.any(-1))


def label_tokens(events: Tensor, length: int, classes: int) -> Targets:
    """Say of every token which events it lies in, for networks without a pyramid.

    Parameters
    ----------
    events : (N, E, 3) class (−1 for none), start and end in tokens.
    length : L tokens, which are the points.
    classes : C.

    Returns
    -------
    What the tokens should say; nothing of distances.
    """
    place = torch.arange(length, device=events.device).float()[None, :, None]
    label, start, end = (part[:, None] for part in events.unbind(-1))
    of = (label >= 0) & (place >= start) & (place <= end)
    wanted = torch.zeros(*of.shape[:2], classes, device=events.device)
    wanted.scatter_reduce_(2, label.clamp(min=0).long().expand(of.shape), of.float(), "amax")
    return Targets(wanted, torch.zeros(*of.shape[:2], 2, device=events.device), of.any(-1))


def spotting_loss(points: Points, targets: Targets, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the focal loss of the classes and the DIoU loss of the edges, each a point that is of an event.

    Parameters
    ----------
    points : what was said.
    targets : what should have been.
    mask : (N, P), which points are real.

    Returns
    -------
    Both losses; the second is 0 for networks that tell no distances.
    """
    count = targets.assigned.sum().clamp(min=1)
    focal = focal_loss(points.logits.float(), targets.classes)
    of_classes = (focal * mask[..., None]).sum() / count
    if points.distances is None:
        return of_classes, of_classes.new_zeros(())
    of = targets.assigned & mask
    return of_classes, diou_loss(points.distances[of].float(), targets.distances[of]).sum() / count


def focal_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy of each class by itself, which what is right already hardly counts in.

    Parameters
    ----------
    logits : (..., C).
    wanted : (..., C) 0 or 1.

    Returns
    -------
    (..., C).
    """
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    probability = logits.sigmoid()
    wrong = probability * (1 - wanted) + (1 - probability) * wanted
    return (_POSITIVE * wanted + (1 - _POSITIVE) * (1 - wanted)) * wrong**_FOCUS * each


def diou_loss(found: Tensor, true: Tensor) -> Tensor:
    """One minus the overlap, plus the squared distance of the centres over the outer edges' (Zheng et al., 2020).

    Parameters
    ----------
    found : (K, 2) distances from a point to both edges.
    true : (K, 2) likewise.

    Returns
    -------
    (K,).
    """
    shared = torch.minimum(found, true).sum(-1)
    both = torch.maximum(found, true).sum(-1).clamp(min=1e-6)
    union = (found.sum(-1) + true.sum(-1) - shared).clamp(min=1e-6)
    apart = ((found[:, 1] - found[:, 0]) - (true[:, 1] - true[:, 0])) / 2
    return 1 - shared / union + (apart / both) ** 2
