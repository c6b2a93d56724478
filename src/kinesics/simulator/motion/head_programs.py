"""The gestures of iMiGUE in which a hand is at head, neck or breast, each in the ways in which people do it."""

from __future__ import annotations

from typing import Any

import numpy as np

from kinesics.simulator.motion import everyday
from kinesics.simulator.motion.kinematics import SIDES, pulse
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.motion.ways import Touch, Ways, by_the_side, over_the_shoulder, rub

_SHUT = {"eyeBlink*": 1.0}
_SQUEEZED = {"eyeBlink*": 1.0, "eyeSquint*": 0.6}
_UP = (-0.3, 0.3, 1.0)  # fingers towards the crown
_ACROSS = (-0.9, 0.3, 0.4)  # fingers across the face


def _facepalm(scene: Scene, start: float, end: float) -> None:
    """The head goes down or aside into a hand that lies over brow and eyes."""
    length = max(0.35, min(0.8, end - start))
    side = scene.hand()
    scene.move("nod", scene.between(0.2, 0.6), start, end, length)
    scene.move("look", (1 if side == "left" else -1) * scene.between(-0.2, 0.5), start, end, length)
    scene.show("eyeBlink*", 1, start, end, 0.3)
    place, effector = scene.one_of("brow", "forehead", "nose_bridge"), scene.one_of("flat", "palm", "fingers")
    wish = {"fingers": (-0.5, 0.3, 1), "palm": (-0.2, 1, 0), "shape": scene.one_of("flat", "cup", "open")}
    scene.reach(side, start, end, place=place, effector=effector, shift=(0.01, -0.008, 0), **wish)


def _gnaw(scene: Scene, start: float, end: float) -> None:
    """The tip of a finger between the teeth, the lips open round it, the jaw gnawing."""
    scene.show("jawOpen", scene.between(0.12, 0.25), start - 0.1, end, 0.4)
    scene.show("mouthUpperUp*", scene.between(0.2, 0.5), start - 0.1, end, 0.4)
    rate, size = scene.between(1.5, 3), scene.between(0.04, 0.12)
    gnawing = np.clip(np.sin(2 * np.pi * rate * scene.t), 0, 1) * size
    everyday.add(scene, {"jawOpen": gnawing * pulse(scene.t, start + 0.1, end - 0.1, 0.2)})
    tip = scene.one_of("index_tip", "index_tip", "middle_tip", "thumb_tip")
    bite = Touch(
        ("lips",), (tip,), ("curl", "grip", "relaxed"), (-0.5, 0.6, 0.6), shift=(0.002, 0.004, 0.0), rub=(0.002, 0.003),
        rubs=0.8, bend=3,
    )  # fmt: skip
    bite(scene, start, end)


def _comb(scene: Scene, start: float, end: float) -> None:
    """Fingers run through the hair from the front to the side or the back of the head."""
    side = scene.hand()
    places = (("hair_front", "crown_side", "hair_back"), ("temple_hair", "hair_side", "hair_back"))
    stations = places[int(scene.rng.integers(2))][: 3 if end - start > 1.0 else 2]
    scene.move("nod", scene.between(0, 0.2), start, end, 0.6)
    scene.move("tilt", (1 if side == "left" else -1) * scene.between(-0.05, 0.15), start, end, 0.6)
    length = (end - start) / len(stations)
    effector = scene.one_of("fingers", "tips", "flat")
    for number, place in enumerate(stations):
        at, slide = start + number * length, min(0.6, 0.8 * length)
        last = number == len(stations) - 1
        until, back = (end, 0.6) if last else (at + length + 0.3 * slide, slide)
        wish = {"fingers": (-0.2, 1, 0.2), "shape": "relaxed", "arc": 0.1 if number else 0.8, "back": back}
        scene.reach(side, at, until, place=place, effector=effector, **(wish | ({"travel": slide} if number else {})))


