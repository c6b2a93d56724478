"""Single-shot detectors with fixed anchors: faces, bodies, palms (Liu et al., SSD, ECCV 2016; BlazeFace, 1907.05047).

A detection is a row: left, top, right and bottom of the box, then x and y of each key point, all 0..1 in the image
that the model was shown, and the score.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from kinesics.skeleton.sequence import FloatArray

OVERLAP = 0.3  # intersection over union from which two boxes are one detection


@cache
def anchors(side: int, strides: tuple[int, ...], each: int) -> FloatArray:
    """Lay out the anchors of a detector.

    Parameters
    ----------
    side : pixels of its square input
    strides : pixels between the anchors of each layer
    each : anchors a cell and layer

    Returns
    -------
    (A, 2) their middles, 0..1, layers of the same stride together.
    """
    grids = []
    for stride in dict.fromkeys(strides):
        cells = side // stride
        y, x = np.meshgrid(*[(np.arange(cells) + 0.5) / cells] * 2, indexing="ij")
        grids.append(np.repeat(np.stack([x, y], -1).reshape(-1, 2), each * strides.count(stride), 0))
    middles: FloatArray = np.concatenate(grids).astype(np.float32)
    return middles


def detections(raw: FloatArray, logits: FloatArray, middles: FloatArray, side: int, least: float) -> FloatArray:
    """Read the detections of one image.

    Parameters
    ----------
    raw : (A, 4 + 2K) middle, width and height of the box, and the key points, in pixels of the input and against the
        anchor
    logits : (A, 1) of the scores
    middles : (A, 2) of the anchors
    side : pixels of the square input
    least : the score below which there is nothing

    Returns
    -------
    (D, 5 + 2K) rows, best first.
    """
    score = 1 / (1 + np.exp(-np.clip(logits[:, 0], -80, 80)))
    found = np.flatnonzero(score >= least)
    found = found[np.argsort(-score[found], kind="stable")]
    places = raw[found] / side
    places[:, :2] += middles[found]
    places[:, 4:] += np.tile(middles[found], (places.shape[1] - 4) // 2)
    half = places[:, 2:4] / 2
    boxes = np.concatenate([places[:, :2] - half, places[:, :2] + half, places[:, 4:]], 1)
    return _blended(np.concatenate([boxes, score[found, None]], 1).astype(np.float32))


def _blended(rows: FloatArray) -> FloatArray:
    """Each group of overlapping detections as one: the mean of all, weighted by score, with the best one's score."""
    blended = []
    while len(rows):
        together = _overlap(rows[0], rows) > OVERLAP
        together[0] = True
        group = rows[together]
        blended.append(np.append(np.average(group[:, :-1], 0, group[:, -1]), group[0, -1]))
        rows = rows[~together]
    return np.array(blended, np.float32).reshape(len(blended), rows.shape[1])


def _overlap(one: FloatArray, rows: FloatArray) -> FloatArray:
    low, high = np.maximum(one[:2], rows[:, :2]), np.minimum(one[2:4], rows[:, 2:4])
    shared = np.maximum(high - low, 0).prod(1)
    area = np.maximum(rows[:, 2:4] - rows[:, :2], 0).prod(1)
    union = area + np.maximum(one[2:4] - one[:2], 0).prod() - shared
    overlap: FloatArray = shared / np.maximum(union, 1e-9)
    return overlap
