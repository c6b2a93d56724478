"""How a skeleton is drawn, everywhere: its colours, its strokes by layout, and its 2-D points in a frame.

The person's own left is teal and the right orange, in reports, overlays, clip sheets and simulated skeletons alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from kinesics.skeleton.convert import to_upper_body
from kinesics.skeleton.layout import SkeletonLayout
from kinesics.skeleton.layouts import FINGERS, HOLISTIC, UPPER_BODY
from kinesics.skeleton.sequence import FloatArray, SkeletonSequence

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Side = Literal["left", "right", "middle"]
Colour = tuple[int, int, int]
Palette = Mapping[Side, Colour]
Points = NDArray[np.float32]

ON_LIGHT: Palette = {"left": (13, 148, 136), "right": (194, 87, 12), "middle": (71, 85, 105)}
ON_DARK: Palette = {"left": (45, 212, 191), "right": (251, 146, 60), "middle": (241, 245, 249)}
EDGE: Colour = (15, 23, 42)  # around lines of `ON_DARK` over a video

_NUMBERED = ("face_", "mesh_")  # points of a face, which hang on the nose: dots without a bone
_FACE_DOT, _FINE = 0.3, 0.5  # of a joint's dot, and of an arm's stroke


@dataclass(frozen=True)
class Stroke:
    """A line through joints of a layout; a closed one is a ring, drawn round. `width` is relative to an arm's."""

    joints: tuple[int, ...]
    side: Side
    width: float = 1.0
    closed: bool = False


def side_of(layout: SkeletonLayout, joint: int) -> Side:
    """Say on which side of the person a joint lies."""
    left, right = ({pair[side] for pair in layout.pairs} for side in (0, 1))
    return "left" if joint in left else "right" if joint in right else "middle"


def _stroke(names: str, side: Side, width: float = 1.0, closed: bool = False) -> Stroke:
    return Stroke(tuple(UPPER_BODY.indices(*names.split())), side, width, closed)


def _sided(names: str, width: float) -> tuple[Stroke, Stroke]:
    """The same stroke on both sides: `@` stands for the side."""
    return (
        _stroke(names.replace("@", "left_"), "left", width),
        _stroke(names.replace("@", "right_"), "right", width),
    )


def _bones(layout: SkeletonLayout, without: Sequence[int] = ()) -> tuple[Stroke, ...]:
    """One stroke a bone, but to the numbered points of the face and to the joints named."""
    return tuple(
        Stroke((parent, child), side_of(layout, child), _FINE if _is_finger(layout.joints[child]) else 1.0)
        for child, parent in layout.links
        if child not in without and not layout.joints[child].startswith(_NUMBERED)
    )


def _is_finger(joint: str) -> bool:
    return any(finger in joint for finger in FINGERS)


def _holistic_bones() -> tuple[Stroke, ...]:
    """Without the pose's own finger points, for the hands' stand in their place, and without a neck: it has none."""
    sides = ("left", "right")
    coarse = HOLISTIC.indices(*(f"{side}_{finger}" for side in sides for finger in ("thumb", "index", "pinky")))
    shoulders = HOLISTIC.indices("left_shoulder", "right_shoulder")
    return (Stroke(tuple(shoulders), "middle"), *_bones(HOLISTIC, without=coarse + shoulders))


_STROKES: dict[SkeletonLayout, tuple[Stroke, ...]] = {
    UPPER_BODY: (
        _stroke("neck pelvis", "middle", 0.7),
        _stroke("left_hip pelvis right_hip", "middle", 0.7),
        _stroke("neck chin", "middle", 0.7),
        _stroke("left_ear forehead right_ear chin", "middle", 0.6, closed=True),
        _stroke("left_mouth_corner upper_lip right_mouth_corner lower_lip", "middle", 0.45, closed=True),
        *_sided("neck @shoulder @elbow @wrist", 1.0),
        *_sided("@wrist @thumb_tip", 0.5),
        *_sided("@wrist @index_knuckle @index_tip", 0.5),
        *_sided("@wrist @middle_tip", 0.5),
        *_sided("@wrist @ring_tip", 0.5),
        *_sided("@wrist @pinky_knuckle @pinky_tip", 0.5),
    ),
    HOLISTIC: _holistic_bones(),
}
_FACE_DOTS = {"left_eye": 1.0, "right_eye": 1.0, "left_brow": 0.6, "right_brow": 0.6, "nose": 0.7}


@cache
def strokes_of(layout: SkeletonLayout) -> tuple[Stroke, ...]:
    """Give the lines of a layout: those of its table, else one a bone."""
    return _STROKES.get(layout) or _bones(layout)


