"""Tokens of the skeleton network for a spotter: one for each frame of its clock, of body, hands, face and trunk."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from kinesics.preprocessing.windows import as_trained, is_seen, nearest_seen
from kinesics.skeleton import UPPER_BODY, SkeletonLayout, SkeletonSequence, resampled_rows
from kinesics.skeleton.sequence import FloatArray
from kinesics.weights.specification import Specification

if TYPE_CHECKING:
    from kinesics.models.skeleton.agcn import TwoStreamAGCN
    from kinesics.models.skeleton.agcn_inference import InferenceAGCN

_SHORTENED = 4  # frames of one of the network's own tokens
_BATCH = 16
_HAND = ("hand", "thumb", "index", "middle", "ring", "pinky", "wrist")
_TRUNK = ("neck", "pelvis", "shoulder", "hip", "elbow")


@cache
def token_parts(layout: SkeletonLayout = UPPER_BODY) -> tuple[tuple[int, ...], ...]:
    """The joints that a token's four parts are means of: all, hands, face, trunk and upper arms."""
    words = [frozenset(joint.split("_")) for joint in layout.joints]
    hands = tuple(i for i, has in enumerate(words) if has & set(_HAND))
    trunk = tuple(i for i, has in enumerate(words) if has & set(_TRUNK) and i not in hands)
    face = tuple(i for i in range(len(layout)) if i not in hands and i not in trunk)
    return tuple(range(len(layout))), hands, face, trunk


def skeleton_tokens(
    network: TwoStreamAGCN | InferenceAGCN, person: SkeletonSequence, specification: Specification
) -> FloatArray:
    """Compute tokens of a recording.

    The network shortens time by four, so it is asked four times about windows a frame apart, of which the middle half
    is kept: one token a frame, and no more work than sliding it in steps of four frames.

    Parameters
    ----------
    network : in eval mode.
    person : whom, in the layout `UPPER_BODY`.
    specification : of the network.

    Returns
    -------
    (L, C) float32, zero where nobody is present.
    """
    import torch

    frames = specification.frames
    rows = resampled_rows(person, specification.fps)
    quarter, half = frames // 4, frames // 2
    starts = np.arange(-quarter, len(rows), half)[:, None] + np.arange(_SHORTENED)  # of windows, a row each four
    parts = token_parts(person.layout)
    stand_in = nearest_seen(person.score)
    found: FloatArray | None = None
    for first in range(0, len(starts), _BATCH // _SHORTENED):
        some = starts[first : first + _BATCH // _SHORTENED].reshape(-1)
        held = rows[np.clip(some[:, None] + np.arange(frames), 0, len(rows) - 1)]
        present = is_seen(person.score[held])
        held = stand_in[held]
        with torch.no_grad():
            tokens = network(torch.from_numpy(as_trained(person.xyz[held], person.score[held]))).tokens
        means = np.concatenate([tokens[:, :, list(part)].mean(2).float().numpy() for part in parts], -1)
        middle = means[:, quarter // _SHORTENED : quarter // _SHORTENED + half // _SHORTENED] * present[:, None, None]
        if found is None:
            found = np.zeros((len(starts) * half, means.shape[-1]), np.float32)
        places = some[:, None] + quarter + _SHORTENED * np.arange(middle.shape[1])
        found[places.reshape(-1)] = middle.reshape(-1, middle.shape[-1])
    return found[: len(rows)] if found is not None else np.zeros((0, 0), np.float32)