def _behind_the_ear(scene: Scene, start: float, end: float) -> None:
    """A strand is taken at the temple and put behind the ear, once or twice."""
    side, middle = scene.hand(), (start + end) / 2
    scene.move("tilt", (1 if side == "left" else -1) * scene.between(0, 0.15), start, end, 0.5)
    slide = min(0.5, 0.7 * (end - start))
    grip = {"effector": scene.one_of("index", "fingers", "pinch"), "shape": "relaxed", "fingers": (-0.1, 1, 0.5)}
    scene.reach(side, start, middle + slide / 2, place=scene.one_of("temple", "temple_hair", "forehead_side"), **grip)
    scene.reach(side, middle, end, place=scene.one_of("behind_ear", "ear_top"), travel=slide, arc=0.0, **grip)


def _hands_behind_the_head(scene: Scene, start: float, end: float) -> None:
    """Both hands at the back of the head, elbows out, leaning back or not."""
    scene.move("lean", -scene.between(0, 0.25), start, end, max(0.4, min(0.9, end - start)))
    for side in SIDES:
        over_the_shoulder(scene, side, start, end)
        wish = {"fingers": (-1, 0.5, 0.4), "palm": (0, -1, 0), "shape": "cup"}
        scene.reach(side, start, end, place="hair_back", effector="palm", swivel=scene.between(0.8, 1.1), **wish)


def _behind_the_waist(scene: Scene, start: float, end: float) -> None:
    """From below behind the back, by the hip."""
    side = scene.hand()
    by_the_side(scene, side, start, end)
    scene.move("twist", (1 if side == "left" else -1) * scene.between(0, 0.15), start, end, 0.6)
    scratch = rub(scene, 0.015, 0.004, rate=(2, 4), bend=6)
    wish = {"fingers": (-0.9, 0.1, 0.4), "palm": (0, -1, 0.2), "arc": 0, "swivel": 0.5}
    point = scene.between(0.0, 0.08), 0.15, scene.between(0.0, 0.1)
    scene.reach(side, start, end, anchor="spine04", point=point, rub=scratch, **wish)


_OVER: dict[str, Any] = {"behind": True, "nod": 0.25, "roll": 0.12, "shapes": ("relaxed", "cup"), "bend": 6.0}

