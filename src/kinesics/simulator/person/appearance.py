"""How a simulated person and the place appearance: colours, hair, clothes, light, backdrop, and the camera's faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from kinesics.simulator.person.body import Shape

Colour = tuple[float, float, float]  # sRGB, 0..1
Hair = Literal["short", "receding", "bald", "long"]
Beard = Literal["none", "stubble", "full", "goatee", "moustache"]
Cloth = Literal["plain", "stripes", "checks"]
Wall = Literal["plain", "gradient", "press", "room", "noise"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Light:
    """The key light and what surrounds it.

    azimuth, elevation: degrees, from the camera's side of the person towards the person's left, and up. key: its
    strength in each channel (linear); sky: that of the light from everywhere against the usual.
    """

    azimuth: float = 31.0
    elevation: float = 37.0
    key: Colour = (1.05, 1.0, 0.92)
    sky: float = 1.0


@dataclass(frozen=True)
class Appearance:
    """Colours, hair and clothes of a person, the light and the backdrop, and what the camera does to the image.

    hair_thickness: metres that it stands off the skin. shutter: share of the time between two frames in which the
    shutter is open (motion blur). shake: standard deviation of the camera's tremor, degrees. zoom: how much larger the
    image is in the end; pan: degrees by which the camera has turned in the end. grain: that of the
    sensor's noise, of 255. crf: the H.264 rate factor for videos of it; greater is coarser. seed: draws the
    backdrop's pattern, the tremor and the grain. microphone, bottle: where one stands on the table, if there is one,
    metres to the person's left of the middle; None for none.
    """

    skin: Colour = (0.80, 0.60, 0.49)
    hair: Colour = (0.20, 0.13, 0.09)
    iris: Colour = (0.30, 0.22, 0.14)
    shirt: Colour = (0.25, 0.36, 0.52)
    trousers: Colour = (0.16, 0.17, 0.20)
    backdrop: Colour = (0.62, 0.66, 0.70)
    short_sleeves: bool = False
    hair_thickness: float = 0.012
    tie: Colour | None = None
    cap: Colour | None = None
    hair_style: Hair = "short"
    beard: Beard = "none"
    cloth: Cloth = "plain"
    jacket: Colour | None = None
    wall: Wall = "plain"
    light: Light = Light()
    shutter: float = 0.0
    shake: float = 0.0
    zoom: float = 1.0
    pan: float = 0.0
    grain: float = 0.0
    crf: int = 23
    seed: int = 0
    microphone: float | None = None
    bottle: float | None = None


SKINS: tuple[Colour, ...] = (
    (0.91, 0.75, 0.66), (0.84, 0.66, 0.55), (0.76, 0.57, 0.44), (0.62, 0.44, 0.32), (0.48, 0.33, 0.24),
    (0.39, 0.27, 0.20),
)  # fmt: skip
_HAIRS: tuple[Colour, ...] = ((0.08, 0.06, 0.05), (0.20, 0.13, 0.09), (0.36, 0.23, 0.13), (0.62, 0.47, 0.28),
                              (0.55, 0.54, 0.52), (0.42, 0.17, 0.08))  # fmt: skip
_CLOTHES: tuple[Colour, ...] = (
    (0.25, 0.36, 0.52), (0.75, 0.76, 0.78), (0.52, 0.20, 0.20), (0.18, 0.19, 0.22), (0.24, 0.42, 0.33),
    (0.82, 0.72, 0.44), (0.38, 0.30, 0.46), (0.55, 0.62, 0.70),
)  # fmt: skip
_JACKETS: tuple[Colour, ...] = ((0.13, 0.15, 0.21), (0.20, 0.20, 0.22), (0.30, 0.29, 0.28), (0.22, 0.27, 0.40))
_TIES: tuple[Colour, ...] = ((0.45, 0.08, 0.12), (0.12, 0.18, 0.40), (0.20, 0.20, 0.22), (0.14, 0.33, 0.25))
_CAPS: tuple[Colour, ...] = ((0.13, 0.20, 0.42), (0.62, 0.12, 0.14), (0.85, 0.85, 0.86), (0.10, 0.10, 0.11))
_BACKDROPS: tuple[Colour, ...] = ((0.62, 0.66, 0.70), (0.45, 0.53, 0.60), (0.74, 0.71, 0.66), (0.40, 0.42, 0.45),
                                  (0.66, 0.72, 0.68), (0.16, 0.22, 0.38), (0.86, 0.87, 0.88))  # fmt: skip
_WALLS: tuple[Wall, ...] = ("press", "room", "plain", "gradient", "noise")
_CRFS = (18, 38)  # hardly visible to plainly blocky


def random_appearance(rng: np.random.Generator, shape: Shape | None = None) -> Appearance:
    """Somebody somewhere; with the body's shape given, hair and beard go with it."""

    def one(colours: tuple[Colour, ...]) -> Colour:
        colour = np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.92, 1.06)
        return tuple(np.clip(colour, 0, 1).tolist())

    skin = int(rng.integers(len(SKINS)))
    hair = one(_HAIRS if skin < 3 else _HAIRS[:2])
    iris = one(((0.30, 0.22, 0.14), (0.28, 0.38, 0.45), (0.30, 0.36, 0.22))) if skin < 3 else (0.2, 0.13, 0.09)
    style, beard = _hair_and_beard(rng, shape)
    jacket = one(_JACKETS) if rng.random() < 0.3 else None
    return Appearance(
        skin=SKINS[skin],
        hair=hair,
        iris=iris,
        shirt=one(_CLOTHES),
        trousers=one(((0.16, 0.17, 0.20), (0.20, 0.25, 0.35), (0.45, 0.41, 0.34))),
        backdrop=one(_BACKDROPS),
        short_sleeves=bool(rng.random() < 0.35) and jacket is None,
        hair_thickness=float(rng.uniform(0.006, 0.022)),
        tie=one(_TIES) if rng.random() < (0.1 if jacket is None else 0.5) else None,
        cap=one(_CAPS) if rng.random() < 0.12 else None,
        hair_style=style,
        beard=beard,
        cloth=_choice(rng, ("plain", "stripes", "checks"), (0.7, 0.15, 0.15)),
        jacket=jacket,
        wall=_choice(rng, _WALLS, (0.35, 0.25, 0.15, 0.15, 0.1)),
        light=_random_light(rng),
        shutter=float(rng.uniform(0, 0.5)),
        shake=float(rng.uniform(0.02, 0.06)) if rng.random() < 0.3 else 0.0,
        zoom=float(rng.uniform(0.85, 1.2)) if rng.random() < 0.2 else 1.0,
        pan=float(rng.uniform(-2.5, 2.5)) if rng.random() < 0.15 else 0.0,
        grain=float(rng.uniform(0, 3) if rng.random() < 0.8 else rng.uniform(3, 9)),
        crf=int(rng.integers(*_CRFS)),
        seed=int(rng.integers(2**31)),
        microphone=float(rng.uniform(-0.2, 0.2)) if rng.random() < 0.3 else None,
        bottle=float(rng.uniform(-0.45, 0.45)) if rng.random() < 0.2 else None,
    )


