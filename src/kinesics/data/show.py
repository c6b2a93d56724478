"""One clip as an image: its frames, its skeleton from the front and turned, what was seen when, and its label."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from numpy.typing import NDArray

from kinesics.data.clips import read_clip
from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.skeleton import SkeletonLayout, SkeletonSequence
from kinesics.skeleton.drawing import EDGE, ON_DARK, ON_LIGHT, Points, draw_skeleton, side_of, with_gaps

MOMENTS = 8
_SIDE, _GAP, _MARGIN, _HEAD, _STRIP = 220, 6, 110, 64, 126  # pixels
_TURN = np.radians(60)
_PAPER, _INK, _PALE = (246, 245, 242), (40, 44, 50), (120, 126, 134)
_FINE = 3  # a skeleton is drawn so many times as large, since Pillow's edges are hard


def show_clip(dataset: GestureDataset, clip: ClipInfo, path: Path) -> None:
    """Write a PNG of the clip at `MOMENTS` moments.

    Rows, as far as the data set has them: the frames with the skeleton on them, the skeleton from the front and, in
    3D, turned by 60° (the person's left teal, right orange), and every joint's score over time, dark where found.

    Parameters
    ----------
    dataset : that the clip belongs to
    clip : what to show
    path : of the PNG

    Raises
    ------
    KinesicsError : for broken files, or a clip that holds nothing
    """
    read = read_clip(dataset, clip, frames=MOMENTS, size=_SIDE)
    rows: list[tuple[str, list[PIL.Image.Image]]] = []
    skeleton = read.skeleton
    if read.frames is not None:
        rows.append(("frames", [PIL.Image.fromarray(frame) for frame in read.frames]))
    if skeleton is not None:
        chosen = _moments(skeleton, read.times)
        if read.frames is not None and skeleton.image_xy is not None:
            for panel, t in zip(rows[0][1], chosen, strict=True):
                _draw(panel, with_gaps(skeleton.image_xy[t], skeleton.score[t]) * _SIDE, skeleton.layout, on_video=True)
        rows += [(name, _views(skeleton, chosen, turn)) for name, turn in _turns(skeleton)]
    if not rows:
        raise KinesicsError(f"{dataset.folder}: clip {clip.id} has neither video nor skeleton to show")
    sheet = _page(_title(dataset, clip, skeleton), rows, skeleton)
    with replacing(path) as temporary:
        sheet.save(temporary, "PNG", optimize=True)


def find_clip(dataset: GestureDataset, name: str) -> ClipInfo:
    """The clip of this name; raises KinesicsError with some that are there."""
    for clip in dataset.clips:
        if clip.id == name:
            return clip
    like = [clip.id for clip in dataset.clips if name in clip.id] or [clip.id for clip in dataset.clips]
    raise KinesicsError(
        f"{dataset.folder}: no clip {name!r}; there are {len(dataset.clips)}, such as {', '.join(like[:5])}"
    )


def _moments(skeleton: SkeletonSequence, times: NDArray[np.float64] | None) -> NDArray[np.int64]:
    if times is not None:
        return skeleton.rows_at(times, held=True)
    rows: NDArray[np.int64] = ((np.arange(MOMENTS) + 0.5) * len(skeleton) / MOMENTS).astype(np.int64)
    return rows


def _turns(skeleton: SkeletonSequence) -> list[tuple[str, float]]:
    return [("front", 0.0), ("turned 60°", float(_TURN))] if skeleton.is_3d else [("front", 0.0)]


def _views(skeleton: SkeletonSequence, rows: NDArray[np.int64], turn: float) -> list[PIL.Image.Image]:
    """The chosen frames seen from one side, in one scale."""
    x, y, z = np.moveaxis(skeleton.xyz, -1, 0)
    flat = np.stack([x * np.cos(turn) + z * np.sin(turn), y], -1).astype(np.float32)
    seen = skeleton.score > 0
    panels = [PIL.Image.new("RGB", (_SIDE, _SIDE), (255, 255, 255)) for _ in rows]
    if not seen.any():
        return panels
    low, high = np.percentile(flat[seen], [0.1, 99.9], axis=0)
    extent = max(float((high - low).max()), 1e-6) * 1.2
    points = with_gaps(((flat - (low + high) / 2) / extent + 0.5) * _SIDE, skeleton.score)
    for panel, t in zip(panels, rows, strict=True):
        _draw(panel, points[t], skeleton.layout)
    return panels


def _draw(panel: PIL.Image.Image, points: Points, layout: SkeletonLayout, on_video: bool = False) -> None:
    """One frame's skeleton, (V, 2) pixels, onto the panel."""
    large = panel.resize((_FINE * _SIDE, _FINE * _SIDE))
    width = _FINE * (1.7 if len(layout) > 50 else 3)
    colours, edge = (ON_DARK, EDGE) if on_video else (ON_LIGHT, None)
    draw_skeleton(PIL.ImageDraw.Draw(large), _FINE * points, layout, width=width, colours=colours, edge=edge)
    panel.paste(large.resize(panel.size, PIL.Image.Resampling.LANCZOS))


def _title(dataset: GestureDataset, clip: ClipInfo, skeleton: SkeletonSequence | None) -> tuple[str, str]:
    label = "hidden" if clip.label is None else f"{dataset.classes[clip.label]} ({clip.label})"
    facts = [dataset.name, clip.id, clip.split]
    facts += [f"subject {clip.subject}"] if clip.subject else []
    facts += [] if clip.video is None else [clip.video.name]
    if skeleton is not None:
        facts += [f"{skeleton.start:.2f} to {skeleton.start + skeleton.duration:.2f} s"]
        facts += [f"{len(skeleton)} frames at {skeleton.fps:g} a second", f"{len(skeleton.layout)} joints"]
    return label, " · ".join(facts)


def _page(
    title: tuple[str, str], rows: list[tuple[str, list[PIL.Image.Image]]], skeleton: SkeletonSequence | None
) -> PIL.Image.Image:
    strip = 0 if skeleton is None else _STRIP + _GAP
    width = _MARGIN + MOMENTS * (_SIDE + _GAP) + _GAP
    page = PIL.Image.new("RGB", (width, _HEAD + len(rows) * (_SIDE + _GAP) + strip + _GAP), _PAPER)
    pen = PIL.ImageDraw.Draw(page)
    large, small = (PIL.ImageFont.load_default(size) for size in (24, 15))
    pen.text((_GAP * 2, 8), title[0], _INK, large)
    pen.text((_GAP * 2, 40), title[1], _PALE, small)
    top = _HEAD
    for name, panels in rows:
        pen.text((_GAP * 2, top + 8), name, _INK, small)
        for i, panel in enumerate(panels):
            page.paste(panel, (_MARGIN + i * (_SIDE + _GAP), top))
        top += _SIDE + _GAP
    if skeleton is not None:
        pen.text((_GAP * 2, top + 8), "joints found", _INK, small)
        page.paste(_scores(skeleton, (width - _MARGIN - _GAP * 2, _STRIP)), (_MARGIN, top))
    return page


def _scores(skeleton: SkeletonSequence, size: tuple[int, int]) -> PIL.Image.Image:
    """Joints from top to bottom, time from left to right; white where missing, the darker the surer."""
    score = np.clip(skeleton.score.T, 0, 1)
    ink = np.array([ON_LIGHT[side_of(skeleton.layout, joint)] for joint in range(len(skeleton.layout))])
    cells = 255 - score[..., None] * (255 - ink[:, None])
    return PIL.Image.fromarray(cells.astype(np.uint8)).resize(size, PIL.Image.Resampling.NEAREST)