@cache
def dots_of(layout: SkeletonLayout) -> dict[int, float]:
    """Give the joints of a layout that are drawn as dots, with their sizes relative to an eye's or a joint's."""
    if layout == UPPER_BODY:
        return {UPPER_BODY.index(joint): size for joint, size in _FACE_DOTS.items()}
    return {
        joint: _FACE_DOT if name.startswith(_NUMBERED) else _FINE if _is_finger(name) else 1.0
        for joint, name in enumerate(layout.joints)
    }


def lines_of(points: Points, layout: SkeletonLayout = UPPER_BODY) -> Iterator[tuple[Stroke, Points]]:
    """Give each stroke of one frame with the corners of its line; missing joints are left out.

    Parameters
    ----------
    points : (V, 2) positions in any unit, NaN where missing
    layout : the layout of these joints

    Yields
    ------
    the stroke and its (N, 2) corners
    """
    found = ~np.isnan(points[:, 0])
    for stroke in strokes_of(layout):
        joints = [joint for joint in stroke.joints if found[joint]]
        if len(joints) > 1:
            yield stroke, _ring(points[joints]) if stroke.closed else points[joints]


def draw_skeleton(
    canvas: ImageDraw,
    points: Points,
    layout: SkeletonLayout = UPPER_BODY,
    *,
    width: float,
    colours: Palette = ON_LIGHT,
    edge: Colour | None = None,
) -> None:
    """Draw one frame's skeleton.

    Parameters
    ----------
    canvas : Pillow's pen, whose lines have hard edges: draw larger and scale down where that matters
    points : (V, 2) pixels, NaN where missing
    layout : the layout of these joints
    width : of an arm, pixels
    colours : by side of the person
    edge : a colour around the lines, so that they show on any ground
    """
    lines = [
        (corners.ravel().tolist(), max(1, round(width * stroke.width)), colours[stroke.side])
        for stroke, corners in lines_of(points.astype(np.float32), layout)
    ]
    for outline in (True, False) if edge else (False,):
        for line, thick, colour in lines:
            canvas.line(line, edge if outline else colour, thick + 2 * outline, joint="curve")
    for joint, size in dots_of(layout).items():
        if not np.isnan(points[joint, 0]):
            colour = colours["middle" if layout == UPPER_BODY else side_of(layout, joint)]
            canvas.circle(tuple(points[joint].tolist()), 0.7 * width * size, colour)


def with_gaps(points: FloatArray, score: FloatArray) -> Points:
    """Mark missing joints by NaN.

    Parameters
    ----------
    points : (..., V, 2) positions
    score : (..., V), 0 where a joint is missing

    Returns
    -------
    (..., V, 2)
    """
    return np.where(score[..., None] > 0, points, np.nan).astype(np.float32)


def fit_to_image(people: tuple[SkeletonSequence, ...]) -> tuple[list[Points], float | None]:
    """Give each person's joints as (T, 42, 2) positions across the image, 0..1, NaN where missing.

    The second value is None where the sequences know their place in the image. Where they do not, x and y are fitted
    into an image of their own with some room around, and it is that image's width over its height.
    """
    bodies = [to_upper_body(person) for person in people]
    if all(body.image_xy is not None for body in bodies):
        return [with_gaps(body.image_xy, body.score) for body in bodies if body.image_xy is not None], None
    flat = [with_gaps(body.xyz[..., :2], body.score) for body in bodies]
    every = np.concatenate([points.reshape(-1, 2) for points in flat])
    every = every[~np.isnan(every[:, 0])]
    if len(every) == 0:
        return flat, 1.0
    low, high = np.percentile(every, [0.5, 99.5], axis=0)  # one wild frame must not make the others tiny
    size = np.maximum(high - low, 1e-6) * 1.2
    low = (low + high - size) / 2
    return [((points - low) / size).astype(np.float32) for points in flat], float(size[0] / size[1])


def points_at(points: Points, frames: NDArray[np.int64]) -> Points:
    """Choose frames, as `SkeletonSequence.rows_at` finds them.

    Parameters
    ----------
    points : (T, 42, 2)
    frames : (N,) of 0..T - 1, or -1 for none

    Returns
    -------
    (N, 42, 2) the chosen frames, NaN where there is none
    """
    chosen: Points = np.where((frames >= 0)[:, None, None], points[np.maximum(frames, 0)], np.float32(np.nan))
    return chosen


def hex_colour(colour: Colour) -> str:
    """Write a colour as HTML and SVG do, such as #0d9488."""
    return "#" + bytes(colour).hex()


def _ring(corners: Points) -> Points:
    """A round, closed line through the corners (N, 2): a Catmull-Rom spline."""
    before, start, end, after = (np.roll(corners, shift, 0)[:, None] for shift in (1, 0, -1, -2))
    t = np.linspace(0, 1, 9)[:, None]
    bend = (2 * before - 5 * start + 4 * end - after) * t**2 + (3 * (start - end) + after - before) * t**3
    ring: Points = (start + ((end - before) * t + bend) / 2).reshape(-1, 2).astype(np.float32)
    return ring