def _hair_and_beard(rng: np.random.Generator, shape: Shape | None) -> tuple[Hair, Beard]:
    if shape is None or 0.2 < shape.gender < 0.65:
        return "short", "none"
    if shape.gender >= 0.65:
        return _choice(rng, ("long", "short"), (0.75, 0.25)), "none"
    style: Hair = _choice(rng, ("short", "receding", "bald", "long"), (0.7, 0.15, 0.1, 0.05))
    return style, _choice(rng, ("none", "stubble", "full", "goatee", "moustache"), (0.45, 0.2, 0.2, 0.1, 0.05))


def _random_light(rng: np.random.Generator) -> Light:
    warmth, strength = rng.normal(0, 0.06), rng.uniform(0.7, 1.02)
    dark = rng.uniform(0.15, 0.6) if rng.random() < 0.15 else 1.0  # a dim room
    strength *= dark
    key = strength * np.array([1.02 + warmth, 1.0, 0.98 - warmth])
    side = rng.choice([-1.0, 1.0])
    return Light(
        azimuth=float(side * rng.uniform(5, 55)),
        elevation=float(rng.uniform(20, 55)),
        key=tuple(key.tolist()),
        sky=float(dark * rng.uniform(0.75, 1.3)),
    )


def _choice(rng: np.random.Generator, options: tuple[_T, ...], shares: tuple[float, ...]) -> _T:
    return options[int(rng.choice(len(options), p=shares))]
