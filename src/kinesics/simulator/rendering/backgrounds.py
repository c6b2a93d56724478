"""What stands behind a simulated person: flat images, drawn once for a clip."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter
from numpy.typing import NDArray

from kinesics.simulator.person.appearance import Appearance

Array = NDArray[np.float64]


def draw_wall(appearance: Appearance, width: int, height: int) -> NDArray[np.uint8]:
    """Draw the backdrop: out of focus as a portrait camera has it, darker towards the corners.

    Parameters
    ----------
    appearance : of the place; its seed draws the pattern
    width, height : pixels

    Returns
    -------
    (H, W, 3)
    """
    rng = np.random.default_rng((appearance.seed, 1))
    wall = _WALLS[appearance.wall](rng, np.array(appearance.backdrop), width, height)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(1, -1, height))
    shade = 1.04 - 0.08 * (x**2 + y**2) + 0.05 * y
    if appearance.wall != "plain":  # a lamp from one side
        shade += rng.uniform(-0.12, 0.12) * x
    image: NDArray[np.uint8] = (np.clip(wall * shade[..., None], 0, 1) * 255).round().astype(np.uint8)
    return image


def _plain(rng: np.random.Generator, tone: Array, width: int, height: int) -> Array:
    return np.broadcast_to(tone, (height, width, 3))


def _gradient(rng: np.random.Generator, tone: Array, width: int, height: int) -> Array:
    angle, other = rng.uniform(0, 2 * np.pi), np.clip(tone * rng.uniform(0.5, 1.3) + rng.normal(0, 0.06, 3), 0, 1)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    share = 0.5 + 0.35 * (np.cos(angle) * x + np.sin(angle) * y)
    mixed: Array = tone + share[..., None] * (other - tone)
    return mixed


def _noise(rng: np.random.Generator, tone: Array, width: int, height: int) -> Array:
    """Blotches of all sizes: foliage, an audience, a curtain, far out of focus."""
    wall = np.array(_plain(rng, tone, width, height))
    for cells, strength in ((3, 0.10), (7, 0.08), (18, 0.06), (48, 0.04)):
        blotches = rng.normal(0, 1, (cells, round(cells * width / height), 3)) * (0.5, 0.4, 0.5)
        blotches += rng.normal(0, 1, (*blotches.shape[:2], 1))
        for channel in range(3):
            small = PIL.Image.fromarray(blotches[..., channel].astype(np.float32))
            wall[..., channel] += strength * np.asarray(small.resize((width, height), PIL.Image.Resampling.BICUBIC))
    return np.clip(wall, 0, 1)


def _press(rng: np.random.Generator, tone: Array, width: int, height: int) -> Array:
    """The wall behind a press conference: rows of sponsors' marks, none of them anybody's."""
    size = (2 * width, 2 * height)
    image = PIL.Image.new("RGB", size, _rgb(tone))
    pen = PIL.ImageDraw.Draw(image)
    light = tone.mean() > 0.5
    inks = [_rgb(np.clip(rng.uniform(0.05, 0.45, 3) if light else rng.uniform(0.6, 1.0, 3), 0, 1)) for _ in range(3)]
    marks = [(_MARKS[int(i)], inks[int(rng.integers(3))]) for i in rng.integers(len(_MARKS), size=4)]
    cell = rng.uniform(0.16, 0.30) * size[1]
    if rng.random() < 0.5:  # a chequered wall
        other = _rgb(np.clip(tone * rng.uniform(0.8, 1.15), 0, 1))
        _each_cell(size, cell, lambda row, column, box: None if (row + column) % 2 else pen.rectangle(box, fill=other))
    margin = 0.2 * cell

    def stamp(row: int, column: int, box: _Quad) -> None:
        draw, ink = marks[(column + 2 * row) % len(marks)]
        draw(pen, (box[0] + margin, box[1] + 1.6 * margin, box[2] - margin, box[3] - 1.6 * margin), ink)

    _each_cell(size, cell, stamp)
    return _focused(image, rng.uniform(0, 0.006), width, height)


def _room(rng: np.random.Generator, tone: Array, width: int, height: int) -> Array:
    """A wall with a dado and a few things on it: window, images, a door, shelves."""
    w, h = 2 * width, 2 * height
    image = PIL.Image.new("RGB", (w, h), _rgb(tone))
    pen = PIL.ImageDraw.Draw(image)
    dado = h * rng.uniform(0.55, 0.85)
    pen.rectangle((0, dado, w, h), fill=_rgb(tone * rng.uniform(0.65, 0.95)))
    pen.rectangle((0, dado - 0.012 * h, w, dado), fill=_rgb(np.clip(tone * 1.15, 0, 1)))
    for _ in range(int(rng.integers(2, 5))):
        left, top = rng.uniform(-0.1, 0.95) * w, rng.uniform(-0.15, 0.3) * h
        box = (left, top, left + rng.uniform(0.12, 0.5) * h, top + rng.uniform(0.2, 0.6) * h)
        frame, rim = _rgb(np.full(3, rng.uniform(0.15, 0.95))), 0.012 * h
        pen.rectangle(box, fill=frame)
        inside = (box[0] + rim, box[1] + rim, box[2] - rim, box[3] - rim)
        pane = rng.uniform(0.75, 1.0, 3) if rng.random() < 0.4 else rng.uniform(0.15, 0.75, 3)
        pen.rectangle(inside, fill=_rgb(pane))
        for bar in range(int(rng.integers(0, 4))):  # panes or shelves
            y = inside[1] + (bar + 1) / 4 * (inside[3] - inside[1])
            pen.line((inside[0], y, inside[2], y), fill=frame, width=max(1, round(rim / 2)))
    return _focused(image, rng.uniform(0.003, 0.015), width, height)


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────

_Quad = tuple[float, float, float, float]  # left, top, right, bottom
_Ink = tuple[int, int, int]
_Mark = Callable[[PIL.ImageDraw.ImageDraw, _Quad, _Ink], None]


def _rgb(colour: Array) -> _Ink:
    red, green, blue = (round(255 * float(channel)) for channel in np.clip(colour, 0, 1))
    return red, green, blue


def _focused(image: PIL.Image.Image, blur: float, width: int, height: int) -> Array:
    """(H, W, 3) 0..1 of a image drawn at twice the size; `blur` in its heights."""
    soft = image.filter(PIL.ImageFilter.GaussianBlur(blur * image.height))
    return np.asarray(soft.resize((width, height), PIL.Image.Resampling.BOX)) / 255


def _each_cell(size: tuple[int, int], cell: float, draw: Callable[[int, int, _Quad], None]) -> None:
    for row in range(int(size[1] / cell) + 1):
        for column in range(-1, int(size[0] / cell / 1.6) + 1):
            left, top = (column + 0.5 * (row % 2)) * 1.6 * cell, row * cell
            draw(row, column, (left, top, left + 1.6 * cell, top + cell))


def _disc(pen: PIL.ImageDraw.ImageDraw, box: _Quad, ink: _Ink) -> None:
    middle, radius = (box[0] + box[2]) / 2, (box[3] - box[1]) / 2
    pen.ellipse((middle - radius, box[1], middle + radius, box[3]), outline=ink, width=round(radius / 2.5))


def _bars(pen: PIL.ImageDraw.ImageDraw, box: _Quad, ink: _Ink) -> None:
    step = (box[2] - box[0]) / 5
    for i in range(5):
        top = box[1] + (box[3] - box[1]) * (0.1 + 0.15 * ((3 * i) % 4))
        pen.rectangle((box[0] + i * step, top, box[0] + (i + 0.6) * step, box[3]), fill=ink)


def _wedge(pen: PIL.ImageDraw.ImageDraw, box: _Quad, ink: _Ink) -> None:
    middle = (box[0] + box[2]) / 2
    pen.polygon([(box[0], box[3]), (middle, box[1]), (box[2], box[3]), (middle, box[1] * 0.4 + box[3] * 0.6)], fill=ink)


def _pill(pen: PIL.ImageDraw.ImageDraw, box: _Quad, ink: _Ink) -> None:
    radius = (box[3] - box[1]) / 2
    pen.rounded_rectangle(box, radius, outline=ink, width=round(radius / 3))
    y = (box[1] + box[3]) / 2
    pen.line((box[0] + radius, y, box[2] - radius, y), fill=ink, width=round(radius / 2))


_MARKS: tuple[_Mark, ...] = (_disc, _bars, _wedge, _pill)
_WALLS: dict[str, Callable[[np.random.Generator, Array, int, int], Array]] = {
    "plain": _plain,
    "gradient": _gradient,
    "noise": _noise,
    "press": _press,
    "room": _room,
}