HEAD_WAYS: dict[str, Ways] = {
    "touching hat": {
        "fingers at the brim": (
            3, Touch(("brim", "hairline"), ("pinch",), ("pinch",), (-0.4, 0.5, 0.5), shift=(0.02, -0.03, 0.01),
                     swivel=(0.5, 0.9), rub=(0.008, 0.006)),
        ),
        "both hands at the brim": (
            1, Touch(("brim",), ("pinch",), ("pinch",), (-0.4, 0.5, 0.5), shift=(0.045, -0.015, 0.005), both=1,
                     swivel=(0.4, 0.8)),
        ),
        "pressed on from above": (
            2, Touch(("crown", "hair_front"), ("flat", "palm"), ("cup",), palm=(0, 0, -1), swivel=(0.6, 1.0),
                     shift=(0, 0, 0.015), rub=(0.012, 0.008), bend=2),
        ),
        "turned by its side": (
            1, Touch(("temple_hair",), ("fingers", "pinch"), ("cup", "pinch"), (-0.2, 0.3, 1), shift=(0.012, 0, 0.01),
                     both=0.4, rub=(0.006, 0.012)),
        ),
    },
    "touching or scratching head": {
        "fingers on the crown": (
            3, Touch(("crown", "crown_side"), ("fingers", "tips"), ("relaxed", "cup"), (-0.6, 0.8, 0.4),
                     swivel=(0.4, 1.0), rub=(0.012, 0.004), rubs=0.7, bend=6),
        ),
        "palm on the head": (
            1.5, Touch(("crown", "hair_front", "crown_side"), ("palm", "flat"), ("flat", "cup"), palm=(0, 0, -1),
                       swivel=(0.5, 1.0), rub=(0.015, 0.01), rubs=0.4),
        ),
        "scratching the side": (
            3, Touch(("hair_side", "temple_hair", "crown_side"), ("tips", "index_tip", "fingers"),
                     ("relaxed", "curl"), (-0.2, 0.7, 0.8), rub=(0.01, 0.003), rubs=0.85, bend=8, roll=0.12),
        ),
        "fingers at the temple's hair": (
            1.5, Touch(("temple_hair",), ("index", "fingers", "middle"), ("point", "relaxed"), (-0.3, 0.6, 0.8),
                       rub=(0.005, 0.005), rubs=0.4),
        ),
        "back of the head": (
            3, Touch(("hair_back",), ("fingers", "tips", "flat"), fingers=(-0.5, 1, 0.2), rub=(0.012, 0.006),
                     rubs=0.7, **_OVER),
        ),
        "both hands on the head": (
            1.5, Touch(("crown_side", "hair_side", "crown"), ("flat", "palm", "fingers"), ("flat", "cup", "open"),
                       (-0.7, 0.5, 0.5), shift=(0.02, 0, 0), both=1, swivel=(0.5, 1.0), rubs=0.3),
        ),
        "both hands behind the head": (1, _hands_behind_the_head),
        "hand at the front hair": (
            1.5, Touch(("hair_front",), ("fingers", "flat"), ("relaxed", "cup"), (-0.4, 1, 0.1), (0, 0.1, -1),
                       shift=(0, 0.01, 0.01), swivel=(0.6, 1.0), rub=(0.01, 0.004), bend=6),
        ),
    },
    "touching or scratching forehead": {
        "fingers rub it": (
            3, Touch(("forehead", "forehead_side"), ("fingers", "index", "middle", "tips"), ("relaxed", "cup", "curl"),
                     _ACROSS, shift=(0.005, 0, 0.012), rub=(0.014, 0.004), rubs=0.75, nod=0.2),
        ),
        "wiped across": (
            1.5, Touch(("forehead_side",), ("fingers", "flat"), ("relaxed", "flat"), _ACROSS, nod=0.2, rubs=0,
                       then=("forehead",)),
        ),
        "palm on it": (
            2, Touch(("forehead",), ("palm", "flat"), ("flat", "cup", "open"), (-1, 0.3, 0.5), (-0.1, 1, 0),
                     shift=(0, 0, 0.015), nod=0.25, rubs=0.2, swivel=(0.6, 1.0)),
        ),
        "rests in the hand": (
            2, Touch(("forehead", "forehead_side"), ("fingers", "tips"), ("cup", "relaxed", "curl"), (-0.9, 0.2, 0.5),
                     shift=(0.01, 0, 0.01), nod=0.5, roll=0.15, rubs=0.1, face={"eyeBlink*": 0.5}),
        ),
        "scratched by one finger": (
            1, Touch(("forehead", "forehead_side", "brow"), ("index_tip", "middle_tip"), ("point", "relaxed"),
                     (-0.6, 0.5, 0.6), rub=(0.007, 0.002), rubs=1, bend=6),
        ),
    },
    "covering face": {
        "both palms over it": (
            3, Touch(("nose_bridge",), ("flat",), ("flat", "cup"), (-0.25, 0.1, 1), (-0.15, 1, 0), (0.035, -0.012, 0.0),
                     both=1, nod=0.5, rub=(0.02, 0.0), rubs=0.3, bend=1, face=_SHUT),
        ),
        "one palm over eyes and nose": (
            3, Touch(("nose_bridge", "brow"), ("flat", "palm"), ("flat", "open", "cup"), (-0.5, 0.1, 1), (-0.15, 1, 0),
                     (0.0, -0.012, -0.01), nod=0.4, roll=0.1, rubs=0.2, face=_SHUT),
        ),
        "face sinks into the hand": (2, _facepalm),
        "hand slides down from the eyes": (
            1.5, Touch(("brow", "nose_bridge"), ("flat",), ("flat", "cup"), (-0.4, 0.1, 1), (-0.15, 1, 0),
                       (0.005, -0.012, 0), nod=0.3, rubs=0, face=_SHUT, then=("under_nose", "lips")),
        ),
        "both hands before nose and mouth": (
            1.5, Touch(("under_nose",), ("flat", "fingers"), ("flat",), (-0.35, 0.2, 1), (-0.5, 0.8, 0),
                       (0.02, -0.012, 0.01), both=1, nod=0.3, rubs=0.1),
        ),
    },
    "rubbing eyes": {
        "one eye by a finger": (
            3, Touch(("eye", "eye_outer", "eye_inner"), ("index", "middle", "fingers"), ("relaxed", "point", "cup"),
                     (-0.5, 0.4, 0.7), rub=(0.006, 0.004), rubs=0.9, rate=(2, 4), nod=0.3, face=_SQUEEZED),
        ),
        "both eyes by fingers": (
            2, Touch(("eye", "eye_outer", "eye_inner"), ("fingers", "index", "middle"), ("relaxed", "cup"),
                     (-0.4, 0.4, 0.8), both=1, rub=(0.006, 0.004), rubs=0.8, rate=(2, 4), nod=0.3, face=_SQUEEZED),
        ),
        "fists in both eyes": (
            2, Touch(("eye",), ("knuckles",), ("fist", "curl"), (-0.8, 0.3, 0.5), both=0.7, rub=(0.004, 0.008),
                     rubs=0.9, rate=(2, 4), nod=0.3, face=_SQUEEZED),
        ),
        "nose bridge pinched": (
            3, Touch(("nose_bridge",), ("pinch",), ("pinch", "pinch_open"), (-0.4, 0.7, 0.6), shift=(0, -0.006, 0),
                     rub=(0.003, 0.003), rubs=0.6, nod=0.4, face=_SQUEEZED),
        ),
        "a tear wiped away": (
            1, Touch(("eye_inner",), ("index", "middle", "thumb"), ("relaxed", "point"), (-0.6, 0.5, 0.6), rubs=0,
                     then=("eye_outer", "eye"), face={"eyeSquint*": 0.5, "eyeBlink*": 0.7}),
        ),
    },
    "touching or scratching facial parts": {
        "fingers on the cheek": (
            3, Touch(("cheek", "cheek_side"), ("fingers", "index", "middle"), ("relaxed", "cup"), _UP, both=0.1,
                     rub=(0.009, 0.004)),
        ),
        "cheek in the palm": (
            2, Touch(("cheek_side", "cheek"), ("palm", "flat"), ("cup", "flat", "open"), (0.0, 0.5, 1), nod=0.15,
                     roll=0.15, rubs=0.1),
        ),
        "cheek on the fist": (
            1.5, Touch(("cheek_side", "cheek"), ("knuckles",), ("curl", "fist"), (-0.6, 0.6, 0.6), roll=0.18, rubs=0.1),
        ),
        "both palms on both cheeks": (
            1.5, Touch(("cheek_side",), ("palm", "flat"), ("flat", "cup", "open"), (0.0, 0.3, 1), both=1, rubs=0.15),
        ),
        "nose rubbed or pinched": (
            4, Touch(("nose_tip", "nose_side"), ("index", "pinch", "thumb", "knuckles"), ("relaxed", "pinch", "curl"),
                     (-0.6, 0.5, 0.7), rub=(0.006, 0.004), rubs=0.75, rate=(1.8, 4)),
        ),
        "wiped under the nose": (
            2, Touch(("under_nose",), ("index", "knuckles", "fingers"), ("relaxed", "curl", "point"), (-0.9, 0.5, 0.2),
                     rub=(0.008, 0.002), rubs=0.7),
        ),
        "finger on the lips": (
            2, Touch(("lips", "under_nose"), ("index",), ("point",), (-0.15, 0.15, 1), rubs=0.1, rub=(0.002, 0.003)),
        ),
        "fingers round the mouth": (
            3, Touch(("mouth_side", "lips"), ("fingers", "pinch", "index", "middle"), ("relaxed", "cup"),
                     (-0.6, 0.4, 0.7), rub=(0.006, 0.006), rubs=0.5),
        ),
        "hand over the mouth": (
            2, Touch(("lips",), ("fingers", "flat"), ("flat", "cup"), (-1, 0.3, 0.05), (-0.2, 1, 0), swivel=(0.3, 0.7),
                     shift=(0.0, -0.006, 0.0), rubs=0.2),
        ),
        "fist at the mouth": (
            2.5, Touch(("lips", "mouth_side"), ("knuckles",), ("fist", "curl"), (-0.9, 0.4, 0.3), rubs=0.1, nod=0.2),
        ),
        "finger at the temple": (
            1, Touch(("temple",), ("index", "fingers", "middle"), ("point", "relaxed"), (-0.3, 0.5, 0.8),
                     rub=(0.004, 0.004), rubs=0.5),
        ),
        "lips wiped": (
            1, Touch(("mouth_side",), ("index", "thumb", "flat"), ("relaxed", "curl"), _ACROSS, rubs=0,
                     then=("lips", "mouth_side")),
        ),
    },
    "touching ears": {
        "lobe pulled": (
            3, Touch(("ear_lobe",), ("pinch",), ("pinch", "pinch_open"), (-0.3, 0.6, 0.8), rub=(0.006, 0.003),
                     roll=0.12),
        ),
        "scratched behind it": (
            2, Touch(("behind_ear",), ("index_tip", "tips", "index"), ("relaxed",), (-0.2, 0.6, 0.8),
                     rub=(0.008, 0.0), rubs=0.9, roll=0.14),
        ),
        "fingers on it": (
            2, Touch(("ear", "ear_top"), ("fingers", "index", "pinch"), ("relaxed", "pinch"), (-0.3, 0.5, 0.8),
                     rub=(0.007, 0.004), roll=0.12),
        ),
        "finger in it": (
            1.5, Touch(("ear",), ("index_tip",), ("point",), (-0.7, 0.5, 0.4), rub=(0.002, 0.004), rubs=0.8,
                       rate=(2, 5), roll=0.12),
        ),
        "hand cupped behind it": (
            1, Touch(("behind_ear", "ear"), ("flat", "palm"), ("cup", "flat"), (0.0, 0.2, 1), rubs=0.05, roll=0.2),
        ),
        "palm over it": (
            1, Touch(("ear",), ("palm", "flat"), ("cup", "flat"), (-0.1, 0.4, 1), both=0.4, rubs=0.2),
        ),
    },
    "biting nails": {"gnawed between the teeth": (1, _gnaw)},
    "touching jaw": {
        "chin between thumb and finger": (
            3, Touch(("chin",), ("pinch",), ("pinch", "pinch_open"), (-0.7, 0.6, 0.6), rub=(0.005, 0.008), nod=0.1),
        ),
        "chin stroked": (
            3, Touch(("chin", "chin_side"), ("fingers", "index", "pinch"), ("relaxed", "cup", "pinch"), _ACROSS,
                     rub=(0.01, 0.008), rubs=0.9, rate=(0.8, 2)),
        ),
        "slides down to it": (
            1.5, Touch(("mouth_side", "cheek"), ("fingers", "index"), ("cup", "relaxed"), (-0.7, 0.5, 0.5), rubs=0,
                       then=("chin", "chin_side")),
        ),
        "fist under it": (
            3, Touch(("under_chin", "chin"), ("knuckles",), ("curl", "fist"), (-0.9, 0.3, 0.2), rubs=0.05, nod=0.1),
        ),
        "on both hands": (
            2, Touch(("under_chin", "jaw"), ("knuckles", "flat"), ("curl", "fist", "cup"), (-0.9, 0.3, 0.3),
                     shift=(0.02, 0, 0), both=1, rubs=0.05),
        ),
        "in the palm": (
            1.5, Touch(("chin_side", "jaw", "under_chin"), ("palm", "flat"), ("cup",), (0.2, 0.6, 0.9), roll=0.12,
                       rubs=0.05),
        ),
        "fingers along the jaw": (
            2.5, Touch(("jaw",), ("fingers", "index", "flat"), ("relaxed", "cup"), (-0.3, 0.7, 0.7), rub=(0.012, 0.004),
                       rubs=0.6, roll=0.1),
        ),
    },
    "touching or scratching neck": {
        "side": (
            3, Touch(("neck_side",), ("fingers", "flat", "index"), ("cup", "relaxed"), (-0.5, 0.8, 0.4),
                     rub=(0.012, 0.005), rubs=0.6, roll=0.12),
        ),
        "nape": (
            3, Touch(("neck_back", "nape_side"), ("flat", "fingers"), fingers=(-0.5, 0.9, 0.3), rub=(0.014, 0.006),
                     rubs=0.6, **_OVER),
        ),
        "both hands at the nape": (
            0.7, Touch(("nape_side",), ("flat", "fingers"), fingers=(-0.5, 0.9, 0.3), both=1, rub=(0.012, 0.005),
                       rubs=0.3, **_OVER),
        ),
        "throat": (
            2, Touch(("neck_front", "throat_side"), ("fingers", "index", "flat"), ("relaxed", "cup"), (-0.6, 0.6, 0.6),
                     swivel=(0.0, 0.5), rub=(0.008, 0.005), nod=-0.1),
        ),
        "throat in the hand": (
            1, Touch(("neck_front",), ("flat", "palm"), ("cup", "flat"), (-0.7, 0.7, 0.4), rubs=0.2, nod=-0.15),
        ),
        "scratched by a finger": (
            2, Touch(("neck_side", "throat_side", "nape_side"), ("index_tip", "tips"), ("relaxed",), (-0.4, 0.9, 0.3),
                     rub=(0.01, 0.003), rubs=1, rate=(2, 4), bend=8, roll=0.14),
        ),
        "other side": (
            1, Touch(("neck_side",), ("fingers", "flat"), ("cup", "relaxed"), (-0.9, 0.6, 0.3), opposite=True,
                     rub=(0.012, 0.005), roll=0.12),
        ),
    },
    "playing or adjusting hair": {
        "combed by the fingers": (3, _comb),
        "put behind the ear": (3, _behind_the_ear),
        "strand twirled": (
            2.5, Touch(("hair_side", "ear_top"), ("pinch",), ("pinch",), (-0.3, 0.6, 0.7), shift=(0.028, -0.004, 0),
                       rub=(0.008, 0.01), rubs=0.95, rate=(1, 2.5), bend=8),
        ),
        "strand drawn out in front": (
            1.2, Touch(("collarbone",), ("pinch", "index"), ("pinch",), (-0.4, 0.6, 0.7), shift=(0.0, -0.02, 0.015),
                       rub=(0.006, 0.02), rubs=0.9, rate=(0.6, 1.5), nod=0.3),
        ),
        "put from the forehead": (
            2, Touch(("forehead_side", "forehead"), ("index", "fingers"), ("relaxed",), (-0.4, 0.8, 0.4), rubs=0,
                     then=("hair_side", "temple_hair", "hair_front")),
        ),
        "ponytail at the back": (
            1, Touch(("hair_back",), ("pinch", "fingers"), fingers=(-0.6, 1, 0.1), both=1, rub=(0.01, 0.01), rubs=0.8,
                     **_OVER),
        ),
        "patted into shape": (
            1, Touch(("crown_side", "hair_front", "hair_side"), ("flat", "fingers"), ("cup", "flat"),
                     (-0.5, 0.9, 0.2), both=0.3, lift=0.012, rub=(0.006, 0.006), rubs=0.9, rate=(1.5, 3)),
        ),
    },
    "adjusting collar or tie": {
        "one hand at the knot": (
            3, Touch(("notch", "tie"), ("pinch",), ("pinch", "grip"), (-0.9, 0.5, 0.5), shift=(0.004, -0.012, 0),
                     rub=(0.006, 0.012), rubs=0.9, nod=-0.15),
        ),
        "both hands at the knot": (
            3, Touch(("notch", "tie"), ("pinch",), ("pinch",), (-0.9, 0.5, 0.5), shift=(0.02, -0.012, 0), both=1,
                     rub=(0.006, 0.012), rubs=0.9, nod=-0.15),
        ),
        "collar pulled": (
            2.5, Touch(("throat_side", "neck_front"), ("index", "pinch"), ("point", "pinch"), (-0.7, 0.7, -0.2),
                       shift=(0.006, -0.012, -0.03), rub=(0.004, 0.014), rubs=0.9, rate=(0.8, 2.2), lift=0.012,
                       nod=-0.1, roll=0.14),
        ),
        "both sides of the collar": (
            2, Touch(("collarbone",), ("pinch",), ("pinch", "grip"), (-0.6, 0.7, 0.6), shift=(-0.02, -0.01, 0.01),
                     both=1, rub=(0.004, 0.012), rubs=0.7, rate=(0.8, 2)),
        ),
        "button of the shirt": (
            2.5, Touch(("tie", "sternum", "shirt"), ("pinch",), ("pinch",), (-0.9, 0.3, 0.3), shift=(0.014, -0.008, 0),
                       both=0.7, rub=(0.004, 0.006), rubs=0.9, rate=(1, 3), nod=0.35),
        ),
        "button of the jacket": (
            1.5, Touch(("belly", "shirt"), ("pinch",), ("pinch",), (-0.9, 0.1, -0.1), shift=(0.016, -0.012, 0), both=1,
                       rub=(0.004, 0.006), rubs=0.9, nod=0.35),
        ),
        "tie smoothed": (
            1.5, Touch(("notch", "tie"), ("pinch", "flat"), ("pinch", "flat"), (-0.9, 0.3, 0.2), (0, 1, 0),
                       shift=(0, -0.012, 0), rubs=0, then=("sternum", "shirt"), nod=0.2),
        ),
    },
    "touching or covering suprasternal notch": {
        "fingers on the notch": (
            3, Touch(("notch",), ("fingers", "index", "middle"), ("relaxed", "cup", "open"), (-0.9, 0.3, 0.5),
                     rub=(0.006, 0.004), rubs=0.4),
        ),
        "hand laid over it": (
            4, Touch(("notch", "tie"), ("flat", "palm"), ("open", "flat", "cup"), (-0.9, 0.15, 0.5), (0, 1, 0),
                     shift=(0, -0.006, 0), rubs=0.2),
        ),
        "hand on the breastbone": (
            2, Touch(("sternum", "tie"), ("flat", "palm", "fingers"), ("open", "flat", "cup"), (-1, 0.1, 0.4),
                     (0, 1, 0), shift=(0, -0.006, 0), rub=(0.02, 0.008), rubs=0.4),
        ),
        "both hands over it": (
            0.8, Touch(("notch", "tie"), ("flat", "palm"), ("flat", "cup"), (-0.9, 0.15, 0.5), (0, 1, 0),
                       shift=(0.02, -0.01, 0), both=1, rubs=0.1),
        ),
        "hand on the heart": (
            1.2, Touch(("chest",), ("flat", "palm"), ("open", "flat"), (-1, 0.1, 0.35), (0, 1, 0), opposite=True,
                       rubs=0.15),
        ),
        "pinched at the notch": (
            1, Touch(("notch",), ("pinch",), ("pinch", "pinch_open"), (-0.8, 0.4, 0.6), rub=(0.006, 0.008), rubs=0.6),
        ),
    },
    "scratching back": {
        "over the own shoulder": (
            3, Touch(("neck_back", "nape_side"), ("tips", "fingers"), fingers=(0.0, 1, -0.4), shift=(0, 0.01, -0.03),
                     rub=(0.014, 0.004), rubs=0.9, rate=(2, 4), **_OVER),
        ),
        "over the other shoulder": (
            3, Touch(("shoulder_top",), ("fingers", "tips"), fingers=(-0.2, 1, -0.1), opposite=True, rub=(0.014, 0.004),
                     rubs=0.9, rate=(2, 4), **_OVER),
        ),
        "hand laid on the other shoulder": (
            1.5, Touch(("shoulder_top",), ("flat", "palm"), fingers=(-0.3, 1, 0.0), opposite=True, rubs=0.1,
                       rub=(0.01, 0.01), behind=True, roll=0.1, shapes=("cup",)),
        ),
        "behind the waist": (2, _behind_the_waist),
    },
}  # fmt: skip
